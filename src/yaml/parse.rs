//! From a text to its documents.

use std::sync::Arc;

use super::compose::Composer;
use super::node::{Document, Node, NodeKind};
use super::syntax;
use crate::diag::{Diagnostic, Diagnostics, Source, SourceId, SourceMap, Span};
use crate::value::Value;

/// Reads all documents of a text; a text without any has none. Warnings (duplicate keys) are added to `warnings`.
///
/// # Errors
/// A diagnostic that points at the place where the text stops being YAML, with a suggestion for the usual slips (an unquoted
/// `{{`, a tab, a missing blank after a colon).
pub fn parse(
    sources: &SourceMap,
    source: SourceId,
    warnings: &mut Diagnostics,
) -> Result<Vec<Document>, Box<Diagnostic>> {
    let text = text_of(sources, source)?;
    documents(&text, source, warnings)
        .map_err(|problem| if text.secret { Box::new(without_text(&problem)) } else { problem })
}

fn documents(text: &Source, source: SourceId, warnings: &mut Diagnostics) -> Result<Vec<Document>, Box<Diagnostic>> {
    if let Some(problem) = syntax::before_scanning(&text.text, source) {
        return Err(problem);
    }
    Composer::new(&text.text, &syntax::ended(&text.text), source, warnings).documents()
}

/// Reads a text that is to hold one document, as variables files, inventories and playbooks are; null for an empty one.
///
/// # Errors
/// As [`parse`], and where there is a second document.
pub fn parse_one(sources: &SourceMap, source: SourceId, warnings: &mut Diagnostics) -> Result<Node, Box<Diagnostic>> {
    let mut documents = parse(sources, source, warnings)?.into_iter();
    let Some(first) = documents.next() else {
        return Ok(Node { span: Span::new(source, 0, 0), kind: NodeKind::Scalar(Value::Null) });
    };
    match documents.next() {
        None => Ok(first.root),
        Some(second) => Err(Box::new(
            Diagnostic::error("yaml-documents", "this file holds more than one document")
                .label(second.root.span, "the second one")
                .help("remove the line `---` before it, or move it into a file of its own"),
        )),
    }
}

/// A problem of a text that was encrypted: messages and help may quote it, so only kind and places stay.
fn without_text(problem: &Diagnostic) -> Diagnostic {
    let diagnostic = Diagnostic::error(problem.code.0, "the decrypted content is not valid YAML");
    diagnostic.at_opt(problem.span()).help("look at it with `quaymaster vault view`")
}

fn text_of(sources: &SourceMap, source: SourceId) -> Result<Arc<Source>, Box<Diagnostic>> {
    sources
        .get(source)
        .ok_or_else(|| Box::new(Diagnostic::error("yaml-source", "the text to read is not in the table of sources")))
}
