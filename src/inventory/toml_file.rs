//! Inventories in TOML form, read into the tree that a YAML inventory is.

use std::fmt::Write as _;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::{Datetime, Offset};

use crate::diag::{Diagnostic, SourceId, Span};
use crate::value::{Origin, Text, Value};
use crate::yaml::{Entry, Node, NodeKind};

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 60;

/// The groups of a document, as a YAML inventory has them.
pub(super) fn read(text: &str, source: SourceId) -> Result<Node, Box<Diagnostic>> {
    let error = |message: String, place: Span| Box::new(Diagnostic::error("inventory", message).at(place));
    let whole = Span::new(source, 0, text.len());
    let table = DeTable::parse(text).map_err(|problem| {
        let place = problem.span().map_or(whole, |range| Span::new(source, range.start, range.end));
        error(format!("this is not valid TOML: {}", problem.message()), place)
    })?;
    if table.get_ref().is_empty() {
        return Err(error("this TOML file is empty".to_owned(), whole));
    }
    let reader = Reader { source };
    if let Some((key, _)) = table.get_ref().iter().find(|(key, _)| key.get_ref() == "plugin") {
        let problem = error("the configuration of a plug-in is YAML, not TOML".to_owned(), reader.span(key));
        return Err(Box::new(problem.help("write it to a file that ends in `.yml`")));
    }
    let mut entries = Vec::new();
    for (name, group) in table.get_ref() {
        let value = match group.get_ref() {
            DeValue::Table(sections) => reader.group(sections, reader.span(group))?,
            _ => reader.node(group, 1)?,
        };
        entries.push(Entry { key: Reader::text(name.get_ref(), reader.span(name)), value });
    }
    Ok(Node { span: whole, kind: NodeKind::Mapping(entries) })
}

struct Reader {
    source: SourceId,
}

impl Reader {
    fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        let range = spanned.span();
        Span::new(self.source, range.start, range.end)
    }

    fn text(text: &str, span: Span) -> Node {
        let text = Text::new(text, Origin::TEMPLATE).with_span(Some(span));
        Node { span, kind: NodeKind::Scalar(Value::Str(text)) }
    }

    fn error(place: Span, message: &str) -> Diagnostic {
        Diagnostic::error("inventory", message).at(place)
    }

    /// A group: here its children are a list of names, there the names are keys.
    fn group(&self, sections: &DeTable<'_>, span: Span) -> Result<Node, Box<Diagnostic>> {
        let mut entries = Vec::new();
        for (key, section) in sections {
            let value = match section.get_ref() {
                DeValue::Array(names) if key.get_ref() == "children" => {
                    let mut children = Vec::new();
                    for name in names {
                        let DeValue::String(text) = name.get_ref() else {
                            return Err(Box::new(Self::error(self.span(name), "the name of a group is a text")));
                        };
                        let key = Self::text(text, self.span(name));
                        let value = Node { span: key.span, kind: NodeKind::Scalar(Value::Null) };
                        children.push(Entry { key, value });
                    }
                    Node { span: self.span(section), kind: NodeKind::Mapping(children) }
                }
                _ if key.get_ref() == "children" => {
                    return Err(Box::new(Self::error(self.span(section), "`children` is a list of groups")));
                }
                _ => self.node(section, 2)?,
            };
            entries.push(Entry { key: Self::text(key.get_ref(), self.span(key)), value });
        }
        Ok(Node { span, kind: NodeKind::Mapping(entries) })
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Box<Diagnostic>> {
        let span = self.span(value);
        if depth > MAX_DEPTH {
            return Err(Box::new(Self::error(span, "this is nested too deeply")));
        }
        let kind = match value.get_ref() {
            DeValue::String(text) => return Ok(Self::text(text, span)),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let read = i128::from_str_radix(&digits, number.radix());
                NodeKind::Scalar(Value::Int(read.map_err(|_| Self::error(span, "this number is too large"))?))
            }
            DeValue::Float(number) => {
                let read = number.as_str().replace('_', "").parse();
                NodeKind::Scalar(Value::Float(read.map_err(|_| Self::error(span, "this is no number"))?))
            }
            DeValue::Boolean(value) => NodeKind::Scalar(Value::Bool(*value)),
            DeValue::Datetime(time) => return Ok(Self::text(&as_python(time), span)),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.node(item, depth + 1));
                NodeKind::Sequence(items.collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => {
                let entries = table.iter().map(|(key, value)| {
                    Ok(Entry { key: Self::text(key.get_ref(), self.span(key)), value: self.node(value, depth + 1)? })
                });
                NodeKind::Mapping(entries.collect::<Result<_, Box<Diagnostic>>>()?)
            }
        };
        Ok(Node { span, kind })
    }
}

/// A date, a time or both in the form that Python prints.
fn as_python(time: &Datetime) -> String {
    let mut out = time.date.map(|date| date.to_string()).unwrap_or_default();
    if let Some(clock) = time.time {
        if !out.is_empty() {
            out.push(' ');
        }
        let _ = write!(out, "{:02}:{:02}:{:02}", clock.hour, clock.minute, clock.second.unwrap_or(0));
        let micros = clock.nanosecond.unwrap_or(0) / 1000;
        if micros > 0 {
            let _ = write!(out, ".{micros:06}");
        }
    }
    match time.offset {
        Some(Offset::Z) => out.push_str("+00:00"),
        Some(Offset::Custom { minutes }) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let _ = write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        }
        None => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceMap;
    use crate::value::python_repr;

    fn parsed(text: &str) -> Result<Node, Box<Diagnostic>> {
        let sources = SourceMap::new();
        read(text, sources.add("hosts.toml", text))
    }

    #[test]
    fn values_keep_their_types_and_children_become_keys() {
        let text = "[b]\nchildren = ['z', 'a']\n[b.vars]\nn = 0x1_0\nf = 1.5\nt = 1979-05-27T07:32:00Z\nd = 1979-05-27\n\
                    l = ['{{ x }}', true, {k = 'v'}]\n[a.hosts]\nh1 = {}\n'h[2:3]' = {x = 1}\n";
        let value = parsed(text).unwrap().to_value();
        assert_eq!(
            python_repr(&value),
            "{'b': {'children': {'z': None, 'a': None}, 'vars': {'n': 16, 'f': 1.5, 't': '1979-05-27 07:32:00+00:00', \
             'd': '1979-05-27', 'l': ['{{ x }}', True, {'k': 'v'}]}}, 'a': {'hosts': {'h1': {}, 'h[2:3]': {'x': 1}}}}"
        );
    }

    #[test]
    fn what_is_no_inventory_is_told_with_its_place() {
        for (text, message) in [
            ("[web\n", "not valid TOML"),
            ("", "empty"),
            ("plugin = 'x'\n", "YAML, not TOML"),
            ("[web]\nchildren = 'db'\n", "`children` is a list"),
            ("[web]\nchildren = [1]\n", "name of a group"),
        ] {
            let problem = parsed(text).unwrap_err();
            assert!(problem.message.contains(message) && problem.span().is_some(), "{problem:?}");
        }
    }
}
