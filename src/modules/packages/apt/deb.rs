//! Packages as files or URLs.

use std::path::{Path, PathBuf};

use super::installed::{InstalledPackages, compare_versions};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::net::download;

/// A package in a file.
pub(super) struct DebFile {
    path: PathBuf,
    _temporary: Option<tempfile::TempPath>,
    name: String,
    version: String,
}

impl DebFile {
    pub(super) fn open(source: &str, ctx: &Ctx) -> Result<Self, ModuleError> {
        let (path, temporary) = if source.contains("://") {
            let kept = download(source, true, ctx)?;
            (kept.to_path_buf(), Some(kept))
        } else {
            (ctx.resolve(source), None)
        };
        let field = |name: &str| -> Result<String, ModuleError> {
            let argv = ["dpkg-deb".into(), "--field".into(), path.as_os_str().to_owned(), name.into()];
            let output = ctx.command(argv).env("LC_ALL", "C").run()?;
            let text = output.success(&format!("Unable to install package: reading `{source}`"))?.out();
            Ok(text.trim().to_owned())
        };
        let (package, version, architecture) = (field("Package")?, field("Version")?, field("Architecture")?);
        let name = if architecture == "all" { package } else { format!("{package}:{architecture}") };
        Ok(Self { path, _temporary: temporary, name, version })
    }

    /// Whether it has to be installed. A later version that is there already is an error, unless it may be replaced.
    pub(super) fn is_needed(
        &self,
        packages: &InstalledPackages,
        downgrade: bool,
        ctx: &Ctx,
    ) -> Result<bool, ModuleError> {
        let Some(installed) = packages.complete(&self.name) else { return Ok(true) };
        if installed.version == self.version {
            return Ok(false);
        }
        if !downgrade && compare_versions(&installed.version, "gt", &self.version, ctx)? {
            return Err(ModuleError::new(format!(
                "A later version is already installed: {} {} instead of {}",
                self.name, installed.version, self.version
            )));
        }
        Ok(true)
    }

    /// As `apt-get install` takes it.
    pub(super) fn argument(&self) -> String {
        std::path::absolute(&self.path).unwrap_or_else(|_| Path::new("/").join(&self.path)).display().to_string()
    }
}
