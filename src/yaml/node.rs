//! A tree of nodes with their places.

use crate::diag::Span;
use crate::value::{Key, Value, python_str};

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its root; a document with nothing in it has a null scalar.
    pub root: Node,
}

/// One node with its place. A node that was written as an alias has the places of its anchor.
#[derive(Clone, Debug)]
pub struct Node {
    /// From its first to its last character, tags and quotes included.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A scalar already read as YAML 1.1 has it: its texts are templates with a span, `!unsafe` ones are data, `!vault` ones
    /// are [`Value::Encrypted`].
    Scalar(Value),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping in its order, merge keys resolved, of duplicate keys the last.
    Mapping(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, always a scalar.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The node as a runtime value; its texts keep their spans.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::Sequence(items) => Value::list(items.iter().map(Self::to_value).collect()),
            NodeKind::Mapping(entries) => Value::map(
                entries.iter().filter_map(|entry| Some((entry.key.to_key()?, entry.value.to_value()))).collect(),
            ),
        }
    }

    /// The node as a key of a mapping; `None` for what is not a scalar.
    #[must_use]
    pub fn to_key(&self) -> Option<Key> {
        match &self.kind {
            NodeKind::Scalar(Value::Str(text)) => Some(Key::Str(text.shared())),
            NodeKind::Scalar(Value::Int(number)) => Some(Key::Int(*number)),
            NodeKind::Scalar(Value::Bool(value)) => Some(Key::Bool(*value)),
            NodeKind::Scalar(Value::Null) => Some(Key::Null),
            NodeKind::Scalar(other) => Some(Key::from(python_str(other))),
            _ => None,
        }
    }

    /// The text of a string scalar.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a string key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|entry| entry.key.as_str() == Some(key)).map(|entry| &entry.value)
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar(Value::Null))
    }
}
