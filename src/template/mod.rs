//! Ansible's Jinja: native types, lazy recursive variables, filters, tests, lookups, `omit`.
//!
//! minijinja lexes and parses; the tree is run by an evaluator of our own ([`eval`]), because Ansible's semantics reach into
//! every step: values keep their origin and secrecy, variables are rendered when they are read, what is undefined travels
//! through attributes and filters until `default` catches it, and a template that is one expression keeps its type.

mod cache;
mod checks;
mod crypt;
mod csv;
mod engine;
mod error;
mod eval;
mod fault;
mod filters;
mod functions;
mod ini;
mod item;
mod jmespath;
mod json;
mod lookups;
mod methods;
mod net;
mod outside;
mod paths;
mod python_random;
mod regex;
mod scope;
mod syntax;
mod templar;

pub(crate) use crypt::hash_password;
pub use error::TemplateError;
pub use outside::{Fetch, Outside, Plugin, Redirects};
pub(crate) use regex::{Flags, Regex};
pub use scope::{MapScope, Overlay, Scope};
pub use syntax::Delimiters;
pub use templar::{Templar, TemplateFile};
