//! `policy-rc.d`: tells the maintainer scripts of packages whether they may start services.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::modules::error::ModuleError;

const PATH: &str = "/usr/sbin/policy-rc.d";

/// A `policy-rc.d` of ours in place of the host's own, until it is dropped.
pub(super) struct PolicyRcD {
    /// Where the host's own waits.
    aside: Option<PathBuf>,
    up: bool,
}

impl PolicyRcD {
    pub(super) fn put_up(status: i32) -> Result<Self, ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot put up `{PATH}`"), error);
        let aside = PathBuf::from(format!("{PATH}.quaymaster.{}", std::process::id()));
        let aside = match fs::rename(PATH, &aside) {
            Ok(()) => Some(aside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(cannot(error)),
        };
        let policy = Self { aside, up: true };
        fs::write(PATH, format!("#!/bin/sh\nexit {status}\n")).map_err(cannot)?;
        fs::set_permissions(PATH, fs::Permissions::from_mode(0o755)).map_err(cannot)?;
        Ok(policy)
    }

    /// Puts the host's own back.
    pub(super) fn take_down(mut self) -> Result<(), ModuleError> {
        self.restore().map_err(|error| ModuleError::because(format!("cannot take `{PATH}` down"), error))
    }

    fn restore(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.up) {
            return Ok(());
        }
        match &self.aside {
            Some(aside) => fs::rename(aside, PATH),
            None if Path::new(PATH).exists() => fs::remove_file(PATH),
            None => Ok(()),
        }
    }
}

impl Drop for PolicyRcD {
    fn drop(&mut self) {
        // on this way another error is being told already
        let _ = self.restore();
    }
}
