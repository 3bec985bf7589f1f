//! `assemble`: fragments of the controller are joined here; those of the host by `_assemble`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::find_file::Source;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::files::{AssembleFile, Install};
use crate::modules::options::RawOptions;
use crate::modules::outcome::Outcome;
use crate::tree::display_name;
use crate::value::from_value;

/// The task's options; their meaning is `_assemble`'s.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Assemble(RawOptions);

impl JsonSchema for Assemble {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Assemble".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AssembleFile::json_schema(generator)
    }
}

impl ControllerAction for Assemble {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let args = self.0.to_value();
        let options: AssembleFile = from_value(&args)?;
        if options.remote_src {
            return Ok(((ctx.run_module)("_assemble", &args, ctx.ctx)?, Vec::new()));
        }
        let folder = ctx.find_source("files", &options.src)?;
        let (mut fragments, mut any_secret) = (Vec::new(), false);
        for path in options.fragments(ctx.files, &folder)? {
            fragments.push(match ctx.open_source(&path, options.decrypt)? {
                Source::Bytes { bytes, secret } => {
                    any_secret |= secret;
                    bytes
                }
                Source::Disk(path) => ctx
                    .files
                    .read(&path)
                    .map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?,
            });
        }
        let install = Install {
            dest: options.dest.clone(),
            attributes: options.file_attributes(),
            backup: options.backup,
            force: true,
            follow: false,
            validate: options.validate.clone(),
            shown_source: Some(display_name(&folder)),
            ..Install::default()
        };
        let content = Source::Bytes { bytes: options.join(&fragments), secret: any_secret };
        Ok((install.file(content, ctx)?, Vec::new()))
    }
}
