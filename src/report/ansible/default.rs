//! The report of Ansible's `default` callback, line by line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::colours::Shade;
use super::options::CallbackOptions;
use super::result::{Shown, dump, warning, without_word};
use super::{diff, dump as json, recap};
use crate::event::{Event, EventKind, HostStats, ItemResult, TaskKind, TaskStatus};
use crate::report::Printed;

/// The state of the report between events.
#[derive(Debug)]
pub struct DefaultCallback {
    options: CallbackOptions,
    tasks: BTreeMap<u64, TaskState>,
    /// The task whose banner was printed last.
    current: Option<u64>,
    check: bool,
}

#[derive(Debug)]
struct TaskState {
    /// `TASK` or `RUNNING HANDLER`.
    prefix: &'static str,
    name: String,
    action: String,
    location: Option<String>,
    waiting: usize,
    /// Hosts of which items have been told.
    looped: Vec<String>,
}

impl TaskState {
    fn is_include(&self) -> bool {
        matches!(self.action.as_str(), "include_tasks" | "include_role")
    }
}

impl DefaultCallback {
    /// A report that has shown nothing yet.
    #[must_use]
    pub fn new(options: CallbackOptions) -> Self {
        Self { options, tasks: BTreeMap::new(), current: None, check: false }
    }

    /// What to print for the next event.
    pub fn event(&mut self, event: &Event) -> Printed {
        let mut printed = Printed::default();
        let out = &mut printed.out;
        match &event.kind {
            EventKind::RunStarted { check, playbooks, .. } => {
                self.check = *check;
                for playbook in playbooks.iter().filter(|_| self.options.verbosity > 1) {
                    let name = Path::new(playbook).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
                    self.banner(out, &format!("PLAYBOOK: {name}"));
                }
                self.dry_run(out);
            }
            EventKind::PlayStarted { name, .. } => self.play(out, name),
            EventKind::PlaySkipped { name, reason } => {
                self.play(out, name);
                self.line(out, Shade::Skipped, &format!("skipping: {reason}"));
            }
            EventKind::TaskStarted { task, name, action, kind, hosts, location } => {
                let state = TaskState {
                    prefix: if *kind == TaskKind::Handler { "RUNNING HANDLER" } else { "TASK" },
                    name: name.clone(),
                    action: action.clone(),
                    location: location.clone(),
                    waiting: *hosts,
                    looped: Vec::new(),
                };
                self.tasks.insert(*task, state);
                // with results left out, only what is shown has a banner
                if self.options.display_skipped_hosts && self.options.display_ok_hosts {
                    self.banner_of(out, *task);
                }
            }
            EventKind::ItemDone { task, host, delegated_to, result } => {
                self.item(&mut printed, *task, host, delegated_to.as_deref(), result);
            }
            EventKind::TaskDone { task, host, delegated_to, ignored, result } => {
                self.host_done(&mut printed, *task, host, delegated_to.as_deref(), result, *ignored);
            }
            EventKind::Retrying { task, host, delegated_to, left, result, .. } => {
                let Some(state) = self.tasks.get(task) else { return printed };
                let label = label(host, delegated_to.as_deref());
                let mut text = format!("FAILED - RETRYING: [{label}]: {} ({left} retries left).", state.name);
                if self.options.verbosity > 2 {
                    let _ = write!(text, "Result was: {}", dump(&state.action, result, &self.options));
                }
                self.line(out, Shade::Quiet, &text);
            }
            EventKind::Included { what, hosts, label, .. } => {
                let path = if what.contains('/') || what.contains('.') { self.path(what) } else { what.clone() };
                let mut text = format!("included: {path} for {}", hosts.join(", "));
                if let Some(label) = label {
                    let _ = write!(text, " => (item={label})");
                }
                self.line(out, Shade::Skipped, &text);
            }
            EventKind::HandlerNotified { handler, host } => {
                if self.options.verbosity > 1 {
                    self.line(out, Shade::Verbose, &format!("NOTIFIED HANDLER {handler} for {host}"));
                }
            }
            EventKind::Warning { message } => self.line(&mut printed.err, Shade::Warning, &warning(message)),
            EventKind::Error { message } => {
                self.line(&mut printed.err, Shade::Failed, &format!("[ERROR]: {}", without_word(message)));
            }
            EventKind::Interrupted => {
                self.line(&mut printed.err, Shade::Failed, "[ERROR]: User interrupted execution");
            }
            EventKind::RunEnded { stats, custom_stats, .. } => self.end(out, stats, custom_stats),
        }
        printed
    }

    fn play(&mut self, out: &mut String, name: &str) {
        let marker = if self.check && self.options.check_mode_markers { " [CHECK MODE]" } else { "" };
        let name = name.trim();
        let text = if name.is_empty() { format!("PLAY{marker}") } else { format!("PLAY [{name}]{marker}") };
        self.banner(out, &text);
        self.current = None;
    }

    fn item(&mut self, printed: &mut Printed, task: u64, host: &str, delegate: Option<&str>, result: &ItemResult) {
        let Some(state) = self.tasks.get_mut(&task) else { return };
        if !state.looped.iter().any(|known| known == host) {
            state.looped.push(host.to_owned());
        }
        let (action, is_include) = (state.action.clone(), state.is_include());
        let item = result.label.as_deref().unwrap_or_default();
        let text = match result.status {
            TaskStatus::Skipped => format!("skipping: [{host}] => (item={item}) "),
            TaskStatus::Failed | TaskStatus::Unreachable => {
                format!("failed: [{}] (item={item})", label(host, delegate))
            }
            TaskStatus::Ok | TaskStatus::Changed if is_include => return,
            TaskStatus::Ok => format!("ok: [{}] => (item={item})", label(host, delegate)),
            TaskStatus::Changed => format!("changed: [{}] => (item={item})", label(host, delegate)),
        };
        self.told(printed, task, &action, text, result);
    }

    fn host_done(
        &mut self,
        printed: &mut Printed,
        task: u64,
        host: &str,
        delegate: Option<&str>,
        result: &ItemResult,
        ignored: bool,
    ) {
        let Some(state) = self.tasks.get_mut(&task) else { return };
        state.waiting = state.waiting.saturating_sub(1);
        let finished = state.waiting == 0;
        let (action, is_include) = (state.action.clone(), state.is_include());
        let looped = state.looped.iter().any(|known| known == host);
        let who = label(host, delegate);
        let text = match result.status {
            TaskStatus::Ok | TaskStatus::Changed if looped || is_include => None,
            TaskStatus::Failed if looped => None,
            TaskStatus::Ok => Some(format!("ok: [{who}]")),
            TaskStatus::Changed => Some(format!("changed: [{who}]")),
            TaskStatus::Skipped => Some(format!("skipping: [{host}]")),
            TaskStatus::Failed => Some(format!("fatal: [{who}]: FAILED!")),
            TaskStatus::Unreachable => Some(format!("fatal: [{who}]: UNREACHABLE!")),
        };
        if let Some(text) = text {
            self.told(printed, task, &action, text, result);
        }
        if ignored {
            self.line(&mut printed.out, Shade::Ignored, "...ignoring");
        }
        if finished {
            self.tasks.remove(&task);
        }
    }

    /// One result: its warnings, its diff, its line.
    fn told(&mut self, printed: &mut Printed, task: u64, action: &str, mut text: String, result: &ItemResult) {
        let options = &self.options;
        let shown = match result.status {
            TaskStatus::Skipped => options.display_skipped_hosts,
            TaskStatus::Ok => options.display_ok_hosts,
            TaskStatus::Changed | TaskStatus::Failed | TaskStatus::Unreachable => true,
        };
        if !shown {
            return;
        }
        for message in &result.warnings {
            let line = warning(message);
            self.line(&mut printed.err, Shade::Warning, &line);
        }
        let failed = matches!(result.status, TaskStatus::Failed | TaskStatus::Unreachable);
        self.banner_of(&mut printed.out, task);
        if result.status == TaskStatus::Changed && !result.diff.is_empty() {
            let found = result.result.get("diff").map(|found| diff::text(found, &self.options)).unwrap_or_default();
            if !found.is_empty() {
                // it ends with a blank line of its own
                printed.out.push_str(&found);
            }
        }
        if failed || Shown::of(action).is_shown(result.status, self.options.verbosity) {
            let _ = write!(text, " => {}", dump(action, result, &self.options));
        }
        let shade = Shade::of(result.status);
        if failed && self.options.display_failed_stderr {
            return self.line(&mut printed.err, shade, &text);
        }
        // where the playbook's own text is the cause, its place is shown above the result
        if let Some(diagnostic) = &result.diagnostic {
            self.line(&mut printed.out, Shade::Failed, &format!("[ERROR]: {}\n", without_word(diagnostic).trim_end()));
        }
        if failed && self.options.verbosity < 2 && self.options.show_task_path_on_failure {
            self.task_path(&mut printed.out, task);
        }
        self.line(&mut printed.out, shade, &text);
    }

    /// Prints the banner of a task unless it is the last that was printed.
    fn banner_of(&mut self, out: &mut String, task: u64) {
        if self.current == Some(task) {
            return;
        }
        let Some(state) = self.tasks.get(&task) else { return };
        let marker = if self.check && self.options.check_mode_markers { " [CHECK MODE]" } else { "" };
        self.banner(out, &format!("{} [{}]{marker}", state.prefix, state.name.trim()));
        if self.options.verbosity > 1 {
            self.task_path(out, task);
        }
        self.current = Some(task);
    }

    fn task_path(&self, out: &mut String, task: u64) {
        if let Some(location) = self.tasks.get(&task).and_then(|state| state.location.as_deref()) {
            self.line(out, Shade::Quiet, &format!("task path: {}", self.path(location)));
        }
    }

    fn path(&self, path: &str) -> String {
        self.options.dir.join(path).display().to_string()
    }

    /// A heading, filled up with asterisks to the width of the report.
    fn banner(&self, out: &mut String, text: &str) {
        let text = text.trim();
        let stars = self.options.columns.saturating_sub(width(text)).max(3);
        let _ = write!(out, "\n{text} {}\n", "*".repeat(stars));
    }

    fn line(&self, out: &mut String, shade: Shade, text: &str) {
        out.push_str(&shade.paint(self.options.palette, text));
        out.push('\n');
    }

    fn dry_run(&self, out: &mut String) {
        if self.check && self.options.check_mode_markers {
            self.banner(out, "DRY RUN");
        }
    }

    fn end(&self, out: &mut String, stats: &BTreeMap<String, HostStats>, custom: &serde_json::Value) {
        self.banner(out, "PLAY RECAP");
        out.push_str(&recap::lines(stats, self.options.palette));
        out.push('\n');
        if let Some(custom) = custom.as_object().filter(|map| self.options.show_custom_stats && !map.is_empty()) {
            self.banner(out, "CUSTOM STATS: ");
            let text = |value| json::python_json_nice(value, 1).replace('\n', "");
            let mut hosts: Vec<_> = custom.iter().filter(|(name, _)| *name != "_run").collect();
            hosts.sort_by_key(|(name, _)| *name);
            for (host, values) in hosts {
                let _ = writeln!(out, "\t{host}: {}", text(values));
            }
            if let Some(values) = custom.get("_run") {
                let _ = write!(out, "\n\tRUN: {}\n", text(values));
            }
            out.push('\n');
        }
        self.dry_run(out);
    }
}

/// The host, with the one that did the work for it.
fn label(host: &str, delegate: Option<&str>) -> String {
    match delegate {
        Some(delegate) if delegate != host => format!("{host} -> {delegate}"),
        _ => host.to_owned(),
    }
}

/// How many columns a text takes on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).sum()
}
