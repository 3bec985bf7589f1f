//! What an archive is, told by its first bytes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::modules::error::ModuleError;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Zip,
}

impl Kind {
    pub(super) fn of(path: &Path) -> Result<Self, ModuleError> {
        let cannot = |error| ModuleError::because(format!("Source '{}' not readable", path.display()), error);
        let mut head = Vec::new();
        File::open(path).map_err(cannot)?.take(265).read_to_end(&mut head).map_err(cannot)?;
        let kind = match head.as_slice() {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', ..] => Self::Zip,
            _ if head.get(257..262) == Some(b"ustar") => Self::Tar,
            _ => {
                return Err(ModuleError::new(format!(
                    "Failed to find handler for \"{}\": it is no tar archive (plain, gz, bz2, xz, zst) and no zip archive",
                    path.display()
                )));
            }
        };
        Ok(kind)
    }

    /// Ansible's name for what handles it.
    pub(super) fn handler(self) -> &'static str {
        match self {
            Self::Tar => "TarArchive",
            Self::Gzip => "TgzArchive",
            Self::Bzip2 => "TarBzipArchive",
            Self::Xz => "TarXzArchive",
            Self::Zstd => "TarZstdArchive",
            Self::Zip => "ZipArchive",
        }
    }

    /// The option that makes `tar` unpack it.
    pub(super) fn tar_option(self) -> Option<&'static str> {
        match self {
            Self::Tar | Self::Zip => None,
            Self::Gzip => Some("--gzip"),
            Self::Bzip2 => Some("--bzip2"),
            Self::Xz => Some("--xz"),
            Self::Zstd => Some("--zstd"),
        }
    }
}
