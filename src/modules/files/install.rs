//! Puts one file in its place: what `copy` and `template` hand over to the host.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Attributes, Content, FileKind, FileState, Mode, Ownership, TargetFile, file_options};
use crate::modules::managed::{Applied, Managed};
use crate::modules::outcome::Diff;
use crate::value::{Map, Text, Value};

file_options! {
    /// Puts one file in its place. Not for playbooks: `copy` and `template` use it.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct InstallFile {
        /// Where to. A folder, or a path with a slash at its end, means a file in it.
        dest: String,
        /// The content as a file that the controller had brought to this host.
        source: Option<String>,
        /// The content as a file that was on this host before.
        host_source: Option<String>,
        /// SHA-1 of content that is only sent where the file does not have it: without the content, the module fails with
        /// `content_needed` where it does not.
        source_sha1: Option<String>,
        /// The content as text.
        content: Option<Text>,
        /// The content in Base64.
        content_base64: Option<String>,
        /// Whether the content must not be shown.
        #[serde(default)]
        secret: bool,
        /// The file's name or relative path where `dest` is a folder.
        basename: Option<String>,
        /// The source to name in the result.
        shown_source: Option<String>,
        /// Mode of the file.
        mode: Option<Mode>,
        /// Mode of folders that must be made.
        directory_mode: Option<Mode>,
        /// Keep a copy of the old file.
        #[serde(default)]
        backup: bool,
        /// Replace a file that is there.
        #[serde(default = "yes")]
        force: bool,
        /// Write through a link at `dest` instead of replacing it.
        #[serde(default)]
        follow: bool,
        /// Command that must accept the new file.
        validate: Option<String>,
        /// SHA-1 that the content must have.
        checksum: Option<String>,
    }
}

/// The return value of a failure that says that the content must be sent.
pub const CONTENT_NEEDED: &str = "content_needed";

fn yes() -> bool {
    true
}

/// The file with the folders above it that are missing.
#[derive(Clone, PartialEq, Serialize)]
pub struct InstallState {
    path: PathBuf,
    /// Folders that shall be made, outermost first.
    folders: Vec<PathBuf>,
    /// A link stands in the file's place.
    link: bool,
    file: FileState,
}

impl InstallFile {
    fn target(&self, path: &Path) -> TargetFile {
        TargetFile {
            path: path.to_owned(),
            attributes: self.attributes(self.mode.clone()),
            backup: self.backup,
            validate: self.validate.clone(),
        }
    }

    fn new_content(&self, current: &FileState, ctx: &Ctx) -> Result<Content, ModuleError> {
        let content = if let Some(text) = &self.content {
            Content::new(text.as_str().as_bytes()).secret(text.is_secret())
        } else if let Some(encoded) = &self.content_base64 {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(encoded)
                .map_err(|error| ModuleError::because("the content is not Base64", error))?;
            Content::new(bytes)
        } else if let Some(source) = self.source.as_ref().or(self.host_source.as_ref()) {
            let path = ctx.working_dir.join(source);
            Content::of_file(&path)
                .map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?
        } else if let Some(sha1) = &self.source_sha1 {
            match current.content.as_ref().filter(|content| content.sha1() == sha1) {
                Some(content) => content.clone(),
                None => return Err(ModuleError::new("the content is needed").with(CONTENT_NEEDED, true)),
            }
        } else {
            return Err(ModuleError::new("no content to install"));
        };
        match &self.checksum {
            Some(wanted) if wanted != content.sha1() => {
                Err(ModuleError::new("the file does not match the expected checksum")
                    .with("checksum", content.sha1())
                    .with("expected_checksum", wanted.as_str()))
            }
            _ => Ok(content.secret(self.secret)),
        }
    }

    /// The file's own path, and the folders that are missing above it.
    fn place(&self, ctx: &Ctx) -> Result<(PathBuf, Vec<PathBuf>), ModuleError> {
        let dest = ctx.resolve(&self.dest);
        let slash = self.dest.ends_with('/');
        let into_folder = || match &self.basename {
            Some(name) => Ok(dest.join(name)),
            None => Err(ModuleError::new("can not use content with a dir as dest")),
        };
        if slash {
            let path = into_folder()?;
            let folders = path.parent().map(missing_folders).unwrap_or_default();
            if path.is_dir() {
                let name = path.file_name().map(std::borrow::ToOwned::to_owned).unwrap_or_default();
                return Ok((path.join(name), folders));
            }
            return Ok((path, folders));
        }
        let path = if dest.is_dir() { into_folder()? } else { dest };
        match path.parent() {
            Some(parent) if !parent.exists() => {
                Err(ModuleError::new(format!("Destination directory {} does not exist", parent.display())))
            }
            _ => Ok((path, Vec::new())),
        }
    }
}

/// The folders of a path that do not exist, outermost first.
fn missing_folders(folder: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

impl Managed for InstallFile {
    type State = InstallState;

    fn read(&self, ctx: &mut Ctx) -> Result<InstallState, ModuleError> {
        let (mut path, _) = self.place(ctx)?;
        let mut link = ctx.meta(&path)?.is_some_and(|meta| meta.kind == FileKind::Link);
        if link && self.follow {
            path = ctx.real_path(&path);
            link = false;
        }
        // a link that shall not be followed gives way to the file, so what it leads to does not count
        let file = if link && self.force { FileState::ABSENT } else { self.target(&path).read(ctx)? };
        Ok(InstallState { path, folders: Vec::new(), link, file })
    }

    fn desired(&self, current: &InstallState, ctx: &mut Ctx) -> Result<InstallState, ModuleError> {
        if !self.force && (current.link || current.file.content.is_some()) {
            return Ok(current.clone());
        }
        let (_, folders) = self.place(ctx)?;
        let content = self.new_content(&current.file, ctx)?;
        let file = self.target(&current.path).desired(&current.file, content, ctx)?;
        Ok(InstallState { path: current.path.clone(), folders, link: false, file })
    }

    fn apply(&self, current: &InstallState, desired: &InstallState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let wanted = Attributes { mode: self.directory_mode.clone(), ..self.attributes(None) };
        for folder in &desired.folders {
            let cannot = |error| ModuleError::because(format!("cannot make the folder `{}`", folder.display()), error);
            fs::create_dir(folder).map_err(cannot)?;
            let now =
                ctx.meta(folder)?.map_or_else(|| Ownership::fresh(folder, true, ctx), |meta| Ok(meta.ownership()))?;
            wanted.wanted(folder, now, true, ctx)?.set(folder, now, false)?;
        }
        let target = self.target(&desired.path);
        let mut values = target.apply(&current.file, &desired.file, ctx)?;
        if let Some(content) = &desired.file.content {
            let md5 = content.md5().map_err(|error| ModuleError::because("cannot read the content again", error))?;
            values.insert("md5sum".into(), md5.into());
        }
        Ok(Applied { values, facts: None })
    }

    fn report(&self, state: &InstallState, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let path = state.path.display().to_string();
        let mut values = Map::new();
        values.insert("dest".into(), Value::from(path.as_str()));
        values.insert("path".into(), Value::from(path));
        if let Some(source) = &self.shown_source {
            values.insert("src".into(), Value::from(source.as_str()));
        }
        values.extend(self.target(&state.path).values(&state.file, ctx)?);
        Ok(values)
    }

    fn diff(&self, current: &InstallState, desired: &InstallState) -> Result<Vec<Diff>, ModuleError> {
        self.target(&desired.path).diff(&current.file, &desired.file)
    }

    fn title(&self) -> String {
        self.dest.clone()
    }
}
