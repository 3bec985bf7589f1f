//! `unarchive`: finds the archive on the controller; the host's part is `_unarchive`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::find_file::refuse_brought;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::UnpackOnHost;
use crate::modules::options::RawOptions;
use crate::modules::outcome::Outcome;
use crate::value::{Value, from_value};

/// The task's options; their meaning is `_unarchive`'s.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Unarchive(RawOptions);

impl JsonSchema for Unarchive {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Unarchive".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        UnpackOnHost::json_schema(generator)
    }
}

impl ControllerAction for Unarchive {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let mut args = self.0.0.clone();
        refuse_brought(&args)?;
        let options: UnpackOnHost = from_value(&Value::map(args.clone()))?;
        let src = options.src.as_deref().ok_or_else(|| ModuleError::new("src (or content) is required"))?;
        if !(options.remote_src || options.copy == Some(false)) {
            let path = ctx.find_source("files", src)?;
            ctx.open_source(&path, options.decrypt)?.bring(&mut args);
        }
        Ok(((ctx.run_module)("_unarchive", &Value::map(args), ctx.ctx)?, Vec::new()))
    }
}
