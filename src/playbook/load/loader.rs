//! The loader: what playbooks, roles and task files are read with.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::LoadContext;
use super::reader::Reader;
use super::role_use::RoleUse;
use crate::diag::{Diagnostic, Diagnostics, Severity, SourceMap, Span};
use crate::modules::ModuleDef;
use crate::playbook::check::OptionSpec;
use crate::playbook::model::{Handler, Named, Playbook, Role, Step, TaskId};
use crate::template::Templar;
use crate::tree::Files;
use crate::value::{Map, Value};
use crate::yaml::Node;

/// What a loader works with.
#[derive(Clone)]
pub struct LoaderOptions {
    /// Where sources are registered.
    pub sources: SourceMap,
    /// Where files are read from.
    pub files: Arc<dyn Files>,
    /// Renders names of static imports, checks templates, opens vaulted files.
    pub templar: Templar,
    /// Variables of the command line.
    pub extra_vars: Map,
    /// Folders to look for roles in, after the playbook's own `roles`.
    pub roles_path: Vec<PathBuf>,
    /// Folders that hold `ansible_collections`.
    pub collections_path: Vec<PathBuf>,
    /// Folders with modules of the user's, after the `library` folders of roles and playbook.
    pub library: Vec<PathBuf>,
    /// Nothing is to run, what is read is only listed: problems that only a run has are warnings.
    pub lists: bool,
}

/// Loads playbooks, roles and task files, before the run and, for dynamic includes, during it. Files are read once.
/// Cloning shares it.
#[derive(Clone)]
pub struct Loader {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) options: LoaderOptions,
    next_task: AtomicU64,
    pub(super) documents: Mutex<HashMap<PathBuf, Result<Arc<Node>, super::document::DocumentError>>>,
    specs: Mutex<HashMap<&'static str, Arc<OptionSpec>>>,
    /// The `library` folders of the roles read so far.
    pub(super) libraries: Mutex<Vec<PathBuf>>,
    /// What is in such folders.
    pub(super) listings: Mutex<HashMap<PathBuf, Arc<Vec<String>>>>,
    warnings: Mutex<Diagnostics>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("files", &self.inner.options.files).finish_non_exhaustive()
    }
}

impl Inner {
    /// A number for a new task.
    pub(super) fn task_id(&self) -> TaskId {
        TaskId(self.next_task.fetch_add(1, Ordering::Relaxed))
    }

    /// A module's options as they are checked.
    pub(super) fn spec(&self, module: &'static ModuleDef) -> Arc<OptionSpec> {
        let mut specs = self.specs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(specs.entry(module.name).or_insert_with(|| Arc::new(OptionSpec::of(module))))
    }

    /// Keeps a warning for [`Loader::take_warnings`], once.
    pub(super) fn warn(&self, warning: Diagnostic) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        // of what a run would not do, a list tells the first place
        let known = |known: &Diagnostic| *known == warning || self.options.lists && known.message == warning.message;
        if !warnings.iter().any(known) {
            warnings.push(warning);
        }
    }
}

impl Loader {
    /// A loader with nothing read yet.
    #[must_use]
    pub fn new(options: LoaderOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                options,
                next_task: AtomicU64::new(1),
                documents: Mutex::default(),
                specs: Mutex::default(),
                libraries: Mutex::default(),
                listings: Mutex::default(),
                warnings: Mutex::default(),
            }),
        }
    }

    /// Loads and checks a playbook: a path, or the name of a collection's playbook (`quaymaster.quay.site`).
    ///
    /// # Errors
    /// Every problem found, in the order of the text.
    pub fn load_playbook(&self, name: &str) -> Result<Playbook, Diagnostics> {
        self.read(|reader| reader.playbook(name))
    }

    /// Loads a file of tasks for `include_tasks`; [`Loader::find_task_file`] gives its path.
    ///
    /// # Errors
    /// Every problem found.
    pub fn load_task_file(
        &self,
        path: &Path,
        at: Option<Span>,
        context: &LoadContext,
    ) -> Result<Vec<Step>, Diagnostics> {
        self.read(|reader| reader.task_file(path, at, context))
    }

    /// Loads a file of handlers for an `include_tasks` among handlers.
    ///
    /// # Errors
    /// Every problem found.
    pub fn load_handler_file(
        &self,
        path: &Path,
        at: Option<Span>,
        context: &LoadContext,
    ) -> Result<Vec<Handler>, Diagnostics> {
        self.read(|reader| reader.handler_file(path, at, &context.for_handlers()))
    }

    /// Loads a role with its dependencies for `include_role`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn load_role(&self, role: &RoleUse, context: &LoadContext) -> Result<Arc<Role>, Diagnostics> {
        self.read(|reader| reader.role(role, context))
    }

    /// The module of a task whose module's name is a template, now that the name is known, with its options as the task gives
    /// them.
    ///
    /// # Errors
    /// There is no such module, or the options cannot be read for it.
    pub fn named_module(&self, named: &Named, name: &str) -> Result<(&'static ModuleDef, Value), Diagnostics> {
        self.read(|reader| reader.named_module(named, name))
    }

    /// Reads a file of variables, opened where it is vaulted; its values are secret then. An empty file has none.
    ///
    /// # Errors
    /// The file cannot be read, is not valid YAML or not a mapping.
    pub fn load_vars_file(&self, path: &Path, at: Option<Span>) -> Result<Map, Diagnostics> {
        self.read(|reader| reader.vars_file(path, at))
    }

    /// The file that a task in this context means by a relative name: beside its own file, in its role, beside the playbook.
    ///
    /// # Errors
    /// There is none; the message lists where it was looked for.
    pub fn find_task_file(&self, name: &str, at: Option<Span>, context: &LoadContext) -> Result<PathBuf, Diagnostic> {
        self.inner.find_task_file(name, at, context)
    }

    /// The warnings found since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Diagnostics {
        std::mem::take(&mut *self.inner.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where sources are registered.
    #[must_use]
    pub fn sources(&self) -> &SourceMap {
        &self.inner.options.sources
    }

    /// Where files are read from.
    #[must_use]
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.inner.options.files
    }

    /// Runs a reading: its warnings are kept, its errors returned; what was read counts only where there are none.
    fn read<T>(&self, read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> Result<T, Diagnostics> {
        let mut reader = Reader::new(&self.inner);
        let value = read(&mut reader);
        let mut problems = reader.into_problems();
        // in the order of the text, file by file as they were opened
        problems.sort_by_key(|problem| problem.span().map(|span| (span.source, span.start)));
        let mut errors = Diagnostics::new();
        for problem in problems {
            match problem.severity {
                Severity::Warning => self.inner.warn(problem),
                Severity::Error if errors.contains(&problem) => {}
                Severity::Error => errors.push(problem),
            }
        }
        match value {
            Some(value) if errors.is_empty() => Ok(value),
            None if errors.is_empty() => {
                // every reading that gives nothing says why; this keeps the promise if one forgets
                Err(vec![Diagnostic::error("load", "nothing could be loaded, for a reason that was not recorded")])
            }
            _ => Err(errors),
        }
    }
}
