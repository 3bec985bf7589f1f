//! Anchors and aliases, with a limit on what aliases may grow to.

use std::collections::{HashMap, HashSet};

use super::node::{Node, NodeKind};
use crate::diag::{Diagnostic, Span};

/// How many nodes aliases may add to one file. Real files stay far below; a "billion laughs" file passes it at once.
const MAX_ALIASED_NODES: usize = 500_000;

/// The anchors of one document.
#[derive(Default)]
pub(super) struct Anchors {
    known: HashMap<String, (Node, Extent)>,
    open: HashSet<String>,
    added: usize,
}

impl Anchors {
    /// Forgets the anchors at the end of a document; what aliases added so far still counts.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.open.clear();
    }

    /// The node of an anchor begins.
    pub(super) fn open(&mut self, name: &str) {
        self.open.insert(name.to_owned());
    }

    /// The node of an anchor is complete.
    pub(super) fn close(&mut self, name: String, node: &Node) {
        self.open.remove(&name);
        self.known.insert(name, (node.clone(), extent(node)));
    }

    /// What an alias stands for, where `room` more levels of nesting are allowed.
    pub(super) fn resolve(&mut self, name: &str, span: Span, room: usize) -> Result<Node, Box<Diagnostic>> {
        if self.open.contains(name) {
            return Err(Box::new(
                Diagnostic::error("yaml-alias", format!("the alias `*{name}` stands inside its own anchor")).at(span),
            ));
        }
        let Some((node, extent)) = self.known.get(name) else {
            return Err(Box::new(self.unknown(name, span)));
        };
        self.added += extent.nodes;
        if self.added > MAX_ALIASED_NODES || extent.height > room {
            let message = if extent.height > room {
                "aliases nest this file too deeply".to_owned()
            } else {
                format!("aliases make this file larger than {MAX_ALIASED_NODES} values")
            };
            return Err(Box::new(
                Diagnostic::error("yaml-alias-growth", message)
                    .label(span, "the limit is passed here")
                    .help("nested aliases multiply; write the values that are needed, or compute them in a template"),
            ));
        }
        Ok(node.clone())
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic =
            Diagnostic::error("yaml-alias", format!("there is no anchor `&{name}` before this alias")).at(span);
        match crate::diag::closest(name, self.known.keys().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `*{near}`?")),
            None => diagnostic.help(format!("if a text is meant, put it in quotes: `\"*{name}\"`")),
        }
    }
}

/// How large a node is.
#[derive(Clone, Copy)]
struct Extent {
    nodes: usize,
    height: usize,
}

fn extent(node: &Node) -> Extent {
    let mut total = Extent { nodes: 1, height: 0 };
    let mut add = |child: &Node| {
        let child = extent(child);
        total.nodes += child.nodes;
        total.height = total.height.max(child.height + 1);
    };
    match &node.kind {
        NodeKind::Scalar(_) => {}
        NodeKind::Sequence(items) => items.iter().for_each(add),
        NodeKind::Mapping(entries) => entries.iter().for_each(|entry| {
            add(&entry.key);
            add(&entry.value);
        }),
    }
    total
}
