//! A place where modules run.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::modules::{Ctx, ModuleDef, ModuleError, Outcome, RunMode, table};
use crate::value::Value;

/// One run of a module.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Request {
    /// The module.
    pub(in crate::engine) module: &'static ModuleDef,
    /// Its rendered options.
    pub(in crate::engine) args: Value,
    /// Check mode, diff, verbosity.
    pub(in crate::engine) mode: RunMode,
    /// The task's `environment`.
    pub(in crate::engine) environment: BTreeMap<String, String>,
    /// The folder that relative paths start from.
    pub(in crate::engine) working_dir: PathBuf,
    /// Fires when the module is to end early.
    pub(in crate::engine) cancel: CancellationToken,
    /// It runs in the background, where it goes on when the run has ended.
    pub(in crate::engine) job: Option<Job>,
}

impl Request {
    /// The module's name as every binary knows it.
    pub(super) fn name(&self) -> String {
        match table::internal(self.module.name) {
            Some(_) => self.module.name.to_owned(),
            None => format!("{}.{}", self.module.collection, self.module.name),
        }
    }
}

/// A run of a module in the background.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Job {
    /// What it is found by.
    pub(in crate::engine) id: String,
    /// How long it may take.
    pub(in crate::engine) limit: Duration,
}

/// Why there is no outcome.
#[derive(Debug, Error)]
pub(in crate::engine) enum TargetError {
    /// The module failed.
    #[error("the module failed")]
    Module(#[source] ModuleError),
    /// The host cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}

/// A place where modules run: this machine, later a host behind a connection.
pub(in crate::engine) trait Target: Send + Sync {
    /// Runs a module to its end, or starts it in the background.
    fn run(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Outcome, TargetError>> + Send + '_>>;

    /// Runs a module for a controller action that is itself running on a blocking thread.
    fn run_nested(&self, request: Request, ctx: &mut Ctx) -> Result<Outcome, TargetError>;
}
