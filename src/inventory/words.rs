//! A line split into words as a POSIX shell would, with comments: what Python's `shlex.split(line, comments=True)` does.

/// A word with its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text, quotes and escapes resolved.
    pub(super) text: String,
    /// The bytes it takes in the line, quotes included.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
}

/// Why a line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordError {
    /// The quote at this byte is not closed.
    Quote(usize),
    /// The line ends in a backslash.
    Escape(usize),
}

/// Splits a line.
pub(super) fn split(line: &str) -> Result<Vec<Word>, WordError> {
    let mut words = Vec::new();
    let mut current: Option<Word> = None;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        if c.is_ascii_whitespace() {
            words.extend(current.take());
            continue;
        }
        if c == '#' {
            break;
        }
        let word = current.get_or_insert_with(|| Word { text: String::new(), start: at, end: at });
        match c {
            '\'' | '"' => loop {
                let (_, inner) = chars.next().ok_or(WordError::Quote(at))?;
                match inner {
                    inner if inner == c => break,
                    '\\' if c == '"' => match chars.next().ok_or(WordError::Quote(at))?.1 {
                        escaped @ ('"' | '\\') => word.text.push(escaped),
                        other => word.text.extend(['\\', other]),
                    },
                    inner => word.text.push(inner),
                }
            },
            '\\' => word.text.push(chars.next().ok_or(WordError::Escape(at))?.1),
            c => word.text.push(c),
        }
        word.end = chars.offset();
    }
    words.extend(current);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(texts(r#"web a=1 b="x y" c='it''s' # d=2"#), ["web", "a=1", "b=x y", "c=its"]);
        assert_eq!(texts(r#"web a="say \"x\" \n" b=a\ b c=x#y z"#), ["web", r#"a=say "x" \n"#, "b=a b", "c=x"]);
        assert_eq!(texts(r#"web a="" ''"#), ["web", "a=", ""]);
        assert_eq!(split("a 'b"), Err(WordError::Quote(2)));
        assert_eq!(split("a b\\"), Err(WordError::Escape(3)));
        let words = split("é \"b c\" d").unwrap();
        assert_eq!((words[1].start, words[1].end), (3, 8));
    }
}
