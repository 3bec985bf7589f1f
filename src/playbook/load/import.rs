//! `import_tasks` and `import_role`: read before the run, in place.

use std::sync::Arc;

use super::action::Written;
use super::arguments::Arguments;
use super::context::{LoadContext, VarsRank};
use super::names;
use super::reader::Reader;
use super::role_use::RoleUse;
use super::task::{Draft, Read};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::playbook::keywords::Keywords;
use crate::playbook::model::{Block, Step};
use crate::value::{Value, parse_bool};

impl Reader<'_> {
    pub(super) fn import_tasks(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        draft: &Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        self.no_loop(written, draft);
        self.include_options(written, arguments, names::INCLUDE_TASKS, &["apply"]);
        let (value, span) = self.file_option(written, arguments)?;
        let name = self.static_name(&value, context, &draft.keywords.vars)?;
        let path = match self.loader.find_task_file(&name, Some(span), context) {
            Ok(path) => path,
            Err(problem) => {
                self.problem(problem);
                return None;
            }
        };
        let inner = import_context(context, &draft.keywords);
        if context.handlers {
            let keywords = Arc::new(draft.keywords.clone());
            let mut handlers = self.handler_file(&path, Some(span), &inner)?;
            for handler in &mut handlers {
                handler.outer = Arc::new(handler.outer.inherit(&keywords));
            }
            return Some(Read::Handlers(handlers));
        }
        let steps = self.task_file(&path, Some(span), &inner)?;
        Some(Read::Imported(vec![wrap(draft, steps)]))
    }

    pub(super) fn import_role(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        draft: &Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        if self.refuse_as_handler(written, context) {
            return None;
        }
        self.no_loop(written, draft);
        let name = self.role_option(written, arguments)?;
        self.include_options(written, arguments, names::INCLUDE_ROLE, &["apply"]);
        let mut r#use = RoleUse::named(self.static_name(&name.0, context, &draft.keywords.vars)?);
        r#use.at = Some(name.1);
        r#use.included = true;
        r#use.public = true;
        r#use.allow_duplicates = Some(true);
        r#use.keywords.vars.clone_from(&draft.keywords.vars);
        for key in ["tasks_from", "vars_from", "defaults_from", "handlers_from"] {
            if let Some(argument) = arguments.get(key) {
                let from = self.static_name(&argument.value.clone(), context, &draft.keywords.vars)?;
                r#use.set_from(key, from);
            }
        }
        let flag = |key: &str| arguments.get(key).and_then(|argument| parse_bool(&argument.value));
        r#use.public = flag("public").unwrap_or(true);
        r#use.validate = flag("rolespec_validate").unwrap_or(true);
        if let Some(allow) = flag("allow_duplicates") {
            r#use.allow_duplicates = Some(allow);
        }
        let role = self.role(&r#use, &import_context(context, &draft.keywords))?;
        Some(Read::Imported(vec![wrap(draft, vec![Step::Block(role.block())])]))
    }

    /// Imports are read once, so they cannot be looped over.
    fn no_loop(&mut self, written: &Written<'_>, draft: &Draft<'_>) {
        if let Some((_, span)) = draft.written.iter().find(|(key, _)| *key == "loop") {
            let name = written.name.as_str();
            self.problem(
                Diagnostic::error(
                    "loop-on-import",
                    format!("`{name}` cannot be looped over: it is read before the run"),
                )
                .at(*span)
                .help(format!("use `{}`", name.replace("import_", "include_"))),
            );
        }
    }

    /// Roles cannot be handlers.
    pub(super) fn refuse_as_handler(&mut self, written: &Written<'_>, context: &LoadContext) -> bool {
        if context.handlers {
            self.error("misplaced-action", format!("`{}` cannot be a handler", written.name), written.span);
        }
        context.handlers
    }

    /// Reports options that an import or include does not take.
    pub(super) fn include_options(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        known: &[&str],
        not: &[&str],
    ) {
        let Arguments::Given(list) = arguments else {
            self.error(
                "unsupported",
                format!("a template for all options of `{}` is not supported", written.name),
                written.span,
            );
            return;
        };
        for argument in list {
            if known.contains(&argument.name.as_str()) && !not.contains(&argument.name.as_str()) {
                continue;
            }
            let mut problem =
                Diagnostic::error("unknown-option", format!("`{}` has no option `{}`", written.name, argument.name))
                    .at(argument.name_span);
            problem = match argument.name.as_str() {
                "apply" => problem.help("keywords of an import are inherited by its tasks: write them beside it"),
                other => problem.help_opt(did_you_mean(other, known.iter().copied())),
            };
            self.problem(problem);
        }
    }

    /// The file of `import_tasks` and `include_tasks`.
    pub(super) fn file_option(&mut self, written: &Written<'_>, arguments: &Arguments) -> Option<(Value, Span)> {
        let found =
            arguments.get("file").filter(|argument| argument.value.as_str().is_some_and(|name| !name.is_empty()));
        if let Some(argument) = found {
            return Some((trimmed(&argument.value), argument.value_span));
        }
        if matches!(arguments, Arguments::Given(_)) {
            self.error("missing-option", format!("`{}` needs the name of a file", written.name), written.span);
        }
        None
    }

    /// The role of `import_role` and `include_role`.
    pub(super) fn role_option(&mut self, written: &Written<'_>, arguments: &Arguments) -> Option<(Value, Span)> {
        let found = arguments.get("name").or_else(|| arguments.get("role"));
        match found {
            Some(argument) if argument.value.as_str().is_some_and(|name| !name.is_empty()) => {
                Some((argument.value.clone(), argument.value_span))
            }
            Some(argument) => {
                self.error("wrong-type", "a role is named by a text", argument.value_span);
                None
            }
            None => {
                if matches!(arguments, Arguments::Given(_)) {
                    self.error(
                        "missing-option",
                        format!("`{}` needs the `name` of a role", written.name),
                        written.span,
                    );
                }
                None
            }
        }
    }
}

/// The context of what an import brings.
pub(super) fn import_context(context: &LoadContext, keywords: &Keywords) -> LoadContext {
    let mut inner = context.with_vars(VarsRank::Task, keywords.vars.clone());
    inner.module_defaults.extend(keywords.module_defaults.iter().cloned());
    inner.conditional |= may_be_passed_over(keywords);
    inner
}

/// Whether the run may pass over, or get over, what has these keywords.
pub(super) fn may_be_passed_over(keywords: &Keywords) -> bool {
    !keywords.when.is_empty()
        || keywords.ignore_errors.is_some()
        || keywords.tags.iter().any(|tag| tag.as_str() == Some("never"))
}

/// The block that an import becomes.
fn wrap(draft: &Draft<'_>, steps: Vec<Step>) -> Step {
    Step::Block(Arc::new(Block {
        keywords: draft.keywords.clone(),
        block: steps,
        rescue: Vec::new(),
        always: Vec::new(),
        role: None,
        span: draft.node.span,
    }))
}

/// A file's name without the blanks that free-form text leaves round it.
fn trimmed(value: &Value) -> Value {
    match value {
        Value::Str(text) if text.trim().len() != text.len() => {
            Value::Str(crate::value::Text::new(text.trim(), text.origin()).with_span(text.span()))
        }
        other => other.clone(),
    }
}
