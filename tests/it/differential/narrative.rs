//! A run told in lines that are the same for two programs that agree.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quaymaster::event::{Event, EventKind, TaskKind, TaskStatus};
use serde_json::Value as Json;

use super::answer::Run;
use super::values::{Said, result};

/// A task and what it did on each host.
struct Told {
    head: String,
    hosts: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
struct Story {
    parts: Vec<Told>,
    recap: Option<String>,
}

impl Story {
    fn begin(&mut self, head: String) {
        self.parts.push(Told { head, hosts: BTreeMap::new() });
    }

    fn text(self, exit: i32) -> String {
        // what a program says to a playbook that it will not run is 1 or 4 with ansible, 3 here
        let nothing_told = self.recap.as_ref().is_none_or(String::is_empty);
        if nothing_told && exit != 0 && self.parts.iter().all(|part| part.hosts.is_empty()) {
            return "refused\n".to_owned();
        }
        let mut text = String::new();
        for part in &self.parts {
            // a task that no host took part in is not worth a word: banners of `meta` differ
            if part.hosts.is_empty() && !part.head.starts_with("play") {
                continue;
            }
            let _ = writeln!(text, "{}", part.head);
            for (host, results) in &part.hosts {
                for result in results {
                    let _ = writeln!(text, "  {host}: {result}");
                }
            }
        }
        match self.recap {
            Some(recap) => {
                let _ = writeln!(text, "{recap}exit {exit}");
            }
            None if exit != 0 => text.push_str("broken off\n"),
            None => text.push_str("nothing to do\n"),
        }
        text
    }
}

/// Ansible's story.
pub fn ansible(run: &Run) -> String {
    let mut story = Story::default();
    for event in &run.events {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        match text("event") {
            "play" => story.begin(format!("play {}", text("name"))),
            "no_hosts" => story.begin("play without hosts".to_owned()),
            kind @ ("task" | "handler") => story.begin(format!("{kind} {}", text("name"))),
            "result" => {
                let said = Said {
                    status: text("status"),
                    ignored: event["ignored"] == true,
                    action: text("action"),
                    result: &event["result"],
                };
                // that a `meta` task's condition is false is not worth telling
                if said.action.ends_with("meta") && said.status == "skipped" {
                    continue;
                }
                let line = result(&said);
                let part = story.parts.last_mut().unwrap();
                let lines = part.hosts.entry(text("host").to_owned()).or_default();
                // ansible takes back that an include went well when its file cannot be read
                if line == "failed" && lines.last().is_some_and(|last| last == "ok") {
                    lines.clear();
                }
                lines.push(line);
            }
            "recap" => story.recap = Some(recap(&event["hosts"])),
            other => panic!("unknown event {other}"),
        }
    }
    story.text(run.exit)
}

/// quaymaster's story.
pub fn quaymaster(run: &Run) -> String {
    let mut story = Story::default();
    let mut tasks: BTreeMap<u64, (usize, String)> = BTreeMap::new();
    for event in &run.events {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        match event.kind {
            EventKind::PlayStarted { name, .. } => story.begin(format!("play {name}")),
            EventKind::PlaySkipped { name, .. } => {
                story.begin(format!("play {name}"));
                story.begin("play without hosts".to_owned());
            }
            EventKind::TaskStarted { task, name, action, kind, .. } => {
                let word = if kind == TaskKind::Handler { "handler" } else { "task" };
                tasks.insert(task, (story.parts.len(), action));
                story.begin(format!("{word} {name}"));
            }
            EventKind::TaskDone { task, host, ignored, result: done, .. } => {
                let (index, action) = &tasks[&task];
                let status = match done.status {
                    TaskStatus::Ok => "ok",
                    TaskStatus::Changed => "changed",
                    TaskStatus::Skipped => "skipped",
                    TaskStatus::Failed => "failed",
                    TaskStatus::Unreachable => "unreachable",
                };
                let line = result(&Said { status, ignored, action, result: &done.result });
                story.parts[*index].hosts.entry(host).or_default().push(line);
            }
            EventKind::RunEnded { stats, .. } => story.recap = Some(recap(&serde_json::to_value(stats).unwrap())),
            _ => {}
        }
    }
    story.text(run.exit)
}

fn recap(hosts: &Json) -> String {
    let mut text = String::new();
    for (host, counts) in hosts.as_object().unwrap().iter().collect::<BTreeMap<_, _>>() {
        let _ = write!(text, "recap {host}:");
        for (name, count) in counts.as_object().unwrap().iter().collect::<BTreeMap<_, _>>() {
            if *count != 0 {
                let _ = write!(text, " {name}={count}");
            }
        }
        text.push('\n');
    }
    text
}
