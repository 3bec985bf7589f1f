//! String literals, read from the text as it was written.
//!
//! Ansible doubles the backslashes of literals inside `{{ }}` of a playbook value, so that `'\d'` means itself there; in
//! statements, conditions and template files literals are Python's.

/// The text of one or more adjoining literals, such as `'a' "b"`. `raw` keeps backslashes as they are.
pub(super) fn decode(source: &str, raw: bool) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(quote) = chars.next() {
        if quote != '\'' && quote != '"' {
            continue;
        }
        while let Some(c) = chars.next() {
            match c {
                '\\' if raw => {
                    out.push('\\');
                    out.extend(chars.next());
                }
                '\\' => escape(&mut chars, &mut out),
                c if c == quote => break,
                c => out.push(c),
            }
        }
    }
    out
}

/// One escape sequence of Python, its backslash already taken.
fn escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let Some(c) = chars.next() else { return };
    match c {
        '\n' => {}
        '\\' | '\'' | '"' => out.push(c),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'v' => out.push('\u{b}'),
        '0'..='7' => {
            let mut number = c.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                number = number * 8 + digit;
                chars.next();
            }
            out.extend(char::from_u32(number));
        }
        'x' => hex(c, 2, chars, out),
        'u' => hex(c, 4, chars, out),
        'U' => hex(c, 8, chars, out),
        c => {
            out.push('\\');
            out.push(c);
        }
    }
}

/// `\x41` and its longer forms; left as it stands where digits are missing or mean no character.
fn hex(letter: char, length: usize, chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let digits: String = chars.clone().take(length).take_while(char::is_ascii_hexdigit).collect();
    let decoded = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == length).and_then(char::from_u32);
    if let Some(c) = decoded {
        out.push(c);
        for _ in 0..length {
            chars.next();
        }
    } else {
        out.push('\\');
        out.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn raw_literals_keep_their_backslashes() {
        assert_eq!(decode(r"'a\.b\'c'", true), r"a\.b\'c");
        assert_eq!(decode(r#""\\1""#, true), r"\\1");
    }

    #[test]
    fn python_literals_are_decoded() {
        assert_eq!(decode(r"'a\n\x41\u00e9\d\'\101'", false), "a\nAé\\d'A");
        assert_eq!(decode(r"'\xZ\u12'", false), "\\xZ\\u12");
        assert_eq!(decode(r#"'it' "s""#, false), "its");
    }
}
