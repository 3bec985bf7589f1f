//! Free-form text of a task: `copy: src=a dest=b`, `command: ls -l chdir=/tmp`.

use thiserror::Error;

/// What free-form text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FreeText {
    /// `key=value` pairs in their order; a key may come twice, and then the last counts.
    pub(super) options: Vec<(String, String)>,
    /// Everything else, its blanks and line breaks kept.
    pub(super) raw: Option<String>,
}

/// Quotes or braces that are never closed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0} is never closed")]
pub(super) struct Unbalanced(&'static str);

/// Which `key=value` words are options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    /// All.
    All,
    /// Only those of `command`, `shell`, `script` and `raw`; others belong to the command line.
    OfCommands,
}

/// The options that may stand inside a command's free-form text.
const COMMAND_OPTIONS: &[&str] =
    &["chdir", "creates", "executable", "removes", "stdin", "stdin_add_newline", "strip_empty_ends", "warn"];

/// Reads free-form text.
pub(super) fn parse(text: &str, pairs: Pairs) -> Result<FreeText, Unbalanced> {
    let mut free = FreeText::default();
    let mut raw: Vec<String> = Vec::new();
    for word in split(text)? {
        let decoded = decode_escapes(&word);
        let Some(equals) = first_equals(&decoded) else {
            // an escaped equals sign is an ordinary one here
            raw.push(if decoded.contains('=') { decoded.replace("\\=", "=") } else { word });
            continue;
        };
        let (key, value) = (&decoded[..equals], &decoded[equals + 1..]);
        if pairs == Pairs::OfCommands && !COMMAND_OPTIONS.contains(&key) {
            raw.push(word);
        } else {
            free.options.push((key.trim().to_owned(), unquote(value.trim()).to_owned()));
        }
    }
    if !raw.is_empty() {
        free.raw = Some(join(&raw));
    }
    Ok(free)
}

/// The first word and the rest, as `action: copy src=a` has them.
pub(super) fn first_word(text: &str) -> Result<(String, String), Unbalanced> {
    let mut words = split(text)?.into_iter();
    let first = words.next().unwrap_or_default().trim().to_owned();
    Ok((first, words.collect::<Vec<_>>().join(" ")))
}

/// Splits at blanks and line breaks, but not inside quotes or template braces. Further blanks and the line break that end a
/// word stay on it, so that [`join`] gives the text back. A backslash on its own continues the line.
pub(super) fn split(text: &str) -> Result<Vec<String>, Unbalanced> {
    let mut words: Vec<String> = Vec::new();
    let mut state = State::default();
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let mut continued = false;
        for (position, part) in line.split(' ').enumerate() {
            if part.is_empty() && position > 0 {
                last(&mut words).push(' ');
                continue;
            }
            if part == "\\" && state.quote.is_none() {
                continued = true;
                continue;
            }
            let inside = state.open().is_some();
            state.pass(part);
            if inside {
                let word = last(&mut words);
                if position > 0 {
                    word.push(' ');
                }
                word.push_str(part);
            } else if !part.is_empty() {
                words.push(part.to_owned());
            }
        }
        if lines.peek().is_some() && !continued {
            last(&mut words).push('\n');
        }
    }
    match state.open() {
        Some(what) => Err(Unbalanced(what)),
        None => Ok(words),
    }
}

fn last(words: &mut Vec<String>) -> &mut String {
    if words.is_empty() {
        words.push(String::new());
    }
    let end = words.len() - 1;
    #[expect(clippy::indexing_slicing, reason = "there is at least one word by now")]
    &mut words[end]
}

/// The words as one text again.
pub(super) fn join(words: &[String]) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// What is open at a place in the text.
#[derive(Default)]
struct State {
    quote: Option<char>,
    /// Open `{{`, `{%` and `{#`.
    depth: [usize; 3],
}

const BRACES: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

impl State {
    fn pass(&mut self, part: &str) {
        let mut before = None;
        for c in part.chars() {
            if matches!(c, '"' | '\'') && before != Some('\\') {
                match self.quote {
                    Some(open) if open == c => self.quote = None,
                    Some(_) => {}
                    None => self.quote = Some(c),
                }
            }
            before = Some(c);
        }
        for (depth, (open, close)) in self.depth.iter_mut().zip(BRACES) {
            *depth = (*depth + part.matches(open).count()).saturating_sub(part.matches(close).count());
        }
    }

    fn open(&self) -> Option<&'static str> {
        match self.quote {
            Some('"') => Some("a double quote"),
            Some(_) => Some("a single quote"),
            None => {
                ["`{{`", "`{%`", "`{#`"].into_iter().zip(self.depth).find(|(_, depth)| *depth > 0).map(|(name, _)| name)
            }
        }
    }
}

/// The first `=` after the first character that no backslash escapes.
fn first_equals(word: &str) -> Option<usize> {
    let mut before = None;
    for (at, c) in word.char_indices() {
        if c == '=' && at > 0 && before != Some('\\') {
            return Some(at);
        }
        before = Some(c);
    }
    None
}

/// The text inside matching quotes.
pub(super) fn unquote(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.ends_with('\\')).then_some(inner)
        })
        .unwrap_or(text)
}

/// Python's escapes of one character, `\xhh`, `\uhhhh` and `\Uhhhhhhhh`; other backslashes stay.
fn decode_escapes(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (c, length) = escape(from).unwrap_or(('\\', 1));
        out.push(c);
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character that an escape at the start of the text means, and how many bytes the escape has.
fn escape(text: &str) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let code = text.get(2..2 + digits)?;
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        char::from_u32(u32::from_str_radix(code, 16).ok()?).map(|c| (c, 2 + digits))
    };
    let c = match text.as_bytes().get(1)? {
        b'\\' => '\\',
        b'\'' => '\'',
        b'"' => '"',
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        b'x' => return hex(2),
        b'u' => return hex(4),
        b'U' => return hex(8),
        _ => return None,
    };
    Some((c, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text, Pairs::All).unwrap().options
    }

    fn owned(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn pairs_keep_quotes_and_braces_whole() {
        assert_eq!(pairs("src=a dest=b"), owned(&[("src", "a"), ("dest", "b")]));
        assert_eq!(pairs("msg=\"hello world\" when='it is'"), owned(&[("msg", "hello world"), ("when", "it is")]));
        assert_eq!(
            pairs("dest={{ base | default('/x y') }}/f mode=0644"),
            owned(&[("dest", "{{ base | default('/x y') }}/f"), ("mode", "0644")])
        );
        assert_eq!(pairs("a=1\n  b=2\n  c=3"), owned(&[("a", "1"), ("b", "2"), ("c", "3")]));
        assert_eq!(pairs("line=a\\tb regexp=^x\\="), owned(&[("line", "a\tb"), ("regexp", "^x\\=")]));
        assert_eq!(pairs("a=x=y"), owned(&[("a", "x=y")]));
    }

    #[test]
    fn a_command_keeps_its_own_equals_signs() {
        let free = parse("FOO=bar make  install chdir=/tmp creates=\"/a b\" -o x=1", Pairs::OfCommands).unwrap();
        assert_eq!(free.raw.as_deref(), Some("FOO=bar make  install -o x=1"));
        assert_eq!(free.options, owned(&[("chdir", "/tmp"), ("creates", "/a b")]));
    }

    #[test]
    fn line_breaks_and_continuations() {
        let raw = |text: &str| parse(text, Pairs::OfCommands).unwrap().raw.unwrap();
        assert_eq!(raw("set -e\n  echo a\necho b\n"), "set -e\n  echo a\necho b\n");
        assert_eq!(raw("podman run \\\n  --rm \\\n  image"), "podman run  --rm  image");
        assert_eq!(raw("echo 'a  b' \"c\n d\""), "echo 'a  b' \"c\n d\"");
        assert_eq!(raw("a\\=b \\\\x"), "a=b \\\\x");
        assert_eq!(raw("{% if x %} a  b {% endif %}"), "{% if x %} a  b {% endif %}");
    }

    #[test]
    fn what_is_never_closed_is_named() {
        assert_eq!(split("echo \"a").map_err(|e| e.to_string()), Err("a double quote is never closed".to_owned()));
        assert_eq!(split("a={{ b").map_err(|e| e.to_string()), Err("`{{` is never closed".to_owned()));
    }

    #[test]
    fn the_first_word_is_the_module() {
        assert_eq!(first_word("copy src=a dest=b").unwrap(), ("copy".to_owned(), "src=a dest=b".to_owned()));
        assert_eq!(first_word("ping").unwrap(), ("ping".to_owned(), String::new()));
    }

    proptest::proptest! {
        #[test]
        fn splitting_never_panics(text in ".{0,60}") {
            let _ = parse(&text, Pairs::All);
            let _ = parse(&text, Pairs::OfCommands);
        }
    }
}
