//! Text to tokens.

use crate::template::fault::{Fault, Outcome};
use crate::value::{Value, from_json};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Quoted(String),
    Literal(Value),
    Number(i128),
    /// Punctuation.
    Mark(&'static str),
    End,
}

/// Longest first, so that `||` is not read as two pipes.
const MARKS: &[&str] = &[
    "||", "&&", "==", "!=", "<=", ">=", "[?", "[]", "|", "&", "<", ">", "!", "[", "]", "{", "}", "(", ")", ".", ",",
    ":", "*", "@",
];

/// The tokens with the places where they start, an end mark last.
pub(super) fn tokens(text: &str) -> Outcome<Vec<(Token, usize)>> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            out.push((Token::End, at));
            return Ok(out);
        };
        let (token, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest.get(..length).unwrap_or("").to_owned()), length)
            }
            '0'..='9' | '-' => number(rest, at)?,
            '"' => {
                let (inner, length) = delimited(rest, '"', at)?;
                let text = serde_json::from_str(&format!("\"{inner}\""))
                    .map_err(|_| bad(at, "a name in double quotes is written as JSON writes text"))?;
                (Token::Quoted(text), length)
            }
            '\'' => {
                let (inner, length) = delimited(rest, '\'', at)?;
                (Token::Literal(Value::data(inner.replace("\\'", "'"))), length)
            }
            '`' => {
                let (inner, length) = delimited(rest, '`', at)?;
                (Token::Literal(literal(&inner.replace("\\`", "`"), at)?), length)
            }
            _ => {
                let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
                let mark = mark.ok_or_else(|| match first {
                    '=' => bad(at, "`=` is no comparison: write `==`"),
                    other => bad(at, &format!("`{other}` has no meaning here")),
                })?;
                (Token::Mark(mark), mark.len())
            }
        };
        out.push((token, at));
        rest = rest.get(length..).unwrap_or("");
    }
}

/// What is wrong, and where.
pub(super) fn bad(at: usize, what: &str) -> Fault {
    Fault::new(format!("the JMESPath expression is wrong at character {}: {what}", at + 1))
}

fn number(rest: &str, at: usize) -> Outcome<(Token, usize)> {
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let length = rest.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = rest.get(..length).and_then(|text| text.parse().ok());
    Ok((Token::Number(number.ok_or_else(|| bad(at, "a number is needed after `-`"))?), length))
}

/// What stands between two delimiters, and how long it is with them.
fn delimited(rest: &str, mark: char, at: usize) -> Outcome<(String, usize)> {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return Ok((rest.get(1..index).unwrap_or("").to_owned(), index + 1)),
            _ => {}
        }
    }
    Err(bad(at, &format!("the closing {mark} is missing")))
}

/// A literal in backticks: JSON, or text that left its quotes out.
fn literal(text: &str, at: usize) -> Outcome<Value> {
    let text = text.trim_start();
    if let Ok(json) = serde_json::from_str(text) {
        return Ok(from_json(json));
    }
    let quoted = serde_json::from_str(&format!("\"{text}\""));
    quoted.map(from_json).map_err(|_| bad(at, "what stands between backticks is JSON"))
}
