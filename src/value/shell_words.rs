//! Splits a command line into words, and quotes words for one, by the rules of Python's `shlex.split`, which are those of a POSIX shell without
//! expansions.

use thiserror::Error;

/// Why a command line could not be split.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SplitError {
    /// A quotation mark has no partner.
    #[error("no closing quotation")]
    OpenQuote,
    /// The text ends with a backslash.
    #[error("no escaped character")]
    OpenEscape,
}

/// The words of a command line.
pub fn split_words(text: &str) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(SplitError::OpenQuote)? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(SplitError::OpenQuote)? {
                        '"' => break,
                        // within double quotes a backslash hides only these two
                        '\\' => match chars.next().ok_or(SplitError::OpenQuote)? {
                            c @ ('"' | '\\') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(SplitError::OpenEscape)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A text as one word of a POSIX shell, as Python's `shlex.quote` writes it.
#[must_use]
pub fn quote_word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%_-+=:,./".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_shlex_does() {
        let words = |text| split_words(text).unwrap();
        assert_eq!(words("ls -l  '/a b'"), ["ls", "-l", "/a b"]);
        assert_eq!(words(r#"echo "a \" \n" b\ c ''"#), ["echo", r#"a " \n"#, "b c", ""]);
        assert_eq!(words("a'b'\"c\"d\n# no comment"), ["abcd", "#", "no", "comment"]);
        assert_eq!(words("  "), Vec::<String>::new());
        assert_eq!(split_words("it's"), Err(SplitError::OpenQuote));
        assert_eq!(split_words("a\\"), Err(SplitError::OpenEscape));
    }

    #[test]
    fn quoted_words_are_read_back() {
        for text in ["", "plain", "a b", "it's", "$HOME `x` \\ \"y\" !", "\n"] {
            assert_eq!(split_words(&quote_word(text)), Ok(vec![text.to_owned()]));
        }
        assert_eq!(quote_word("a=b:c"), "a=b:c");
    }
}
