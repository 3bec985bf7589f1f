//! Text to tree.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::machinery::{ast, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;

use super::dialect::Dialect;
use super::guard;
use super::lower::Lowering;
use super::tree::{Compiled, Stmt};
use crate::template::fault::{At, Fault};

/// Compiles a template. One newline at the very end is not part of it: whoever renders text puts it back.
pub(crate) fn compile(text: &str, file: Option<&str>, dialect: &Dialect) -> Result<Compiled, Fault> {
    let body = text.get(dialect.header as usize..).unwrap_or("");
    compile_body(text, body, file, dialect).map_err(|fault| fault.moved(dialect.header))
}

fn compile_body(text: &str, source: &str, file: Option<&str>, dialect: &Dialect) -> Result<Compiled, Fault> {
    let source = source.strip_suffix('\n').unwrap_or(source);
    let masked = mask(source);
    let syntax = dialect.syntax()?;
    guard::check(&masked, false, syntax.clone())?;
    let masked = guard::without_unary_plus(masked, false, syntax.clone());
    let tree = parse(&masked, "", syntax).map_err(|error| fault_of(&error))?;
    let mut lowering = Lowering::new(source, &masked, dialect.raw_literals);
    let body = match &tree {
        ast::Stmt::Template(template) => lowering.body(&template.children)?,
        other => vec![lowering.stmt(other)?],
    };
    Ok(lowering.finish(text, file, dialect, body))
}

/// Compiles a bare expression.
pub(crate) fn compile_expression(text: &str) -> Result<Compiled, Fault> {
    let masked = mask(text);
    guard::check(&masked, true, SyntaxConfig::default())?;
    let masked = guard::without_unary_plus(masked, true, SyntaxConfig::default());
    let tree = parse_expr(&masked).map_err(|error| fault_of(&error))?;
    let mut lowering = Lowering::new(text, &masked, false);
    let expr = lowering.expr(&tree)?;
    Ok(lowering.finish(text, None, &Dialect::VALUE, vec![Stmt::Emit(expr)]))
}

impl Lowering<'_> {
    fn finish(self, text: &str, file: Option<&str>, dialect: &Dialect, body: Vec<Stmt>) -> Compiled {
        let blocks: IndexMap<_, _> = self.blocks.into_iter().map(|block| (Arc::clone(&block.name), block)).collect();
        Compiled {
            text: text.into(),
            file: file.map(Into::into),
            dialect: dialect.clone(),
            body,
            blocks,
            unknown: self.unknown,
        }
    }
}

/// The text with every backslash sequence replaced by as many bytes of underscores: literals and raw text are read from the
/// original, and so minijinja's own idea of escapes never refuses or changes one of Python's.
fn mask(source: &str) -> String {
    if !source.contains('\\') {
        return source.to_owned();
    }
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push('_');
        if chars.next_if(|c| matches!(c, '\'' | '"' | '\\')).is_some() {
            out.push('_');
        }
    }
    out
}

fn fault_of(error: &minijinja::Error) -> Fault {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let at = error.range().map(|range| At {
        start: u32::try_from(range.start).unwrap_or(u32::MAX),
        end: u32::try_from(range.end).unwrap_or(u32::MAX),
    });
    let (message, help) = reworded(message);
    let fault = Fault::new(format!("template syntax: {message}")).help(help);
    match at {
        Some(at) => fault.at(at),
        None => fault,
    }
}

/// The parser's message in words of Jinja's users.
fn reworded(message: String) -> (String, Option<String>) {
    if let Some(tag) = message.strip_prefix("unknown statement ") {
        let help = match tag {
            "break" | "continue" => Some("filter the loop's list, or test inside the loop".to_owned()),
            _ => crate::diag::did_you_mean(tag, TAGS.iter().copied()),
        };
        return (format!("there is no tag `{tag}`"), help);
    }
    (message, None)
}

const TAGS: &[&str] = &[
    "autoescape",
    "block",
    "call",
    "elif",
    "else",
    "endblock",
    "endcall",
    "endfilter",
    "endfor",
    "endif",
    "endmacro",
    "endset",
    "endwith",
    "extends",
    "filter",
    "for",
    "from",
    "if",
    "import",
    "include",
    "macro",
    "raw",
    "set",
    "with",
];
