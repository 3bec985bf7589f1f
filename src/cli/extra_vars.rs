//! `-e`: variables from the command line.

use std::fs;

use anyhow::Context as _;

use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::value::{Key, Map, Text, Value};
use crate::vault::{VaultSecrets, read_document};
use crate::yaml::{self, Node};

/// Reads every `-e` in order; a later one wins. What cannot be read is a diagnostic that points into the argument or file.
pub(super) fn parse(
    args: &[String],
    sources: &SourceMap,
    vault: &VaultSecrets,
    warnings: &mut Diagnostics,
) -> anyhow::Result<Result<Map, Box<Diagnostic>>> {
    let mut vars = Map::new();
    for arg in args {
        let read = match arg.strip_prefix('@') {
            Some(path) => {
                let text =
                    fs::read_to_string(path).with_context(|| format!("cannot read the extra variables in {path}"))?;
                mapping(read_document(sources, path, &text, vault, warnings))
            }
            None if arg.trim_start().starts_with(['{', '[']) => {
                mapping(yaml::parse_one(sources, sources.add("<extra vars>", arg.as_str()), warnings))
            }
            None => key_values(sources, arg),
        };
        match read {
            Ok(map) => vars.extend(map),
            Err(diagnostic) => return Ok(Err(diagnostic)),
        }
    }
    Ok(Ok(vars))
}

/// A YAML or JSON mapping.
fn mapping(document: Result<Node, Box<Diagnostic>>) -> Result<Map, Box<Diagnostic>> {
    let document = document?;
    match document.to_value() {
        Value::Map(map) => Ok(map.as_ref().clone()),
        Value::Null => Ok(Map::new()),
        other => Err(Box::new(
            Diagnostic::error("extra-vars", format!("extra variables are a mapping, not a {}", other.type_name()))
                .at(document.span),
        )),
    }
}

/// `key=value key2="value two"`: every value is a string, as Ansible has it.
fn key_values(sources: &SourceMap, text: &str) -> Result<Map, Box<Diagnostic>> {
    let source = sources.add("<extra vars>", text);
    let mut map = Map::new();
    for (start, word) in words(text) {
        let span = Span::new(source, start, start + word.len());
        let Some((key, value)) = word.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Box::new(
                Diagnostic::error("extra-vars", format!("`{word}` is not `key=value`"))
                    .at(span)
                    .help("give `key=value`, a YAML or JSON mapping, or `@FILE`"),
            ));
        };
        map.insert(Key::from(key), Value::Str(Text::template(unquote(value), Some(span))));
    }
    Ok(map)
}

/// Words with their offsets; quotes hold blanks together.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                start.get_or_insert(at);
            }
            (None, c) if c.is_whitespace() => {
                if let Some(begin) = start.take() {
                    out.push((begin, text.get(begin..at).unwrap_or_default()));
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(begin) = start {
        out.push((begin, text.get(begin..).unwrap_or_default()));
    }
    out
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;

    #[test]
    fn key_value_words_are_strings_and_quotes_hold_blanks() {
        let map = key_values(&SourceMap::new(), "a=1 b='x y' c=\"é=z\"").unwrap();
        assert_eq!(map.get("a"), Some(&Value::data("1")));
        assert_eq!(map.get("b"), Some(&Value::data("x y")));
        assert_eq!(map.get("c"), Some(&Value::data("é=z")));
        assert!(key_values(&SourceMap::new(), "a=1 nonsense").is_err());
    }

    #[test]
    fn a_vaulted_file_gives_secrets_that_the_redactor_knows_and_its_slips_are_warnings() {
        let vault = VaultSecrets::new(vec![("default".into(), Secret::new("pass"))]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vars.yml");
        fs::write(&path, vault.encrypt(b"key: old\nkey: from-the-vault\n", None).unwrap()).unwrap();
        let mut warnings = Diagnostics::new();
        let args = [format!("@{}", path.display())];
        let map = parse(&args, &SourceMap::new(), &vault, &mut warnings).unwrap().unwrap();
        assert!(map.get("key").is_some_and(Value::holds_secret));
        assert_eq!(vault.redactor().redact("a from-the-vault b"), "a ******** b");
        assert_eq!(warnings.len(), 1, "a duplicate key");
    }
}
