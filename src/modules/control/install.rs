//! Hands files over to the host's `_install_file`.

use base64::Engine as _;

use super::find_file::Source;
use crate::modules::controller::ControllerCtx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Mode};
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// The options of `copy` and `template` that are the host's business.
#[derive(Clone, Debug, Default)]
pub(super) struct Install {
    pub(super) dest: String,
    pub(super) attributes: Attributes,
    pub(super) directory_mode: Option<Mode>,
    pub(super) backup: bool,
    pub(super) force: bool,
    pub(super) follow: bool,
    pub(super) validate: Option<String>,
    pub(super) checksum: Option<String>,
    /// Name of the file where `dest` is a folder.
    pub(super) basename: Option<String>,
    /// The source as the result shall name it.
    pub(super) shown_source: Option<String>,
}

impl Install {
    /// Runs `_install_file` with a source.
    pub(super) fn file(&self, source: Source, ctx: &mut ControllerCtx<'_>) -> Result<Outcome, ModuleError> {
        let mut args = self.arguments();
        match source {
            Source::Disk(path) => set(&mut args, "source", Some(path.to_string_lossy().as_ref())),
            Source::Bytes { bytes, secret } => {
                args.insert("secret".into(), Value::Bool(secret));
                match String::from_utf8(bytes) {
                    Ok(text) if secret => args.insert("content".into(), Value::secret(text)),
                    Ok(text) => args.insert("content".into(), Value::from(text)),
                    Err(error) => args.insert(
                        "content_base64".into(),
                        Value::from(base64::engine::general_purpose::STANDARD.encode(error.as_bytes())),
                    ),
                };
            }
        }
        (ctx.run_module)("_install_file", &Value::map(args), ctx.ctx)
    }

    fn arguments(&self) -> Map {
        let mut args = attribute_arguments(&self.attributes);
        set(&mut args, "dest", Some(&self.dest));
        set(&mut args, "directory_mode", self.directory_mode.as_ref().map(ToString::to_string).as_deref());
        set(&mut args, "validate", self.validate.as_deref());
        set(&mut args, "checksum", self.checksum.as_deref());
        set(&mut args, "basename", self.basename.as_deref());
        set(&mut args, "shown_source", self.shown_source.as_deref());
        for (key, value) in [
            ("backup", self.backup),
            ("force", self.force),
            ("follow", self.follow),
            ("unsafe_writes", self.attributes.unsafe_writes),
        ] {
            args.insert(key.into(), Value::Bool(value));
        }
        args
    }
}

/// Mode, owner and the like as options of a host module.
pub(super) fn attribute_arguments(attributes: &Attributes) -> Map {
    let mut args = Map::new();
    set(&mut args, "mode", attributes.mode.as_ref().map(ToString::to_string).as_deref());
    set(&mut args, "owner", attributes.owner.as_deref());
    set(&mut args, "group", attributes.group.as_deref());
    set(&mut args, "attributes", attributes.flags.as_deref());
    for (option, value) in &attributes.selinux {
        set(&mut args, option, Some(value));
    }
    args
}

/// Sets an option that is given.
pub(super) fn set(args: &mut Map, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        args.insert(key.into(), Value::from(value));
    }
}
