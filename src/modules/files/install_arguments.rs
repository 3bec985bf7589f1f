//! The options of `_install_file` as arguments, for the modules that hand files over to it.

use base64::Engine as _;

use crate::modules::host::{Attributes, Mode};
use crate::value::{Map, Value};

/// The options of `copy` and `template` that are the host's business.
#[derive(Clone, Debug, Default)]
pub(in crate::modules) struct Install {
    pub(in crate::modules) dest: String,
    pub(in crate::modules) attributes: Attributes,
    pub(in crate::modules) directory_mode: Option<Mode>,
    pub(in crate::modules) backup: bool,
    pub(in crate::modules) force: bool,
    pub(in crate::modules) follow: bool,
    pub(in crate::modules) validate: Option<String>,
    pub(in crate::modules) checksum: Option<String>,
    /// Name of the file where `dest` is a folder.
    pub(in crate::modules) basename: Option<String>,
    /// The source as the result shall name it.
    pub(in crate::modules) shown_source: Option<String>,
}

impl Install {
    /// The arguments, without the content.
    pub(in crate::modules) fn arguments(&self) -> Map {
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

/// Bytes as the options `content` (text), or `content_base64`.
pub(in crate::modules) fn set_content(args: &mut Map, bytes: Vec<u8>, secret: bool) {
    match String::from_utf8(bytes) {
        Ok(text) if secret => args.insert("content".into(), Value::secret(text)),
        Ok(text) => args.insert("content".into(), Value::from(text)),
        Err(error) => args.insert(
            "content_base64".into(),
            Value::from(base64::engine::general_purpose::STANDARD.encode(error.as_bytes())),
        ),
    };
}

/// Mode, owner and the like as options of a host module.
pub(in crate::modules) fn attribute_arguments(attributes: &Attributes) -> Map {
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
pub(in crate::modules) fn set(args: &mut Map, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        args.insert(key.into(), Value::from(value));
    }
}
