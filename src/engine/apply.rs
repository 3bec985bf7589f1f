//! Takes in what a task came to on a host: counts, variables, notifications, and whether the host goes on.

use std::sync::Arc;

use super::batch::{Batch, HostSet, Status};
use super::fanout::action_name;
use super::frame::Prepared;
use super::outcome::{Done, HostDone};
use super::problem::{Problem, span_of};
use super::shown::item_result;
use crate::event::{EventKind, ItemResult, TaskStatus};
use crate::modules::Effect;
use crate::playbook::Action;
use crate::value::{Key, Map, Value, parse_bool};
use crate::vars::HostVars;

impl Batch {
    /// Takes in what a task came to on one host, tells it, and gives back how it ended. `once`: it stands for all hosts.
    pub(super) fn apply(
        &self,
        prepared: &Prepared,
        number: u64,
        place: usize,
        once: bool,
        done: &HostDone,
    ) -> TaskStatus {
        let Some(host) = self.hosts.get(place) else { return done.whole.status() };
        let mut told = Vec::new();
        if matches!(done.whole.status(), TaskStatus::Changed) {
            match self.collect_notifications(prepared, done) {
                Ok(names) => told = names,
                // as in Ansible this is no failure of the host: the playbook is wrong, and nothing further of it runs
                Err(problem) => self.env.halt(problem),
            }
        }
        let status = done.whole.status();
        let is_include = matches!(prepared.task.action, Action::Include(_));
        let ignored = match status {
            TaskStatus::Failed => done.whole.ignore_errors,
            TaskStatus::Unreachable => done.whole.ignore_unreachable,
            _ => false,
        };
        {
            let mut recap = self.env.stats();
            let counts = recap.host(host.name());
            match status {
                TaskStatus::Failed if !ignored && prepared.frame.rescued => counts.rescued += 1,
                TaskStatus::Failed if !ignored => counts.failed += 1,
                TaskStatus::Unreachable if !ignored => counts.unreachable += 1,
                TaskStatus::Failed | TaskStatus::Unreachable => {
                    counts.ok += 1;
                    counts.ignored += 1;
                    counts.changed += u32::from(done.whole.flag("changed"));
                }
                TaskStatus::Skipped => counts.skipped += 1,
                // an include counts when what it names has been read
                TaskStatus::Ok | TaskStatus::Changed if is_include => {}
                TaskStatus::Ok | TaskStatus::Changed => {
                    counts.ok += 1;
                    counts.changed += u32::from(status == TaskStatus::Changed);
                }
            }
        }
        let with = self.standing_for(place, once);
        match status {
            TaskStatus::Failed if !ignored => self.fail(prepared, place, &with, &done.whole),
            TaskStatus::Unreachable if !ignored => self.mark(&[place], Status::Unreachable),
            TaskStatus::Ok | TaskStatus::Changed => self.carry_out(&with, host, done),
            _ => {}
        }
        if let Some(name) = &prepared.task.register {
            let value = done.whole.registered();
            for host in self.named(&with) {
                host.set([(Key::from(&**name), value.clone())]);
            }
        }
        self.note_role(prepared, place, status);
        self.env.sink.emit(EventKind::TaskDone {
            task: number,
            host: host.name().to_string(),
            delegated_to: done.whole.delegate.as_ref().map(|host| host.name().to_string()),
            ignored,
            result: ItemResult { result: done.json(), ..item_result(&done.whole) },
        });
        self.notify(place, &told);
        status
    }

    /// After a task has ended on all hosts: whether its failures end the play for the others.
    pub(super) fn judge_batch(&self, prepared: &Prepared, once: bool, trouble: &[usize]) {
        let counted = self.filter(trouble, |state| matches!(state.status, Status::Failed | Status::Unreachable));
        if counted.is_empty() || !self.settings.strategy.is_in_step() {
            return;
        }
        let first = trouble.first().and_then(|place| self.hosts.get(*place));
        let fatal = first
            .and_then(|host| self.for_first(prepared, host, prepared.keywords.any_errors_fatal.as_ref()))
            .and_then(|value| parse_bool(&value))
            .unwrap_or(self.env.defaults.any_errors_fatal);
        if fatal || once {
            let others = self.filter(&self.everyone(), |state| state.status == Status::Running);
            self.mark(&others, Status::Failed);
        }
        if once {
            // all others have failed with the one that ran it, and fail again for it
            let others = self.filter(&self.everyone(), |state| state.status == Status::Failed);
            for place in others.iter().filter(|place| !trouble.contains(place)) {
                self.with(*place, |state| state.fails_again = true);
            }
        }
        if let Some(most) = self.settings.max_fail_percentage
            && !prepared.frame.rescued
        {
            let failed = self.failed(&self.everyone()).len();
            #[expect(clippy::cast_precision_loss, reason = "hosts are counted in thousands")]
            let share = failed as f64 * 100.0 / self.hosts.len().max(1) as f64;
            if share > most {
                let others = self.filter(&self.everyone(), |state| state.status == Status::Running);
                self.mark(&others, Status::Failed);
                self.stop();
            }
        }
    }

    /// The hosts that a result holds for.
    fn standing_for(&self, place: usize, once: bool) -> HostSet {
        if once { self.filter(&self.everyone(), |state| state.status != Status::Unreachable) } else { vec![place] }
    }

    fn named<'b>(&'b self, places: &'b [usize]) -> impl Iterator<Item = &'b Arc<HostVars>> {
        places.iter().filter_map(|place| self.hosts.get(*place))
    }

    /// The host leaves the play, unless a `rescue` section around takes it back in.
    fn fail(&self, prepared: &Prepared, place: usize, with: &[usize], done: &Done) {
        self.mark(with, Status::Failed);
        if !prepared.frame.rescued {
            return;
        }
        let mut task = Map::new();
        let name = self.own_name(prepared, self.hosts.get(place));
        task.insert(Key::from("name"), Value::data(name.unwrap_or_default()));
        task.insert(Key::from("action"), Value::data(action_name(prepared)));
        if let Action::Module { args, .. } = &prepared.task.action {
            task.insert(Key::from("args"), args.clone().into_data());
        }
        let tags = prepared.keywords.tags.clone();
        task.insert(Key::from("tags"), Value::list(tags).into_data());
        let task = Value::map(task);
        for host in self.named(with) {
            host.set([
                (Key::from("ansible_failed_task"), task.clone()),
                (Key::from("ansible_failed_result"), done.registered()),
            ]);
        }
    }

    /// Carries out what the results ask for: facts, variables, statistics.
    fn carry_out(&self, with: &[usize], host: &Arc<HostVars>, done: &HostDone) {
        let each: &[Done] = match &done.items {
            Some(items) => items,
            None => std::slice::from_ref(&done.whole),
        };
        for done in each {
            let targets: Vec<&Arc<HostVars>> = match &done.delegate {
                Some(delegate) if done.delegate_facts => vec![delegate],
                _ => self.named(with).collect(),
            };
            if let Some(facts) = &done.facts {
                self.set_facts(&targets, facts);
            }
            for effect in &done.effects {
                match effect {
                    Effect::SetFact { facts, cacheable } => {
                        for target in &targets {
                            target.set(facts.iter().map(|(k, v)| (k.clone(), v.clone())));
                        }
                        if *cacheable {
                            self.set_facts(&targets, facts);
                        }
                    }
                    Effect::IncludeVars(vars) => {
                        for target in &targets {
                            target.include(vars.iter().map(|(k, v)| (k.clone(), v.clone())));
                        }
                    }
                    Effect::SetStats { data, per_host, aggregate } => {
                        self.env.stats().set(per_host.then_some(host.name()), data, *aggregate);
                    }
                    // done while the task ran, since later items may need the host
                    Effect::AddHost { .. } | Effect::GroupBy { .. } => {}
                }
            }
        }
    }

    fn set_facts(&self, targets: &[&Arc<HostVars>], facts: &Map) {
        for target in targets {
            target.set_facts(facts);
        }
        for warning in self.env.vars.hosts.take_warnings() {
            self.env.warn_of(&warning);
        }
    }

    /// A task of a role ran on the host, so that the use of the role counts as run.
    fn note_role(&self, prepared: &Prepared, place: usize, status: TaskStatus) {
        let ran = matches!(status, TaskStatus::Ok | TaskStatus::Changed | TaskStatus::Failed);
        if let Some(frame) = prepared.frame.role.as_ref().filter(|_| ran) {
            self.with(place, |state| {
                state.roles.entry(Arc::clone(&frame.role().identity)).or_insert(false);
            });
        }
    }

    fn collect_notifications(&self, prepared: &Prepared, done: &HostDone) -> Result<Vec<Arc<str>>, Problem> {
        let each: &[Done] = match &done.items {
            Some(items) => items,
            None => std::slice::from_ref(&done.whole),
        };
        let mut names: Vec<Arc<str>> = Vec::new();
        for value in each.iter().flat_map(|done| &done.notify) {
            let name: Arc<str> = crate::value::python_str(value).into();
            if names.contains(&name) {
                continue;
            }
            let place = prepared.keywords.notify.iter().find_map(span_of).unwrap_or(prepared.task.span);
            self.handlers.check(self, &name, place)?;
            names.push(name);
        }
        Ok(names)
    }

    /// Remembers notifications of a host until the next flush; while handlers run, they take part at once.
    fn notify(&self, place: usize, names: &[Arc<str>]) {
        let Some(host) = self.hosts.get(place) else { return };
        for name in names {
            let new = if self.with(place, |state| state.flushing) == Some(true) {
                let found = self.handlers.find(self, name);
                self.with(place, |state| found.iter().filter(|handler| state.handlers.insert(**handler)).count() > 0)
            } else {
                self.with(place, |state| {
                    let new = !state.notified.contains(name);
                    if new {
                        state.notified.push(Arc::clone(name));
                    }
                    new
                })
            };
            if new == Some(true) {
                let host = host.name().to_string();
                self.env.sink.emit(EventKind::HandlerNotified { handler: name.to_string(), host });
            }
        }
    }
}
