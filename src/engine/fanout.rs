//! One task on all its hosts at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::batch::{Batch, HostSet};
use super::frame::Prepared;
use super::one::One;
use super::outcome::HostDone;
use super::problem::Problem;
use super::strategy::Turn;
use crate::agent::crash;
use crate::diag::Diagnostic;
use crate::event::{EventKind, TaskStatus};
use crate::modules::table;
use crate::playbook::{Action, IncludeKind};
use crate::value::{Value, parse_bool, python_str};
use crate::vars::HostVars;

/// Modules that work once for all hosts, however many there are.
const ONCE_FOR_ALL: &[&str] = &["add_host", "pause"];

impl Batch {
    /// Runs a task on hosts, `forks` at a time, and takes in what each of them comes to; of a dynamic include, what it names
    /// is read and run.
    pub(super) async fn fan_out(&self, prepared: &Arc<Prepared>, hosts: &[usize]) {
        self.show_members();
        let Some(first) = hosts.first().and_then(|host| self.hosts.get(*host)) else { return };
        let once = self.is_run_once(prepared, first);
        if self.env.is_halted() {
            return;
        }
        if !self.settings.strategy.is_in_step() {
            self.warn_of_what_needs_step(prepared, first);
        }
        let (number, is_new) = self.number(prepared, hosts);
        let hosts: HostSet = if once { hosts.iter().take(1).copied().collect() } else { hosts.to_vec() };
        if is_new {
            let in_step = self.settings.strategy.is_in_step();
            self.env.sink.emit(EventKind::TaskStarted {
                task: number,
                name: self.task_name(prepared, Some(first)),
                action: self.action_for(prepared, first),
                kind: prepared.frame.kind,
                hosts: if in_step { hosts.len() } else { self.running(&self.everyone()).len() },
                location: self.env.location(prepared.task.span),
            });
        }
        let throttle = self.throttle(prepared, first);
        let forks = self.env.vars.settings.forks.max(1);
        let width = throttle.map_or(forks, |throttle| throttle.min(forks));
        let mut includes = Vec::new();
        let mut trouble = HostSet::new();
        let mut waiting = hosts.iter().copied();
        let mut running: JoinSet<HostDone> = JoinSet::new();
        let mut places = std::collections::HashMap::new();
        loop {
            while running.len() < width
                && !self.env.is_halted()
                && let Some(place) = waiting.next()
            {
                let Some(host) = self.hosts.get(place) else { continue };
                match self.scope(Some(host), &prepared.vars) {
                    Ok(scope) => {
                        let work = One {
                            env: Arc::clone(&self.env),
                            prepared: Arc::clone(prepared),
                            host: Arc::clone(host),
                            scope: Arc::new(scope),
                            number,
                        };
                        let turn = self.turn(prepared, throttle).await;
                        let work = async move {
                            let done = work.run().await;
                            drop(turn);
                            done
                        };
                        places.insert(running.spawn(work).id(), place);
                    }
                    Err(problem) => {
                        let done = HostDone::failed(problem);
                        self.take_in(prepared, number, place, once, done, &mut includes, &mut trouble);
                    }
                }
            }
            let Some(ended) = running.join_next_with_id().await else { break };
            let (id, done) = match ended {
                Ok((id, done)) => (id, done),
                Err(error) => (error.id(), HostDone::failed(Problem::new(crash(error)))),
            };
            if let Some(place) = places.remove(&id) {
                self.take_in(prepared, number, place, once, done, &mut includes, &mut trouble);
            }
        }
        self.judge_batch(prepared, once, &trouble);
        if let Action::Include(include) = &prepared.task.action
            && !includes.is_empty()
        {
            self.run_includes(prepared, include, number, once, includes).await;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the loop above lends its own variables")]
    fn take_in(
        &self,
        prepared: &Prepared,
        number: u64,
        place: usize,
        once: bool,
        done: HostDone,
        includes: &mut Vec<(usize, HostDone)>,
        trouble: &mut HostSet,
    ) {
        let ended_well = matches!(done.whole.status(), TaskStatus::Ok | TaskStatus::Changed);
        if ended_well && matches!(prepared.task.action, Action::Include(_)) {
            includes.push((place, done));
            return;
        }
        if matches!(self.apply(prepared, number, place, once, &done), TaskStatus::Failed | TaskStatus::Unreachable) {
            trouble.push(place);
        }
    }

    /// The name that a task is shown by, its templates rendered for the first host.
    pub(super) fn task_name(&self, prepared: &Prepared, first: Option<&Arc<HostVars>>) -> String {
        let name = match (self.own_name(prepared, first), &prepared.task.action) {
            (Some(name), _) => name,
            (None, Action::Include(include)) if include.kind == IncludeKind::Role => {
                let role = include.args.get("name").map(python_str).unwrap_or_default();
                return format!("include_role : {role}");
            }
            (None, _) => first.map_or_else(|| action_name(prepared), |first| self.action_for(prepared, first)),
        };
        match &prepared.frame.role {
            Some(frame) => format!("{} : {name}", frame.role().name),
            None => name,
        }
    }

    /// The name that the task was given, without that of its role.
    pub(super) fn own_name(&self, prepared: &Prepared, first: Option<&Arc<HostVars>>) -> Option<String> {
        let written = prepared.task.keywords.name.as_ref()?;
        let rendered = first
            .and_then(|host| self.scope(Some(host), &prepared.vars).ok())
            .and_then(|scope| self.env.templar.render(written, &scope).ok());
        Some(rendered.as_ref().map_or_else(|| python_str(written), super::shown::label_text))
    }

    fn is_run_once(&self, prepared: &Prepared, first: &Arc<HostVars>) -> bool {
        let module = match &prepared.task.action {
            Action::Module { module, .. } => Some(*module),
            Action::Named(_) => table::find(&self.action_for(prepared, first)),
            Action::Include(_) | Action::Meta(_) => None,
        };
        if let Some(module) = module
            && module.collection == "ansible.builtin"
            && ONCE_FOR_ALL.contains(&module.name)
        {
            if self.settings.strategy.is_in_step() {
                return true;
            }
            let message = format!(
                "`{}` works once for all hosts, which cannot be had with a strategy in which each host goes for itself",
                module.name
            );
            let problem = Diagnostic::error("strategy", message).at(prepared.task.span);
            self.env.halt(Problem::from_diagnostic(&problem, &self.env.sources));
        }
        self.settings.strategy.is_in_step() && self.wants(prepared, first, prepared.keywords.run_once.as_ref())
    }

    /// Tells which keywords have no effect where each host goes for itself.
    fn warn_of_what_needs_step(&self, prepared: &Prepared, first: &Arc<HostVars>) {
        if self.wants(prepared, first, prepared.keywords.run_once.as_ref()) {
            self.env.warn_once(
                "`run_once` has no effect with a strategy in which each host goes for itself: the task runs on every host",
            );
        }
        if self.wants(prepared, first, prepared.keywords.any_errors_fatal.as_ref()) {
            self.env.warn_once("`any_errors_fatal` has no effect with a strategy in which each host goes for itself");
        }
    }

    /// Whether a keyword that is a truth value is on.
    fn wants(&self, prepared: &Prepared, first: &Arc<HostVars>, value: Option<&Value>) -> bool {
        self.for_first(prepared, first, value).and_then(|value| parse_bool(&value)).unwrap_or(false)
    }

    /// The module that the task names, a template of it rendered for the first host.
    fn action_for(&self, prepared: &Prepared, first: &Arc<HostVars>) -> String {
        let Action::Named(named) = &prepared.task.action else { return action_name(prepared) };
        let scope = self.scope(Some(first), &prepared.vars).ok();
        let rendered = scope.and_then(|scope| self.env.templar.render(&named.name, &scope).ok());
        rendered.as_ref().map_or_else(|| action_name(prepared), super::shown::label_text)
    }

    /// Waits for a host's turn, where hosts do not go in step.
    async fn turn(&self, prepared: &Prepared, throttle: Option<usize>) -> Turn {
        if self.settings.strategy.is_in_step() {
            return Turn::new();
        }
        self.turns.next(prepared.task.id, throttle).await
    }

    /// How many hosts may work at the task at a time.
    fn throttle(&self, prepared: &Prepared, first: &Arc<HostVars>) -> Option<usize> {
        let throttle = self.for_first(prepared, first, prepared.keywords.throttle.as_ref());
        throttle.and_then(|value| python_str(&value).trim().parse::<usize>().ok()).filter(|n| *n > 0)
    }

    /// A keyword that holds for all hosts, rendered for the first; what cannot be rendered is told as a warning.
    pub(super) fn for_first(&self, prepared: &Prepared, first: &Arc<HostVars>, value: Option<&Value>) -> Option<Value> {
        let value = value?;
        if !matches!(value, Value::Str(_)) {
            return Some(value.clone());
        }
        let rendered = self.scope(Some(first), &prepared.vars).and_then(|scope| {
            let place = super::problem::span_of(value);
            self.env.templar.render(value, &scope).map_err(|error| self.env.template_problem(&error, place))
        });
        rendered.map_err(|problem| self.env.warn(problem.diagnostic.unwrap_or(problem.message))).ok()
    }
}

/// The module as the task names it.
pub(super) fn action_name(prepared: &Prepared) -> String {
    match &prepared.task.action {
        Action::Module { name, .. } => name.to_string(),
        Action::Include(include) => match include.kind {
            IncludeKind::Tasks => "include_tasks".to_owned(),
            IncludeKind::Role => "include_role".to_owned(),
        },
        Action::Named(named) => python_str(&named.name),
        Action::Meta(_) => "meta".to_owned(),
    }
}
