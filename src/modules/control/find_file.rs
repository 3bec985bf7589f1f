//! Finds a task's source file on the controller.

use std::path::{Path, PathBuf};

use crate::modules::controller::ControllerCtx;
use crate::modules::error::ModuleError;
use crate::tree::{EMBEDDED_ROOT, display_name, resolve};
use crate::value::Map;

/// A file's bytes, or where on the controller's disk they are.
pub(super) enum Source {
    /// Read already: built into the binary, or decrypted.
    Bytes { bytes: Vec<u8>, secret: bool },
    /// A plain file on disk.
    Disk(PathBuf),
}

const VAULT_HEADER: &[u8] = b"$ANSIBLE_VAULT;";

impl ControllerCtx<'_> {
    /// The file or folder that a source option names: an absolute path, or one relative to the first folder that has it.
    pub(super) fn find_source(&self, kind: &str, name: &str) -> Result<PathBuf, ModuleError> {
        let expanded = self.ctx.expand(name);
        let mut tried: Vec<PathBuf> = Vec::new();
        let folders = (self.search_path)(kind);
        for folder in folders.iter().chain(std::iter::once(&self.ctx.working_dir)) {
            let path = resolve(folder, &expanded);
            if self.files.exists(&path) {
                return Ok(path);
            }
            if !tried.contains(&path) {
                tried.push(path);
            }
        }
        let list = tried.iter().fold(String::new(), |list, path| list + "\n\t" + &display_name(path));
        let hint = match kind {
            "files" => "\nA file that is on the managed host already is copied with `remote_src: true`.",
            _ => "",
        };
        Err(ModuleError::new(format!("cannot find or read `{name}`; searched:{list}{hint}")))
    }

    /// The content of a file on the controller; a vaulted one is decrypted unless that is not wanted.
    pub(super) fn open_source(&self, path: &Path, decrypt: bool) -> Result<Source, ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", display_name(path)), error);
        let vaulted = |head: &[u8]| decrypt && head.starts_with(VAULT_HEADER);
        if !path.starts_with(EMBEDDED_ROOT) && !vaulted(&head(path).map_err(cannot)?) {
            return Ok(Source::Disk(path.to_owned()));
        }
        let bytes = self.files.read(path).map_err(cannot)?;
        if !vaulted(&bytes) {
            return Ok(Source::Bytes { bytes, secret: false });
        }
        let envelope = String::from_utf8_lossy(&bytes);
        let plain = self
            .templar
            .vault()
            .decrypt(&envelope)
            .map_err(|error| ModuleError::because(format!("cannot decrypt `{}`", display_name(path)), error))?;
        Ok(Source::Bytes { bytes: plain.expose().as_bytes().to_vec(), secret: true })
    }

    /// A source file as text.
    pub(super) fn source_text(&self, path: &Path) -> Result<(String, bool), ModuleError> {
        let cannot = |error| ModuleError::because(format!("cannot read `{}`", display_name(path)), error);
        let (bytes, secret) = match self.open_source(path, true)? {
            Source::Bytes { bytes, secret } => (bytes, secret),
            Source::Disk(path) => (self.files.read(&path).map_err(cannot)?, false),
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| ModuleError::new(format!("`{}` is not valid UTF-8", display_name(path))))?;
        Ok((text, secret))
    }
}

/// Options of an internal module that only the controller's half may give.
const BROUGHT: [&str; 4] = ["source", "content", "content_base64", "secret"];

/// Refuses a task that gives such an option itself.
pub(super) fn refuse_brought(args: &Map) -> Result<(), ModuleError> {
    match BROUGHT.iter().find(|name| args.contains_key(**name)) {
        Some(name) => Err(ModuleError::new(format!("unknown option `{name}`"))),
        None => Ok(()),
    }
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(VAULT_HEADER.len() as u64).read_to_end(&mut start)?;
    Ok(start)
}
