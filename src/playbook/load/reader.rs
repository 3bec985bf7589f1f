//! One reading: the problems found so far, and the helpers that all parts of it use.

use std::collections::HashSet;
use std::path::PathBuf;

use super::context::LoadContext;
use super::loader::Inner;
use super::notify::Notifications;
use crate::diag::{Diagnostic, Diagnostics, Label, Severity, Span, did_you_mean};
use crate::playbook::check::search_folders;
use crate::template::{MapScope, Scope};
use crate::value::{Map, Text, Value, python_str};
use crate::yaml::{Entry, Node};

/// Codes of problems that Ansible too has only when it comes to run something.
const OF_RUNS: &[&str] = &[
    "missing-option",
    "template-syntax",
    "unknown-handler",
    "unknown-lookup",
    "unknown-option",
    "unsupported-module",
    "wrong-choice",
];

/// A reading of a playbook, role or task file.
pub(super) struct Reader<'l> {
    pub(super) loader: &'l Inner,
    problems: Diagnostics,
    /// The files being read, the outermost first: an import of one of them never ends.
    pub(super) open_files: Vec<PathBuf>,
    /// Roles being read, by name, for dependencies that go in circles.
    pub(super) open_roles: Vec<(PathBuf, String)>,
    /// Files of dynamic includes that were looked into, so that a file which includes itself under a condition is fine.
    pub(super) looked_into: HashSet<PathBuf>,
    pub(super) notifications: Notifications,
}

impl<'l> Reader<'l> {
    pub(super) fn new(loader: &'l Inner) -> Self {
        Self {
            loader,
            problems: Diagnostics::new(),
            open_files: Vec::new(),
            open_roles: Vec::new(),
            looked_into: HashSet::new(),
            notifications: Notifications::default(),
        }
    }

    pub(super) fn into_problems(self) -> Diagnostics {
        self.problems
    }

    /// Notes a problem; the reading goes on. What messages quote from a file that was encrypted is left out.
    pub(super) fn problem(&mut self, problem: Diagnostic) {
        if OF_RUNS.contains(&problem.code.0) { self.problem_of_run(problem) } else { self.note(problem) }
    }

    /// Notes a problem that only a run has: a warning where nothing is to run.
    pub(super) fn problem_of_run(&mut self, problem: Diagnostic) {
        if self.loader.options.lists && problem.severity == Severity::Error {
            let problem = Diagnostic { severity: Severity::Warning, ..problem };
            return self.note(problem.help("it is listed all the same; a run would be refused"));
        }
        self.note(problem);
    }

    fn note(&mut self, problem: Diagnostic) {
        let secret = problem.span().is_some_and(|span| self.loader.is_secret(span));
        self.problems.push(if secret { without_quotes(problem) } else { problem });
    }

    /// Notes a problem that only matters where it is reached: a warning where that may never be.
    pub(super) fn problem_if_reached(&mut self, problem: Diagnostic, conditional: bool) {
        let severity = if conditional { Severity::Warning } else { problem.severity };
        self.problem(Diagnostic { severity, ..problem });
    }

    /// Notes several problems.
    pub(super) fn extend(&mut self, problems: Diagnostics) {
        for problem in problems {
            self.problem(problem);
        }
    }

    /// Notes an error at a place.
    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.problem(Diagnostic::error(code, message).at(span));
    }

    /// The entries of a mapping whose keys are texts; others are errors, and so is anything that is not a mapping.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<Vec<(&'n str, &'n Entry)>> {
        let Some(entries) = node.as_mapping() else {
            self.error("wrong-type", format!("{what} must be a mapping, not {}", kind_of(node)), node.span);
            return None;
        };
        let mut named = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(key) = entry.key.as_str() {
                named.push((key, entry));
            } else {
                let key = python_str(&entry.key.to_value());
                self.error("unknown-keyword", format!("`{key}` is not a keyword of {what}"), entry.key.span);
            }
        }
        Some(named)
    }

    /// The items of a list; null counts as an empty one.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match node.as_sequence() {
            Some(items) => items,
            None if node.is_null() => &[],
            None => {
                self.error("wrong-type", format!("{what} must be a list, not {}", kind_of(node)), node.span);
                &[]
            }
        }
    }

    /// A key that nothing takes.
    pub(super) fn unknown_keyword(&mut self, entry: &Entry, key: &str, what: &str, known: &[&str]) {
        self.problem(
            Diagnostic::error("unknown-keyword", format!("`{key}` is not a keyword of {what}"))
                .at(entry.key.span)
                .help_opt(did_you_mean(key, known.iter().copied())),
        );
    }

    /// A name that must be known before the run: literal, or a template of variables that are known by now.
    pub(super) fn static_name(&mut self, value: &Value, context: &LoadContext, task_vars: &Map) -> Option<String> {
        let Value::Str(text) = value else {
            return Some(python_str(value));
        };
        if !text.is_template() {
            return Some(text.as_str().to_owned());
        }
        let options = &self.loader.options;
        let mut vars = context.variables(&options.extra_vars);
        for (key, value) in task_vars {
            if options.extra_vars.get(key).is_none() {
                vars.insert(key.clone(), value.clone());
            }
        }
        let scope = StaticScope { vars: &vars, context };
        match options.templar.render(value, &scope) {
            Ok(rendered) => Some(python_str(&rendered)),
            Err(error) => {
                self.problem(
                    Diagnostic::error("import-name", format!("cannot work out `{}`: {}", text.as_str(), error.message))
                        .at_opt(error.span.or(text.span()))
                        .help_opt(error.help)
                        .help(
                            "names of static imports are needed before any host is looked at: they may use variables of \
                             the play, the role, the task and the command line, but no facts and no host variables",
                        ),
                );
                None
            }
        }
    }
}

/// What names of static imports can see.
struct StaticScope<'s> {
    vars: &'s Map,
    context: &'s LoadContext,
}

impl Scope for StaticScope<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.vars.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        MapScope(self.vars).names()
    }

    fn search_path(&self, kind: &str) -> Vec<PathBuf> {
        search_folders(self.context, kind)
    }
}

/// The problem without anything that it quotes: code, sentence and place still tell where to look.
pub(super) fn without_quotes(problem: Diagnostic) -> Diagnostic {
    let quoted = problem.message.split('`').enumerate();
    let message =
        quoted.map(|(position, part)| if position % 2 == 0 { part } else { "…" }).collect::<Vec<_>>().join("`");
    let labels = problem.labels.into_iter().map(|label| Label { text: String::new(), ..label }).collect();
    let help = vec!["the file is encrypted; look at it with `quaymaster vault view`".to_owned()];
    Diagnostic { message, labels, help, ..problem }
}

/// What kind of thing a node is, as people call it.
pub(super) fn kind_of(node: &Node) -> String {
    kind_of_value(&node.to_value())
}

/// What kind of thing a value is, as people call it.
pub(in crate::playbook) fn kind_of_value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the truth value `{value}`"),
        Value::Int(number) => format!("the number `{number}`"),
        Value::Float(number) => format!("the number `{number}`"),
        Value::Str(text) if text.is_secret() => "a secret text".to_owned(),
        Value::Str(text) => format!("the text `{}`", shortened(text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
        Value::Encrypted(_) => "a Vault value".to_owned(),
    }
}

fn shortened(text: &Text) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut out: String = line.chars().take(40).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// Whether the value is known as it stands: no template, no closed Vault value.
pub(in crate::playbook) fn is_literal(value: &Value) -> bool {
    match value {
        Value::Str(text) => !text.is_template(),
        Value::Encrypted(_) => false,
        _ => true,
    }
}

/// Whether Ansible takes the text as the name of a variable.
pub(in crate::playbook) fn is_identifier(name: &str) -> bool {
    const RESERVED: &[&str] = &["False", "None", "True", "false", "none", "not", "true"];
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !RESERVED.contains(&name)
}
