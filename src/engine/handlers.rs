//! Handlers: what a notification means, and the flush.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::batch::{Batch, Status};
use super::frame::Frame;
use super::problem::Problem;
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::event::TaskKind;
use crate::playbook::{BoundHandler, Play, Role, Task};
use crate::value::{Value, python_str};
use crate::vars::TaskVars;

/// The handlers of a play; roles that are included on the way add theirs.
#[derive(Debug)]
pub(super) struct Handlers {
    known: Mutex<Vec<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    bound: Arc<BoundHandler>,
    frame: Frame,
    /// The list that it stands in: that of the play, or that of one use of a role.
    list: usize,
    /// The rendered names, once someone asked.
    names: Option<Arc<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    /// Alone and with the role in front.
    own: Vec<String>,
    listen: Vec<String>,
}

impl Handlers {
    pub(super) fn new(play: &Play) -> Self {
        let frame = Frame { kind: TaskKind::Handler, ..Frame::of_play(play) };
        let handlers = Self { known: Mutex::default() };
        handlers.add(play.bound_handlers(), &frame);
        handlers
    }

    /// Adds handlers that stand inside `frame`.
    pub(super) fn add(&self, handlers: Vec<BoundHandler>, frame: &Frame) {
        let mut known = self.lock();
        let mut list = known.last().map_or(0, |last| last.list + 1);
        let mut before: Option<Arc<Role>> = None;
        for bound in handlers {
            let role = bound.roles.last();
            if before.as_ref().map(Arc::as_ptr) != role.map(Arc::as_ptr) {
                list += 1;
            }
            before = role.cloned();
            let mut inner = Frame { kind: TaskKind::Handler, ..frame.clone() };
            for role in &bound.roles {
                inner = inner.with_keywords(&role.keywords).in_role(role);
            }
            inner = inner.with_keywords(&bound.handler.outer);
            known.push(Known { bound: Arc::new(bound), frame: inner, list, names: None });
        }
    }

    /// The handlers that a notification means, by their places: one of that name, and all that listen for it. Of handlers
    /// with one name the first of the last list that has one is meant, as in Ansible.
    pub(super) fn find(&self, batch: &Batch, name: &str) -> Vec<usize> {
        let mut known = self.lock();
        for handler in known.iter_mut().filter(|handler| handler.names.is_none()) {
            handler.names = Some(Arc::new(names(batch, handler)));
        }
        let mut order: Vec<(usize, usize, &Names)> =
            known.iter().enumerate().filter_map(|(at, one)| Some((at, one.list, one.names.as_deref()?))).collect();
        order.sort_by_key(|(_, list, _)| std::cmp::Reverse(*list));
        let named = order.iter().find(|(_, _, names)| names.own.iter().any(|own| own == name));
        let mut found: Vec<usize> = named.map(|(at, _, _)| *at).into_iter().collect();
        let mut seen: Vec<&str> = Vec::new();
        for (at, _, names) in &order {
            if !names.listen.iter().any(|topic| topic == name) {
                continue;
            }
            if let Some(own) = names.own.first() {
                if seen.contains(&own.as_str()) {
                    continue;
                }
                seen.push(own);
            }
            if !found.contains(at) {
                found.push(*at);
            }
        }
        found
    }

    /// Whether a notification means anything.
    pub(super) fn check(&self, batch: &Batch, name: &str, place: Span) -> Result<(), Problem> {
        if !self.find(batch, name).is_empty() {
            return Ok(());
        }
        let known = self.lock();
        let all = known
            .iter()
            .filter_map(|handler| handler.names.as_ref())
            .flat_map(|names| names.own.first().into_iter().chain(&names.listen).map(String::as_str));
        let help = did_you_mean(name, all);
        let message = format!("there is no handler named `{name}`, and none listens for it");
        let diagnostic = Diagnostic::error("unknown-handler", message).at(place).help_opt(help);
        Err(Problem::from_diagnostic(&diagnostic, &batch.env.sources))
    }

    fn get(&self, at: usize) -> Option<Known> {
        self.lock().get(at).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names of a handler, rendered with what is the same for all hosts.
fn names(batch: &Batch, handler: &Known) -> Names {
    let task: &Task = &handler.bound.handler.task;
    let vars = Arc::new(TaskVars { role: handler.frame.role.clone(), ..TaskVars::default() });
    let render = |value: &Value| -> Option<Value> {
        let scope = batch.scope(None, &vars).ok()?;
        batch.env.templar.render(value, &scope).ok()
    };
    let mut names = Names::default();
    for topic in &handler.bound.handler.listen {
        match render(topic) {
            Some(Value::List(topics)) => names.listen.extend(topics.iter().map(python_str)),
            Some(topic) => names.listen.push(python_str(&topic)),
            None => {}
        }
    }
    // a topic of a role's handler can be notified with the role in front, too
    if let Some(frame) = &handler.frame.role {
        let role = frame.role();
        let with_role = |topic: &String| [format!("{} : {topic}", role.short_name), format!("{} : {topic}", role.name)];
        let qualified: Vec<String> = names.listen.iter().flat_map(with_role).collect();
        names.listen.extend(qualified);
    }
    let Some(written) = &task.keywords.name else { return names };
    match render(written) {
        Some(name) => {
            let name = python_str(&name);
            if let Some(frame) = &handler.frame.role {
                let role = frame.role();
                names.own.extend([format!("{} : {name}", role.short_name), format!("{} : {name}", role.name)]);
            }
            names.own.insert(0, name);
        }
        None if names.listen.is_empty() => batch.env.warn(format!(
            "the handler `{}` cannot be notified: its name needs variables of a host, and it listens for nothing",
            python_str(written)
        )),
        None => {}
    }
    names
}

impl Batch {
    /// Runs the notified handlers of some hosts, each once, in the order of their definition.
    pub(super) async fn flush(&self, hosts: &[usize]) {
        for place in hosts {
            let waiting = self.with(*place, |state| std::mem::take(&mut state.notified)).unwrap_or_default();
            for name in waiting {
                let found = self.handlers.find(self, &name);
                self.with(*place, |state| state.handlers.extend(found));
            }
        }
        if self.filter(hosts, |state| !state.handlers.is_empty()).is_empty() {
            return;
        }
        self.flushing(hosts, true);
        let mut at = 0;
        while let Some(handler) = self.handlers.get(at) {
            let running = self.running(hosts);
            let notified = self.filter(&running, |state| state.handlers.contains(&at));
            let prepared = handler.frame.prepare(&handler.bound.handler.task);
            if !notified.is_empty() && self.is_confirmed(&prepared, &notified) {
                for place in &notified {
                    self.with(*place, |state| state.handlers.remove(&at));
                }
                self.run_prepared(Arc::new(prepared), &notified).await;
            }
            at += 1;
        }
        self.flushing(hosts, false);
    }

    fn flushing(&self, hosts: &[usize], going_on: bool) {
        for place in hosts {
            self.with(*place, |state| state.flushing = going_on);
        }
    }

    /// The end of a section of a play: handlers run, and with `force_handlers` also on hosts that failed in it.
    pub(super) async fn end_section(&self, hosts: &[usize]) {
        if !self.settings.force_handlers {
            return self.flush(&self.running(hosts)).await;
        }
        let failed = self.failed(hosts);
        self.mark(&failed, Status::Finishing);
        let running = self.running(hosts);
        self.flush(&running).await;
        let failed = self.filter(&failed, |state| state.status.runs());
        self.mark(&failed, Status::Failed);
    }
}
