//! From text to a tree of our own: minijinja lexes and parses, this lowers its tree to one that owns its parts, has filters
//! and tests resolved and remembers where each expression stands.

mod dialect;
mod guard;
mod literal;
mod lower;
mod lower_expr;
mod parse;
mod tree;

pub use dialect::Delimiters;
pub(crate) use dialect::Dialect;
pub(crate) use parse::{compile, compile_expression};
pub(crate) use tree::{Arg, Block, Compare, Compiled, Expr, ExprKind, ForLoop, Macro, Operator, Stmt, Target, Unknown};
