//! What a module may touch. Everything outside the module goes through here, so that check mode, become, redaction and
//! cancellation hold for all of them.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::value::Redactor;

/// How the task is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunMode {
    /// Nothing may be changed.
    pub check: bool,
    /// Diffs are wanted.
    pub diff: bool,
    /// How many `-v`.
    pub verbosity: u8,
}

/// The user, where there is one to ask.
pub trait Terminal: Send + Sync {
    /// Asks a question and waits for a line, until the token fires. `None` where nobody can answer (no terminal, end of
    /// input).
    fn ask(&self, question: &str, echo: bool, cancel: &CancellationToken) -> std::io::Result<Option<String>>;
}

/// What lives as long as the run on one target: shared clients and caches, by type. The Quay client pool lives here, so that
/// tasks share one session and one reading of a list.
#[derive(Default)]
pub struct HostServices {
    environment: BTreeMap<String, String>,
    terminal: Option<Arc<dyn Terminal>>,
    program: Option<PathBuf>,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl std::fmt::Debug for HostServices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // the environment may hold secrets
        f.debug_struct("HostServices").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl HostServices {
    /// Services of a run whose process has this environment: what `~`, `$VARIABLE`, proxies and facts are taken from.
    #[must_use]
    pub fn with_environment(environment: BTreeMap<String, String>) -> Self {
        Self { environment, ..Self::default() }
    }

    /// The same services with a user to ask.
    #[must_use]
    pub fn with_terminal(mut self, terminal: Arc<dyn Terminal>) -> Self {
        self.terminal = Some(terminal);
        self
    }

    /// The same services with the binary itself, which background jobs are started with.
    #[must_use]
    pub fn with_program(mut self, program: PathBuf) -> Self {
        self.program = Some(program);
        self
    }

    /// The binary itself, where it is known.
    pub fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// The user, where there is one to ask.
    pub fn terminal(&self) -> Option<Arc<dyn Terminal>> {
        self.terminal.clone()
    }

    /// The environment of the process that the tasks run in.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// The service of a type, made on first use.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let service = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // the entry was stored under this very type
        Arc::clone(service).downcast::<T>().unwrap_or_else(|_| Arc::new(T::default()))
    }
}

/// A running module's view of the world.
pub struct Ctx {
    /// Check mode, diff, verbosity.
    pub mode: RunMode,
    /// The task's `environment`, laid over the process's own for commands and proxies.
    pub environment: BTreeMap<String, String>,
    /// The folder that relative paths start from.
    pub working_dir: PathBuf,
    /// Clients and caches shared with the other tasks of the run.
    pub services: Arc<HostServices>,
    /// Where secrets are registered that the module learns (a new token).
    pub redactor: Redactor,
    /// Fires when the run is interrupted or the task timed out.
    pub cancel: CancellationToken,
    /// The runtime that [`Ctx::wait`] uses.
    pub runtime: tokio::runtime::Handle,
    warnings: Vec<String>,
}

impl Ctx {
    /// A context; modules run on blocking threads.
    pub fn new(
        mode: RunMode,
        services: Arc<HostServices>,
        redactor: Redactor,
        cancel: CancellationToken,
        runtime: tokio::runtime::Handle,
    ) -> Self {
        Self {
            mode,
            environment: BTreeMap::new(),
            working_dir: PathBuf::from("."),
            services,
            redactor,
            cancel,
            runtime,
            warnings: Vec::new(),
        }
    }

    /// Runs a future to its end on this blocking thread; `None` when the run was interrupted first.
    pub fn wait<F: Future>(&self, future: F) -> Option<F::Output> {
        let cancel = self.cancel.clone();
        self.runtime.block_on(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => None,
                output = future => Some(output),
            }
        })
    }

    /// Adds a warning to the task's result.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// The warnings so far, taken out.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }
}
