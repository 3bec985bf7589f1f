//! What the registry keeps beside the store: the key of its tokens, and the files of blobs and uploads.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rand::Rng as _;

use super::blob_files::BlobFiles;
use crate::sandbox::error::SandboxError;

const KEY_BYTES: usize = 32;

/// The registry half of a running sandbox.
#[derive(Debug)]
pub struct Registry {
    pub(super) files: BlobFiles,
    pub(super) key: Vec<u8>,
}

impl Registry {
    /// Opens the folders in `state`, and the key that tokens are signed with; makes what is absent.
    pub fn open(state: &Path) -> Result<Self, SandboxError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| SandboxError::File { path, source }
        };
        let files = BlobFiles::open(state).map_err(fail(state))?;
        let path = state.join("registry.key");
        let key = match fs::read(&path) {
            Ok(key) if key.len() == KEY_BYTES => key,
            // a key that was cut off while it was written has signed nothing yet
            Ok(_) => new_key(&path).map_err(fail(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => new_key(&path).map_err(fail(&path))?,
            Err(source) => return Err(SandboxError::File { path, source }),
        };
        Ok(Self { files, key })
    }
}

fn new_key(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut key = vec![0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    Ok(key)
}
