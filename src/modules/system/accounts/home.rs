//! A home folder for an account that has none yet.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::Path;

use super::user::UserModule;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::User;

impl UserModule {
    /// Makes the home folder from its skeleton, where it is missing.
    pub(super) fn make_home(&self, user: &User, ctx: &Ctx) -> Result<(), ModuleError> {
        let home = ctx.resolve(&user.home);
        if home.exists() {
            return Ok(());
        }
        let failed = |error| ModuleError::because(format!("cannot make the home folder `{}`", home.display()), error);
        if let Some(parent) = home.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let skeleton = ctx.resolve(self.skeleton.as_deref().unwrap_or("/etc/skel"));
        if skeleton.is_dir() {
            copy(&skeleton, &home, user).map_err(failed)?;
        } else {
            fs::create_dir(&home).and_then(|()| lchown(&home, Some(user.uid), Some(user.gid))).map_err(failed)?;
        }
        fs::set_permissions(&home, fs::Permissions::from_mode(self.home_mode())).map_err(failed)
    }

    /// The mode of a new home folder: by the option, else by `/etc/login.defs`.
    fn home_mode(&self) -> u32 {
        let octal = |text: &str| u32::from_str_radix(text.trim(), 8).ok();
        if let Some(umask) = self.umask.as_deref().and_then(octal) {
            return 0o777 & !umask;
        }
        let settings = fs::read_to_string("/etc/login.defs").unwrap_or_default();
        let setting = |name: &str| {
            settings.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some(name)).then(|| words.next().and_then(octal)).flatten()
            })
        };
        setting("HOME_MODE").unwrap_or_else(|| 0o777 & !setting("UMASK").unwrap_or(0o022))
    }
}

/// Copies a folder with everything in it for a new owner.
fn copy(from: &Path, to: &Path, user: &User) -> io::Result<()> {
    let meta = from.symlink_metadata()?;
    if meta.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if meta.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), user)?;
        }
        fs::set_permissions(to, meta.permissions())?;
    } else {
        fs::copy(from, to)?;
    }
    lchown(to, Some(user.uid), Some(user.gid))
}
