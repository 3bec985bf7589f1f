//! Hands files over to the host's `_install_file`.

use super::find_file::Source;
use crate::modules::controller::ControllerCtx;
use crate::modules::error::ModuleError;
use crate::modules::files::{Install, set, set_content};
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

impl Install {
    /// Runs `_install_file` with a source.
    pub(super) fn file(&self, source: Source, ctx: &mut ControllerCtx<'_>) -> Result<Outcome, ModuleError> {
        let mut args = self.arguments();
        source.bring(&mut args);
        (ctx.run_module)("_install_file", &Value::map(args), ctx.ctx)
    }
}

impl Source {
    /// Adds it to the options of an internal module of the host: `source`, `content` or `content_base64`, and `secret`.
    pub(super) fn bring(self, args: &mut Map) {
        match self {
            Self::Disk(path) => set(args, "source", Some(path.to_string_lossy().as_ref())),
            Self::Bytes { bytes, secret } => {
                args.insert("secret".into(), Value::Bool(secret));
                set_content(args, bytes, secret);
            }
        }
    }
}
