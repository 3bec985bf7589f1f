//! YAML texts that may be encrypted as a whole: variables files, task files, inventories.

use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::value::Value;
use crate::yaml::{self, Entry, Node, NodeKind};

use super::envelope::is_encrypted;
use super::secrets::{VaultError, VaultSecrets};

/// Reads the one YAML (or JSON) document of a text, opening it first where it is encrypted. Every text in an encrypted one
/// is secret, and its places lead to the file as a whole: the content must not turn up in a message.
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
    let source = sources.add(name, text);
    if !is_encrypted(text.as_bytes()) {
        return yaml::parse_one(sources, source, warnings);
    }
    let whole = Span::new(source, 0, text.lines().next().map_or(0, str::len));
    let content = secrets.decrypt(text).map_err(|error| Box::new(not_opened(&error, whole)))?;
    // the content gets a map of its own, which no message is drawn from
    let hidden = SourceMap::new();
    let id = hidden.add(name, content.expose());
    let mut hidden_warnings = Vec::new();
    let node = yaml::parse_one(&hidden, id, &mut hidden_warnings).map_err(|error| {
        let place = error.span().and_then(|span| hidden.location(span));
        let place = place.map_or_else(String::new, |place| format!(" in line {}", place.line));
        Box::new(
            Diagnostic::error(error.code.0, format!("the decrypted content is not valid YAML{place}"))
                .at(whole)
                .help("look at it with `quaymaster vault view`"),
        )
    })?;
    for warning in hidden_warnings {
        let place = warning.span().and_then(|span| hidden.location(span));
        let place = place.map_or_else(String::new, |place| format!(" (line {} of the decrypted content)", place.line));
        warnings.push(Diagnostic::warning(warning.code.0, format!("{}{place}", warning.message)).at(whole));
    }
    Ok(seal(node, whole))
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

/// The node with all texts secret and all places on the whole file.
fn seal(node: Node, whole: Span) -> Node {
    let kind = match node.kind {
        NodeKind::Scalar(Value::Str(text)) => NodeKind::Scalar(Value::Str(text.into_secret().with_span(Some(whole)))),
        NodeKind::Scalar(value) => NodeKind::Scalar(value),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.into_iter().map(|item| seal(item, whole)).collect()),
        NodeKind::Mapping(entries) => NodeKind::Mapping(
            entries
                .into_iter()
                .map(|entry| Entry { key: Node { span: whole, ..entry.key }, value: seal(entry.value, whole) })
                .collect(),
        ),
    };
    Node { span: whole, kind }
}
