//! `authorized_key`.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::public_key::PublicKey;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileState, Mode, TargetFile};
use crate::modules::managed::{Applied, Managed};
use crate::modules::net::download;
use crate::modules::outcome::Diff;
use crate::modules::system::config_file::text_diff;
use crate::modules::system::presence::Presence;
use crate::value::{Map, Value};

/// Adds keys to a user's `authorized_keys`, or removes them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizedKey {
    /// Whose file.
    user: String,
    /// The public keys, one a line; or a URL that has them; or `file://` and a path on the host.
    key: String,
    /// Whether the keys shall be in the file.
    #[serde(default)]
    state: Presence,
    /// The file. `.ssh/authorized_keys` in the user's home folder where not given.
    path: Option<String>,
    /// Make the file's folder where it is missing, and see to its owner and mode.
    #[serde(default = "yes")]
    manage_dir: bool,
    /// Options to set before each key, in place of its own.
    key_options: Option<String>,
    /// Comment to set behind each key, in place of its own.
    comment: Option<String>,
    /// Remove everything else from the file.
    #[serde(default)]
    exclusive: bool,
    /// Write through a link instead of replacing it.
    #[serde(default)]
    follow: bool,
    /// Check the certificate of a URL's server.
    #[serde(default = "yes")]
    validate_certs: bool,
}

fn yes() -> bool {
    true
}

/// The file's text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuthorizedKeyState {
    #[serde(skip)]
    path: PathBuf,
    /// `None` where there is no file.
    text: Option<String>,
    /// Keys to see to, where they had to be fetched.
    #[serde(skip)]
    keys: Keys,
}

/// The keys that were asked for; no part of what is compared.
#[derive(Clone, Debug)]
struct Keys(Vec<PublicKey>);

impl PartialEq for Keys {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl AuthorizedKey {
    fn file(&self, ctx: &Ctx) -> Result<PathBuf, ModuleError> {
        let path = match &self.path {
            Some(path) => ctx.resolve(path),
            None => match ctx.user(&self.user)? {
                Some(user) => ctx.resolve(&user.home).join(".ssh/authorized_keys"),
                None if ctx.mode.check => {
                    let text = "Either user must exist or you must provide full path to key file in check mode";
                    return Err(ModuleError::new(text));
                }
                None => {
                    return Err(ModuleError::new(format!(
                        "Failed to lookup user {}: there is no such user",
                        self.user
                    )));
                }
            },
        };
        Ok(if self.follow { path.canonicalize().unwrap_or(path) } else { path })
    }

    /// The text that holds the keys.
    fn text(&self, ctx: &Ctx) -> Result<String, ModuleError> {
        if !["file://", "http://", "https://"].iter().any(|scheme| self.key.starts_with(scheme)) {
            return Ok(self.key.clone());
        }
        let file = download(&self.key, self.validate_certs, ctx)?;
        let bytes = fs::read(&file).map_err(|error| ModuleError::because("cannot read the keys that came", error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn keys(&self, ctx: &Ctx) -> Result<Vec<PublicKey>, ModuleError> {
        let text = self.text(ctx)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|line| {
                let invalid = || ModuleError::new(format!("invalid key specified: {line}"));
                let mut key = PublicKey::parse(line).ok_or_else(invalid)?;
                if let Some(options) = &self.key_options {
                    options.clone_into(&mut key.options);
                }
                if let Some(comment) = &self.comment {
                    comment.clone_into(&mut key.comment);
                }
                Ok(key)
            })
            .collect()
    }

    /// The lines with the keys as asked for. A key that is there with other options or another comment moves to the end.
    fn edited(&self, text: &str, keys: &[PublicKey]) -> String {
        let mut lines: Vec<(String, Option<PublicKey>)> =
            text.lines().map(|line| (line.to_owned(), PublicKey::parse(line))).collect();
        for key in keys {
            let is_it = |found: &Option<PublicKey>| found.as_ref().is_some_and(|found| found.key == key.key);
            match self.state {
                Presence::Absent => lines.retain(|(_, found)| !is_it(found)),
                Presence::Present => {
                    if lines.iter().any(|(_, found)| found.as_ref() == Some(key)) {
                        // of a key that is there twice, the line that is right stays
                        lines.retain(|(_, found)| !is_it(found) || found.as_ref() == Some(key));
                    } else {
                        lines.retain(|(_, found)| !is_it(found));
                        lines.push((key.line(), Some(key.clone())));
                    }
                }
            }
        }
        if self.exclusive && self.state == Presence::Present {
            lines.retain(|(_, found)| found.as_ref().is_some_and(|found| keys.iter().any(|key| key.key == found.key)));
        }
        lines.into_iter().fold(String::new(), |text, (line, _)| text + &line + "\n")
    }

    /// Makes the folder, or sees to its owner and mode.
    fn prepare_folder(&self, file: &Path, uid: u32, gid: u32) -> Result<(), ModuleError> {
        let Some(folder) = file.parent() else { return Ok(()) };
        let failed = |error| ModuleError::because(format!("Failed to create directory {}", folder.display()), error);
        if self.manage_dir {
            if !folder.is_dir() {
                fs::DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
            }
            chown(folder, Some(uid), Some(gid)).map_err(failed)?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
        fs::create_dir_all(folder).map_err(failed)
    }
}

impl Managed for AuthorizedKey {
    type State = AuthorizedKeyState;

    fn read(&self, ctx: &mut Ctx) -> Result<AuthorizedKeyState, ModuleError> {
        let path = self.file(ctx)?;
        let text = match fs::read(&path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(ModuleError::because(format!("cannot read `{}`", path.display()), error)),
        };
        Ok(AuthorizedKeyState { path, text, keys: Keys(self.keys(ctx)?) })
    }

    fn desired(&self, current: &AuthorizedKeyState, _: &mut Ctx) -> Result<AuthorizedKeyState, ModuleError> {
        let old = current.text.as_deref();
        let new = self.edited(old.unwrap_or_default(), &current.keys.0);
        // blanks at the end of a file are no difference, and no key needs no file
        let same = old.unwrap_or_default().trim_end() == new.trim_end();
        let text = if same { current.text.clone() } else { Some(new) };
        Ok(AuthorizedKeyState { text, ..current.clone() })
    }

    fn apply(
        &self,
        current: &AuthorizedKeyState,
        desired: &AuthorizedKeyState,
        ctx: &mut Ctx,
    ) -> Result<Applied, ModuleError> {
        let Some(user) = ctx.user(&self.user)? else {
            return Err(ModuleError::new(format!("Failed to lookup user {}: there is no such user", self.user)));
        };
        self.prepare_folder(&current.path, user.uid, user.gid)?;
        let attributes = Attributes {
            mode: Some(Mode::Bits(0o600)),
            owner: Some(user.uid.to_string()),
            group: Some(user.gid.to_string()),
            ..Attributes::default()
        };
        let file = TargetFile { path: current.path.clone(), attributes, backup: false, validate: None };
        // a link that is not followed is replaced, and its target left alone
        let link = current.path.symlink_metadata().is_ok_and(|meta| meta.is_symlink() || meta.uid() != user.uid);
        let now = if link { FileState::ABSENT } else { file.read(ctx)? };
        let content = Content::new(desired.text.as_deref().unwrap_or_default().as_bytes());
        let wanted = file.desired(&now, content, ctx)?;
        file.apply(&now, &wanted, ctx)?;
        Ok(Applied::default())
    }

    fn values(&self, state: &AuthorizedKeyState) -> Map {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        Map::from([
            ("comment".into(), text(&self.comment)),
            ("exclusive".into(), Value::from(self.exclusive)),
            ("follow".into(), Value::from(self.follow)),
            ("key".into(), Value::from(self.key.as_str())),
            ("key_options".into(), text(&self.key_options)),
            ("keyfile".into(), Value::from(state.path.display().to_string())),
            ("manage_dir".into(), Value::from(self.manage_dir)),
            ("path".into(), text(&self.path)),
            ("state".into(), Value::from(self.state.word())),
            ("user".into(), Value::from(self.user.as_str())),
            ("validate_certs".into(), Value::from(self.validate_certs)),
        ])
    }

    fn diff(&self, current: &AuthorizedKeyState, desired: &AuthorizedKeyState) -> Result<Vec<Diff>, ModuleError> {
        let path = current.path.display().to_string();
        Ok(vec![text_diff(&path, current.text.as_deref(), desired.text.as_deref())])
    }

    fn title(&self) -> String {
        format!("keys of {}", self.user)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::modules::testing::{prove, run, with_ctx};

    #[test]
    fn keys_come_change_and_go() {
        with_ctx(|ctx| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(".ssh/authorized_keys");
            std::fs::create_dir(dir.path().join(".ssh")).unwrap();
            std::fs::write(&path, "# note\n\nssh-dss AAAA   old   one\n").unwrap();
            let mut keep = |mut args: serde_json::Value| {
                args["path"] = json!(path);
                args["user"] = json!("root");
                prove(ctx, dir.path(), "ansible.posix.authorized_key", &args);
                std::fs::read_to_string(&path).unwrap()
            };
            let head = "# note\n\nssh-dss AAAA   old   one\n";
            let text = keep(json!({"key": "ssh-rsa BBBB me\nssh-ed25519 CCCC"}));
            assert_eq!(text, format!("{head}ssh-rsa BBBB me\nssh-ed25519 CCCC\n"));
            let text = keep(json!({"key": "ssh-rsa BBBB me", "key_options": "no-pty", "comment": "new one"}));
            assert_eq!(text, format!("{head}ssh-ed25519 CCCC\nno-pty ssh-rsa BBBB new one\n"));
            assert_eq!(keep(json!({"key": "ssh-ed25519 CCCC", "exclusive": true})), "ssh-ed25519 CCCC\n");
            assert_eq!(keep(json!({"key": "ssh-ed25519 CCCC", "state": "absent"})), "");
            let args = json!({"user": "root", "path": path, "key": "nonsense"});
            let error = run(ctx, "authorized_key", args).unwrap_err();
            assert_eq!(error.message, "invalid key specified: nonsense");
        });
    }
}
