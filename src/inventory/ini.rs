//! Inventories in INI form.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;

use super::address;
use super::literal;
use super::model::Inventory;
use super::reconcile::LinkError;
use super::words::{self, Word, WordError};
use crate::diag::{Diagnostic, Diagnostics, SourceId, Span, did_you_mean};
use crate::value::{Key, Map, Redactor, Text, Value, python_str};

const CODE: &str = "inventory";
/// More hosts than this are a mistake in a range.
const MAX_HOSTS: usize = 500_000;

/// What the lines of a section are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Hosts,
    Vars,
    Children,
}

/// Whether the texts of values are secret: those of an encrypted inventory are.
#[derive(Clone, Copy)]
pub(super) enum Secrecy<'r> {
    Open,
    /// They are, and this redactor is told.
    Secret(&'r Redactor),
}

/// A group that was mentioned, but whose own section has not come yet.
enum Pending {
    /// `[name:vars]` stands here.
    Vars(Span),
    /// It is named as a child of these groups.
    Child(Vec<(usize, Span)>),
}

/// Adds the hosts, groups and variables of a text. All its errors are found, not only the first.
pub(super) fn read(
    inventory: &mut Inventory,
    text: &str,
    source: SourceId,
    path: &Arc<Path>,
    secrecy: Secrecy<'_>,
    diagnostics: &mut Diagnostics,
) {
    let group = inventory.ensure_group(super::model::UNGROUPED, None);
    let mut reader = Reader { inventory, path, section: Section::Hosts, group, pending: IndexMap::new() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Err(error) = reader.line(Line { text: content, at, source, secrecy }) {
            diagnostics.push(*error);
        }
    }
    reader.finish(diagnostics);
}

/// A line without the blanks around it.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    at: usize,
    source: SourceId,
    secrecy: Secrecy<'t>,
}

impl Line<'_> {
    fn span(&self) -> Span {
        self.part(0, self.text.len())
    }

    fn part(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.at + start, self.at + end)
    }

    fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(CODE, message).at(self.span())
    }

    /// The value of a variable.
    fn value(&self, text: &str, span: Span) -> Value {
        literal::read(text, &|text| {
            let text = Text::template(text, Some(span));
            match self.secrecy {
                Secrecy::Open => text,
                Secrecy::Secret(redactor) => {
                    if !text.is_template() {
                        redactor.register(&text);
                    }
                    text.into_secret()
                }
            }
        })
    }
}

struct Reader<'i> {
    inventory: &'i mut Inventory,
    path: &'i Arc<Path>,
    section: Section,
    group: usize,
    pending: IndexMap<String, Pending>,
}

impl Reader<'_> {
    fn line(&mut self, line: Line<'_>) -> Result<(), Box<Diagnostic>> {
        if let Some((name, kind)) = header(line.text) {
            return self.header(line, name, kind);
        }
        if line.text.starts_with('[') && line.text.ends_with(']') {
            return Err(Box::new(
                line.error("this is not a valid section")
                    .help("write `[group]`, `[group:vars]` or `[group:children]`, without blanks inside the brackets"),
            ));
        }
        match self.section {
            Section::Hosts => self.host(line),
            Section::Vars => self.variable(line),
            Section::Children => self.child(line),
        }
    }

    fn header(&mut self, line: Line<'_>, name: &str, kind: Option<&str>) -> Result<(), Box<Diagnostic>> {
        let section = match kind {
            None | Some("hosts") => Section::Hosts,
            Some("vars") => Section::Vars,
            Some("children") => Section::Children,
            Some(other) => {
                return Err(Box::new(
                    line.error(format!("a section has no kind `{other}`"))
                        .help_opt(did_you_mean(other, ["vars", "children", "hosts"]))
                        .help("the kinds are `[group]`, `[group:vars]` and `[group:children]`"),
                ));
            }
        };
        let span = line.part(1, 1 + name.len());
        if section == Section::Vars && self.inventory.group(name).is_none() && !self.pending.contains_key(name) {
            self.pending.insert(name.to_owned(), Pending::Vars(line.span()));
        }
        self.section = section;
        self.group = self.inventory.ensure_group(name, Some(span));
        if section != Section::Vars
            && let Some(Pending::Child(parents)) = self.pending.shift_remove(name)
        {
            for (parent, place) in parents {
                self.link(parent, self.group, place)?;
            }
        }
        Ok(())
    }

    fn host(&mut self, line: Line<'_>) -> Result<(), Box<Diagnostic>> {
        let words = words::split(line.text).map_err(|error| {
            Box::new(match error {
                WordError::Quote(at) => {
                    Diagnostic::error(CODE, "the quote is not closed").label(line.part(at, at + 1), "it opens here")
                }
                WordError::Escape(at) => {
                    Diagnostic::error(CODE, "nothing follows the backslash").at(line.part(at, at + 1))
                }
            })
        })?;
        let Some((first, rest)) = words.split_first() else { return Ok(()) };
        let span = line.part(first.start, first.end);
        let (names, port) = host_names(&first.text, span, self.inventory)?;
        let mut vars = Map::new();
        for word in rest {
            let (key, value) = host_variable(line, word)?;
            vars.insert(key, value);
        }
        for name in names {
            let known = self.inventory.hosts.len();
            let host = self.inventory.ensure_host(&name, Some(span), Some(self.path));
            let is_new = self.inventory.hosts.len() > known;
            if let Some(host) = self.inventory.host_at_mut(host) {
                if let Some(port) = port.filter(|_| is_new) {
                    host.vars.insert(Key::from("ansible_port"), Value::Int(port.into()));
                }
                host.vars.extend(vars.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            self.inventory.put_host(self.group, host);
        }
        Ok(())
    }

    fn variable(&mut self, line: Line<'_>) -> Result<(), Box<Diagnostic>> {
        let Some((key, value)) = line.text.split_once('=') else {
            return Err(Box::new(
                line.error("this is not a variable").help("in a `:vars` section every line is `name=value`"),
            ));
        };
        let start = key.len() + 1 + (value.len() - value.trim_start().len());
        let value = value.trim();
        let span = line.part(start, start + value.len());
        let value = line.value(value, span);
        let key = key.trim();
        if key == "ansible_group_priority" {
            return set_priority(self.inventory, self.group, &value, span);
        }
        if let Some(group) = self.inventory.group_at_mut(self.group) {
            group.vars.insert(Key::from(key), value);
        }
        Ok(())
    }

    fn child(&mut self, line: Line<'_>) -> Result<(), Box<Diagnostic>> {
        let name = line.text.split(char::is_whitespace).next().unwrap_or_default();
        let after = line.text.get(name.len()..).unwrap_or_default().trim_start();
        let span = line.part(0, name.len());
        if name.contains([':', ']']) || !(after.is_empty() || after.starts_with('#')) {
            return Err(Box::new(
                line.error("this is not the name of a group")
                    .help("in a `:children` section every line names one group"),
            ));
        }
        if let Some(child) = self.inventory.groups.get_index_of(name) {
            return self.link(self.group, child, span);
        }
        let pending = self.pending.entry(name.to_owned()).or_insert_with(|| Pending::Child(Vec::new()));
        if let Pending::Child(parents) = pending {
            parents.push((self.group, span));
        }
        Ok(())
    }

    fn link(&mut self, parent: usize, child: usize, span: Span) -> Result<(), Box<Diagnostic>> {
        self.inventory.try_link(parent, child).map(|_| ()).map_err(|error| Box::new(not_linked(error, span)))
    }

    /// What was mentioned must have its own section by now.
    fn finish(self, diagnostics: &mut Diagnostics) {
        let names: Vec<Arc<str>> = self.inventory.groups.keys().cloned().collect();
        let near = |name: &str| did_you_mean(name, names.iter().map(AsRef::as_ref));
        for (name, pending) in self.pending {
            diagnostics.push(match pending {
                Pending::Vars(span) => {
                    Diagnostic::error(CODE, format!("there is no group `{name}` to give variables to"))
                        .at(span)
                        .help_opt(near(&name))
                        .help(format!("declare it with a section `[{name}]`, even an empty one"))
                }
                Pending::Child(parents) => {
                    let mut diagnostic = Diagnostic::error(CODE, format!("there is no group `{name}`"));
                    for (_, span) in parents {
                        diagnostic = diagnostic.at(span);
                    }
                    diagnostic
                        .help_opt(near(&name))
                        .help(format!("declare it with a section `[{name}]`, even an empty one"))
                }
            });
        }
    }
}

/// `[name]` or `[name:kind]`, maybe with a comment behind it.
fn header(line: &str) -> Option<(&str, Option<&str>)> {
    let (inner, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    let (name, kind) = match inner.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inner, None),
    };
    let name_fits = !name.is_empty() && !name.contains(char::is_whitespace);
    let kind_fits = kind.is_none_or(|kind| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_'));
    ((after.is_empty() || after.starts_with('#')) && name_fits && kind_fits).then_some((name, kind))
}

/// The names that a host pattern stands for, and its port.
pub(super) fn host_names(
    pattern: &str,
    span: Span,
    inventory: &Inventory,
) -> Result<(Vec<String>, Option<u16>), Box<Diagnostic>> {
    let error = |message: String| Box::new(Diagnostic::error(CODE, message).at(span));
    let (base, port) = address::split_port(pattern);
    if port.is_none() && pattern.ends_with(':') {
        return Err(error("a host name does not end in a colon; a port follows it".to_owned()));
    }
    if base == "---" {
        return Err(Box::new(
            Diagnostic::error(CODE, "this looks like YAML, but is read as INI")
                .at(span)
                .help("give the file the ending `.yml`, or check that it is valid YAML"),
        ));
    }
    if base.trim().is_empty() {
        return Err(error("a host name is missing".to_owned()));
    }
    let names = address::expand(base).map_err(|problem| error(problem.to_string()))?;
    // ranges multiply, and a few lines of them fill any memory
    if names.len() > 1 && names.len() + inventory.hosts.len() > MAX_HOSTS {
        return Err(error(format!("with these hosts, the inventory has more than {MAX_HOSTS}")));
    }
    Ok((names, port))
}

fn host_variable(line: Line<'_>, word: &Word) -> Result<(Key, Value), Box<Diagnostic>> {
    let span = line.part(word.start, word.end);
    let Some((key, value)) = word.text.split_once('=') else {
        return Err(Box::new(Diagnostic::error(CODE, format!("`{}` is not a variable", word.text)).at(span).help(
            "behind a host stand `name=value` pairs; a value with blanks needs quotes; each host has its own line",
        )));
    };
    // in the line the value stands after the first `=`, maybe in quotes
    let raw = line.text.get(word.start..word.end).unwrap_or_default();
    let start = raw.find('=').map_or(word.start, |at| word.start + at + 1);
    let value_span = line.part(start, word.end);
    Ok((Key::from(key), line.value(value, value_span)))
}

/// Sets `ansible_group_priority`.
pub(super) fn set_priority(
    inventory: &mut Inventory,
    group: usize,
    value: &Value,
    span: Span,
) -> Result<(), Box<Diagnostic>> {
    let number = match value {
        Value::Int(number) => i64::try_from(*number).ok(),
        other => python_str(other).trim().parse().ok(),
    };
    let Some(number) = number else {
        return Err(Box::new(Diagnostic::error(CODE, "`ansible_group_priority` is a whole number").at(span)));
    };
    if let Some(group) = inventory.group_at_mut(group) {
        group.priority = number;
    }
    Ok(())
}

/// The diagnostic of a group that cannot be put below another.
pub(super) fn not_linked(error: LinkError, span: Span) -> Diagnostic {
    match error {
        LinkError::Itself => Diagnostic::error(CODE, "a group cannot be its own child").at(span),
        LinkError::Loop => Diagnostic::error(CODE, "this child already holds the group it is put into").at(span),
    }
}
