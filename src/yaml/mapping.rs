//! Entries of a mapping: merge keys and duplicate keys.

use std::collections::HashMap;

use super::node::{Entry, Node, NodeKind};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::value::Key;

/// Collects the entries of one mapping.
#[derive(Default)]
pub(super) struct MappingBuilder {
    entries: Vec<Entry>,
    places: HashMap<Key, usize>,
    merged: Vec<Entry>,
}

impl MappingBuilder {
    /// Adds an entry of the mapping itself. Of two with the same key the last wins, at the place of the first, as in a Python
    /// dict.
    pub(super) fn add(&mut self, entry: Entry, warnings: &mut Diagnostics) -> Result<(), Box<Diagnostic>> {
        let Some(key) = entry.key.to_key() else { return Err(Box::new(bad_key(&entry.key))) };
        if let Some(old) = self.places.get(&key).and_then(|at| self.entries.get_mut(*at)) {
            warnings.push(
                Diagnostic::warning("duplicate-key", format!("the key `{key}` stands here twice; the last one counts"))
                    .label(entry.key.span, "this one counts")
                    .label(old.key.span, "this one is lost"),
            );
            *old = entry;
        } else {
            self.places.insert(key, self.entries.len());
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Merges the mapping or mappings of a key `<<`.
    pub(super) fn merge(&mut self, value: Node, key: Span) -> Result<(), Box<Diagnostic>> {
        match value.kind {
            NodeKind::Mapping(entries) => self.merged.extend(entries),
            NodeKind::Sequence(items) => {
                // of several the first wins, so it is laid on last
                for item in items.into_iter().rev() {
                    match item.kind {
                        NodeKind::Mapping(entries) => self.merged.extend(entries),
                        _ => return Err(Box::new(not_mergeable(item.span, key))),
                    }
                }
            }
            NodeKind::Scalar(_) => return Err(Box::new(not_mergeable(value.span, key))),
        }
        Ok(())
    }

    /// The entries: merged ones first, the mapping's own values over them.
    pub(super) fn finish(self) -> Vec<Entry> {
        if self.merged.is_empty() {
            return self.entries;
        }
        let mut out: Vec<Entry> = Vec::with_capacity(self.merged.len() + self.entries.len());
        let mut places: HashMap<Key, usize> = HashMap::new();
        for entry in self.merged.into_iter().chain(self.entries) {
            let Some(key) = entry.key.to_key() else { continue };
            if let Some(old) = places.get(&key).and_then(|at| out.get_mut(*at)) {
                *old = entry;
            } else {
                places.insert(key, out.len());
                out.push(entry);
            }
        }
        out
    }
}

fn bad_key(key: &Node) -> Diagnostic {
    let diagnostic = match &key.kind {
        NodeKind::Sequence(_) => Diagnostic::error("yaml-key", "a list cannot be the key of a mapping"),
        NodeKind::Mapping(_) => Diagnostic::error("yaml-key", "a mapping cannot be the key of a mapping"),
        NodeKind::Scalar(_) => Diagnostic::error("yaml-key", "an encrypted value cannot be the key of a mapping"),
    };
    diagnostic.at(key.span)
}

fn not_mergeable(place: Span, key: Span) -> Diagnostic {
    Diagnostic::error("yaml-merge", "the merge key `<<` takes a mapping or a list of mappings")
        .label(place, "this is neither")
        .label(key, "merged here")
}
