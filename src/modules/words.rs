//! Splits a command line into words by the rules of Python's `shlex.split`, which are those of a POSIX shell without
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
}
