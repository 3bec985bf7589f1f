//! All source texts of a run, by id.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::span::{SourceId, Span};

/// One text with the name it is shown by (a path as the user gave it, or `<extra vars>`).
#[derive(Debug)]
pub struct Source {
    /// The name shown in messages.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Whether the text was encrypted and must not be shown: messages give its lines as asterisks.
    pub secret: bool,
    line_starts: Vec<usize>,
}

/// A place as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The source's name.
    pub name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.line, self.column)
    }
}

impl Source {
    /// The whole lines that bytes lie in: the number of the first one from 1, its offset, and the text. Where that would be the
    /// empty end of a text, the line before it as well.
    pub(super) fn lines(&self, start: usize, end: usize) -> (usize, usize, &str) {
        let after = |offset: usize| self.line_starts.partition_point(|&start| start <= offset);
        let mut first = after(start).saturating_sub(1);
        let begin_of = |line: usize| self.line_starts.get(line).copied().unwrap_or(self.text.len());
        if first > 0 && begin_of(first) >= self.text.len() {
            first -= 1;
        }
        let begin = begin_of(first);
        let text = self.text.get(begin..begin_of(after(end.max(start)))).unwrap_or_default();
        (first + 1, begin, text)
    }
}

/// The append-only table of sources. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Arc<RwLock<Vec<Arc<Source>>>>,
}

impl SourceMap {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and returns its id.
    pub fn add(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.insert(name.into(), text.into(), false)
    }

    /// Adds a text that was encrypted: messages may name places in it, but never show its lines.
    pub fn add_secret(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.insert(name.into(), text.into(), true)
    }

    fn insert(&self, name: String, text: Arc<str>, secret: bool) -> SourceId {
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .collect();
        let source = Arc::new(Source { name, text, secret, line_starts });
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        sources.push(source);
        SourceId::from_index(sources.len() - 1)
    }

    /// The text of an id; `None` only for an id of another map.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner).get(id.index()).cloned()
    }

    /// Where a span starts.
    #[must_use]
    pub fn location(&self, span: Span) -> Option<Location> {
        let source = self.get(span.source)?;
        let offset = (span.start as usize).min(source.text.len());
        let line = source.line_starts.partition_point(|&start| start <= offset);
        let start = *source.line_starts.get(line.checked_sub(1)?)?;
        let column = source.text.get(start..offset).map_or(0, |s| s.chars().count()) + 1;
        Some(Location { name: source.name.clone(), line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_counts_characters_from_one() {
        let map = SourceMap::new();
        let id = map.add("a.yml", "é: 1\nüb: x\n");
        let offset = "é: 1\nüb: ".len();
        let location = map.location(Span::new(id, offset, offset + 1));
        assert_eq!(location.map(|l| l.to_string()).as_deref(), Some("a.yml:2:5"));
    }
}
