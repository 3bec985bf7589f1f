//! Encrypted files: the work of `vault encrypt`, `decrypt`, `view`, `edit`, `create` and `rekey`.
//!
//! A file is never half-written: the new content is complete in a file beside it before it takes the old one's place.
//! Plaintext that is replaced or was lent to an editor is overwritten before it is removed.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::envelope::Envelope;
use super::password::Password;
use super::secrets::{VaultError, VaultSecrets, encrypt_with};

/// What could not be done with a file.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be opened or encrypted.
    #[error("{operation} `{path}`")]
    Vault {
        /// `cannot decrypt` or `cannot encrypt`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: VaultError,
    },
    /// The editor failed; the file is as it was.
    #[error("the editor failed, `{path}` is unchanged")]
    Editor {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file to create is there.
    #[error("`{0}` exists; use `edit` to change it")]
    Exists(PathBuf),
}

/// Works on files with a set of passwords.
#[derive(Clone, Debug)]
pub struct Vault {
    secrets: VaultSecrets,
    /// Where the private folder for an editor's file is made.
    scratch: PathBuf,
}

/// Runs the user's editor on a file and waits for it.
pub type Editor<'e> = &'e mut dyn FnMut(&Path) -> io::Result<()>;

impl Vault {
    /// A worker with passwords; `scratch` is the folder in which private folders for the editor are made.
    #[must_use]
    pub fn new(secrets: VaultSecrets, scratch: impl Into<PathBuf>) -> Self {
        Self { secrets, scratch: scratch.into() }
    }

    /// Encrypts a file in place, or to `output`, with the password of an id. The result is readable by its owner alone.
    pub fn encrypt_file(&self, path: &Path, id: Option<&str>, output: Option<&Path>) -> Result<(), FileError> {
        let path = real_path(path)?;
        let text = self.secrets.encrypt(&read(&path)?, id).map_err(|source| FileError::Vault {
            operation: "cannot encrypt",
            path: path.clone(),
            source,
        })?;
        match output {
            Some(output) => replace(output, text.as_bytes(), Attributes::Private),
            None => replace_and_shred(&path, text.as_bytes()),
        }
    }

    /// Decrypts a file in place, or to `output`. The result is readable by its owner alone.
    pub fn decrypt_file(&self, path: &Path, output: Option<&Path>) -> Result<(), FileError> {
        let path = real_path(path)?;
        let plain = self.view(&path)?;
        replace(output.unwrap_or(&path), &plain, Attributes::Private)
    }

    /// The content of an encrypted file.
    pub fn view(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
        Ok(self.open(path, &read(path)?)?.bytes)
    }

    /// Encrypts a file anew with another password and id. Its owner and mode stay.
    pub fn rekey_file(&self, path: &Path, password: &Password, id: Option<&str>) -> Result<(), FileError> {
        let path = real_path(path)?;
        let opened = self.open(&path, &read(&path)?)?;
        save(&path, &opened.bytes, password, id)
    }

    /// Lends the content to an editor and encrypts the result with the same password and id; an unchanged content leaves
    /// the file as it is. Its owner and mode stay. Returns whether it was changed.
    pub fn edit_file(&self, path: &Path, editor: Editor<'_>) -> Result<bool, FileError> {
        let path = real_path(path)?;
        let envelope = read(&path)?;
        let opened = self.open(&path, &envelope)?;
        let edited = self.lend(&path, &opened.bytes, editor)?;
        if edited == opened.bytes {
            return Ok(false);
        }
        let id = Envelope::parse(&envelope).ok().and_then(|envelope| envelope.id);
        save(&path, &edited, &opened.password, id.as_deref())?;
        Ok(true)
    }

    /// Lends an empty file to an editor and encrypts the result as a new file, readable by its owner alone.
    pub fn create_file(&self, path: &Path, id: Option<&str>, editor: Editor<'_>) -> Result<(), FileError> {
        if path.exists() {
            return Err(FileError::Exists(path.to_owned()));
        }
        let vault = |source| FileError::Vault { operation: "cannot encrypt", path: path.to_owned(), source };
        let (id, password) = self.secrets.to_encrypt_with(id).map_err(vault)?;
        let content = self.lend(path, &[], editor)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| FileError::Write { path: parent.to_owned(), source })?;
        }
        let text = encrypt_with(&content, &password, Some(&id)).map_err(vault)?;
        replace(path, text.as_bytes(), Attributes::Private)
    }

    fn open(&self, path: &Path, envelope: &[u8]) -> Result<super::Opened, FileError> {
        self.secrets.open(envelope).map_err(|source| FileError::Vault {
            operation: "cannot decrypt",
            path: path.to_owned(),
            source,
        })
    }

    /// Lends content to an editor in a private folder, which is shredded and removed whatever happens.
    fn lend(&self, path: &Path, content: &[u8], editor: Editor<'_>) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let write = |source| FileError::Write { path: self.scratch.clone(), source };
        let folder = tempfile::Builder::new()
            .prefix("quaymaster-vault-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&self.scratch)
            .map_err(write)?;
        let shredder = Shredder { folder: folder.path().to_owned() };
        // the name keeps its ending, by which editors know the language
        let name = path.file_name().unwrap_or(OsStr::new("vault"));
        let lent = folder.path().join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&lent)
            .and_then(|mut file| file.write_all(content))
            .map_err(write)?;
        editor(&lent).map_err(|source| FileError::Editor { path: path.to_owned(), source })?;
        let edited = read(&lent);
        drop(shredder);
        edited
    }
}

/// Overwrites every file of a folder when dropped; the folder itself is removed by its owner.
struct Shredder {
    folder: PathBuf,
}

impl Drop for Shredder {
    fn drop(&mut self) {
        // an editor may have left backups and swap files; what cannot be overwritten is at least removed with the folder
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_file())
                && let Ok(mut file) = OpenOptions::new().write(true).open(entry.path())
            {
                let _ = shred(&mut file);
            }
        }
    }
}

/// What becomes of mode and owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attributes {
    /// Mode 0600, owned by the user.
    Private,
    /// Those of the file that is replaced.
    Kept,
}

/// Writes a file that only its owner can read, at once and whole.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), FileError> {
    replace(path, content, Attributes::Private)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    fs::read(path).map(Zeroizing::new).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Links are followed, so that the file they lead to is replaced and not the link.
fn real_path(path: &Path) -> Result<PathBuf, FileError> {
    path.canonicalize().map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Writes new content with mode and owner of the old.
fn save(path: &Path, plain: &[u8], password: &Password, id: Option<&str>) -> Result<(), FileError> {
    let text = encrypt_with(plain, password, id).map_err(|source| FileError::Vault {
        operation: "cannot encrypt",
        path: path.to_owned(),
        source,
    })?;
    replace(path, text.as_bytes(), Attributes::Kept)
}

fn replace(path: &Path, content: &[u8], attributes: Attributes) -> Result<(), FileError> {
    let error = |source| FileError::Write { path: path.to_owned(), source };
    let path = &if path.exists() { real_path(path)? } else { path.to_owned() };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // the new file is 0600 from the start
    let mut file = tempfile::Builder::new().prefix(".vault-").tempfile_in(folder).map_err(error)?;
    file.write_all(content).map_err(error)?;
    if attributes == Attributes::Kept
        && let Ok(old) = fs::metadata(path)
    {
        let new = file.as_file().metadata().map_err(error)?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid())).map_err(error)?;
        }
        file.as_file().set_permissions(Permissions::from_mode(old.mode() & 0o7777)).map_err(error)?;
    }
    file.as_file().sync_all().map_err(error)?;
    file.persist(path).map_err(|failed| error(failed.error))?;
    Ok(())
}

/// Replaces a plaintext file and overwrites the old content, unless other names still lead to it.
fn replace_and_shred(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let old = OpenOptions::new().write(true).open(path);
    replace(path, content, Attributes::Private)?;
    if let Ok(mut old) = old
        && old.metadata().is_ok_and(|data| data.nlink() == 0)
    {
        shred(&mut old).map_err(|source| FileError::Write { path: path.to_owned(), source })?;
    }
    Ok(())
}

/// Overwrites a file's content. On flash and copy-on-write file systems this promises nothing; it is what can be done.
fn shred(file: &mut File) -> io::Result<()> {
    const PASSES: usize = 3;
    const CHUNK: usize = 64 * 1024;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut chunk = vec![0_u8; CHUNK.min(length)];
    for _ in 0..PASSES {
        file.rewind()?;
        let mut left = length;
        while left > 0 {
            rand::fill(chunk.as_mut_slice());
            let part = chunk.get(..left.min(CHUNK)).unwrap_or(&chunk);
            file.write_all(part)?;
            left -= part.len();
        }
        file.sync_data()?;
    }
    Ok(())
}
