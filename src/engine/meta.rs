//! `meta` tasks: what the engine does to itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::batch::{Batch, HostSet, Status};
use super::frame::Prepared;
use super::one::One;
use super::outcome::HostDone;
use super::problem::Problem;
use crate::diag::{Diagnostic, Diagnostics};
use crate::event::{EventKind, TaskKind, TaskStatus};
use crate::value::Value;
use crate::vars::{HostVars, is_local_name};

/// What is decided by the first host for all of them.
const FOR_ALL: &[&str] = &["end_play", "end_batch", "clear_facts", "clear_host_errors", "refresh_inventory"];

impl Batch {
    /// Carries out a `meta` task.
    pub(super) async fn run_meta(&self, prepared: &Arc<Prepared>, what: &str, hosts: &[usize]) {
        let asked: HostSet =
            if FOR_ALL.contains(&what) { hosts.iter().take(1).copied().collect() } else { hosts.to_vec() };
        let mut meant = HostSet::new();
        for place in asked {
            if self.is_meant(prepared, place).await {
                meant.push(place);
            }
        }
        if meant.is_empty() {
            return;
        }
        match what {
            "flush_handlers" if prepared.frame.kind == TaskKind::Handler => {
                self.refuse(prepared, &meant, "`flush_handlers` cannot be a handler");
            }
            "flush_handlers" => Box::pin(self.flush(&meant)).await,
            "end_host" => self.mark(&meant, Status::Ended),
            "end_play" | "end_batch" => {
                let everyone = self.filter(&self.everyone(), |state| state.status == Status::Running);
                self.mark(&everyone, Status::Ended);
                self.play_ended.store(what == "end_play", Ordering::Relaxed);
            }
            "end_role" => {
                for place in meant {
                    self.with(place, |state| state.role_ended = true);
                }
            }
            "clear_facts" => self.hosts.iter().for_each(|host| host.clear_facts()),
            "clear_host_errors" => {
                // a failed host has left this play, but takes part in the next ones
                let failed = self.failed(&self.everyone());
                self.mark(&failed, Status::Ended);
                let unreachable = self.filter(&self.everyone(), |state| state.status == Status::Unreachable);
                self.mark(&unreachable, Status::Running);
                self.env.take_back(self.all.as_list().unwrap_or_default().iter().filter_map(Value::as_str));
            }
            "refresh_inventory" => self.refresh_inventory(),
            "reset_connection" => {
                for place in meant {
                    if let Err(problem) = self.reset_connection(prepared, place).await {
                        self.tell_failure(prepared, place, &HostDone::failed(problem));
                    }
                }
            }
            "noop" => {}
            other => self.refuse(prepared, &meant, &format!("`meta: {other}` is not known")),
        }
    }

    /// Reads the inventory again. Hosts that it does not have any more leave the play; new ones take part from the next play
    /// on.
    fn refresh_inventory(&self) {
        let hosts = &self.env.vars.hosts;
        let mut warnings = Diagnostics::new();
        let read = (self.env.inventory)(&mut warnings);
        let taken = read.and_then(|inventory| hosts.replace(inventory).map_err(|problem| vec![*problem]));
        warnings.extend(hosts.take_warnings());
        for warning in &warnings {
            self.env.warn_of(warning);
        }
        if let Err(problems) = taken {
            return self.env.halt(Problem::from_diagnostics(&problems, &self.env.sources));
        }
        let known: HashSet<Arc<str>> = hosts.names().into_iter().collect();
        let gone = |place: &usize| {
            self.hosts.get(*place).is_some_and(|host| !known.contains(host.name()) && !is_local_name(host.name()))
        };
        let gone: HostSet = self.everyone().into_iter().filter(gone).collect();
        self.mark(&gone, Status::Ended);
    }

    /// Whether the conditions of a `meta` task hold for a host.
    async fn is_meant(&self, prepared: &Arc<Prepared>, place: usize) -> bool {
        let Some(host) = self.hosts.get(place) else { return false };
        if prepared.keywords.when.is_empty() {
            return true;
        }
        let done = match self.one_for(prepared, host) {
            Ok(one) => one.run().await,
            Err(problem) => HostDone::failed(problem),
        };
        match done.whole.status() {
            TaskStatus::Failed => {
                self.tell_failure(prepared, place, &done);
                false
            }
            TaskStatus::Skipped => false,
            _ => true,
        }
    }

    /// Closes a host's connection, so that the next task makes a new one.
    async fn reset_connection(&self, prepared: &Arc<Prepared>, place: usize) -> Result<(), Problem> {
        let Some(host) = self.hosts.get(place) else { return Ok(()) };
        let wanted = self.one_for(prepared, host)?.wanted(None)?;
        self.env.targets.reset(&wanted).await;
        Ok(())
    }

    /// The `meta` task on one host.
    fn one_for(&self, prepared: &Arc<Prepared>, host: &Arc<HostVars>) -> Result<One, Problem> {
        Ok(One {
            env: Arc::clone(&self.env),
            prepared: Arc::clone(prepared),
            host: Arc::clone(host),
            scope: Arc::new(self.scope(Some(host), &prepared.vars)?),
            number: 0,
        })
    }

    fn refuse(&self, prepared: &Prepared, hosts: &[usize], message: &str) {
        let diagnostic = Diagnostic::error("meta", message).at(prepared.task.span);
        for place in hosts {
            let problem = Problem::from_diagnostic(&diagnostic, &self.env.sources);
            self.tell_failure(prepared, *place, &HostDone::failed(problem));
        }
    }

    /// A `meta` task is not told unless it fails.
    fn tell_failure(&self, prepared: &Prepared, place: usize, done: &HostDone) {
        let number = self.env.next_task();
        self.env.sink.emit(EventKind::TaskStarted {
            task: number,
            name: self.task_name(prepared, self.hosts.get(place)),
            action: "meta".to_owned(),
            kind: prepared.frame.kind,
            hosts: 1,
            location: self.env.location(prepared.task.span),
        });
        self.apply(prepared, number, place, false, done);
    }
}
