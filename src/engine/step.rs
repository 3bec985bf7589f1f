//! `--step`: the user is asked before each task.

use std::sync::atomic::Ordering;

use super::batch::Batch;
use super::frame::Prepared;
use super::problem::Problem;
use super::run::Question;
use crate::event::TaskKind;
use crate::playbook::Action;

impl Batch {
    /// Whether the user lets a task run. Where hosts go each for itself, the question is about one of them.
    pub(super) fn is_confirmed(&self, prepared: &Prepared, hosts: &[usize]) -> bool {
        if !self.env.step.load(Ordering::Relaxed) || matches!(prepared.task.action, Action::Meta(_)) {
            return true;
        }
        let kind = if prepared.frame.kind == TaskKind::Handler { "HANDLER" } else { "TASK" };
        let name = self.task_name(prepared, None);
        let host =
            hosts.first().and_then(|host| self.hosts.get(*host)).filter(|_| !self.settings.strategy.is_in_step());
        let host = host.map(|host| format!(" on {}", host.name())).unwrap_or_default();
        let question = Question {
            name: "--step".to_owned(),
            text: format!("Perform task: {kind}: {name}{host} (N)o/(y)es/(c)ontinue"),
            default: None,
            private: false,
            confirm: false,
            anyone: true,
        };
        let answer = match (self.env.prompter)(&question) {
            Ok(Some(answer)) => answer.trim().to_lowercase(),
            Ok(None) => return self.unanswered("standard input has ended"),
            Err(reason) => return self.unanswered(&reason),
        };
        match answer.as_str() {
            "y" | "yes" => true,
            "c" | "continue" => {
                self.env.step.store(false, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    fn unanswered(&self, reason: &str) -> bool {
        if !self.env.interrupted() {
            self.env.halt(Problem::new(format!("`--step` asks before each task, and nobody answers: {reason}")));
        }
        false
    }
}
