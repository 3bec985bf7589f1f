//! The options of a task, in whichever way they are written.

use super::freeform::{self, Pairs};
use super::reader::{Reader, kind_of};
use crate::diag::{Diagnostic, Span};
use crate::value::{Key, Map, Text, Value};
use crate::yaml::{Node, NodeKind};

/// What stands beside a module's name.
#[derive(Clone, Copy)]
pub(super) enum Body<'n> {
    /// `copy: …`
    Node(&'n Node),
    /// `action: copy …`: the rest of the text.
    Text(&'n Text),
}

/// How free-form text becomes options.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Which words are `key=value` options.
    pub(super) pairs: Pairs,
    /// The option that takes everything else.
    pub(super) raw: Option<&'static str>,
}

/// One option as given.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Value,
    pub(super) value_span: Span,
}

/// All options as given.
#[derive(Clone, Debug)]
pub(super) enum Arguments {
    /// One by one, `args` first; of two with one name the last counts.
    Given(Vec<Argument>),
    /// A template of all of them.
    Template(Value),
}

impl Arguments {
    /// The value of an option, with its place.
    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        match self {
            Self::Given(list) => list.iter().rev().find(|argument| argument.name == name),
            Self::Template(_) => None,
        }
    }

    /// The options as a mapping.
    pub(super) fn to_map(&self) -> Map {
        match self {
            Self::Given(list) => list.iter().map(|a| (Key::from(a.name.as_str()), a.value.clone())).collect(),
            Self::Template(_) => Map::new(),
        }
    }
}

/// Whether a text is one template and nothing else.
fn is_all_template(text: &Text) -> bool {
    let trimmed = text.trim();
    text.is_template() && trimmed.starts_with("{{") && trimmed.ends_with("}}")
}

impl Reader<'_> {
    /// The options of a task: `args` with the module's own over them.
    pub(super) fn arguments(
        &mut self,
        module: &str,
        at: Span,
        body: Body<'_>,
        form: Form,
        args: Option<&Node>,
    ) -> Option<Arguments> {
        let mut list = Vec::new();
        if let Some(node) = args.filter(|node| !node.is_null()) {
            match &node.kind {
                NodeKind::Mapping(_) => self.given(node, &mut list),
                NodeKind::Scalar(Value::Str(text)) if is_all_template(text) => {
                    let value = Value::Str(text.clone());
                    self.check_templates(&value);
                    if matches!(body, Body::Node(node) if !node.is_null()) {
                        self.problem(
                            Diagnostic::error(
                                "unsupported",
                                "a template as `args` cannot be combined with options beside the module's name",
                            )
                            .at(node.span),
                        );
                        return None;
                    }
                    return Some(Arguments::Template(value));
                }
                _ => {
                    let message = format!("`args` must be a mapping of options, not {}", kind_of(node));
                    self.error("wrong-type", message, node.span);
                }
            }
        }
        match body {
            Body::Text(text) => self.free_text(module, text, at, form, &mut list)?,
            Body::Node(node) => match &node.kind {
                NodeKind::Mapping(_) => self.given(node, &mut list),
                NodeKind::Scalar(Value::Null) => {}
                NodeKind::Scalar(Value::Str(text)) if form.raw.is_none() && is_all_template(text) => {
                    let value = Value::Str(text.clone());
                    self.check_templates(&value);
                    return Some(Arguments::Template(value));
                }
                NodeKind::Scalar(Value::Str(text)) => self.free_text(module, text, node.span, form, &mut list)?,
                NodeKind::Scalar(value @ Value::Encrypted(_)) if form.raw.is_some() => {
                    let name = form.raw.unwrap_or_default().to_owned();
                    list.push(Argument { name, name_span: node.span, value: value.clone(), value_span: node.span });
                }
                _ => {
                    let message = format!("`{module}` takes a mapping of options or a text, not {}", kind_of(node));
                    self.error("wrong-type", message, node.span);
                    return None;
                }
            },
        }
        Some(Arguments::Given(list))
    }

    /// The options of a mapping.
    fn given(&mut self, node: &Node, list: &mut Vec<Argument>) {
        for entry in node.as_mapping().into_iter().flatten() {
            let Some(name) = entry.key.as_str() else {
                self.error("unknown-option", "an option's name must be a text", entry.key.span);
                continue;
            };
            let value = entry.value.to_value();
            self.check_templates(&value);
            list.push(Argument {
                name: name.to_owned(),
                name_span: entry.key.span,
                value,
                value_span: entry.value.span,
            });
        }
    }

    /// The options of free-form text.
    fn free_text(&mut self, module: &str, text: &Text, span: Span, form: Form, list: &mut Vec<Argument>) -> Option<()> {
        let free = match freeform::parse(text, form.pairs) {
            Ok(free) => {
                self.check_templates(&Value::Str(text.clone()));
                free
            }
            Err(error) => {
                self.problem(
                    Diagnostic::error("unbalanced-text", format!("the options of `{module}` cannot be split: {error}"))
                        .at(span)
                        .help("write the options as a mapping, one in each line"),
                );
                return None;
            }
        };
        let part =
            |text_part: String, span: Span| Value::Str(Text::new(text_part, text.origin()).with_span(Some(span)));
        for (name, value) in free.options {
            let (name_span, value_span) = self.places(&name, &value, span);
            list.push(Argument { name, name_span, value: part(value, value_span), value_span });
        }
        match (free.raw, form.raw) {
            (None, _) => {}
            (Some(raw), Some(option)) => {
                let value_span = text.span().unwrap_or(span);
                list.push(Argument {
                    name: option.to_owned(),
                    name_span: span,
                    value: part(raw, value_span),
                    value_span,
                });
            }
            (Some(raw), None) => {
                let raw = raw.trim();
                self.problem(
                    Diagnostic::error("free-text", format!("`{module}` takes options, and `{raw}` is none"))
                        .at(span)
                        .help("write the options as a mapping, or as `key=value` words"),
                );
            }
        }
        Some(())
    }

    /// Where a `key=value` word stands inside free-form text: the key and the value; the whole text where escapes or
    /// folding keep it from being found.
    fn places(&self, name: &str, value: &str, span: Span) -> (Span, Span) {
        let found = || {
            let source = self.loader.options.sources.get(span.source)?;
            let text = source.text.get(span.start as usize..span.end as usize)?;
            let word = format!("{name}=");
            let starts_word = |at: usize| {
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\''))
            };
            let at = text.match_indices(&word).map(|(at, _)| at).find(|at| starts_word(*at))?;
            let name_span = span.sub(at, at + name.len());
            let from = at + word.len();
            let rest = text.get(from..)?;
            let quote = rest.find(value).filter(|offset| *offset <= 1)?;
            Some((name_span, span.sub(from + quote, from + quote + value.len())))
        };
        found().unwrap_or((span, span))
    }

    /// Notes what is wrong with the templates in a value.
    pub(super) fn check_templates(&mut self, value: &Value) {
        let mut problems = Vec::new();
        crate::playbook::check::template_problems(value, &self.loader.options.templar, &mut problems);
        self.extend(problems);
    }

    /// Notes what is wrong with a condition.
    pub(super) fn check_condition(&mut self, text: &Text) {
        if let Some(problem) = crate::playbook::check::condition_problem(text, &self.loader.options.templar) {
            self.problem(problem);
        }
    }
}
