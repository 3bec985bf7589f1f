//! What a task does: which of its keys names the module.

use super::arguments::Body;
use super::context::LoadContext;
use super::freeform::{self, Pairs};
use super::known;
use super::names;
use super::reader::{Reader, kind_of};
use super::unsupported::Missing;
use crate::diag::{Diagnostic, Span, closest};
use crate::modules::{FreeForm, ModuleDef, Runner, table};
use crate::value::Text;
use crate::value::Value;
use crate::yaml::{Entry, Node, NodeKind};

/// Actions that the loader or the engine carries out, not a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    ImportTasks,
    IncludeTasks,
    ImportRole,
    IncludeRole,
    Meta,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Builtin(Builtin),
    Module(&'static ModuleDef),
    /// A module whose name is a template.
    Named,
    /// A module in a file that the user brings.
    Custom(std::path::PathBuf),
    /// A module that Ansible has and quaymaster has not, with its full name and what is to be said.
    Unsupported(String, Box<Diagnostic>),
}

/// An action as written.
pub(super) struct Written<'n> {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) body: OwnedBody<'n>,
    /// `local_action` also means `delegate_to: localhost`.
    pub(super) local: bool,
    /// It stands under `action` or `local_action`.
    pub(super) old_style: bool,
}

/// What stands beside the name; the text of `action: copy src=a` is cut out of a longer one.
pub(super) enum OwnedBody<'n> {
    Node(&'n Node),
    Text(Text),
    /// `action: {module: copy, src: a}`: the other entries.
    Entries(Node),
}

impl OwnedBody<'_> {
    pub(super) fn as_body(&self) -> Body<'_> {
        match self {
            Self::Node(node) => Body::Node(node),
            Self::Text(text) => Body::Text(text),
            Self::Entries(node) => Body::Node(node),
        }
    }
}

const BUILTINS: &[(&str, Builtin)] = &[
    ("import_role", Builtin::ImportRole),
    ("import_tasks", Builtin::ImportTasks),
    ("include_role", Builtin::IncludeRole),
    ("include_tasks", Builtin::IncludeTasks),
    ("meta", Builtin::Meta),
];

pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// What a name stands for, if anything.
pub(super) fn resolve(name: &str, context: &LoadContext) -> Option<Target> {
    if let Some((_, builtin)) = BUILTINS.iter().find(|(known, _)| *known == short(name)) {
        return Some(Target::Builtin(*builtin));
    }
    let in_collection = || {
        let full = context.collections.iter().map(|collection| format!("{collection}.{name}"));
        full.filter(|_| !name.contains('.')).find_map(|full| table::find(&full))
    };
    // entries of the table that the engine carries out are above, or no tasks at all (`import_playbook`)
    let module = table::find(name).or_else(in_collection)?;
    (!matches!(module.runner, Runner::Engine)).then_some(Target::Module(module))
}

/// How a module reads free-form text.
pub(super) fn form_of(module: &ModuleDef) -> super::arguments::Form {
    let pairs = match module.name {
        "command" | "raw" | "script" | "shell" => Pairs::OfCommands,
        _ => Pairs::All,
    };
    let raw = match module.free_form {
        FreeForm::KeyValue => None,
        FreeForm::Raw(option) => Some(option),
    };
    super::arguments::Form { pairs, raw }
}

impl Reader<'_> {
    /// Finds the one action among `action`, `local_action` and the keys that are no keywords. Every key that is neither is
    /// reported.
    pub(super) fn find_action<'n>(
        &mut self,
        span: Span,
        old: &[(&'n str, &'n Entry)],
        others: &[(&'n str, &'n Entry)],
        keywords: &[&str],
        context: &LoadContext,
    ) -> Option<(Written<'n>, Target)> {
        let mut found: Vec<Written<'n>> = Vec::new();
        for (key, entry) in old {
            found.extend(self.old_style(key, entry));
        }
        let mut strangers = Vec::new();
        for (key, entry) in others {
            if resolve(key, context).is_some() || looks_like_action(key, keywords) || self.brings(key, context) {
                found.push(Written {
                    name: (*key).to_owned(),
                    span: entry.key.span,
                    body: OwnedBody::Node(&entry.value),
                    local: false,
                    old_style: false,
                });
            } else {
                strangers.push((*key, *entry));
            }
        }
        // a key unlike any keyword or module is the module where there is no other
        if found.is_empty() && old.is_empty() && strangers.len() == 1 {
            let (key, entry) = strangers.remove(0);
            if closest(key, keywords.iter().copied()).is_none() || has_options(&entry.value) {
                found.push(Written {
                    name: key.to_owned(),
                    span: entry.key.span,
                    body: OwnedBody::Node(&entry.value),
                    local: false,
                    old_style: false,
                });
            } else {
                strangers.push((key, entry));
            }
        }
        for (key, entry) in &strangers {
            self.unknown_keyword(entry, key, "a task", keywords);
        }
        let mut found = found.into_iter();
        let Some(first) = found.next() else {
            if strangers.is_empty() && old.is_empty() {
                self.problem(
                    Diagnostic::error("no-module", "this task names no module")
                        .at(span)
                        .help("a task has one key that is a module's name, such as `copy` or `command`"),
                );
            }
            return None;
        };
        let rest: Vec<Written<'n>> = found.collect();
        if !rest.is_empty() {
            let names: Vec<&str> = std::iter::once(&first).chain(&rest).map(|written| written.name.as_str()).collect();
            let mut problem =
                Diagnostic::error("several-modules", format!("conflicting action statements: {}", names.join(", ")))
                    .label(first.span, "one module");
            for other in &rest {
                problem = problem.label(other.span, "and another");
            }
            self.problem(problem.help("a task runs one module; a `block` holds several tasks"));
            return None;
        }
        let target = self.target(&first, context)?;
        Some((first, target))
    }

    /// What the action's name stands for; what it does not stand for is reported.
    fn target(&mut self, written: &Written<'_>, context: &LoadContext) -> Option<Target> {
        let name = written.name.as_str();
        if let Some(target) = self.custom_target(name, written.span, context) {
            return Some(target);
        }
        if written.old_style && name.contains("{{") {
            let name = Value::template(name);
            self.check_templates(&name);
            return Some(Target::Named);
        }
        let problem = match short(name) {
            "include" => Diagnostic::error("removed-action", "`include` was removed from Ansible")
                .at(written.span)
                .help("use `include_tasks` (read when reached) or `import_tasks` (read before the run)"),
            "import_playbook" => Diagnostic::error("misplaced-action", "`import_playbook` is no task")
                .at(written.span)
                .help("it stands in the list of plays"),
            _ if name.contains("{{") => {
                Diagnostic::error("no-module", "a template cannot be the key that names the module")
                    .at(written.span)
                    .help("`action: \"{{ name }} option=value\"` takes one")
            }
            _ => match self.missing_module(name, written.span, context) {
                Missing::Unsupported(full, problem) => return Some(Target::Unsupported(full, problem)),
                Missing::Unknown(problem) => *problem,
            },
        };
        self.problem(problem);
        None
    }

    /// `action: copy src=a dest=b` and its mapping form.
    fn old_style<'n>(&mut self, key: &str, entry: &'n Entry) -> Option<Written<'n>> {
        let local = key == "local_action";
        let node = &entry.value;
        let split = |reader: &mut Self, text: &Text| match freeform::first_word(text) {
            Ok((name, rest)) if !name.is_empty() => Some((name, Text::new(rest, text.origin()).with_span(text.span()))),
            Ok(_) => {
                reader.error("no-module", format!("`{key}` names no module"), node.span);
                None
            }
            Err(error) => {
                reader.error("unbalanced-text", format!("`{key}` cannot be split: {error}"), node.span);
                None
            }
        };
        match &node.kind {
            NodeKind::Scalar(Value::Str(text)) => {
                let (name, rest) = split(self, text)?;
                Some(Written { name, span: node.span, body: OwnedBody::Text(rest), local, old_style: true })
            }
            NodeKind::Mapping(entries) => {
                let Some(module) = node.get("module").map(|module| (module, module.to_value())) else {
                    self.error("no-module", format!("`{key}` names no `module`"), node.span);
                    return None;
                };
                let (module_node, Value::Str(text)) = module else {
                    self.error("wrong-type", "`module` takes a name", node.span);
                    return None;
                };
                let (name, rest) = split(self, &text)?;
                if !rest.trim().is_empty() {
                    self.error(
                        "unsupported",
                        "options beside the name in `module` are not supported",
                        module_node.span,
                    );
                    return None;
                }
                let others = entries.iter().filter(|entry| entry.key.as_str() != Some("module"));
                let others = others.flat_map(|entry| match (entry.key.as_str(), entry.value.as_mapping()) {
                    (Some("args"), Some(inner)) => inner.to_vec(),
                    _ => vec![entry.clone()],
                });
                let others = others.collect();
                let body = Node { span: node.span, kind: NodeKind::Mapping(others) };
                Some(Written { name, span: module_node.span, body: OwnedBody::Entries(body), local, old_style: true })
            }
            _ => {
                let message = format!("`{key}` takes a module's name with its options, not {}", kind_of(node));
                self.error("wrong-type", message, node.span);
                None
            }
        }
    }
}

/// Whether a value looks like the options of a module rather than like what keywords take.
fn has_options(node: &Node) -> bool {
    node.as_mapping().is_some() || node.as_str().is_some_and(|text| text.contains('='))
}

/// Whether an unknown key was meant as a module's name rather than a keyword.
fn looks_like_action(key: &str, keywords: &[&str]) -> bool {
    matches!(short(key), "include" | "import_playbook")
        || key.contains('.')
        || known::full_name(key).is_some()
        || (closest(key, keywords.iter().copied()).is_none() && closest(key, action_names()).is_some())
}

/// Every name that a task may give as its action.
pub(super) fn action_names() -> impl Iterator<Item = &'static str> {
    let modules =
        table::MODULES.iter().flat_map(|module| std::iter::once(module.name).chain(module.aliases.iter().copied()));
    BUILTINS.iter().map(|(name, _)| *name).chain(modules)
}

/// The keywords of a task or a handler.
pub(super) fn task_keywords(handlers: bool) -> Vec<&'static str> {
    let mut keywords = names::TASK.to_vec();
    if handlers {
        keywords.push("listen");
    }
    keywords
}
