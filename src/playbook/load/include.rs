//! `include_tasks` and `include_role`: read when they are reached, looked into before where that is possible.

use super::action::Written;
use super::arguments::Arguments;
use super::context::LoadContext;
use super::import::import_context;
use super::names;
use super::reader::{Reader, is_literal};
use super::role_use::RoleUse;
use super::task::{Draft, Read};
use crate::diag::{Diagnostic, Span};
use crate::playbook::keywords::Keywords;
use crate::playbook::model::{Action, Include, IncludeKind};
use crate::value::Value;
use crate::yaml::{Node, NodeKind};

impl Reader<'_> {
    pub(super) fn include_tasks(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        draft: Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        self.include_keywords(written, &draft);
        self.include_options(written, arguments, names::INCLUDE_TASKS, &[]);
        let (value, span) = self.file_option(written, arguments)?;
        let apply = self.apply(written, &draft);
        if let Some(name) = value.as_str().filter(|_| is_literal(&value)) {
            self.look_into_tasks(name, span, context, &draft.keywords, apply.as_deref());
        } else {
            self.notifications.may_grow();
        }
        let mut args = arguments.to_map();
        args.insert("file".into(), value);
        args.shift_remove("apply");
        let name = written.name.as_str().into();
        let include = Include { kind: IncludeKind::Tasks, name, args, apply, span: written.span };
        Some(draft.finish(self, Action::Include(include), context))
    }

    pub(super) fn include_role(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        draft: Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        if self.refuse_as_handler(written, context) {
            return None;
        }
        self.include_keywords(written, &draft);
        self.include_options(written, arguments, names::INCLUDE_ROLE, &[]);
        let (value, span) = self.role_option(written, arguments)?;
        let apply = self.apply(written, &draft);
        self.look_into_role(&value, span, arguments, context, &draft.keywords);
        let mut args = arguments.to_map();
        args.shift_remove("role");
        args.shift_remove("apply");
        args.insert("name".into(), value);
        let name = written.name.as_str().into();
        let include = Include { kind: IncludeKind::Role, name, args, apply, span: written.span };
        Some(draft.finish(self, Action::Include(include), context))
    }

    /// Most keywords of a dynamic include mean nothing on it; its tasks get them through `apply`.
    fn include_keywords(&mut self, written: &Written<'_>, draft: &Draft<'_>) {
        for (key, span) in &draft.written {
            if names::DYNAMIC_INCLUDE.contains(key) || *key == "listen" {
                continue;
            }
            self.problem(
                Diagnostic::error("unknown-keyword", format!("`{key}` is not a keyword of `{}`", written.name))
                    .at(*span)
                    .help(format!("put it under `apply`, which holds for all included tasks: `apply: {{ {key}: … }}`")),
            );
        }
    }

    /// The keywords under `apply`.
    fn apply(&mut self, written: &Written<'_>, draft: &Draft<'_>) -> Option<Box<Keywords>> {
        let own = match written.body.as_body() {
            super::arguments::Body::Node(node) => node.get("apply"),
            super::arguments::Body::Text(_) => None,
        };
        let node = own.or_else(|| draft.args.and_then(|args| args.get("apply")))?;
        if matches!(node.kind, NodeKind::Scalar(Value::Str(_))) {
            self.error("unsupported", "a template as `apply` is not supported: write its keywords out", node.span);
            return None;
        }
        self.apply_keywords(node).map(Box::new)
    }

    fn apply_keywords(&mut self, node: &Node) -> Option<Keywords> {
        let mut keywords = Keywords::default();
        for (key, entry) in self.entries(node, "`apply`")? {
            let known = names::BLOCK.contains(&key) && !matches!(key, "block" | "rescue" | "always");
            if !known || !self.shared_keyword(key, entry, &mut keywords) {
                self.unknown_keyword(entry, key, "`apply`", names::BLOCK);
            }
        }
        Some(keywords)
    }

    /// Checks the file of an include, once.
    fn look_into_tasks(
        &mut self,
        name: &str,
        span: Span,
        context: &LoadContext,
        keywords: &Keywords,
        apply: Option<&Keywords>,
    ) {
        if self.loader.options.lists {
            // only a run reads it; its handlers would be known otherwise
            return self.notifications.may_grow();
        }
        let mut inner = import_context(context, keywords);
        let path = match self.loader.find_task_file(name, Some(span), context) {
            Ok(path) => path,
            Err(problem) => return self.problem_if_reached(problem, inner.conditional),
        };
        if !self.looked_into.insert(path.clone()) || self.open_files.contains(&path) {
            return;
        }
        inner.module_defaults.extend(apply.into_iter().flat_map(|apply| apply.module_defaults.iter().cloned()));
        if inner.handlers {
            self.handler_file(&path, Some(span), &inner);
        } else {
            self.task_file(&path, Some(span), &inner);
        }
    }

    /// Checks the role of an include, once for each of its entry points.
    fn look_into_role(
        &mut self,
        value: &Value,
        span: Span,
        arguments: &Arguments,
        context: &LoadContext,
        keywords: &Keywords,
    ) {
        let mut r#use = RoleUse::named(value.as_str().unwrap_or_default());
        r#use.at = Some(span);
        r#use.included = true;
        let mut literal = is_literal(value);
        for key in ["tasks_from", "vars_from", "defaults_from", "handlers_from"] {
            match arguments.get(key).map(|argument| &argument.value) {
                None => {}
                Some(from) if is_literal(from) => {
                    r#use.set_from(key, from.as_str().unwrap_or_default());
                }
                Some(_) => literal = false,
            }
        }
        if !literal || self.loader.options.lists {
            return self.notifications.may_grow();
        }
        let inner = import_context(context, keywords);
        let Some(home) = self.find_role(&r#use.name, Some(span), &inner, inner.conditional) else { return };
        let entry = home.path.join("tasks").join(r#use.tasks_from.as_deref().unwrap_or("main"));
        let open = self.open_roles.iter().any(|(path, _)| *path == home.path);
        if open || !self.looked_into.insert(entry) {
            return;
        }
        if let Some(role) = self.role(&r#use, &inner) {
            self.notifications.known(&role.bound_handlers());
        }
    }
}
