//! Whether every notified handler exists.

use std::collections::BTreeSet;

use super::context::RoleHome;
use super::reader::{Reader, is_literal};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::playbook::flow::BoundHandler;
use crate::playbook::model::Play;
use crate::value::Value;
use crate::yaml::Node;

/// What the tasks of a play notify, and the handlers that it may come to know.
#[derive(Default)]
pub(super) struct Notifications {
    notified: Vec<(String, Option<Span>)>,
    names: BTreeSet<String>,
    /// Something whose handlers are only known in the run is included, or a handler's name is a template.
    open: bool,
}

impl Notifications {
    /// Notes what a task or block notifies.
    pub(super) fn notified(&mut self, values: &[Value]) {
        for value in values.iter().filter(|value| is_literal(value)) {
            if let Value::Str(text) = value {
                self.notified.push((text.as_str().to_owned(), text.span()));
            }
        }
    }

    /// Further handlers may turn up in the run.
    pub(super) fn may_grow(&mut self) {
        self.open = true;
    }

    /// Notes a handler that could not be read: it is reported already, and what notifies it is right.
    pub(super) fn unreadable(&mut self, node: &Node, role: Option<&RoleHome>) {
        let names = ["name", "listen"].into_iter().filter_map(|key| node.get(key));
        let names: Vec<&Node> =
            names.flat_map(|names| names.as_sequence().unwrap_or(std::slice::from_ref(names))).collect();
        // an import that failed would have brought handlers with names of their own
        self.open |= names.is_empty();
        for name in names.iter().filter_map(|name| name.as_str()) {
            self.names.insert(name.to_owned());
            if let Some(role) = role {
                self.names.insert(format!("{} : {name}", role.name));
                self.names.insert(format!("{} : {name}", role.short_name));
            }
        }
    }

    /// Notes handlers that exist, under all names that they can be notified by.
    pub(super) fn known(&mut self, handlers: &[BoundHandler]) {
        for bound in handlers {
            let names = bound.handler.task.keywords.name.iter().chain(&bound.handler.listen);
            for name in names {
                let Some(text) = name.as_str().filter(|_| is_literal(name)) else {
                    self.open = true;
                    continue;
                };
                self.names.insert(text.to_owned());
                if let Some(role) = bound.roles.last() {
                    self.names.insert(format!("{} : {text}", role.name));
                    self.names.insert(format!("{} : {text}", role.short_name));
                }
            }
        }
    }
}

impl Reader<'_> {
    /// Reports what the play notifies in vain, and begins anew for the next play.
    pub(super) fn check_notifications(&mut self, play: &Play) {
        let mut notifications = std::mem::take(&mut self.notifications);
        notifications.known(&play.bound_handlers());
        if notifications.open {
            return;
        }
        let mut told = BTreeSet::new();
        for (name, span) in &notifications.notified {
            if notifications.names.contains(name) || !told.insert(name) {
                continue;
            }
            let mut problem =
                Diagnostic::error("unknown-handler", format!("no handler is called `{name}`")).at_opt(*span);
            match did_you_mean(name, notifications.names.iter().map(String::as_str)) {
                Some(help) => problem = problem.help(help),
                None if notifications.names.is_empty() => problem = problem.help("this play has no handlers"),
                None => {
                    let names: Vec<String> = notifications.names.iter().map(|name| format!("`{name}`")).collect();
                    problem = problem.help(format!("there are {}", names.join(", ")));
                }
            }
            self.problem(problem);
        }
    }
}
