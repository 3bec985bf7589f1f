//! `JMESPath`, the language of `json_query`, on values: the order of keys and Python's numbers stay as they are.

mod compare;
mod eval;
mod functions;
mod lexer;
mod parser;
mod tree;

pub(crate) use eval::search;
