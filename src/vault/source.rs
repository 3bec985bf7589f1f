//! Where passwords come from: a file, a script's output, or the user.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use thiserror::Error;
use zeroize::Zeroizing;

use super::envelope::{DEFAULT_ID, is_encrypted};
use super::password::Password;
use super::secrets::{VaultError, VaultSecrets};
use crate::value::Secret;

/// Why a password could not be had.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// The file does not exist.
    #[error("the Vault password file `{0}` was not found")]
    NotFound(PathBuf),
    /// The file is a folder.
    #[error("the Vault password file `{0}` is a folder")]
    Folder(PathBuf),
    /// The file cannot be read.
    #[error("cannot read the Vault password file `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is itself encrypted and cannot be opened.
    #[error("cannot open the encrypted Vault password file `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: VaultError,
    },
    /// The script cannot be started.
    #[error("cannot run the Vault password script `{0}` (if it is not a script, remove its executable bit)", path.display())]
    Start {
        /// The script.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The script failed.
    #[error("the Vault password script `{0}` failed: {status}", path.display())]
    Script {
        /// The script.
        path: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// A client script has no password for the id.
    #[error("the Vault password script `{0}` knows no password for the vault id `{id}`", path.display())]
    UnknownId {
        /// The script.
        path: PathBuf,
        /// The id asked for.
        id: String,
    },
    /// The password is empty.
    #[error("the Vault password from {0} is empty")]
    Empty(String),
    /// The two passwords typed in are different.
    #[error("the Vault passwords do not match")]
    Mismatch,
    /// The user could not be asked.
    #[error("cannot ask for the Vault password")]
    Prompt(#[source] io::Error),
}

/// One source of a password, with the vault id it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSource {
    /// The vault id, if one was given.
    pub id: Option<String>,
    /// The kind of source.
    pub kind: PasswordKind,
}

/// The kind of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordKind {
    /// A file that holds the password, or a script that prints it.
    File(PathBuf),
    /// The user is asked; with the vault id in the question.
    Prompt,
    /// The user is asked in the words of `--ask-vault-pass`.
    Ask,
}

/// What the passwords are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// To open what exists: asked once.
    Known,
    /// To encrypt with: asked twice.
    New,
}

impl PasswordSource {
    /// Reads `id@source` or `source`, where the source is a file, `prompt` or `prompt_ask_vault_pass`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (id, source) = match text.split_once('@') {
            Some((id, source)) => (Some(id.to_owned()).filter(|id| !id.is_empty()), source),
            None => (None, text),
        };
        let kind = match source {
            "prompt" => PasswordKind::Prompt,
            "prompt_ask_vault_pass" => PasswordKind::Ask,
            file => PasswordKind::File(PathBuf::from(file)),
        };
        Self { id, kind }
    }

    /// A file or script for the default id.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { id: None, kind: PasswordKind::File(path.into()) }
    }

    /// `--ask-vault-pass`.
    #[must_use]
    pub fn ask() -> Self {
        Self { id: None, kind: PasswordKind::Ask }
    }

    fn load(
        &self,
        purpose: Prompt,
        known: &[(String, Password)],
        ask: &mut dyn FnMut(&str) -> io::Result<Secret>,
    ) -> Result<Password, PasswordError> {
        let id = self.id.as_deref().unwrap_or(DEFAULT_ID);
        match (&self.kind, purpose) {
            (PasswordKind::File(path), _) => from_file(path, self.id.as_deref(), known),
            (PasswordKind::Prompt, Prompt::Known) => from_user(&[&format!("Vault password ({id}): ")], ask),
            (PasswordKind::Prompt, Prompt::New) => from_user(
                &[&format!("New vault password ({id}): "), &format!("Confirm new vault password ({id}): ")],
                ask,
            ),
            (PasswordKind::Ask, Prompt::Known) => from_user(&["Vault password: "], ask),
            (PasswordKind::Ask, Prompt::New) => {
                from_user(&["New Vault password: ", "Confirm New Vault password: "], ask)
            }
        }
    }
}

/// The passwords of all sources, in their order. A file or script that fails is passed over with a message in `warnings`,
/// as long as another source gives a password.
///
/// # Errors
/// Where the user cannot be asked, or where no source gives a password.
pub fn load_passwords(
    sources: &[PasswordSource],
    purpose: Prompt,
    ask: &mut dyn FnMut(&str) -> io::Result<Secret>,
    warnings: &mut Vec<PasswordError>,
) -> Result<Vec<(String, Password)>, PasswordError> {
    let mut passwords: Vec<(String, Password)> = Vec::new();
    for source in sources {
        match source.load(purpose, &passwords, ask) {
            Ok(password) => {
                passwords.push((source.id.clone().unwrap_or_else(|| DEFAULT_ID.to_owned()), password));
            }
            Err(error) if matches!(source.kind, PasswordKind::File(_)) => warnings.push(error),
            Err(error) => return Err(error),
        }
    }
    match (passwords.is_empty(), warnings.pop()) {
        (true, Some(error)) => Err(error),
        (_, last) => {
            warnings.extend(last);
            Ok(passwords)
        }
    }
}

fn from_user(questions: &[&str], ask: &mut dyn FnMut(&str) -> io::Result<Secret>) -> Result<Password, PasswordError> {
    let mut first: Option<Password> = None;
    for question in questions {
        let answer = ask(question).map_err(PasswordError::Prompt)?;
        let password = checked(answer.expose().trim().as_bytes(), || "the prompt".to_owned())?;
        match &first {
            Some(first) if *first != password => return Err(PasswordError::Mismatch),
            Some(_) => {}
            None => first = Some(password),
        }
    }
    first.ok_or_else(|| PasswordError::Empty("the prompt".to_owned()))
}

fn from_file(path: &Path, id: Option<&str>, known: &[(String, Password)]) -> Result<Password, PasswordError> {
    let read = |source| PasswordError::Read { path: path.to_owned(), source };
    let data = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PasswordError::NotFound(path.to_owned())),
        other => other.map_err(read)?,
    };
    if data.is_dir() {
        return Err(PasswordError::Folder(path.to_owned()));
    }
    if data.permissions().mode() & 0o111 != 0 {
        return from_script(path, id);
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(read)?);
    let text = bytes.trim_ascii();
    let opened = if is_encrypted(text) {
        VaultSecrets::from_passwords(known.to_vec())
            .open(text)
            .map_err(|source| PasswordError::Open { path: path.to_owned(), source })?
            .bytes
    } else {
        Zeroizing::new(text.to_vec())
    };
    checked(trim_line_ends(&opened), || format!("the file `{}`", path.display()))
}

/// Runs a script; one whose name ends in `-client` is told the vault id.
fn from_script(path: &Path, id: Option<&str>) -> Result<Password, PasswordError> {
    // without a folder, the name would be searched in PATH
    let program = if path.parent() == Some(Path::new("")) { Path::new(".").join(path) } else { path.to_owned() };
    let mut command = Command::new(program);
    let is_client = path.file_stem().and_then(OsStr::to_str).is_some_and(|stem| stem.ends_with("-client"));
    let client_id = id.filter(|_| is_client);
    if let Some(id) = client_id {
        command.args(["--vault-id", id]);
    }
    // its standard error stays the user's, so that it can ask
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .stdin(Stdio::inherit())
        .output()
        .map_err(|source| PasswordError::Start { path: path.to_owned(), source })?;
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(match client_id {
            Some(id) if output.status.code() == Some(2) => {
                PasswordError::UnknownId { path: path.to_owned(), id: id.to_owned() }
            }
            _ => PasswordError::Script { path: path.to_owned(), status: output.status },
        });
    }
    checked(trim_line_ends(&bytes), || format!("the script `{}`", path.display()))
}

fn trim_line_ends(bytes: &[u8]) -> &[u8] {
    let end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let start = bytes.iter().position(|byte| !end(byte)).unwrap_or(bytes.len());
    let stop = bytes.iter().rposition(|byte| !end(byte)).map_or(start, |last| last + 1);
    bytes.get(start..stop).unwrap_or_default()
}

fn checked(bytes: &[u8], place: impl FnOnce() -> String) -> Result<Password, PasswordError> {
    if bytes.is_empty() { Err(PasswordError::Empty(place())) } else { Ok(Password::new(bytes)) }
}
