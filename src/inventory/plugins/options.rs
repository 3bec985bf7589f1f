//! The options of a plug-in's file.

use super::Result;
use crate::diag::{Diagnostic, did_you_mean};
use crate::value::{Value, parse_bool};
use crate::yaml::{Entry, Node};

/// Refuses options that a plug-in does not have.
pub(super) fn check_names(root: &Node, what: &str, known: &[&str]) -> Result<()> {
    for entry in root.as_mapping().into_iter().flatten() {
        let name = entry.key.as_str().unwrap_or_default();
        if !known.contains(&name) {
            return Err(Box::new(
                Diagnostic::error("inventory-plugin", format!("`{name}` is no option of {what}"))
                    .at(entry.key.span)
                    .help_opt(did_you_mean(name, known.iter().copied())),
            ));
        }
    }
    Ok(())
}

/// A truth value.
pub(super) fn switch(root: &Node, name: &str, default: bool) -> Result<bool> {
    let Some(node) = root.get(name).filter(|node| !node.is_null()) else { return Ok(default) };
    parse_bool(&node.to_value()).ok_or_else(|| wrong(node, name, "true or false"))
}

/// A text; numbers and the like are written out.
pub(super) fn text(root: &Node, name: &str) -> Option<String> {
    let value = root.get(name)?.to_value();
    (value != Value::Null).then(|| crate::value::python_str(&value))
}

/// The entries of a mapping.
pub(super) fn entries<'n>(root: &'n Node, name: &str) -> Result<&'n [Entry]> {
    match root.get(name).filter(|node| !node.is_null()) {
        None => Ok(&[]),
        Some(node) => node.as_mapping().ok_or_else(|| wrong(node, name, "a mapping")),
    }
}

/// The items of a list.
pub(super) fn items<'n>(root: &'n Node, name: &str) -> Result<&'n [Node]> {
    match root.get(name).filter(|node| !node.is_null()) {
        None => Ok(&[]),
        Some(node) => node.as_sequence().ok_or_else(|| wrong(node, name, "a list")),
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "the error type of all who read options")]
pub(super) fn wrong(node: &Node, name: &str, wanted: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("inventory-plugin", format!("`{name}` takes {wanted}")).at(node.span))
}
