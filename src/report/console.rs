//! The console: a readable report in the words and line shapes that Ansible's users know, with what does not matter folded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::colour::Palette;
use super::task_view::{Seen, View, word};
use crate::event::{Event, EventKind, HostStats, ItemResult, TaskKind, TaskStatus};

/// How the console shows things.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleOptions {
    /// How many `-v`.
    pub verbosity: u8,
    /// Colours or not.
    pub palette: Palette,
}

/// What to print for an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
}

/// The state of the report between events.
#[derive(Debug)]
pub struct Console {
    options: ConsoleOptions,
    tasks: BTreeMap<u64, TaskState>,
    /// The task whose header was printed last.
    current: Option<u64>,
    done: usize,
}

#[derive(Debug)]
struct TaskState {
    header: String,
    action: String,
    /// Where the task stands, until a failure has told it.
    location: Option<String>,
    waiting: usize,
    items: BTreeMap<String, Vec<Seen>>,
    /// Hosts with an unremarkable result, told together when the task ends.
    quiet: BTreeMap<TaskStatus, Vec<String>>,
}

impl Console {
    /// A console that has shown nothing yet.
    #[must_use]
    pub fn new(options: ConsoleOptions) -> Self {
        Self { options, tasks: BTreeMap::new(), current: None, done: 0 }
    }

    /// What to print for the next event.
    pub fn event(&mut self, event: &Event) -> Printed {
        let mut printed = Printed::default();
        match &event.kind {
            EventKind::RunStarted { check, .. } => {
                if *check {
                    line(&mut printed.out, "check mode: nothing is changed");
                }
            }
            EventKind::PlayStarted { name, hosts, .. } => {
                self.flush(&mut printed.out);
                let count = if hosts.len() == 1 { "1 host".to_owned() } else { format!("{} hosts", hosts.len()) };
                let title = format!("PLAY [{name}] ({count})");
                let _ = write!(printed.out, "\n{}\n", self.options.palette.heading(&title));
            }
            EventKind::PlaySkipped { name, reason } => {
                self.flush(&mut printed.out);
                let title = format!("PLAY [{name}]");
                let _ = write!(printed.out, "\n{}\n{reason}\n", self.options.palette.heading(&title));
            }
            EventKind::TaskStarted { task, name, action, kind, hosts, location } => {
                self.flush(&mut printed.out);
                let title = match kind {
                    TaskKind::Handler => "HANDLER",
                    TaskKind::Task | TaskKind::Setup => "TASK",
                };
                let mut header = self.options.palette.heading(&format!("{title} [{name}]"));
                let mut location = location.clone();
                if let Some(location) = location.take_if(|_| self.options.verbosity > 1) {
                    let _ = write!(header, "\ntask path: {location}");
                }
                let state = TaskState {
                    header,
                    action: action.clone(),
                    location,
                    waiting: *hosts,
                    items: BTreeMap::new(),
                    quiet: BTreeMap::new(),
                };
                self.tasks.insert(*task, state);
            }
            EventKind::ItemDone { task, host, result, .. } => self.item(&mut printed, *task, host, result),
            EventKind::Included { .. } => {}
            EventKind::Retrying { task, host, left, .. } => {
                self.header(&mut printed.out, *task);
                line(&mut printed.out, &format!("retrying: [{host}] ({left} retries left)"));
            }
            EventKind::TaskDone { task, host, delegated_to, ignored, result } => {
                let host = match delegated_to {
                    Some(delegate) => format!("{host} -> {delegate}"),
                    None => host.clone(),
                };
                self.host_done(&mut printed, *task, &host, result, *ignored);
            }
            EventKind::HandlerNotified { handler, host } => {
                if self.options.verbosity > 1 {
                    line(&mut printed.out, &format!("notified: [{host}] handler `{handler}`"));
                }
            }
            EventKind::Warning { message } => {
                line(&mut printed.err, &self.options.palette.warning(&format!("warning: {message}")));
            }
            EventKind::Error { message } => {
                self.flush(&mut printed.out);
                line(&mut printed.err, &self.options.palette.status(TaskStatus::Failed, &format!("error: {message}")));
            }
            EventKind::Interrupted => {
                self.flush(&mut printed.out);
                line(&mut printed.err, &self.options.palette.warning("interrupted: ending the running tasks"));
            }
            EventKind::RunEnded { stats, custom_stats, .. } => {
                self.flush(&mut printed.out);
                self.recap(&mut printed.out, stats, event.elapsed);
                if custom_stats.as_object().is_some_and(|map| !map.is_empty()) {
                    let _ = write!(printed.out, "\nCUSTOM STATS\n{custom_stats:#}\n");
                }
            }
        }
        printed
    }

    fn view(&self, task: u64) -> View {
        let action = self.tasks.get(&task).map_or("", |state| state.action.as_str());
        View {
            verbosity: self.options.verbosity,
            palette: self.options.palette,
            shows_result: matches!(action, "debug" | "ansible.builtin.debug" | "ansible.legacy.debug"),
        }
    }

    /// Prints the task's header unless it is the one above.
    fn header(&mut self, out: &mut String, task: u64) {
        if self.current != Some(task) {
            // what other tasks have come to meanwhile stands above, where hosts do not go in step
            let others: Vec<u64> =
                self.tasks.iter().filter(|(_, state)| !state.quiet.is_empty()).map(|(at, _)| *at).collect();
            for other in others.into_iter().filter(|other| *other != task) {
                self.flush_task(out, other);
            }
            if let Some(state) = self.tasks.get(&task) {
                let _ = write!(out, "\n{}\n", state.header);
            }
            self.current = Some(task);
        }
    }

    fn item(&mut self, printed: &mut Printed, task: u64, host: &str, result: &ItemResult) {
        self.warnings(printed, result);
        let view = self.view(task);
        let told = view.matters(result);
        if told {
            self.header(&mut printed.out, task);
            line(&mut printed.out, &view.lines(host, result, false));
            self.place(&mut printed.out, task, result);
        }
        if let Some(state) = self.tasks.get_mut(&task) {
            let seen = Seen { status: result.status, label: result.label.clone(), told };
            state.items.entry(host.to_owned()).or_default().push(seen);
        }
    }

    fn host_done(&mut self, printed: &mut Printed, task: u64, host: &str, result: &ItemResult, ignored: bool) {
        self.done += 1;
        let view = self.view(task);
        let name = host.split(" -> ").next().unwrap_or(host);
        let items = self.tasks.get_mut(&task).and_then(|state| state.items.remove(name)).unwrap_or_default();
        if items.is_empty() {
            self.warnings(printed, result);
            if view.matters(result) {
                self.header(&mut printed.out, task);
                line(&mut printed.out, &view.lines(host, result, ignored));
                self.place(&mut printed.out, task, result);
            } else if let Some(state) = self.tasks.get_mut(&task) {
                state.quiet.entry(result.status).or_default().push(host.to_owned());
            }
        } else if items.iter().any(|item| item.told) {
            // the items that matter stand above already; the others are counted
            let rest: Vec<_> = items.iter().filter(|item| !item.told).cloned().collect();
            for status in [TaskStatus::Changed, TaskStatus::Ok, TaskStatus::Skipped] {
                if rest.iter().any(|item| item.status == status) {
                    self.header(&mut printed.out, task);
                    line(&mut printed.out, &view.folded(host, status, &rest));
                }
            }
            if ignored {
                line(&mut printed.out, &format!("ignored: [{host}]"));
            }
        } else {
            self.header(&mut printed.out, task);
            line(&mut printed.out, &view.folded(host, result.status, &items));
        }
        let finished = self.tasks.get_mut(&task).is_some_and(|state| {
            state.waiting = state.waiting.saturating_sub(1);
            state.waiting == 0
        });
        if finished {
            self.flush_task(&mut printed.out, task);
            self.tasks.remove(&task);
        }
    }

    /// Tells where a task stands below its first failure, unless a diagnostic has.
    fn place(&mut self, out: &mut String, task: u64, result: &ItemResult) {
        let failed = matches!(result.status, TaskStatus::Failed | TaskStatus::Unreachable);
        if failed
            && result.diagnostic.is_none()
            && let Some(location) = self.tasks.get_mut(&task).and_then(|state| state.location.take())
        {
            line(out, &format!("    --> {location}"));
        }
    }

    fn warnings(&self, printed: &mut Printed, result: &ItemResult) {
        for warning in &result.warnings {
            line(&mut printed.err, &self.options.palette.warning(&format!("warning: {warning}")));
        }
    }

    /// Tells the unremarkable results of tasks that have ended or were left.
    fn flush(&mut self, out: &mut String) {
        let tasks: Vec<u64> = self.tasks.keys().copied().collect();
        for task in tasks {
            self.flush_task(out, task);
        }
    }

    fn flush_task(&mut self, out: &mut String, task: u64) {
        let quiet = self.tasks.get_mut(&task).map(|state| std::mem::take(&mut state.quiet)).unwrap_or_default();
        for (status, hosts) in quiet {
            self.header(out, task);
            for text in host_lines(status, &hosts) {
                line(out, &self.options.palette.status(status, &text));
            }
        }
    }

    fn recap(&self, out: &mut String, stats: &BTreeMap<String, HostStats>, elapsed: f64) {
        let _ = write!(out, "\n{}\n", self.options.palette.heading("RECAP"));
        let width = stats.keys().map(|host| host.chars().count()).max().unwrap_or(0);
        for (host, counts) in stats {
            let worst = match counts {
                HostStats { failed: 1.., .. } | HostStats { unreachable: 1.., .. } => TaskStatus::Failed,
                HostStats { changed: 1.., .. } => TaskStatus::Changed,
                _ => TaskStatus::Ok,
            };
            let name = self.options.palette.status(worst, &format!("{host:width$}"));
            let HostStats { ok, changed, unreachable, failed, skipped, rescued, ignored } = counts;
            let _ = writeln!(
                out,
                "{name} : ok={ok} changed={changed} unreachable={unreachable} failed={failed} skipped={skipped} \
                 rescued={rescued} ignored={ignored}"
            );
        }
        let hosts = stats.len();
        let (results, of_hosts) = (plural(self.done, "task result"), plural(hosts, "host"));
        let _ = writeln!(out, "{results} on {of_hosts} in {elapsed:.2} s");
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// One line for each host where they are few, else one line for all.
fn host_lines(status: TaskStatus, hosts: &[String]) -> Vec<String> {
    const FEW: usize = 5;
    const NAMED: usize = 10;
    if hosts.len() <= FEW {
        return hosts.iter().map(|host| format!("{}: [{host}]", word(status))).collect();
    }
    let mut names = hosts.to_vec();
    names.sort();
    let text = match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => format!("{} and {} more", first.join(", "), names.len() - NAMED),
        _ => names.join(", "),
    };
    vec![format!("{}: [{text}]", word(status))]
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: TaskStatus, label: Option<&str>) -> ItemResult {
        ItemResult {
            status,
            label: label.map(str::to_owned),
            msg: None,
            diagnostic: None,
            result: serde_json::json!({"changed": status == TaskStatus::Changed}),
            diff: Vec::new(),
            warnings: Vec::new(),
            seconds: 0.0,
        }
    }

    fn show(kinds: Vec<EventKind>) -> String {
        let mut console = Console::new(ConsoleOptions { verbosity: 0, palette: Palette::Plain });
        let events = kinds.into_iter().enumerate().map(|(seq, kind)| Event { seq: seq as u64, elapsed: 1.5, kind });
        events.map(|event| console.event(&event)).map(|printed| printed.out + &printed.err).collect()
    }

    fn started(hosts: usize) -> EventKind {
        EventKind::TaskStarted {
            task: 1,
            name: "Create".into(),
            action: "quay_organization".into(),
            kind: TaskKind::Task,
            hosts,
            location: None,
        }
    }

    fn done(host: &str, result: ItemResult) -> EventKind {
        EventKind::TaskDone { task: 1, host: host.into(), delegated_to: None, ignored: false, result }
    }

    #[test]
    fn loop_items_are_folded_unless_they_failed() {
        let item = |status, label| EventKind::ItemDone {
            task: 1,
            host: "h".into(),
            delegated_to: None,
            result: result(status, Some(label)),
        };
        let text = show(vec![
            started(1),
            item(TaskStatus::Ok, "a"),
            item(TaskStatus::Changed, "b"),
            item(TaskStatus::Changed, "c"),
            done("h", result(TaskStatus::Changed, None)),
        ]);
        assert_eq!(text, "\nTASK [Create]\nchanged: [h] => 2 of 3 items: b, c\n");
        let mut failed = result(TaskStatus::Failed, Some("b"));
        failed.msg = Some("no such organization".into());
        let text = show(vec![
            started(1),
            item(TaskStatus::Ok, "a"),
            EventKind::ItemDone { task: 1, host: "h".into(), delegated_to: None, result: failed },
            done("h", result(TaskStatus::Failed, None)),
        ]);
        assert_eq!(text, "\nTASK [Create]\nfailed: [h] => (item=b): no such organization\nok: [h] => 1 item: a\n");
    }

    #[test]
    fn many_quiet_hosts_share_a_line() {
        let mut kinds = vec![started(12)];
        kinds.extend((0..12).map(|n| done(&format!("h{n:02}"), result(TaskStatus::Ok, None))));
        let text = show(kinds);
        assert_eq!(text, "\nTASK [Create]\nok: [h00, h01, h02, h03, h04, h05, h06, h07, h08, h09 and 2 more]\n");
    }
}
