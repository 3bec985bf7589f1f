//! The content of a file: in memory, or still in another file; compared by checksum.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use md5::Md5;
use serde::{Serialize, Serializer};
use sha1::{Digest, Sha1};

use crate::modules::error::ModuleError;
use crate::modules::outcome::DiffText;

/// Larger files are not shown in a diff (Ansible's `max_diff_size`).
const LARGEST_DIFF: u64 = 104_448;

/// What a file holds or shall hold. Equal when size and SHA-1 are.
#[derive(Clone, Debug)]
pub struct Content {
    size: u64,
    sha1: Arc<str>,
    data: Data,
    secret: bool,
}

#[derive(Clone, Debug)]
enum Data {
    Bytes(Arc<[u8]>),
    File(PathBuf),
}

impl Content {
    /// Content in memory.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { size: bytes.len() as u64, sha1: sha1_hex(&bytes).into(), data: Data::Bytes(bytes), secret: false }
    }

    /// The content of a file, which is read only as far as the checksum needs.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let (size, sha1) = digest_file::<Sha1>(path)?;
        Ok(Self { size, sha1: sha1.into(), data: Data::File(path.to_owned()), secret: false })
    }

    /// The same content, never to be shown in a diff.
    #[must_use]
    pub fn secret(mut self, secret: bool) -> Self {
        self.secret |= secret;
        self
    }

    /// Whether it must not be shown.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-1, in hexadecimal.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }

    /// MD5, in hexadecimal; Ansible returns it beside the checksum.
    pub fn md5(&self) -> io::Result<String> {
        match &self.data {
            Data::Bytes(bytes) => Ok(hex(&Md5::digest(bytes))),
            Data::File(path) => digest_file::<Md5>(path).map(|(_, sum)| sum),
        }
    }

    /// All of it.
    pub fn bytes(&self) -> io::Result<Arc<[u8]>> {
        match &self.data {
            Data::Bytes(bytes) => Ok(Arc::clone(bytes)),
            Data::File(path) => std::fs::read(path).map(Into::into),
        }
    }

    /// Writes it.
    pub fn write_to(&self, file: &mut File) -> io::Result<()> {
        match &self.data {
            Data::Bytes(bytes) => file.write_all(bytes),
            Data::File(path) => io::copy(&mut File::open(path)?, file).map(drop),
        }
    }

    /// How it looks in a diff.
    pub fn diff_text(&self) -> Result<DiffText, ModuleError> {
        if self.secret {
            return Ok(DiffText::Hidden("secret".into()));
        }
        if self.size > LARGEST_DIFF {
            return Ok(DiffText::Hidden("larger than 104448 bytes".into()));
        }
        let bytes = self.bytes().map_err(|error| ModuleError::because("cannot read the content to compare", error))?;
        Ok(match String::from_utf8(bytes.to_vec()) {
            Ok(text) if !text.contains('\0') => DiffText::Text(text),
            _ => DiffText::Hidden("binary".into()),
        })
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.sha1 == other.sha1
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.sha1)
    }
}

/// The SHA-1 of bytes, in hexadecimal.
#[must_use]
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

/// Size and checksum of a file.
pub fn digest_file<D: Digest>(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut digest = D::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((size, hex(&digest.finalize())));
        }
        size += count as u64;
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
