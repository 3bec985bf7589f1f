//! The entry: runs playbooks and says how it went.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::defaults::Defaults;
use super::env::{Env, Parts};
use super::play::{PlayEnd, run_play};
use super::target::Targets;
use crate::diag::{Diagnostics, ExitCode};
use crate::event::{EventKind, EventSink, HostStats};
use crate::inventory::{Inventory, Limit};
use crate::modules::HostServices;
use crate::playbook::{Loader, Playbook, TagFilter};
use crate::template::Templar;
use crate::value::Map;
use crate::vars::{Hosts, RunVars, Settings};

/// What a run works with.
pub struct Run {
    /// The playbooks, in the order they run.
    pub playbooks: Vec<Playbook>,
    /// The hosts of the inventory.
    pub hosts: Hosts,
    /// Choices of the command line that variables show too.
    pub settings: Settings,
    /// `-e`.
    pub extra_vars: Map,
    /// `--limit`.
    pub limit: Limit,
    /// `--tags` and `--skip-tags`.
    pub tags: TagFilter,
    /// `--start-at-task`: a name, or a pattern of one.
    pub start_at_task: Option<String>,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// `--become`.
    pub r#become: bool,
    /// What holds where the playbook says nothing.
    pub defaults: Defaults,
    /// Renders templates, opens Vault values, knows the secrets.
    pub templar: Templar,
    /// Reads what plays include while they run.
    pub loader: Loader,
    /// Clients, caches and the environment of this machine.
    pub services: Arc<HostServices>,
    /// Takes the events.
    pub sink: EventSink,
    /// Fires when the user interrupts: running tasks are ended, and a recap follows.
    pub cancel: CancellationToken,
    /// Answers `vars_prompt`.
    pub prompter: Prompter,
    /// Reads the inventory anew, for `meta: refresh_inventory`.
    pub inventory: InventorySource,
    /// `--step`: the user is asked before each task.
    pub step: bool,
    /// When the run began, as the first event tells it (RFC 3339).
    pub started: String,
}

/// One question, of `vars_prompt` or of `--step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The variable.
    pub name: String,
    /// What to ask.
    pub text: String,
    /// The answer when none is given.
    pub default: Option<String>,
    /// The answer is not shown while it is typed.
    pub private: bool,
    /// It is asked for twice.
    pub confirm: bool,
    /// Whatever feeds standard input may answer, and not only somebody at a terminal.
    pub anyone: bool,
}

/// Asks the user, or says why it cannot; nothing where there is nobody to ask.
pub type Prompter = Arc<dyn Fn(&Question) -> Result<Option<String>, String> + Send + Sync>;

/// Reads the inventory; what should be known but stops nothing is added to the warnings.
pub type InventorySource = Arc<dyn Fn(&mut Diagnostics) -> Result<Inventory, Diagnostics> + Send + Sync>;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutcome {
    /// The exit code that says it.
    pub exit: ExitCode,
    /// Counts by host.
    pub stats: BTreeMap<String, HostStats>,
}

/// Runs playbooks one after another. A playbook in which a host fails is the last one that runs.
pub async fn run(run: Run) -> RunOutcome {
    let names = run.playbooks.iter().map(|playbook| crate::tree::display_name(&playbook.path)).collect();
    run.sink.emit(EventKind::RunStarted {
        version: 1,
        started: run.started,
        playbooks: names,
        check: run.settings.mode.check,
        diff: run.settings.mode.diff,
    });
    let targets = Targets::new(run.services, run.templar.redactor().clone(), run.defaults.connection.clone());
    let vars = RunVars { extra: run.extra_vars, settings: run.settings, hosts: Arc::new(run.hosts) };
    let env = Arc::new(Env::new(Parts {
        vars: Arc::new(vars),
        templar: run.templar,
        loader: run.loader,
        limit: run.limit,
        tags: run.tags,
        sink: run.sink,
        cancel: run.cancel,
        targets,
        prompter: run.prompter,
        inventory: run.inventory,
        step: run.step,
        force_handlers: run.force_handlers,
        r#become: run.r#become,
        defaults: run.defaults,
        start_at: run.start_at_task,
    }));
    let mut broken = false;
    'all: for playbook in &run.playbooks {
        for play in &playbook.plays {
            match run_play(&env, play).await {
                Ok(PlayEnd::Continue) => {}
                Ok(PlayEnd::NoHostsLeft) => break 'all,
                Err(problem) => {
                    env.sink.emit(EventKind::Error { message: problem.diagnostic.unwrap_or(problem.message) });
                    broken = true;
                    break 'all;
                }
            }
            if env.interrupted() {
                break 'all;
            }
        }
        if env.has_lost_any() {
            break;
        }
    }
    if let Some(name) = env.unmet_start() {
        let message =
            format!("no task matches `{name}`, so nothing ran (tasks of dynamic includes cannot be started at)");
        env.sink.emit(EventKind::Error { message });
        broken = true;
    }
    let exit = match env.lost() {
        _ if env.interrupted() => ExitCode::Interrupted,
        _ if broken => ExitCode::Error,
        (_, true) => ExitCode::HostsUnreachable,
        (true, false) => ExitCode::HostsFailed,
        (false, false) => ExitCode::Success,
    };
    let stats = env.stats().counts();
    let custom_stats = env.stats().custom();
    env.sink.emit(EventKind::RunEnded { stats: stats.clone(), custom_stats, exit_code: exit.code() });
    RunOutcome { exit, stats }
}
