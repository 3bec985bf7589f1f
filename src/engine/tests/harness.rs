//! Runs playbooks that tests write, and tells their events as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::diag::{Diagnostics, RenderStyle, SourceMap, render};
use crate::engine::{Run, RunOutcome, run};
use crate::event::{Event, EventKind, EventSink, ItemResult, TaskKind, TaskStatus};
use crate::inventory::{Inventory, Limit};
use crate::modules::{HostServices, RunMode};
use crate::playbook::{Loader, LoaderOptions, TagFilter};
use crate::template::Templar;
use crate::tree::Disk;
use crate::value::{Key, Map, Redactor, Value};
use crate::vars::{Hosts, Settings};
use crate::vault::VaultSecrets;

/// A playbook with its files, and how it is run.
pub(super) struct Case {
    dir: tempfile::TempDir,
    inventory: Vec<String>,
    pub(super) settings: Settings,
    pub(super) extra: Map,
    pub(super) tags: TagFilter,
    pub(super) limit: Limit,
    pub(super) start_at: Option<String>,
    pub(super) cancel: CancellationToken,
    pub(super) force_handlers: bool,
}

impl Case {
    /// A case whose `site.yml` is this text, for `localhost`.
    pub(super) fn new(site: &str) -> Self {
        let case = Self {
            dir: tempfile::tempdir().unwrap(),
            inventory: Vec::new(),
            settings: Settings { forks: 1, run_tags: vec!["all".to_owned()], ..Settings::default() },
            extra: Map::new(),
            tags: TagFilter::default(),
            limit: Limit::default(),
            start_at: None,
            cancel: CancellationToken::new(),
            force_handlers: false,
        };
        case.file("site.yml", site)
    }

    /// A further file.
    pub(super) fn file(self, name: &str, text: &str) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// The hosts, as lines of an INI inventory; all of them are reached locally.
    pub(super) fn hosts(mut self, ini: &str) -> Self {
        let text = format!("{ini}\n[all:vars]\nansible_connection=local\n");
        self = self.file("hosts", &text);
        self.inventory = vec![self.dir.path().join("hosts").display().to_string()];
        self
    }

    /// An extra variable.
    pub(super) fn extra(mut self, name: &str, value: &str) -> Self {
        self.extra.insert(Key::from(name), Value::template(value));
        self
    }

    /// Check mode.
    pub(super) fn check(mut self) -> Self {
        self.settings.mode = RunMode { check: true, diff: true, verbosity: 0 };
        self
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs it and gives back its events as text.
    pub(super) fn run(self) -> String {
        self.outcome().0
    }

    /// Runs it.
    pub(super) fn outcome(self) -> (String, RunOutcome) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let path = self.dir.path().join("site.yml").display().to_string();
        let (events, outcome) = self.play(&runtime, &path);
        (transcript(&events), outcome)
    }

    pub(super) fn play(self, runtime: &tokio::runtime::Runtime, path: &str) -> (Vec<Event>, RunOutcome) {
        let sources = SourceMap::new();
        let redactor = Redactor::new();
        let secrets = VaultSecrets::default();
        let templar =
            Templar::new(secrets.clone(), redactor.clone()).with_context(BTreeMap::new(), Some(sources.clone()));
        let loader = Loader::new(LoaderOptions {
            sources: sources.clone(),
            files: Arc::new(Disk),
            templar: templar.clone(),
            extra_vars: self.extra.clone(),
            roles_path: Vec::new(),
            collections_path: Vec::new(),
            library: Vec::new(),
            lists: false,
        });
        let drawn = |problems: Vec<crate::diag::Diagnostic>| {
            problems.iter().map(|p| render(p, &sources, RenderStyle::Plain)).collect::<Vec<_>>().join("\n")
        };
        let mut warnings = Vec::new();
        let inventory = Inventory::load(&self.inventory, &sources, &secrets, &mut warnings)
            .unwrap_or_else(|problems| panic!("{}", drawn(problems)));
        let playbook = loader.load_playbook(path).unwrap_or_else(|problems| panic!("{}", drawn(problems)));
        let (sink, mut receiver) = EventSink::new(redactor);
        let outcome = runtime.block_on(run(Run {
            playbooks: vec![playbook],
            hosts: Hosts::new(inventory, sources.clone(), secrets),
            settings: self.settings,
            extra_vars: self.extra,
            limit: self.limit,
            tags: self.tags,
            start_at_task: self.start_at,
            force_handlers: self.force_handlers,
            defaults: crate::engine::Defaults::default(),
            r#become: false,
            templar,
            loader,
            services: Arc::new(HostServices::default()),
            sink,
            cancel: self.cancel,
            prompter: Arc::new(|question| match question.text.as_str() {
                "broken" => Err("nobody to ask".to_owned()),
                text => Ok(text.strip_prefix("answer ").map(str::to_owned)),
            }),
            inventory: Arc::new({
                let (given, sources, secrets) = (self.inventory, sources.clone(), VaultSecrets::default());
                move |warnings: &mut Diagnostics| Inventory::load(&given, &sources, &secrets, warnings)
            }),
            step: false,
            started: String::new(),
        }));
        let events = std::iter::from_fn(|| receiver.blocking_recv()).collect();
        (events, outcome)
    }
}

/// Events as text: one line for each, with what matters of the result.
pub(super) fn transcript(events: &[Event]) -> String {
    let mut out = String::new();
    for event in events {
        match &event.kind {
            // an include is told by what it runs
            EventKind::RunStarted { .. } | EventKind::Included { .. } => {}
            EventKind::PlayStarted { name, hosts, .. } => writeln!(out, "PLAY {name}: {}", hosts.join(" ")).unwrap(),
            EventKind::PlaySkipped { name, reason } => writeln!(out, "PLAY {name} skipped: {reason}").unwrap(),
            EventKind::TaskStarted { name, kind, .. } => {
                let kind = match kind {
                    TaskKind::Task => "TASK",
                    TaskKind::Handler => "HANDLER",
                    TaskKind::Setup => "SETUP",
                };
                writeln!(out, "{kind} {name}").unwrap();
            }
            EventKind::ItemDone { host, result, .. } => writeln!(out, "  - {host} {}", line(result)).unwrap(),
            EventKind::TaskDone { host, ignored, result, delegated_to, .. } => {
                let to = delegated_to.as_ref().map(|to| format!(" -> {to}")).unwrap_or_default();
                let ignored = if *ignored { " (ignored)" } else { "" };
                writeln!(out, "  {host}{to} {}{ignored}", line(result)).unwrap();
            }
            EventKind::Retrying { host, attempt, left, .. } => {
                writeln!(out, "  {host} retrying: {attempt} tried, {left} left").unwrap();
            }
            EventKind::HandlerNotified { handler, host } => writeln!(out, "  {host} notified {handler}").unwrap(),
            EventKind::Warning { message } => writeln!(out, "WARNING {message}").unwrap(),
            EventKind::Error { message } => writeln!(out, "ERROR {message}").unwrap(),
            EventKind::Interrupted => writeln!(out, "INTERRUPTED").unwrap(),
            EventKind::RunEnded { stats, custom_stats, exit_code } => {
                for (host, s) in stats {
                    writeln!(
                        out,
                        "RECAP {host} ok={} changed={} unreachable={} failed={} skipped={} rescued={} ignored={}",
                        s.ok, s.changed, s.unreachable, s.failed, s.skipped, s.rescued, s.ignored
                    )
                    .unwrap();
                }
                if !custom_stats.is_null() {
                    writeln!(out, "STATS {custom_stats}").unwrap();
                }
                writeln!(out, "EXIT {exit_code}").unwrap();
            }
        }
    }
    out
}

fn line(result: &ItemResult) -> String {
    let status = match result.status {
        TaskStatus::Ok => "ok",
        TaskStatus::Changed => "changed",
        TaskStatus::Skipped => "skipped",
        TaskStatus::Failed => "failed",
        TaskStatus::Unreachable => "unreachable",
    };
    let label = result.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    let msg = result.msg.as_ref().map(|msg| format!(": {msg}")).unwrap_or_default();
    let diagnostic = result.diagnostic.as_ref().map(|text| format!("\n{text}")).unwrap_or_default();
    format!("{status}{label}{msg}{diagnostic}")
}

/// Runs the playbook that `PLAY` names, for trying things out: `PLAY=site.yml cargo test --lib engine::tests -- --ignored`.
#[test]
#[ignore = "runs what the environment says"]
fn try_out() {
    let path = std::env::var("PLAY").unwrap();
    let mut case = Case::new("[]");
    case.inventory = std::env::var("INVENTORY").into_iter().filter(|path| !path.is_empty()).collect();
    case.settings.forks = std::env::var("FORKS").map_or(1, |forks| forks.parse().unwrap());
    let list = |name: &str| std::env::var(name).map(|tags| crate::playbook::split_tags(&tags)).unwrap_or_default();
    case.tags = TagFilter::new(list("TAGS"), list("SKIP"));
    case.limit = std::env::var("LIMIT").map(|limit| Limit::parse(&limit).unwrap()).unwrap_or_default();
    case.start_at = std::env::var("START").ok();
    if std::env::var_os("CHECK").is_some() {
        case = case.check();
    }
    for pair in list("EXTRA") {
        let (name, value) = pair.split_once('=').unwrap();
        case = case.extra(name, value);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (events, outcome) = case.play(&runtime, &path);
    println!("{}", transcript(&events));
    if std::env::var_os("FULL").is_some() {
        for event in events {
            println!("{}", serde_json::to_string(&event).unwrap());
        }
    }
    println!("{outcome:?}");
}
