//! `patch`: finds the patch on the controller; the host's part is `_patch`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::find_file::refuse_brought;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::PatchOnHost;
use crate::modules::options::RawOptions;
use crate::modules::outcome::Outcome;
use crate::value::{Value, from_value};

/// The task's options; their meaning is `_patch`'s.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Patch(RawOptions);

impl JsonSchema for Patch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Patch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        PatchOnHost::json_schema(generator)
    }
}

impl ControllerAction for Patch {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let mut args = self.0.0.clone();
        refuse_brought(&args)?;
        let options: PatchOnHost = from_value(&Value::map(args.clone()))?;
        if !options.remote_src {
            let path = ctx.find_source("files", &options.src)?;
            ctx.open_source(&path, true)?.bring(&mut args);
        }
        Ok(((ctx.run_module)("_patch", &Value::map(args), ctx.ctx)?, Vec::new()))
    }
}
