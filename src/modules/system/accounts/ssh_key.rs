//! The SSH key that `user` makes.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

use super::user::UserModule;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::User;
use crate::value::{Map, Secret, Value};

/// A key pair of a user.
pub(super) struct SshKey {
    /// The private key.
    pub(super) path: PathBuf,
    kind: String,
    bits: Option<u32>,
    comment: Option<String>,
    passphrase: Option<Secret>,
}

impl SshKey {
    pub(super) fn new(options: &UserModule, home: &str, ctx: &Ctx) -> Self {
        let file = options.ssh_key_file.clone().unwrap_or_else(|| format!(".ssh/id_{}", options.ssh_key_type));
        Self {
            path: ctx.resolve(home).join(ctx.expand(&file)),
            kind: options.ssh_key_type.clone(),
            bits: options.ssh_key_bits,
            comment: options.ssh_key_comment.clone(),
            passphrase: options.ssh_key_passphrase.clone(),
        }
    }

    fn public(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".pub");
        name.into()
    }

    /// Makes the pair anew and gives it to the user.
    pub(super) fn make(&self, user: &User, ctx: &Ctx) -> Result<(), ModuleError> {
        let failed =
            |what: &str, error| ModuleError::because(format!("cannot {what} `{}`", self.path.display()), error);
        let folder = self.path.parent().map(std::path::Path::to_owned).unwrap_or_default();
        if !folder.exists() {
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&folder)
                .and_then(|()| chown(&folder, Some(user.uid), Some(user.gid)))
                .map_err(|error| failed("make the folder of", error))?;
        }
        for old in [self.path.clone(), self.public()] {
            if old.exists() {
                fs::remove_file(&old).map_err(|error| failed("replace", error))?;
            }
        }
        let bits = self.bits.map(|bits| bits.to_string());
        let path = self.path.to_string_lossy();
        let comment = match &self.comment {
            Some(comment) => comment.clone(),
            None => format!("ansible-generated on {}", rustix::system::uname().nodename().to_string_lossy()),
        };
        let mut words = vec!["-q", "-t", &self.kind, "-C", &comment, "-f", &path];
        if let Some(bits) = &bits {
            words.extend(["-b", bits]);
        }
        let passphrase = self.passphrase.as_ref().filter(|passphrase| !passphrase.expose().is_empty());
        if passphrase.is_none() {
            words.extend(["-N", ""]);
        }
        let mut keygen = ctx.tool("ssh-keygen", &words)?;
        // never on the command line, where everybody could read it: a program of ours answers the question
        let mut answer = None;
        if let Some(passphrase) = passphrase {
            let program = asking_program().map_err(|error| failed("ask for the passphrase of", error))?;
            let path = program.to_string_lossy().into_owned();
            keygen = keygen.env("SSH_ASKPASS", &path).env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":");
            keygen = keygen.env("QUAYMASTER_PASSPHRASE", passphrase.expose());
            answer = Some(program);
        }
        let output = keygen.run()?;
        drop(answer);
        output.success("ssh-keygen")?;
        for file in [self.path.clone(), self.public()] {
            chown(&file, Some(user.uid), Some(user.gid)).map_err(|error| failed("give away", error))?;
        }
        Ok(())
    }

    /// What is returned about the key.
    pub(super) fn values(&self, ctx: &Ctx) -> Result<Map, ModuleError> {
        let path = self.path.to_string_lossy().into_owned();
        let mut values = Map::new();
        if self.path.exists() {
            let shown = ctx.run_tool("ssh-keygen", ["-l", "-f", &path])?;
            let text = if shown.rc == 0 { shown.out() } else { shown.err() };
            values.insert("ssh_fingerprint".into(), Value::from(text.trim()));
            if let Ok(text) = fs::read_to_string(self.public()) {
                values.insert("ssh_public_key".into(), Value::from(text.trim()));
            }
        }
        values.insert("ssh_key_file".into(), Value::from(path));
        Ok(values)
    }
}

/// A program that prints the passphrase from its environment.
fn asking_program() -> std::io::Result<tempfile::TempPath> {
    let mut file = tempfile::Builder::new().prefix("quaymaster-askpass").tempfile()?;
    file.write_all(b"#!/bin/sh\nprintf '%s\\n' \"$QUAYMASTER_PASSPHRASE\"\n")?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o700))?;
    // closed, because a program that is open for writing cannot be run
    Ok(file.into_temp_path())
}
