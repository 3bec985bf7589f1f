//! Splitting text as Python does.

/// `str.split(None, limit)`: at runs of blanks.
pub(crate) fn split_blanks(text: &str, limit: Option<usize>) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if limit.is_some_and(|limit| out.len() >= limit) {
            out.push(rest.trim_end());
            break;
        }
        if let Some((word, after)) = rest.split_once(char::is_whitespace) {
            out.push(word);
            rest = after.trim_start();
        } else {
            out.push(rest);
            break;
        }
    }
    out
}

/// `str.rsplit(None, limit)`.
pub(super) fn rsplit_blanks(text: &str, limit: Option<usize>) -> Vec<&str> {
    let Some(limit) = limit else { return split_blanks(text, None) };
    let mut out = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if out.len() >= limit {
            out.push(rest.trim_start());
            break;
        }
        if let Some((before, word)) = rest.rsplit_once(char::is_whitespace) {
            out.push(word);
            rest = before.trim_end();
        } else {
            out.push(rest);
            break;
        }
    }
    out.reverse();
    out
}

/// `str.splitlines(keepends)`: at every sort of line end that Python knows.
pub(crate) fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}' | '\u{1d}' | '\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        ) {
            continue;
        }
        let mut end = at + c.len_utf8();
        if c == '\r' && chars.next_if(|(_, c)| *c == '\n').is_some() {
            end += 1;
        }
        out.extend(text.get(start..if keep_ends { end } else { at }));
        start = end;
    }
    if start < text.len() {
        out.extend(text.get(start..));
    }
    out
}
