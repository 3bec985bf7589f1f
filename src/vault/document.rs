//! YAML texts that may be encrypted as a whole: variables files, task files, inventories.

use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::value::{Redactor, Secret, Value};
use crate::yaml::{self, Entry, Node, NodeKind};

use super::envelope::is_encrypted;
use super::secrets::{VaultError, VaultSecrets};

/// Reads the one YAML (or JSON) document of a text, opening it first where it is encrypted. Every text in an encrypted one
/// is secret and known to the redactor of the passwords; messages name places in it, but never show it.
///
/// `name` is what messages call the text, such as its path.
///
/// # Errors
/// Where it cannot be opened, is not YAML, or holds more than one document.
pub fn read_document(
    sources: &SourceMap,
    name: &str,
    text: &str,
    secrets: &VaultSecrets,
    warnings: &mut Diagnostics,
) -> Result<Node, Box<Diagnostic>> {
    if !is_encrypted(text.as_bytes()) {
        return yaml::parse_one(sources, sources.add(name, text), warnings);
    }
    let content = open_source(sources, name, text, secrets)?;
    let source = sources.add_secret(name, content.expose());
    Ok(seal(yaml::parse_one(sources, source, warnings)?, secrets.redactor()))
}

/// Opens a text that is encrypted as a whole.
///
/// # Errors
/// A diagnostic that points at the envelope.
pub fn open_source(
    sources: &SourceMap,
    name: &str,
    text: &str,
    secrets: &VaultSecrets,
) -> Result<Secret, Box<Diagnostic>> {
    secrets.decrypt(text).map_err(|error| {
        let source = sources.add(name, text);
        let header = Span::new(source, 0, text.lines().next().map_or(0, str::len));
        Box::new(not_opened(&error, header))
    })
}

/// The diagnostic of an envelope that cannot be opened.
#[must_use]
pub fn not_opened(error: &VaultError, span: Span) -> Diagnostic {
    let help = match error {
        VaultError::NoPassword => {
            Some("give a password with `--vault-password-file`, `--vault-id` or `--ask-vault-pass`")
        }
        VaultError::WrongPassword => Some("check which password and vault id it was encrypted with"),
        _ => None,
    };
    Diagnostic::error("vault", format!("cannot decrypt this: {error}")).at(span).help_opt(help.map(str::to_owned))
}

/// The node with all texts secret and known to the redactor. Templates are not: what they give is looked at when it is made.
#[must_use]
pub fn seal(node: Node, redactor: &Redactor) -> Node {
    let kind = match node.kind {
        NodeKind::Scalar(Value::Str(text)) => {
            if !text.is_template() {
                redactor.register(&text);
            }
            NodeKind::Scalar(Value::Str(text.into_secret()))
        }
        NodeKind::Scalar(value) => NodeKind::Scalar(value),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.into_iter().map(|item| seal(item, redactor)).collect()),
        NodeKind::Mapping(entries) => NodeKind::Mapping(
            entries.into_iter().map(|entry| Entry { key: entry.key, value: seal(entry.value, redactor) }).collect(),
        ),
    };
    Node { span: node.span, kind }
}
