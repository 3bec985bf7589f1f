//! Words, patterns and tokens as OpenSSH's configuration has them.

/// Splits a line into words: blanks separate, double or single quotes join, `#` before a word starts a comment.
/// `None` if a quote is left open.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Some(words),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_whitespace()) {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (_, '\\') => {
                    match chars.next_if(|c| matches!(c, '"' | '\'' | '\\') || (quote.is_none() && *c == ' ')) {
                        Some(escaped) => word.push(escaped),
                        None => word.push('\\'),
                    }
                }
                (_, c) => word.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

/// The keyword of a line, in lower case, and the rest: `Key value`, `Key=value`, `Key = value`.
pub(super) fn keyword(line: &str) -> (String, &str) {
    let line = line.trim();
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    (key.to_ascii_lowercase(), rest.strip_prefix('=').unwrap_or(rest).trim())
}

/// Whether `text` fits a pattern of `*` and `?`.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|text| go(rest, text))),
            Some((b'?', rest)) => text.split_first().is_some_and(|(_, text)| go(rest, text)),
            Some((byte, rest)) => text.split_first().is_some_and(|(first, text)| first == byte && go(rest, text)),
        }
    }
    // neighbouring stars mean one, and would take exponential time
    let mut pattern = pattern.to_owned();
    while pattern.contains("**") {
        pattern = pattern.replace("**", "*");
    }
    go(pattern.as_bytes(), text.as_bytes())
}

/// Whether `text` fits a list of patterns, of which one with `!` before it excludes.
pub(super) fn fits_list<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if fits(&negated.to_ascii_lowercase(), &text) => return false,
            Some(_) => {}
            None => found |= fits(&pattern.to_ascii_lowercase(), &text),
        }
    }
    found
}

/// Replaces `%x` by what `token` gives for `x`; an unknown one is the error.
pub(super) fn expand(text: &str, token: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some(name) => out.push_str(&token(name).ok_or_else(|| format!("%{name}"))?),
            None => return Err("%".to_owned()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_keywords() {
        assert_eq!(split(r#"a "b c" d\ e  'f"g' # rest"#).unwrap(), ["a", "b c", "d e", "f\"g"]);
        assert_eq!(split("\"open"), None);
        assert_eq!(split("a#b").unwrap(), ["a#b"]);
        assert_eq!(keyword("  HostName = web"), ("hostname".to_owned(), "web"));
        assert_eq!(keyword("Port 22"), ("port".to_owned(), "22"));
        assert_eq!(keyword("Port=22"), ("port".to_owned(), "22"));
        assert_eq!(keyword("ProxyCommand a=b %h"), ("proxycommand".to_owned(), "a=b %h"));
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("web?", "web1", true),
            ("web?", "web", false),
            ("*.example.org", "a.b.example.org", true),
            ("10.*.1", "10.2.3.1", true),
            ("***a", "bba", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        assert!(fits_list(["*", "!db*"], "web"));
        assert!(!fits_list(["*", "!db*"], "DB1"));
        assert!(!fits_list(["!db*"], "web"));
    }

    #[test]
    fn tokens() {
        let token = |name| (name == 'h').then(|| "web".to_owned());
        assert_eq!(expand("%h.x%%", token).unwrap(), "web.x%");
        assert_eq!(expand("%q", token).unwrap_err(), "%q");
    }
}
