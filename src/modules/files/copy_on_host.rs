//! `copy` with `remote_src`: source and target are both on the host.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::copy_tree::{CopySource, copy_folder};
use super::file::File;
use super::install::InstallFile;
use super::install_arguments::Install;
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Mode, file_options};
use crate::modules::managed;
use crate::modules::outcome::Outcome;
use crate::tree::{Disk, Files};
use crate::value::Value;

file_options! {
    /// Copies a file or folder of the host. Not for playbooks: `copy` uses it.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct CopyOnHost {
        /// The source.
        src: String,
        /// The target.
        dest: String,
        /// Mode of the files.
        mode: Option<Mode>,
        /// Give each file the mode of its source.
        #[serde(default)]
        preserve: bool,
        /// Mode of folders that are made.
        directory_mode: Option<Mode>,
        /// Keep a copy of a file that is replaced.
        #[serde(default)]
        backup: bool,
        /// Replace a file that is there.
        #[serde(default)]
        force: bool,
        /// Write through a link at `dest`.
        #[serde(default)]
        follow: bool,
        /// Copy what links in a source folder lead to.
        #[serde(default)]
        local_follow: bool,
        /// Command that must accept a new file.
        validate: Option<String>,
        /// SHA-1 that the file must have.
        checksum: Option<String>,
    }
}

impl Action for CopyOnHost {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let source = ctx.resolve(&self.src);
        if ctx.meta_following(&source)?.is_none() {
            return Err(ModuleError::new(format!("Source {} not found", source.display())));
        }
        let install = Install {
            dest: self.dest.clone(),
            directory_mode: self.directory_mode.clone(),
            backup: self.backup,
            force: self.force,
            follow: self.follow,
            validate: self.validate.clone(),
            checksum: self.checksum.clone(),
            attributes: self.attributes(self.mode.clone()),
            ..Install::default()
        };
        let mut here = Here { preserve: self.preserve, ctx };
        if source.is_dir() {
            return copy_folder(&mut here, &self.src, &source, &install, self.local_follow);
        }
        let name = source.file_name().map(|name| name.to_string_lossy().into_owned());
        here.file(&install, &source, name.unwrap_or_default())
    }
}

/// Copies from the host to itself.
struct Here<'c> {
    preserve: bool,
    ctx: &'c mut Ctx,
}

impl CopySource for Here<'_> {
    fn files(&self) -> &dyn Files {
        &Disk
    }

    fn file(&mut self, install: &Install, path: &Path, relative: String) -> Result<Outcome, ModuleError> {
        let shown = path.display().to_string();
        let mut install = Install { basename: Some(relative), shown_source: Some(shown.clone()), ..install.clone() };
        if self.preserve
            && let Some(meta) = self.ctx.meta_following(path)?
        {
            install.attributes.mode = Some(Mode::Bits(meta.ownership().mode));
        }
        let mut args = install.arguments();
        args.insert("host_source".into(), Value::from(shown));
        managed::run::<InstallFile>(&Value::map(args), self.ctx)
    }

    fn entry(&mut self, args: &Value) -> Result<Outcome, ModuleError> {
        managed::run::<File>(args, self.ctx)
    }
}
