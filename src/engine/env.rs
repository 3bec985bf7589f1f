//! What all tasks of a run share.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::batch::Status;
use super::defaults::Defaults;
use super::problem::Problem;
use super::run::{InventorySource, Prompter};
use super::stats::Stats;
use super::target::Targets;
use crate::diag::{Diagnostic, RenderStyle, SourceMap, Span, render};
use crate::event::{EventKind, EventSink};
use crate::inventory::Limit;
use crate::playbook::{Loader, TagFilter};
use crate::template::{Templar, TemplateError};
use crate::vars::{RunVars, VarsFiles};

/// What all tasks of a run share.
pub(super) struct Env {
    pub(super) vars: Arc<RunVars>,
    pub(super) templar: Templar,
    pub(super) loader: Loader,
    pub(super) sources: SourceMap,
    pub(super) vars_files: VarsFiles,
    pub(super) limit: Limit,
    pub(super) tags: TagFilter,
    pub(super) sink: EventSink,
    pub(super) cancel: CancellationToken,
    pub(super) targets: Targets,
    pub(super) prompter: Prompter,
    pub(super) inventory: InventorySource,
    /// Whether the user is still asked before each task.
    pub(super) step: AtomicBool,
    pub(super) force_handlers: bool,
    pub(super) r#become: bool,
    pub(super) defaults: Defaults,
    pub(super) stats: Mutex<Stats>,
    /// The task to begin at, until it has been met.
    pub(super) start_at: Mutex<Option<String>>,
    /// Hosts that failed or could not be reached, and were not taken back in: no later play runs on them.
    lost: Mutex<HashMap<Arc<str>, Status>>,
    next_task: AtomicU64,
    told_interrupted: AtomicBool,
    told: Mutex<HashSet<String>>,
    /// What ends the whole run, beyond any host's failure.
    fatal: Mutex<Option<Problem>>,
    halted: AtomicBool,
}

/// What [`Env::new`] is made from.
pub(super) struct Parts {
    pub(super) vars: Arc<RunVars>,
    pub(super) templar: Templar,
    pub(super) loader: Loader,
    pub(super) limit: Limit,
    pub(super) tags: TagFilter,
    pub(super) sink: EventSink,
    pub(super) cancel: CancellationToken,
    pub(super) targets: Targets,
    pub(super) prompter: Prompter,
    pub(super) inventory: InventorySource,
    pub(super) step: bool,
    pub(super) force_handlers: bool,
    pub(super) r#become: bool,
    pub(super) defaults: Defaults,
    pub(super) start_at: Option<String>,
}

impl Env {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts {
            vars,
            templar,
            loader,
            limit,
            tags,
            sink,
            cancel,
            targets,
            prompter,
            inventory,
            step,
            force_handlers,
            r#become,
            defaults,
            start_at,
        } = parts;
        Self {
            vars,
            templar,
            sources: loader.sources().clone(),
            vars_files: VarsFiles::new(loader.clone()),
            loader,
            limit,
            tags,
            sink,
            cancel,
            targets,
            prompter,
            inventory,
            step: AtomicBool::new(step),
            force_handlers,
            r#become,
            defaults,
            stats: Mutex::default(),
            start_at: Mutex::new(start_at),
            lost: Mutex::default(),
            next_task: AtomicU64::new(1),
            told_interrupted: AtomicBool::new(false),
            told: Mutex::default(),
            fatal: Mutex::default(),
            halted: AtomicBool::new(false),
        }
    }

    /// A number for one more task in the stream of events.
    pub(super) fn next_task(&self) -> u64 {
        self.next_task.fetch_add(1, Ordering::Relaxed)
    }

    /// The counts.
    pub(super) fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user interrupted; says so once.
    pub(super) fn interrupted(&self) -> bool {
        let cancelled = self.cancel.is_cancelled();
        if cancelled && !self.told_interrupted.swap(true, Ordering::Relaxed) {
            self.sink.emit(EventKind::Interrupted);
        }
        cancelled
    }

    /// Ends the whole run: the first such problem is what it ends with.
    pub(super) fn halt(&self, problem: Problem) {
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(problem);
        self.halted.store(true, Ordering::Relaxed);
    }

    /// What ended the whole run.
    pub(super) fn take_fatal(&self) -> Option<Problem> {
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether nothing further is to begin: the user interrupted, or something ended the run.
    pub(super) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed) || self.interrupted()
    }

    /// Takes a host out of the rest of the run.
    pub(super) fn lose(&self, name: &Arc<str>, status: Status) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(name), status);
    }

    /// Lets hosts take part in later plays again.
    pub(super) fn take_back<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            lost.remove(name);
        }
    }

    /// Whether a host is out of the run.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// Whether any host is out of the run.
    pub(super) fn has_lost_any(&self) -> bool {
        self.lost() != (false, false)
    }

    /// Whether hosts failed, and whether hosts could not be reached.
    pub(super) fn lost(&self) -> (bool, bool) {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let any = |status| lost.values().any(|found| *found == status);
        (any(Status::Failed), any(Status::Unreachable))
    }

    /// The task to begin at, if it was never met.
    pub(super) fn unmet_start(&self) -> Option<String> {
        self.start_at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells a warning that has a place.
    pub(super) fn warn_of(&self, warning: &Diagnostic) {
        self.warn(render(warning, &self.sources, RenderStyle::Plain));
    }

    /// Tells a warning.
    pub(super) fn warn(&self, message: impl Into<String>) {
        self.sink.emit(EventKind::Warning { message: message.into() });
    }

    /// Tells a warning that need not be told again.
    pub(super) fn warn_once(&self, message: &str) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned()) {
            self.warn(message);
        }
    }

    /// A template's failure with its place.
    pub(super) fn template_problem(&self, error: &TemplateError, place: Option<Span>) -> Problem {
        Problem::from_template(error, place, &self.sources)
    }

    /// A place as `path:line`.
    pub(super) fn location(&self, span: Span) -> Option<String> {
        self.sources.location(span).map(|place| format!("{}:{}", place.name, place.line))
    }
}
