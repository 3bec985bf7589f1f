//! Checks of what was read: a module's options, the syntax of templates, files that tasks name.

mod options;
mod sources;
mod templates;

pub(super) use options::{Given, OptionSpec};
pub(super) use sources::{Source, candidates, find_source, search_folders};
pub(super) use templates::{condition_problem, expression_problem, file_problem, template_problems};
