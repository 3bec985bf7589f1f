//! The files that tell how background jobs fare: one for each job, written by the job, read by `async_status`.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map as Json, Value as JsonValue};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;

/// The environment variable that names the folder of jobs, as in Ansible.
pub const ASYNC_DIR: &str = "ANSIBLE_ASYNC_DIR";

/// Where the folder is when nothing says otherwise.
const DEFAULT_DIR: &str = "~/.ansible_async";

/// Under this key a job tells which texts of its result are secret, so that whoever reads it blanks them out.
pub const SECRETS: &str = "_quaymaster_secrets";

/// The file of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFile {
    id: String,
    path: PathBuf,
}

impl JobFile {
    /// The file of a job, in the folder that the task's environment names.
    ///
    /// # Errors
    /// Where the text cannot be the id of a job.
    pub fn of(id: &str, ctx: &Ctx) -> Result<Self, ModuleError> {
        let plain =
            !id.is_empty() && !id.starts_with('.') && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if !plain {
            return Err(ModuleError::new(format!("`{id}` is not the id of a job")));
        }
        let folder = ctx.variable(ASYNC_DIR).unwrap_or_else(|| DEFAULT_DIR.to_owned());
        let path = ctx.resolve(&folder).join(id);
        Ok(Self { id: id.to_owned(), path })
    }

    /// The file of a job at a known place.
    pub fn at(id: &str, path: &Path) -> Self {
        Self { id: id.to_owned(), path: path.to_owned() }
    }

    /// The job.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; `None` where there is no such job.
    ///
    /// # Errors
    /// It cannot be read, or does not hold what a job writes.
    pub fn read(&self) -> Result<Option<Json<String, JsonValue>>, ModuleError> {
        let shown = self.path.display();
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ModuleError::because(format!("cannot read `{shown}`"), error)),
        };
        match serde_json::from_str(&text) {
            Ok(JsonValue::Object(map)) => Ok(Some(map)),
            Ok(_) => Err(ModuleError::new(format!("`{shown}` does not hold the result of a job"))),
            Err(error) => Err(ModuleError::because(format!("`{shown}` does not hold the result of a job"), error)),
        }
    }

    /// Says how the job fares, all at once: whoever reads finds the old text or the new one. Only its user may read it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, state: &Json<String, JsonValue>) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = tempfile::Builder::new().prefix(".job").tempfile_in(folder)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(JsonValue::Object(state.clone()).to_string().as_bytes())?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes it; what is not there need not be removed.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
