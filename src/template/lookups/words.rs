//! Terms that carry options, such as `key file=users.csv delimiter=,`.

/// The words of a term, split at blanks outside quotes; quotes are taken off.
pub(super) fn words(term: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut inside = false;
    for c in term.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                inside = true;
            }
            (c, None) if c.is_whitespace() => {
                if inside || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (c, _) => word.push(c),
        }
    }
    if inside || !word.is_empty() {
        out.push(word);
    }
    out
}

/// A term's own text and the options of the names given that follow it.
pub(super) fn with_options(term: &str, names: &[&str]) -> (String, Vec<(String, String)>) {
    let mut options = Vec::new();
    let mut own = Vec::new();
    for word in words(term) {
        match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => options.push((name.to_owned(), value.to_owned())),
            _ => own.push(word),
        }
    }
    (own.join(" "), options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(r#"a "b c"=d  'e f'"#), ["a", "b c=d", "e f"]);
        let (own, options) = with_options("x y file=a.csv z=1", &["file"]);
        assert_eq!((own.as_str(), options.len()), ("x y z=1", 1));
    }
}
