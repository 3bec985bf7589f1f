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
