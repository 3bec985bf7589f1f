//! Keywords that plays, roles, blocks, tasks and imports share.

use super::reader::{Reader, is_identifier, is_literal, kind_of, kind_of_value};
use crate::diag::{Diagnostic, Severity};
use crate::playbook::keywords::{Keywords, Tags};
use crate::playbook::tags::split_tags;
use crate::value::{Map, Text, Value, parse_bool};
use crate::yaml::{Entry, Node};

impl Reader<'_> {
    /// Takes a shared keyword into `keywords`; whether the part may have it was checked before. `false` where the keyword is
    /// not a shared one.
    pub(super) fn shared_keyword(&mut self, key: &str, entry: &Entry, keywords: &mut Keywords) -> bool {
        let node = &entry.value;
        match key {
            "name" => keywords.name = self.text(key, node),
            "when" => keywords.when = self.conditions(node),
            "vars" => keywords.vars = self.vars(node, "`vars`").unwrap_or_default(),
            "tags" => keywords.tags = self.tags(node),
            "environment" => keywords.environment = self.mappings(key, node),
            "module_defaults" => keywords.module_defaults = self.mappings(key, node),
            "collections" => keywords.collections = self.names(key, node),
            "notify" => {
                keywords.notify = self.names_or_templates(key, node);
                self.notifications.notified(&keywords.notify);
            }
            "become" => keywords.r#become.r#become = self.flag(key, node),
            "become_user" => keywords.r#become.user = self.text(key, node),
            "become_method" => keywords.r#become.method = self.text(key, node),
            "become_flags" => keywords.r#become.flags = self.text(key, node),
            "become_exe" => keywords.r#become.exe = self.text(key, node),
            "no_log" => keywords.no_log = self.flag(key, node),
            "ignore_errors" => keywords.ignore_errors = self.flag(key, node),
            "ignore_unreachable" => keywords.ignore_unreachable = self.flag(key, node),
            "any_errors_fatal" => keywords.any_errors_fatal = self.flag(key, node),
            "check_mode" => keywords.check_mode = self.flag(key, node),
            "diff" => keywords.diff = self.flag(key, node),
            "run_once" => keywords.run_once = self.flag(key, node),
            "delegate_facts" => keywords.delegate_facts = self.flag(key, node),
            "delegate_to" => keywords.delegate_to = self.text(key, node),
            "connection" => keywords.connection = self.text(key, node),
            "remote_user" => keywords.remote_user = self.text(key, node),
            "debugger" => self.debugger(node),
            "port" => keywords.port = self.number(key, node),
            "throttle" => keywords.throttle = self.number(key, node),
            "timeout" => keywords.timeout = self.number(key, node),
            _ => return false,
        }
        true
    }

    /// `debugger`: there is none, so that it can only be asked not to appear.
    fn debugger(&mut self, node: &Node) {
        match node.as_str() {
            Some("never") => {}
            _ if node.is_null() => {}
            Some("always" | "on_failed" | "on_skipped" | "on_unreachable") => self.problem(
                Diagnostic::error("unsupported", "`debugger` is not supported: there is no interactive debugger")
                    .at(node.span)
                    .help("leave it out, or set it to `never`"),
            ),
            _ => {
                let message = format!(
                    "`debugger` is one of `always`, `never`, `on_failed`, `on_skipped`, `on_unreachable`, not {}",
                    kind_of(node)
                );
                self.error("wrong-choice", message, node.span);
            }
        }
    }

    /// A value with the syntax of its templates checked; `None` for null.
    pub(super) fn value(&mut self, node: &Node) -> Option<Value> {
        let value = node.to_value();
        self.check_templates(&value);
        (!node.is_null()).then_some(value)
    }

    /// A truth value or a template of one.
    pub(super) fn flag(&mut self, key: &str, node: &Node) -> Option<Value> {
        let value = self.value(node)?;
        if is_literal(&value) && parse_bool(&value).is_none() {
            let message = format!("`{key}` takes a truth value, not {}", kind_of_value(&value));
            self.error("wrong-type", message, node.span);
            return None;
        }
        Some(value)
    }

    /// A number or a template of one.
    pub(super) fn number(&mut self, key: &str, node: &Node) -> Option<Value> {
        let value = self.value(node)?;
        let fits = match &value {
            Value::Str(text) if is_literal(&value) => text.trim().parse::<f64>().is_ok(),
            Value::Bool(_) | Value::List(_) | Value::Map(_) => false,
            _ => true,
        };
        if !fits {
            let message = format!("`{key}` takes a number, not {}", kind_of_value(&value));
            self.error("wrong-type", message, node.span);
            return None;
        }
        Some(value)
    }

    /// A text, or a number or truth value that will be read as one.
    pub(super) fn text(&mut self, key: &str, node: &Node) -> Option<Value> {
        let value = self.value(node)?;
        if matches!(value, Value::List(_) | Value::Map(_)) {
            let message = format!("`{key}` takes a text, not {}", kind_of_value(&value));
            self.error("wrong-type", message, node.span);
            return None;
        }
        Some(value)
    }

    /// One text or a list of them.
    pub(super) fn names_or_templates(&mut self, key: &str, node: &Node) -> Vec<Value> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        items.iter().filter_map(|item| self.text(key, item)).collect()
    }

    /// One name or a list of names, none of them templates.
    pub(super) fn names(&mut self, key: &str, node: &Node) -> Vec<String> {
        let values = self.names_or_templates(key, node);
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// `tags`: a list, or names separated by commas.
    pub(super) fn tags(&mut self, node: &Node) -> Tags {
        match (&node.kind, node.as_sequence()) {
            (_, Some(items)) => items.iter().filter_map(|item| self.text("tags", item)).collect(),
            (crate::yaml::NodeKind::Scalar(Value::Str(text)), None) => {
                self.check_templates(&Value::Str(text.clone()));
                let part = |tag: String| Value::Str(Text::new(tag, text.origin()).with_span(text.span()));
                split_tags(text).into_iter().map(part).collect()
            }
            _ if node.is_null() => Tags::new(),
            _ => {
                let message = format!("`tags` takes a list or names separated by commas, not {}", kind_of(node));
                self.error("wrong-type", message, node.span);
                Tags::new()
            }
        }
    }

    /// `when`, `until`, `failed_when` …: one condition or a list of which all must hold.
    pub(super) fn conditions(&mut self, node: &Node) -> Vec<Value> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        items.iter().filter(|item| !item.is_null()).map(|item| self.condition(item)).collect()
    }

    fn condition(&mut self, node: &Node) -> Value {
        let value = node.to_value();
        if let Value::Str(text) = &value {
            self.check_condition(text);
        }
        value
    }

    /// A mapping, a template of one, or a list of such; inner lists are taken apart.
    fn mappings(&mut self, key: &str, node: &Node) -> Vec<Value> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        let mut out = Vec::new();
        for item in items {
            let Some(value) = self.value(item) else { continue };
            match value {
                Value::Map(_) => out.push(value),
                Value::Str(ref text) if text.is_template() => out.push(value),
                other => {
                    let message = format!("`{key}` takes a mapping, not {}", kind_of_value(&other));
                    let problem = Diagnostic::error("wrong-type", message).at(item.span);
                    // Ansible passes such a value over and runs the task without it
                    let passed_over = key == "environment" && matches!(other, Value::Str(_));
                    self.problem(if passed_over {
                        Diagnostic { severity: Severity::Warning, ..problem.help("it is passed over") }
                    } else {
                        problem
                    });
                }
            }
        }
        out
    }

    /// A mapping of variables, the syntax of their templates checked and their names too; null counts as an empty one.
    pub(super) fn vars(&mut self, node: &Node, what: &str) -> Option<Map> {
        if node.is_null() {
            return Some(Map::new());
        }
        let Some(entries) = node.as_mapping() else {
            self.error(
                "wrong-type",
                format!("{what} must be a mapping of variables, not {}", kind_of(node)),
                node.span,
            );
            return None;
        };
        for entry in entries {
            let key = entry.key.to_value();
            let valid = key.as_str().is_some_and(is_identifier);
            if !valid {
                self.invalid_name(&crate::value::python_str(&key), "variable", &entry.key);
            }
        }
        let value = node.to_value();
        self.check_templates(&value);
        value.as_map().cloned()
    }

    /// A name that must be one of a variable.
    pub(super) fn invalid_name(&mut self, name: &str, what: &str, node: &Node) {
        self.problem(
            Diagnostic::error("invalid-name", format!("`{name}` is not a name that a {what} can have"))
                .at(node.span)
                .help("names begin with a letter or an underscore and hold only letters, digits and underscores"),
        );
    }
}
