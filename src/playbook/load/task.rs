//! Tasks.

use std::sync::Arc;

use super::action::{Builtin, Target, Written, form_of, task_keywords};
use super::arguments::{Arguments, Form};
use super::context::LoadContext;
use super::freeform::Pairs;
use super::import::may_be_passed_over;
use super::names;
use super::reader::{Reader, is_identifier, kind_of};
use super::unsupported::STAND_IN;
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::modules::custom::CUSTOM_FILE;
use crate::modules::{ModuleDef, table};
use crate::playbook::check::Given;
use crate::playbook::keywords::{Keywords, LoopControl};
use crate::playbook::model::{Action, LoopSource, Named, Step, Task};
use crate::template::Templar;
use crate::value::{Key, Map, Value, is_truthy, parse_bool};
use crate::yaml::{Entry, Node};

/// A task while its keys are being read.
pub(super) struct Draft<'n> {
    pub(super) node: &'n Node,
    pub(super) keywords: Keywords,
    /// The keywords in the text, for those that an action does not take.
    pub(super) written: Vec<(&'n str, Span)>,
    pub(super) args: Option<&'n Node>,
    pub(super) looping: Option<LoopSource>,
    loop_control: LoopControl,
    register: Option<Arc<str>>,
    until: Vec<Value>,
    retries: Option<Value>,
    delay: Option<Value>,
    failed_when: Option<Vec<Value>>,
    changed_when: Option<Vec<Value>>,
    r#async: Option<Value>,
    poll: Option<Value>,
    pub(super) listen: Vec<Value>,
}

/// What a task becomes.
pub(super) enum Read {
    /// A task, with `listen`.
    Task(Arc<Task>, Vec<Value>),
    /// What a static import brought.
    Imported(Vec<Step>),
    /// Handlers that a static import brought.
    Handlers(Vec<crate::playbook::model::Handler>),
}

impl<'n> Draft<'n> {
    fn new(node: &'n Node) -> Self {
        Self {
            node,
            keywords: Keywords::default(),
            written: Vec::new(),
            args: None,
            looping: None,
            loop_control: LoopControl::default(),
            register: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            failed_when: None,
            changed_when: None,
            r#async: None,
            poll: None,
            listen: Vec::new(),
        }
    }

    /// Whether the run may pass over the task, or get over its failure.
    fn conditional(&self, context: &LoadContext) -> bool {
        context.conditional || may_be_passed_over(&self.keywords) || self.failed_when.is_some()
    }

    /// The task with its action.
    pub(super) fn finish(self, reader: &Reader<'_>, action: Action, context: &LoadContext) -> Read {
        let task = Task {
            id: reader.loader.task_id(),
            keywords: self.keywords,
            action,
            looping: self.looping,
            loop_control: self.loop_control,
            register: self.register,
            until: self.until,
            retries: self.retries,
            delay: self.delay,
            failed_when: self.failed_when,
            changed_when: self.changed_when,
            r#async: self.r#async,
            poll: self.poll,
            dir: context.dir.clone(),
            span: self.node.span,
        };
        Read::Task(Arc::new(task), self.listen)
    }
}

impl Reader<'_> {
    /// Reads one task.
    pub(super) fn task(&mut self, node: &Node, context: &LoadContext) -> Option<Read> {
        let keywords = task_keywords(context.handlers);
        let entries = self.entries(node, if context.handlers { "a handler" } else { "a task" })?;
        let mut draft = Draft::new(node);
        let mut old = Vec::new();
        let mut others = Vec::new();
        for (key, entry) in entries {
            if matches!(key, "action" | "local_action") {
                old.push((key, entry));
            } else if key == "args" {
                draft.args = Some(&entry.value);
            } else if keywords.contains(&key) {
                draft.written.push((key, entry.key.span));
                self.task_keyword(key, entry, &mut draft);
            } else if let Some(lookup) = key.strip_prefix("with_") {
                draft.written.push(("loop", entry.key.span));
                self.with_loop(lookup, entry, &mut draft);
            } else {
                others.push((key, entry));
            }
        }
        let mut searched = context.clone();
        searched.collections.splice(0..0, draft.keywords.collections.iter().cloned());
        let (written, target) = self.find_action(node.span, &old, &others, &keywords, &searched)?;
        if written.local {
            draft.keywords.delegate_to = Some(Value::data("localhost"));
        }
        match target {
            Target::Module(module) => {
                let action = self.module_action(module, &written, &draft, context)?;
                Some(draft.finish(self, action, context))
            }
            Target::Named => {
                let named = Named::new(written, draft.args, searched.collections);
                self.notifications.may_grow();
                Some(draft.finish(self, Action::Named(Arc::new(named)), context))
            }
            Target::Builtin(builtin) => self.builtin_action(builtin, &written, draft, context),
            Target::Custom(path) => {
                let action = self.custom_action(&path, &written, &draft, context)?;
                Some(draft.finish(self, action, context))
            }
            Target::Unsupported(full, problem) => {
                let conditional = draft.conditional(context);
                self.problem_if_reached(*problem, conditional);
                let args = Value::map([(Key::from("module"), Value::data(full))].into_iter().collect());
                let name = written.name.as_str().into();
                let action = Action::Module { module: &STAND_IN, name, args, span: written.span };
                (conditional || self.loader.options.lists).then(|| draft.finish(self, action, context))
            }
        }
    }

    /// The action of a module that the user brings: its file goes along with the options.
    fn custom_action(
        &mut self,
        path: &std::path::Path,
        written: &Written<'_>,
        draft: &Draft<'_>,
        context: &LoadContext,
    ) -> Option<Action> {
        let module = table::internal("_custom")?;
        let Action::Module { name, args, span, .. } = self.module_action(module, written, draft, context)? else {
            return None;
        };
        let Value::Map(mut options) = args else {
            self.error("unsupported", "a template as all options of a module of one's own is not supported", span);
            return None;
        };
        Arc::make_mut(&mut options).insert(Key::from(CUSTOM_FILE), Value::data(path.to_string_lossy()));
        Some(Action::Module { module, name, args: Value::Map(options), span })
    }

    fn task_keyword(&mut self, key: &str, entry: &Entry, draft: &mut Draft<'_>) {
        let node = &entry.value;
        if self.shared_keyword(key, entry, &mut draft.keywords) {
            return;
        }
        match key {
            "register" => draft.register = self.variable_name(key, node),
            "loop" => {
                if draft.looping.is_some() {
                    self.second_loop(entry);
                } else if let Some(value) = self.value(node) {
                    draft.looping = Some(LoopSource::Loop(value));
                }
            }
            "loop_control" => draft.loop_control = self.loop_control(node),
            "until" => draft.until = self.conditions(node),
            "retries" => draft.retries = self.number(key, node),
            "delay" => draft.delay = self.number(key, node),
            "failed_when" => draft.failed_when = Some(self.conditions(node)),
            "changed_when" => draft.changed_when = Some(self.conditions(node)),
            "async" => draft.r#async = self.number(key, node),
            "poll" => draft.poll = self.number(key, node),
            "listen" => draft.listen = self.names_or_templates(key, node),
            _ => {}
        }
    }

    fn second_loop(&mut self, entry: &Entry) {
        self.error("several-loops", "a task has one loop, and this is a second one", entry.key.span);
    }

    fn with_loop(&mut self, lookup: &str, entry: &Entry, draft: &mut Draft<'_>) {
        if draft.looping.is_some() {
            self.second_loop(entry);
            return;
        }
        if !Templar::has_lookup(lookup) {
            let short = lookup.strip_prefix("ansible.builtin.").unwrap_or(lookup);
            self.problem(
                Diagnostic::error("unknown-lookup", format!("there is no lookup `{lookup}`"))
                    .at(entry.key.span)
                    .help_opt(did_you_mean(short, Templar::lookup_names())),
            );
            return;
        }
        match self.value(&entry.value) {
            Some(terms) => draft.looping = Some(LoopSource::With(lookup.into(), terms)),
            None => self.error("wrong-type", format!("`with_{lookup}` needs a value"), entry.key.span),
        }
    }

    /// The name of a variable that the task sets.
    fn variable_name(&mut self, key: &str, node: &Node) -> Option<Arc<str>> {
        match node.as_str() {
            Some(name) if is_identifier(name) => Some(name.into()),
            Some(name) => {
                self.invalid_name(name, "variable", node);
                None
            }
            None if node.is_null() => None,
            None => {
                let message = format!("`{key}` takes the name of a variable, not {}", kind_of(node));
                self.error("wrong-type", message, node.span);
                None
            }
        }
    }

    fn loop_control(&mut self, node: &Node) -> LoopControl {
        let mut control = LoopControl { span: Some(node.span), ..LoopControl::default() };
        for (key, entry) in self.entries(node, "`loop_control`").unwrap_or_default() {
            let value = &entry.value;
            match key {
                "loop_var" => control.loop_var = self.variable_name(key, value),
                "index_var" => control.index_var = self.variable_name(key, value),
                "label" => control.label = self.value(value),
                "pause" => control.pause = self.number(key, value),
                "extended" => control.extended = self.flag(key, value),
                "extended_allitems" => control.extended_allitems = self.flag(key, value),
                "break_when" => control.break_when = self.conditions(value),
                _ => self.unknown_keyword(entry, key, "`loop_control`", names::LOOP_CONTROL),
            }
        }
        control
    }

    /// A module with its options, checked against what the module takes.
    fn module_action(
        &mut self,
        module: &'static ModuleDef,
        written: &Written<'_>,
        draft: &Draft<'_>,
        context: &LoadContext,
    ) -> Option<Action> {
        let arguments =
            self.arguments(&written.name, written.span, written.body.as_body(), form_of(module), draft.args)?;
        let name: Arc<str> = written.name.as_str().into();
        let args = match &arguments {
            Arguments::Template(value) => value.clone(),
            Arguments::Given(list) => {
                let spec = self.loader.spec(module);
                let given: Vec<Given<'_>> = list
                    .iter()
                    .map(|argument| Given {
                        name: &argument.name,
                        name_span: argument.name_span,
                        value: &argument.value,
                        value_span: argument.value_span,
                    })
                    .collect();
                let defaulted =
                    has_defaults(module, context.module_defaults.iter().chain(&draft.keywords.module_defaults));
                let mut problems = Diagnostics::new();
                spec.check(&format!("`{}`", written.name), written.span, &given, defaulted, &mut problems);
                for problem in problems {
                    self.problem_of_run(problem);
                }
                let option = |name: &str| {
                    let is = |own: &str| spec.own_name(own).unwrap_or(own) == name;
                    list.iter().rev().find(|a| is(&a.name)).map(|a| (a.value.clone(), a.value_span))
                };
                self.check_source(module, &option, context, draft.conditional(context));
                self.check_expressions(module, &option);
                let mut map = Map::new();
                for argument in list {
                    let own = spec.own_name(&argument.name).unwrap_or(&argument.name);
                    map.insert(Key::from(own), argument.value.clone());
                }
                Value::map(map)
            }
        };
        Some(Action::Module { module, name, args, span: written.span })
    }

    /// What the loader or the engine does itself.
    fn builtin_action(
        &mut self,
        builtin: Builtin,
        written: &Written<'_>,
        draft: Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        let raw = match builtin {
            Builtin::ImportTasks | Builtin::IncludeTasks => Some("file"),
            Builtin::ImportRole | Builtin::IncludeRole => None,
            Builtin::Meta => Some("action"),
        };
        let form = Form { pairs: Pairs::All, raw };
        let arguments = self.arguments(&written.name, written.span, written.body.as_body(), form, draft.args)?;
        match builtin {
            Builtin::Meta => self.meta(written, &arguments, draft, context),
            Builtin::ImportTasks => self.import_tasks(written, &arguments, &draft, context),
            Builtin::ImportRole => self.import_role(written, &arguments, &draft, context),
            Builtin::IncludeTasks => self.include_tasks(written, &arguments, draft, context),
            Builtin::IncludeRole => self.include_role(written, &arguments, draft, context),
        }
    }

    fn meta(
        &mut self,
        written: &Written<'_>,
        arguments: &Arguments,
        draft: Draft<'_>,
        context: &LoadContext,
    ) -> Option<Read> {
        let asked = arguments.get("action").and_then(|argument| argument.value.as_str());
        let Some(asked) = asked.map(str::trim) else {
            self.problem(
                Diagnostic::error("wrong-type", "`meta` takes what is asked for, such as `flush_handlers`")
                    .at(written.span),
            );
            return None;
        };
        let span = arguments.get("action").map_or(written.span, |argument| argument.value_span);
        if !names::META.contains(&asked) {
            let known: Vec<String> = names::META.iter().map(|name| format!("`{name}`")).collect();
            let near = did_you_mean(asked, names::META.iter().copied());
            self.problem(
                Diagnostic::error("wrong-choice", format!("`meta` knows no `{asked}`"))
                    .at(span)
                    .help(near.unwrap_or_else(|| format!("it is one of {}", known.join(", ")))),
            );
            return None;
        }
        if asked == "end_role" && (context.role.is_none() || context.handlers) {
            self.error("misplaced-action", "`end_role` can only be asked for by a role's tasks", span);
            return None;
        }
        let asked: Arc<str> = asked.into();
        Some(draft.finish(self, Action::Meta(asked), context))
    }
}

/// Whether `module_defaults` may bring options for a module.
fn has_defaults<'v>(module: &ModuleDef, defaults: impl Iterator<Item = &'v Value>) -> bool {
    defaults.into_iter().any(|defaults| match defaults.as_map() {
        None => is_truthy(defaults) && parse_bool(defaults).is_none(),
        Some(map) => map.keys().filter_map(Key::as_str).any(|key| {
            key.starts_with("group/") || crate::modules::table::find(key).is_some_and(|found| found.name == module.name)
        }),
    })
}
