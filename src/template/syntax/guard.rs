//! Refuses templates whose nesting would exhaust the stack of a recursive parser.

use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

use crate::template::fault::{At, Fault};

/// Operators in a row without a comma between them; people write tens.
const LONGEST_CHAIN: usize = 400;
/// `elif` branches of one template text; each nests in the one before.
const MOST_BRANCHES: usize = 400;
/// Texts shorter than this cannot reach either limit.
const HARMLESS: usize = LONGEST_CHAIN;

/// Checks a text before it is parsed.
pub(super) fn check(source: &str, in_expression: bool, syntax: SyntaxConfig) -> Result<(), Fault> {
    if source.len() < HARMLESS {
        return Ok(());
    }
    let mut tokens = Tokenizer::new(source, "", in_expression, syntax);
    let (mut chain, mut branches) = (0, 0);
    // a lexical error is the parser's to report
    while let Ok(Some((token, span))) = tokens.next_token() {
        match token {
            Token::Comma | Token::VariableEnd | Token::BlockEnd => chain = 0,
            Token::Ident("elif") => branches += 1,
            Token::Ident("not" | "and" | "or" | "if" | "else" | "is" | "in") => chain += 1,
            Token::TemplateData(_)
            | Token::Ident(_)
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_) => {}
            _ => chain += 1,
        }
        if chain > LONGEST_CHAIN || branches > MOST_BRANCHES {
            let at = At { start: span.start_offset, end: span.end_offset };
            return Err(Fault::new("the expression is too long or nested too deeply").at(at));
        }
    }
    Ok(())
}

/// The text with every `+` before an operand, which Python allows and minijinja does not, as a blank.
pub(super) fn without_unary_plus(source: String, in_expression: bool, syntax: SyntaxConfig) -> String {
    if !source.contains('+') {
        return source;
    }
    let mut places = Vec::new();
    {
        let mut tokens = Tokenizer::new(&source, "", in_expression, syntax);
        let mut operand_before = false;
        while let Ok(Some((token, span))) = tokens.next_token() {
            if matches!(token, Token::Plus) && !operand_before {
                places.push(span.start_offset as usize);
                continue;
            }
            operand_before = match token {
                Token::Ident(name) => {
                    !matches!(name, "not" | "and" | "or" | "if" | "elif" | "else" | "in" | "is" | "set")
                }
                Token::Str(_)
                | Token::String(_)
                | Token::Int(_)
                | Token::Int128(_)
                | Token::Float(_)
                | Token::ParenClose
                | Token::BracketClose
                | Token::BraceClose => true,
                _ => false,
            };
        }
    }
    let mut bytes = source.into_bytes();
    for place in places {
        if let Some(byte) = bytes.get_mut(place) {
            *byte = b' ';
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
