//! Ansible's Jinja on minijinja: native types, lazy recursive variables, filters, tests, lookups, `omit`.

mod scope;
mod templar;

pub use scope::{MapScope, Scope};
pub use templar::{Templar, TemplateError, TemplateFile};
