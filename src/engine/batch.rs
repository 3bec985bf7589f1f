//! A play on some of its hosts, with where each of them stands.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::env::Env;
use super::handlers::Handlers;
use super::include::Includes;
use super::problem::Problem;
use super::strategy::{Strategy, Turns};
use crate::playbook::{Play, Step, TaskId};
use crate::value::{Map, Value};
use crate::vars::{HostVars, Members, PlayVars, TaskScope, TaskVars};

/// A set of hosts of a batch, by their places in it, in order.
pub(super) type HostSet = Vec<usize>;

/// How a host fares in the play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// It takes part.
    #[default]
    Running,
    /// A task failed, and the `always` sections around it still run.
    Finishing,
    /// A task failed; a `rescue` section around may take the host back in.
    Failed,
    /// It could not be reached and is out of the whole run.
    Unreachable,
    /// A `meta` task ended the play for it.
    Ended,
}

impl Status {
    /// Whether tasks run on the host.
    pub(super) fn runs(self) -> bool {
        matches!(self, Self::Running | Self::Finishing)
    }
}

/// Where a host stands.
#[derive(Debug, Default)]
pub(super) struct HostState {
    pub(super) status: Status,
    /// Names of handlers, not looked up yet, in the order of their notification.
    pub(super) notified: Vec<Arc<str>>,
    /// Handlers that are to run, by their places.
    pub(super) handlers: BTreeSet<usize>,
    /// Uses of roles of which a task ran, and whether the use is over.
    pub(super) roles: HashMap<Arc<str>, bool>,
    /// `meta: end_role` has been met, and the role's end has not.
    pub(super) role_ended: bool,
    /// A flush of handlers is going on.
    pub(super) flushing: bool,
    /// A host that fails because another one did a `run_once` task badly fails twice, as in Ansible: in the section where it is,
    /// and at once in the one that would take care of that.
    pub(super) fails_again: bool,
    /// How often it has begun each task, where hosts do not go in step.
    pub(super) begun: HashMap<TaskId, u32>,
}

/// Keywords of a play that say how it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct PlaySettings {
    /// `strategy`.
    pub(super) strategy: Strategy,
    /// `max_fail_percentage`.
    pub(super) max_fail_percentage: Option<f64>,
    /// `force_handlers`, or the command line's.
    pub(super) force_handlers: bool,
    /// `gather_facts`.
    pub(super) gather_facts: bool,
}

/// A play on some of its hosts.
pub(super) struct Batch {
    pub(super) env: Arc<Env>,
    pub(super) play: Arc<Play>,
    pub(super) vars: Arc<PlayVars>,
    /// Roles and `tasks`.
    pub(super) main: Vec<Step>,
    pub(super) settings: PlaySettings,
    pub(super) hosts: Vec<Arc<HostVars>>,
    /// Names of all hosts of the play, in whichever batch.
    pub(super) all: Value,
    pub(super) handlers: Handlers,
    /// What dynamic includes have read, where hosts do not go in step.
    pub(super) includes: Includes,
    pub(super) turns: Turns,
    /// `vars_files` where they are the same for all hosts.
    vars_files: Option<Arc<[Arc<Map>]>>,
    states: Mutex<Vec<HostState>>,
    /// The list of active hosts has changed since it was last shown to variables.
    stale: AtomicBool,
    /// No further task of the play is to run.
    stopped: AtomicBool,
    /// `meta: end_play` ended it: no further batch runs either.
    pub(super) play_ended: AtomicBool,
}

impl Batch {
    pub(super) fn new(
        env: Arc<Env>,
        play: Arc<Play>,
        vars: Arc<PlayVars>,
        settings: PlaySettings,
        hosts: Vec<Arc<HostVars>>,
        all: Value,
    ) -> Self {
        let handlers = Handlers::new(&play);
        let states = Mutex::new(hosts.iter().map(|_| HostState::default()).collect());
        Self {
            vars_files: play.vars_files.is_empty().then(Arc::default),
            main: play.main_steps(),
            includes: Includes::default(),
            turns: Turns::new(env.vars.settings.forks),
            env,
            play,
            vars,
            settings,
            hosts,
            all,
            handlers,
            states,
            stale: AtomicBool::new(true),
            stopped: AtomicBool::new(false),
            play_ended: AtomicBool::new(false),
        }
    }

    /// Where all hosts stand.
    pub(super) fn states(&self) -> MutexGuard<'_, Vec<HostState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at where one host stands, or changes it.
    pub(super) fn with<T>(&self, host: usize, look: impl FnOnce(&mut HostState) -> T) -> Option<T> {
        self.states().get_mut(host).map(look)
    }

    /// All hosts.
    pub(super) fn everyone(&self) -> HostSet {
        (0..self.hosts.len()).collect()
    }

    /// Those of some hosts that are to run the next task.
    pub(super) fn running(&self, hosts: &[usize]) -> HostSet {
        if self.stopped.load(Ordering::Relaxed) || self.env.is_halted() {
            return HostSet::new();
        }
        self.filter(hosts, |state| state.status.runs() && !state.role_ended)
    }

    /// Those of some hosts that failed.
    pub(super) fn failed(&self, hosts: &[usize]) -> HostSet {
        self.filter(hosts, |state| state.status == Status::Failed)
    }

    /// Those of some hosts whose state is as wanted.
    pub(super) fn filter(&self, hosts: &[usize], want: impl Fn(&HostState) -> bool) -> HostSet {
        let states = self.states();
        hosts.iter().copied().filter(|host| states.get(*host).is_some_and(&want)).collect()
    }

    /// Sets the status of some hosts.
    pub(super) fn mark(&self, hosts: &[usize], status: Status) {
        let mut all = self.states();
        for host in hosts {
            if let Some(state) = all.get_mut(*host) {
                state.status = status;
            }
        }
        self.stale.store(true, Ordering::Relaxed);
    }

    /// Lets no further task of the play run.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether [`Batch::stop`] was called.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Brings the lists of hosts that variables show up to date.
    pub(super) fn show_members(&self) {
        if !self.stale.swap(false, Ordering::Relaxed) {
            return;
        }
        let states = self.states();
        let gone: HashSet<&str> = self
            .hosts
            .iter()
            .zip(states.iter())
            .filter(|(_, state)| state.status != Status::Running)
            .map(|(host, _)| &**host.name())
            .collect();
        let batch = self.hosts.iter().map(|host| Value::data(Arc::clone(host.name())));
        let here = |name: &Value| name.as_str().is_some_and(|name| !gone.contains(name) && !self.env.is_lost(name));
        let all = self.all.as_list().unwrap_or_default();
        self.vars.set_members(Members {
            all: self.all.clone(),
            active: Value::list(all.iter().filter(|name| here(name)).cloned().collect()),
            batch: Value::list(batch.filter(here).collect()),
        });
    }

    /// The variables of a task, on a host or, for what is the same for all hosts, on none.
    pub(super) fn scope(&self, host: Option<&Arc<HostVars>>, task: &Arc<TaskVars>) -> Result<TaskScope, Problem> {
        let mut scope = TaskScope::new(Arc::clone(&self.env.vars)).in_task(Arc::clone(task));
        if let Some(host) = host {
            scope = scope.on_host(Arc::clone(host));
        }
        if let Some(files) = &self.vars_files {
            return Ok(scope.in_play(Arc::clone(&self.vars), Arc::clone(files)));
        }
        let bare = scope.clone().in_play(Arc::clone(&self.vars), Arc::default());
        let layers = self
            .env
            .vars_files
            .layers(&self.play.vars_files, &self.vars.dir, &self.env.templar, &bare)
            .map_err(|error| Problem::from_vars_file(&error, self.play.span, &self.env.sources))?;
        Ok(scope.in_play(Arc::clone(&self.vars), layers.into()))
    }
}
