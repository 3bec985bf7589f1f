//! The binaries that hosts run: this very one, and those for other architectures from a folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::Sha256;
use thiserror::Error;

use crate::modules::host::digest_file;

/// A binary cannot be used.
#[derive(Debug, Error)]
#[error("cannot read the agent's binary `{path}`")]
pub struct BinaryError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The binaries, by architecture as `uname -m` names it.
#[derive(Debug, Default)]
pub struct Binaries {
    files: BTreeMap<String, Binary>,
}

#[derive(Debug)]
struct Binary {
    path: PathBuf,
    digest: OnceLock<String>,
    packed: OnceLock<Arc<[u8]>>,
}

impl Binaries {
    /// The binary `own` of this machine's architecture, and the files `quaymaster-ARCHITECTURE` of a folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn new(own: &Path, folder: Option<&Path>) -> Result<Self, BinaryError> {
        let mut files = BTreeMap::new();
        if let Some(folder) = folder {
            let failed = |source| BinaryError { path: folder.to_owned(), source };
            for entry in fs::read_dir(folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if let Some(architecture) = name.strip_prefix("quaymaster-") {
                    files.insert(architecture.to_owned(), Binary::new(path.clone()));
                }
            }
        }
        files.insert(std::env::consts::ARCH.to_owned(), Binary::new(own.to_owned()));
        Ok(Self { files })
    }

    /// Architecture and SHA-256 of each.
    pub(super) fn digests(&self) -> Result<Vec<(String, String)>, BinaryError> {
        self.files.iter().map(|(architecture, file)| Ok((architecture.clone(), file.digest()?.to_owned()))).collect()
    }

    /// A binary as it travels, packed by gzip where the host can unpack that.
    pub(super) fn bytes(&self, architecture: &str, packed: bool) -> Result<Option<Arc<[u8]>>, BinaryError> {
        let Some(file) = self.files.get(architecture) else { return Ok(None) };
        if packed { file.packed().map(Some) } else { file.plain().map(|bytes| Some(bytes.into())) }
    }
}

impl Binary {
    fn new(path: PathBuf) -> Self {
        Self { path, digest: OnceLock::new(), packed: OnceLock::new() }
    }

    fn digest(&self) -> Result<&str, BinaryError> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = sha256(&self.path).map_err(|source| self.failed(source))?;
        Ok(self.digest.get_or_init(|| digest))
    }

    fn packed(&self) -> Result<Arc<[u8]>, BinaryError> {
        if let Some(packed) = self.packed.get() {
            return Ok(Arc::clone(packed));
        }
        let pack = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            io::copy(&mut File::open(&self.path)?, &mut encoder)?;
            encoder.flush()?;
            encoder.finish()
        };
        let packed: Arc<[u8]> = pack().map_err(|source| self.failed(source))?.into();
        Ok(Arc::clone(self.packed.get_or_init(|| packed)))
    }

    fn plain(&self) -> Result<Vec<u8>, BinaryError> {
        fs::read(&self.path).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> BinaryError {
        BinaryError { path: self.path.clone(), source }
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> io::Result<String> {
    digest_file::<Sha256>(path).map(|(_, sum)| sum)
}
