//! Files that travel, on the agent's side.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::message::ToRunner;
use super::serve::Shared;
use super::streams::{Incoming, Outgoing, PIECE};

/// Files that were put, until they are not needed any more. They lie where the binary does, which had room for that, for
/// nobody else to read, and go with the agent.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    dir: Mutex<Option<TempDir>>,
}

impl Kept {
    /// Beside a file, or in the usual folder where that one is not writable.
    pub(super) fn beside(program: &Path) -> Self {
        Self { folder: program.parent().unwrap_or(Path::new("/")).to_owned(), dir: Mutex::default() }
    }

    /// A new name for a file.
    fn path(&self, id: u64) -> std::io::Result<PathBuf> {
        let mut dir = self.dir.lock().unwrap_or_else(PoisonError::into_inner);
        if dir.is_none() {
            let make = tempfile::Builder::new().prefix("files-").tempdir_in(&self.folder);
            *dir = Some(make.or_else(|_| tempfile::Builder::new().prefix("quaymaster-").tempdir())?);
        }
        let dir = dir.as_ref().ok_or_else(|| std::io::Error::other("no folder"))?;
        Ok(dir.path().join(id.to_string()))
    }

    /// Removes a file that was put; other paths are none of its business.
    pub(super) fn forget(&self, path: &str) {
        let dir = self.dir.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = dir.as_ref()
            && Path::new(path).parent() == Some(dir.path())
        {
            // one that a module has moved away is gone already
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Takes a file.
pub(super) async fn put(shared: &Shared, id: u64, mut incoming: Incoming<ToRunner>) {
    let work = async {
        let path = shared.kept.path(id)?;
        let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        while let Some(bytes) = incoming.next().await.map_err(std::io::Error::other)? {
            file.write_all(&bytes).await?;
        }
        file.flush().await?;
        Ok::<_, std::io::Error>(path)
    };
    let message = match work.await {
        Ok(path) => ToRunner::Stored { id, path: path.display().to_string() },
        Err(error) => ToRunner::Failed { id, message: format!("cannot take a file: {error}") },
    };
    shared.say(message).await;
}

/// Sends a file.
pub(super) async fn get(shared: &Shared, id: u64, path: &str, outgoing: Outgoing<ToRunner>) {
    let work = async {
        let mut file = tokio::fs::File::open(path).await?;
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece).await? {
                0 => return Ok::<_, std::io::Error>(()),
                count => {
                    outgoing.send(piece.get(..count).unwrap_or_default()).await.map_err(std::io::Error::other)?;
                }
            }
        }
    };
    match work.await {
        Ok(()) => {
            // a runner that is gone does not miss it
            let _ = outgoing.end().await;
        }
        Err(error) => shared.say(ToRunner::Failed { id, message: format!("cannot read `{path}`: {error}") }).await,
    }
}
