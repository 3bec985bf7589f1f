//! The bytes of blobs and uploads: `blobs/sha256/<two digits>/<hex>` and `uploads/<uuid>` in the state folder.
//!
//! An upload is hashed while it is written. When it is complete its file is renamed to its digest: a blob is there whole or
//! not at all, and content that two repositories push lies there once.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::io::ReaderStream;

use super::names::Digest;

const READ_BUFFER: usize = 128 * 1024;

/// The two folders.
#[derive(Debug)]
pub struct BlobFiles {
    blobs: PathBuf,
    uploads: PathBuf,
    /// Uploads that somebody works on, with the hash so far. One request at a time works on one.
    open: Mutex<HashMap<String, Arc<AsyncMutex<Progress>>>>,
}

/// The hash of the first `length` bytes of an upload.
#[derive(Debug, Default)]
pub(super) struct Progress {
    hash: Sha256,
    length: u64,
}

/// Why bytes were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// The file cannot be written.
    #[error("an upload cannot be written")]
    File(#[from] io::Error),
    /// The client went away in the middle. What came is kept, so that it can go on from there.
    #[error("the request ended early")]
    Client(#[source] axum::Error),
}

impl BlobFiles {
    /// Makes the folders.
    pub(in crate::sandbox) fn open(state: &Path) -> io::Result<Self> {
        let blobs = state.join("blobs").join("sha256");
        let uploads = state.join("uploads");
        std::fs::create_dir_all(&blobs)?;
        std::fs::create_dir_all(&uploads)?;
        Ok(Self { blobs, uploads, open: Mutex::new(HashMap::new()) })
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.blobs.join(hex.get(..2).unwrap_or_default()).join(hex)
    }

    fn upload(&self, uuid: &str) -> PathBuf {
        self.uploads.join(uuid)
    }

    /// Takes hold of an upload; waits while another request works on it.
    pub(super) async fn hold(&self, uuid: &str) -> OwnedMutexGuard<Progress> {
        let progress = Arc::clone(self.lock().entry(uuid.to_owned()).or_default());
        progress.lock_owned().await
    }

    /// Appends a body to an upload of which `received` bytes are known. Gives the new length.
    pub(super) async fn append(
        &self,
        uuid: &str,
        progress: &mut Progress,
        received: u64,
        body: Body,
    ) -> (u64, Result<(), UploadError>) {
        let mut length = received;
        let result = self.append_to(uuid, progress, &mut length, body).await;
        (length, result)
    }

    async fn append_to(
        &self,
        uuid: &str,
        progress: &mut Progress,
        length: &mut u64,
        body: Body,
    ) -> Result<(), UploadError> {
        let path = self.upload(uuid);
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).await?;
        // bytes of a request that was cut off before it was noted are not part of the upload
        file.set_len(*length).await?;
        if progress.length != *length {
            *progress = rehash(&path).await?;
        }
        file.seek(SeekFrom::Start(*length)).await?;
        let mut chunks = body.into_data_stream();
        let result = loop {
            match chunks.next().await {
                None => break Ok(()),
                Some(Err(error)) => break Err(UploadError::Client(error)),
                Some(Ok(chunk)) => {
                    file.write_all(&chunk).await?;
                    progress.hash.update(&chunk);
                    progress.length += chunk.len() as u64;
                    *length += chunk.len() as u64;
                }
            }
        };
        file.flush().await?;
        result
    }

    /// Makes an upload the blob of this digest. False, and the upload is gone, if its content has another one.
    pub(super) async fn commit(&self, uuid: &str, progress: &mut Progress, digest: &Digest) -> io::Result<bool> {
        let path = self.upload(uuid);
        let hash = std::mem::take(progress).hash.finalize();
        let good = Digest::of_hash(&hash) == *digest;
        if good {
            let blob = self.blob(digest);
            if let Some(folder) = blob.parent() {
                fs::create_dir_all(folder).await?;
            }
            fs::rename(&path, &blob).await?;
        }
        self.forget(uuid).await?;
        Ok(good)
    }

    /// Drops an upload's file, if there is one.
    pub(super) async fn forget(&self, uuid: &str) -> io::Result<()> {
        self.lock().remove(uuid);
        match fs::remove_file(self.upload(uuid)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The bytes `start..=end` of a blob.
    pub(super) async fn read(&self, digest: &Digest, start: u64, length: u64) -> io::Result<Body> {
        let mut file = File::open(self.blob(digest)).await?;
        if start > 0 {
            file.seek(SeekFrom::Start(start)).await?;
        }
        Ok(Body::from_stream(ReaderStream::with_capacity(file.take(length), READ_BUFFER)))
    }

    /// A whole blob of at most `limit` bytes; `None` if it is longer.
    pub(super) async fn read_small(&self, digest: &Digest, limit: u64) -> io::Result<Option<Bytes>> {
        let file = File::open(self.blob(digest)).await?;
        if file.metadata().await?.len() > limit {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).await?;
        Ok(Some(bytes.into()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<AsyncMutex<Progress>>>> {
        // the map is whole between any two operations, whatever a panicking thread did
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes what is there of an upload: after a restart of the sandbox, or a request that broke off.
async fn rehash(path: &Path) -> io::Result<Progress> {
    let mut progress = Progress::default();
    let mut file = File::open(path).await?;
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        let count = file.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(progress) };
        progress.hash.update(bytes);
        progress.length += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(body: Body) -> String {
        String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn chunks_become_one_blob_under_its_digest() {
        let dir = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        let mut progress = files.hold("u").await;
        let (length, result) = files.append("u", &mut progress, 0, Body::from("hello ")).await;
        assert!(result.is_ok() && length == 6);
        let (length, _) = files.append("u", &mut progress, 6, Body::from("world")).await;
        assert_eq!(length, 11);
        let digest = Digest::of_hash(&Sha256::digest("hello world"));
        assert!(files.commit("u", &mut progress, &digest).await.unwrap());
        assert_eq!(text(files.read(&digest, 0, 11).await.unwrap()).await, "hello world");
        assert_eq!(text(files.read(&digest, 6, 3).await.unwrap()).await, "wor");
        assert_eq!(std::fs::read_dir(dir.path().join("uploads")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_restart_and_unnoted_bytes_do_not_disturb_an_upload() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("uploads")).unwrap();
        // seven bytes came, five were noted
        std::fs::write(dir.path().join("uploads/u"), "helloXX").unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        let mut progress = files.hold("u").await;
        let (length, result) = files.append("u", &mut progress, 5, Body::from(" world")).await;
        assert!(result.is_ok() && length == 11);
        let digest = Digest::of_hash(&Sha256::digest("hello world"));
        assert!(files.commit("u", &mut progress, &digest).await.unwrap());
    }

    #[tokio::test]
    async fn content_with_another_digest_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        let mut progress = files.hold("u").await;
        let _ = files.append("u", &mut progress, 0, Body::from("evil")).await;
        let digest = Digest::of_hash(&Sha256::digest("good"));
        assert!(!files.commit("u", &mut progress, &digest).await.unwrap());
        assert!(files.read(&digest, 0, 4).await.is_err());
        assert_eq!(std::fs::read_dir(dir.path().join("uploads")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_broken_request_keeps_what_came() {
        let dir = tempfile::tempdir().unwrap();
        let files = BlobFiles::open(dir.path()).unwrap();
        let mut progress = files.hold("u").await;
        let pieces: [Result<Bytes, io::Error>; 2] =
            [Ok(Bytes::from_static(b"half")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let (length, result) = files.append("u", &mut progress, 0, body).await;
        assert!(matches!(result, Err(UploadError::Client(_))) && length == 4);
    }
}
