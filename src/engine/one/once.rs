//! One run of a task's action: conditions, options, tries, and what the result is taken for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::Try;
use super::keywords::Rendered;
use super::one::One;
use crate::diag::Span;
use crate::engine::outcome::Done;
use crate::engine::problem::Problem;
use crate::engine::shown::item_result;
use crate::event::EventKind;
use crate::modules::{Effect, ModuleDef, Runner};
use crate::playbook::Action;
use crate::value::{Key, Map, Value, python_str};
use crate::vars::{GATHERED, namespaced};

impl One {
    /// Runs the action once, for the task or for the current item. `broken` is why the loop's items could not be had; it
    /// counts only if no condition rules the task out.
    pub(super) async fn once(&mut self, broken: Option<Problem>) -> Done {
        let started = Instant::now();
        let no_log = self.switch("no_log", self.prepared.keywords.no_log.as_ref());
        let mut done = match self.try_once(broken, no_log.as_ref().err().cloned()).await {
            Ok(done) => done,
            Err(problem) => Done::failed(problem),
        };
        done.no_log = no_log.ok().flatten().unwrap_or(self.prepared.keywords.no_log.is_some() && done.flag("failed"));
        if done.flag("failed") || done.flag("unreachable") {
            self.ignore(&mut done);
        }
        done.seconds = started.elapsed().as_secs_f64();
        done
    }

    async fn try_once(&mut self, broken: Option<Problem>, no_log: Option<Problem>) -> Result<Done, Problem> {
        if self.prepared.keywords.delegate_to.is_some() {
            // conditions may look at it already; why there is none is told where it is needed
            let delegate = self.delegate().ok().flatten();
            Arc::make_mut(&mut self.scope).set_delegate(delegate);
        }
        if let Some(condition) = self.first_false(&self.prepared.keywords.when)? {
            return Ok(Done::skipped(condition));
        }
        if let Some(problem) = broken.or(no_log) {
            return Err(problem);
        }
        let prepared = Arc::clone(&self.prepared);
        match &prepared.task.action {
            Action::Module { module, args, span, .. } => self.module(module, args, *span).await,
            Action::Named(named) => {
                let name = self.render(&named.name)?;
                let found = self.env.loader.named_module(named, &python_str(&name));
                let (module, args) =
                    found.map_err(|problems| Problem::from_diagnostics(&problems, &self.env.sources))?;
                self.module(module, &args, named.span).await
            }
            Action::Include(include) => {
                let args = self.render(&Value::map(include.args.clone()))?;
                let mut done = Done::default();
                done.set("changed", false.into());
                done.include = Some(args.as_map().cloned().unwrap_or_default());
                done.notify = self.notifications()?;
                Ok(done)
            }
            Action::Meta(_) => Ok(Done::default()),
        }
    }

    async fn module(&mut self, module: &'static ModuleDef, args: &Value, span: Span) -> Result<Done, Problem> {
        let keywords = self.keywords()?;
        let rendered = self.args(module, args)?;
        let mut done = self.tries(module, args, span, &rendered, &keywords).await;
        done.notify = self.notifications()?;
        done.delegate = keywords.delegate;
        done.delegate_facts = keywords.delegate_facts;
        Ok(done)
    }

    /// Runs the module until it is content, and judges each try.
    async fn tries(
        &mut self,
        module: &'static ModuleDef,
        written: &Value,
        span: Span,
        args: &Value,
        keywords: &Rendered,
    ) -> Done {
        let tries = keywords.retries.map_or(1, |retries| retries + 1);
        let register = self.prepared.task.register.clone();
        let mut attempt = 1;
        loop {
            let mut done = match self.attempt(module, args, keywords).await {
                Try::Done(outcome, effects) => self.with_facts(module, Done::of(outcome, effects)),
                Try::Failed(error) => Done::failed(Problem::from_module(&error, written, span, &self.env.sources)),
                Try::Unreachable(message) => return Done::unreachable(message),
                Try::TimedOut(limit) => timed_out(limit),
            };
            if let Err(problem) = self.grow_inventory(&mut done) {
                done = Done::failed(problem);
            }
            if !done.result.contains_key("failed") {
                let bad = done.result.get("rc").is_some_and(|rc| rc.as_int().is_some_and(|rc| rc != 0));
                done.set("failed", bad.into());
            }
            if tries > 1 {
                done.set("attempts", Value::Int(attempt.try_into().unwrap_or(i128::MAX)));
            }
            self.take_facts(&done);
            if let Some(register) = &register {
                self.set_local(register, done.registered());
            }
            if !done.flag("skipped") {
                self.judge(&mut done, register.as_deref());
            }
            if tries == 1 || self.env.interrupted() {
                return done;
            }
            match self.content(&done) {
                Ok(true) => return done,
                Ok(false) => {}
                Err(problem) => {
                    blame(&mut done, "until", problem);
                    return done;
                }
            }
            if attempt == tries {
                done.set("attempts", Value::Int((tries - 1).try_into().unwrap_or(i128::MAX)));
                done.set("failed", true.into());
                return done;
            }
            self.tell_retry(&done, keywords, attempt, tries);
            self.sleep(keywords.delay).await;
            attempt += 1;
        }
    }

    /// What a module came to, with the facts that it returns among its values, and the note that facts have been gathered.
    fn with_facts(&self, module: &ModuleDef, mut done: Done) -> Done {
        if done.facts.is_none() && matches!(module.runner, Runner::Host(_)) {
            done.facts = done.result.get("ansible_facts").and_then(Value::as_map).cloned();
        }
        let Action::Module { name, .. } = &self.prepared.task.action else { return done };
        if let Some(facts) = done.facts.as_mut().filter(|_| name.rsplit('.').next() == Some("gather_facts")) {
            facts.insert(Key::from(GATHERED), true.into());
        }
        done
    }

    /// Hosts and groups that the task adds are there for its later items already.
    fn grow_inventory(&self, done: &mut Done) -> Result<(), Problem> {
        let hosts = &self.env.vars.hosts;
        let mut changed = None;
        for effect in &done.effects {
            let grown = match effect {
                Effect::AddHost { name, groups, vars } => hosts.add_host(name, groups, vars),
                Effect::GroupBy { groups, parents } => hosts.group_by(self.host.name(), groups, parents),
                _ => continue,
            };
            let grown = grown.map_err(|problem| Problem::from_diagnostic(&problem, &self.env.sources))?;
            *changed.get_or_insert(false) |= grown;
        }
        if let Some(changed) = changed {
            done.set("changed", changed.into());
        }
        Ok(())
    }

    /// Lets `changed_when` and `failed_when` say what the result is.
    fn judge(&mut self, done: &mut Done, register: Option<&str>) {
        let task = Arc::clone(&self.prepared.task);
        if let Some(conditions) = task.changed_when.as_ref().filter(|conditions| !conditions.is_empty()) {
            match self.first_false(conditions) {
                Ok(found) => done.set("changed", found.is_none().into()),
                Err(problem) => blame(done, "changed", problem),
            }
        }
        if let Some(conditions) = task.failed_when.as_ref().filter(|conditions| !conditions.is_empty()) {
            match self.first_false(conditions) {
                Ok(found) => {
                    done.set("failed_when_result", found.is_none().into());
                    done.set("failed", found.is_none().into());
                    if found.is_some() {
                        done.diagnostic = None;
                    }
                }
                Err(problem) => blame(done, "failed", problem),
            }
        }
        if let Some(register) = register {
            self.set_local(register, done.registered());
        }
    }

    /// Whether `until` has what it waits for; without conditions, a try that did not fail.
    fn content(&self, done: &Done) -> Result<bool, Problem> {
        let until = &self.prepared.task.until;
        if until.is_empty() { Ok(!done.flag("failed")) } else { Ok(self.first_false(until)?.is_none()) }
    }

    /// Facts of the result are variables for the rest of the task.
    fn take_facts(&mut self, done: &Done) {
        for effect in &done.effects {
            if let Effect::SetFact { facts, .. } | Effect::IncludeVars(facts) = effect {
                for (name, value) in facts {
                    if let Some(name) = name.as_str() {
                        self.set_local(name, value.clone());
                    }
                }
            }
        }
        let Some(facts) = &done.facts else { return };
        let known = crate::template::Scope::get(self.scope.as_ref(), "ansible_facts");
        let mut all = known.and_then(|known| known.as_map().cloned()).unwrap_or_default();
        all.extend(namespaced(facts));
        self.set_local("ansible_facts", Value::map(all));
        if !self.host.shows_facts_as_vars() {
            return;
        }
        for (name, value) in facts {
            if let Some(name) = name.as_str() {
                self.set_local(name, value.clone());
            }
        }
    }

    fn notifications(&self) -> Result<Vec<Value>, Problem> {
        let mut out = Vec::new();
        for value in &self.prepared.keywords.notify {
            match self.render(value)? {
                Value::List(names) => out.extend(names.iter().cloned()),
                Value::Null => {}
                name => out.push(name),
            }
        }
        Ok(out)
    }

    fn ignore(&self, done: &mut Done) {
        let keywords = &self.prepared.keywords;
        done.ignore_errors = matches!(self.switch("ignore_errors", keywords.ignore_errors.as_ref()), Ok(Some(true)));
        done.ignore_unreachable =
            matches!(self.switch("ignore_unreachable", keywords.ignore_unreachable.as_ref()), Ok(Some(true)));
    }

    fn tell_retry(&self, done: &Done, keywords: &Rendered, attempt: usize, tries: usize) {
        let cut = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.env.sink.emit(EventKind::Retrying {
            task: self.number,
            host: self.host.name().to_string(),
            delegated_to: keywords.delegate.as_ref().map(|host| host.name().to_string()),
            attempt: cut(attempt),
            left: cut(tries - attempt),
            result: item_result(done),
        });
    }

    /// Waits, but not longer than the run lasts.
    pub(super) async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.env.cancel.cancelled() => {}
        }
    }
}

fn timed_out(limit: Duration) -> Done {
    let seconds = limit.as_secs_f64();
    let mut done = Done::failed(Problem::new(format!("Timed out after {seconds} second(s).")));
    let period = if limit.subsec_nanos() == 0 { Value::from(limit.as_secs()) } else { Value::Float(seconds) };
    done.set("timedout", Value::map([(Key::from("period"), period)].into_iter().collect::<Map>()));
    done
}

/// A condition that cannot be evaluated fails the task.
fn blame(done: &mut Done, condition: &str, problem: Problem) {
    done.set("failed", true.into());
    done.set(&format!("{condition}_when_result"), Value::data(problem.message.as_str()));
    done.set("msg", Value::data(problem.message));
    done.diagnostic = problem.diagnostic;
}
