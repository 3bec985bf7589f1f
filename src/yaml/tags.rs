//! Tags: YAML's own and Ansible's.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::node::{Node, NodeKind};
use super::scalar;
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::{Encrypted, Text, Value};

const YAML: &str = "tag:yaml.org,2002:";

/// The tags that are understood, as they are written.
const KNOWN: &[&str] = &[
    "!unsafe",
    "!vault",
    "!vault-encrypted",
    "!!binary",
    "!!bool",
    "!!float",
    "!!int",
    "!!map",
    "!!null",
    "!!omap",
    "!!pairs",
    "!!seq",
    "!!set",
    "!!str",
    "!!timestamp",
];

/// A tag that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Binary,
    Bool,
    Float,
    Int,
    Map,
    Merge,
    Null,
    /// `!!omap` and `!!pairs`: a list of pairs.
    Pairs,
    Seq,
    Set,
    Str,
    Timestamp,
    Unsafe,
    Vault,
}

impl Tag {
    /// The tag of an event.
    pub(super) fn parse(tag: &str, span: Span) -> Result<Self, Box<Diagnostic>> {
        let known = match tag.strip_prefix(YAML) {
            Some("binary") => Some(Self::Binary),
            Some("bool") => Some(Self::Bool),
            Some("float") => Some(Self::Float),
            Some("int") => Some(Self::Int),
            Some("map" | "python/dict") => Some(Self::Map),
            Some("merge") => Some(Self::Merge),
            Some("null") => Some(Self::Null),
            Some("omap" | "pairs") => Some(Self::Pairs),
            Some("seq") => Some(Self::Seq),
            Some("set") => Some(Self::Set),
            Some("str" | "python/unicode") => Some(Self::Str),
            Some("timestamp") => Some(Self::Timestamp),
            Some(_) => None,
            None => match tag {
                // the tag "as the notation says": a scalar is text
                "!" => Some(Self::Str),
                "!unsafe" => Some(Self::Unsafe),
                "!vault" | "!vault-encrypted" => Some(Self::Vault),
                _ => None,
            },
        };
        known.ok_or_else(|| {
            let written = tag.strip_prefix(YAML).map_or_else(|| tag.to_owned(), |name| format!("!!{name}"));
            Box::new(
                Diagnostic::error("yaml-tag", format!("the tag `{written}` is not known"))
                    .at(span)
                    .help_opt(did_you_mean(&written, KNOWN.iter().copied()))
                    .help("if the exclamation mark is part of a text, put the text in quotes"),
            )
        })
    }

    /// The value of a scalar with this tag (not [`Tag::Unsafe`], which the composer carries out).
    pub(super) fn scalar(
        self,
        text: &str,
        place: Places,
        string: impl FnOnce(&str) -> Text,
    ) -> Result<Value, Box<Diagnostic>> {
        let span = place.content;
        match self {
            Self::Str | Self::Merge | Self::Unsafe => Ok(Value::Str(string(text))),
            Self::Null => Ok(Value::Null),
            Self::Int => scalar::int(text, span),
            Self::Float => scalar::float(text, span),
            Self::Bool => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "on" => Ok(Value::Bool(true)),
                "no" | "false" | "off" => Ok(Value::Bool(false)),
                _ => Err(Box::new(Diagnostic::error("yaml-tag", format!("`{text}` is not a truth value")).at(span))),
            },
            Self::Timestamp => scalar::read_plain(text, span, string),
            Self::Binary => binary(text, span),
            Self::Vault => {
                Ok(Value::Encrypted(Arc::new(Encrypted { envelope: unindent(text), span: Some(place.node) })))
            }
            Self::Map | Self::Pairs | Self::Seq | Self::Set => Err(Box::new(self.misplaced("a scalar", place.node))),
        }
    }

    /// A sequence with this tag.
    pub(super) fn sequence(self, items: Vec<Node>, span: Span) -> Result<NodeKind, Box<Diagnostic>> {
        match self {
            Self::Seq | Self::Unsafe => Ok(NodeKind::Sequence(items)),
            Self::Pairs => items.into_iter().map(pair).collect::<Result<_, _>>().map(NodeKind::Sequence),
            _ => Err(Box::new(self.misplaced("a list", span))),
        }
    }

    /// A mapping with this tag.
    pub(super) fn mapping(self, entries: Vec<super::Entry>, span: Span) -> Result<NodeKind, Box<Diagnostic>> {
        match self {
            Self::Map | Self::Unsafe => Ok(NodeKind::Mapping(entries)),
            // there is no set among the values; a list is what a template makes of one anyway
            Self::Set => Ok(NodeKind::Sequence(entries.into_iter().map(|entry| entry.key).collect())),
            _ => Err(Box::new(self.misplaced("a mapping", span))),
        }
    }

    fn misplaced(self, what: &str, span: Span) -> Diagnostic {
        let diagnostic = match self {
            Self::Vault => Diagnostic::error("yaml-tag", format!("`!vault` needs the text of an envelope, not {what}"))
                .help("write `!vault |` and the lines of the envelope, indented, below it"),
            _ => Diagnostic::error("yaml-tag", format!("this tag does not fit {what}")),
        };
        diagnostic.at(span)
    }
}

/// The places of a scalar.
#[derive(Clone, Copy)]
pub(super) struct Places {
    /// All of it, tag and quotes included.
    pub(super) node: Span,
    /// Its content.
    pub(super) content: Span,
}

fn pair(node: Node) -> Result<Node, Box<Diagnostic>> {
    let span = node.span;
    let entries = match node.kind {
        NodeKind::Mapping(entries) => <[_; 1]>::try_from(entries).ok(),
        _ => None,
    };
    let Some([entry]) = entries else {
        return Err(Box::new(
            Diagnostic::error("yaml-tag", "each item of an ordered mapping is a mapping with one entry").at(span),
        ));
    };
    Ok(Node { span, kind: NodeKind::Sequence(vec![entry.key, entry.value]) })
}

fn binary(text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(compact).map_err(|error| {
        Box::new(Diagnostic::error("yaml-tag", format!("`!!binary` needs base64: {error}")).at(span))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Box::new(
            Diagnostic::error("yaml-tag", "`!!binary` data that is not UTF-8 text is not supported")
                .at(span)
                .help("keep the base64 text and decode it where it is used, with the filter `b64decode`"),
        )
    })?;
    Ok(Value::Str(Text::data(text).with_span(Some(span))))
}

fn unindent(text: &str) -> Arc<str> {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        out.push_str(line);
        out.push('\n');
    }
    out.into()
}
