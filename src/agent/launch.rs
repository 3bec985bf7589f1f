//! Starting a background job: the request in a file that only its user can read, the binary itself as the worker.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::modules::commands::JobFile;
use crate::modules::{Ctx, ModuleError, Outcome, RunMode};
use crate::value::{Value, to_json};

/// What a job is to do. It holds secrets, so that it is never an argument and its file is removed once it is read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobRequest {
    /// The job's id.
    pub id: String,
    /// Where its result goes.
    pub file: PathBuf,
    /// The full name of the module.
    pub module: String,
    /// Its rendered options.
    pub args: Json,
    /// Nothing may be changed.
    pub check: bool,
    /// Diffs are wanted.
    pub diff: bool,
    /// How many `-v`.
    pub verbosity: u8,
    /// The task's `environment`.
    pub environment: BTreeMap<String, String>,
    /// The folder that relative paths start from.
    pub working_dir: PathBuf,
    /// The seconds after which it is ended.
    pub limit: f64,
    /// Its options hold a secret, so that the command line is not told.
    pub secret: bool,
}

/// Why a job could not be started.
#[derive(Debug, Error)]
pub enum JobError {
    /// Its files could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What it is to do could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The binary could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The binary.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl From<JobError> for ModuleError {
    fn from(error: JobError) -> Self {
        let message = error.to_string();
        match error {
            JobError::Write { source, .. } | JobError::Read { source, .. } | JobError::Start { source, .. } => {
                Self::because(message, source)
            }
        }
    }
}

impl JobRequest {
    /// Check mode, diff, verbosity.
    #[must_use]
    pub(super) fn mode(&self) -> RunMode {
        RunMode { check: self.check, diff: self.diff, verbosity: self.verbosity }
    }
}

/// What a job's file says from its begin to its end.
pub(super) fn running(id: &str) -> Map<String, Json> {
    let state = [("started", json!(true)), ("finished", json!(false)), ("ansible_job_id", json!(id))];
    state.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A module that is to run in the background.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    /// What it is found by.
    pub id: &'a str,
    /// How long it may take.
    pub limit: Duration,
    /// The module's full name.
    pub module: &'a str,
    /// Its rendered options.
    pub args: &'a Value,
}

/// Starts a module in a process of its own, and tells where it is found.
///
/// # Errors
/// Its files cannot be written, or the binary cannot be started.
pub fn start_job(job: NewJob<'_>, ctx: &Ctx) -> Result<Outcome, ModuleError> {
    let program = ctx.services.program().ok_or_else(|| ModuleError::new("there is no program to start jobs with"))?;
    let file = JobFile::of(job.id, ctx)?;
    let sent = JobRequest {
        id: job.id.to_owned(),
        file: file.path().to_owned(),
        module: job.module.to_owned(),
        args: to_json(job.args),
        check: ctx.mode.check,
        diff: ctx.mode.diff,
        verbosity: ctx.mode.verbosity,
        environment: ctx.environment.clone(),
        working_dir: ctx.working_dir.clone(),
        limit: job.limit.as_secs_f64(),
        secret: job.args.holds_secret(),
    };
    launch(program, &file, &sent)?;
    Ok(Outcome::changed(true)
        .with("ansible_job_id", file.id())
        .with("results_file", file.path().display().to_string())
        .with("started", true)
        .with("finished", false))
}

/// Starts a job in a process group of its own, which no interrupt of the run reaches. It must be called within a runtime,
/// which takes the process's end in while the run lasts.
///
/// # Errors
/// Its files cannot be written, or the binary cannot be started.
fn launch(program: &Path, file: &JobFile, request: &JobRequest) -> Result<(), JobError> {
    let write = |path: &Path, source| JobError::Write { path: path.display().to_string(), source };
    file.write(&running(file.id())).map_err(|source| write(file.path(), source))?;
    let hidden = file.path().with_file_name(format!(".{}.request", file.id()));
    let sent = serde_json::to_vec(request).map_err(io::Error::other).and_then(|bytes| store(&hidden, &bytes));
    sent.map_err(|source| write(&hidden, source))?;
    let started = tokio::process::Command::new(program)
        .args(["agent", "job"])
        .arg(&hidden)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    if let Err(source) = started {
        // nobody would read or remove them
        drop(fs::remove_file(&hidden));
        drop(file.remove());
        return Err(JobError::Start { program: program.display().to_string(), source });
    }
    Ok(())
}

/// Writes a new file for its user alone.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}
