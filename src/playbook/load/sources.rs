//! What a module's options name or hold besides plain values: source files and expressions.

use std::path::Path;

use super::context::LoadContext;
use super::reader::{Reader, is_literal};
use crate::diag::Span;
use crate::modules::ModuleDef;
use crate::playbook::check::{self, Source};
use crate::template::{Delimiters, TemplateFile};
use crate::tree::display_name;
use crate::value::{Value, parse_bool};

/// An option by its own name, with its place.
type Options<'o> = &'o dyn Fn(&str) -> Option<(Value, Span)>;

impl Reader<'_> {
    /// Reports a source file that is missing, and a template file with a slip in it.
    pub(super) fn check_source(
        &mut self,
        module: &ModuleDef,
        option: Options<'_>,
        context: &LoadContext,
        conditional: bool,
    ) {
        match check::find_source(module.name, option, context, &*self.loader.options.files) {
            Source::Missing(problem) if conditional => self.problem_if_reached(*problem, true),
            Source::Missing(problem) => self.problem_of_run(*problem),
            Source::Found(path) if module.name == "template" => self.check_template_file(&path, option),
            Source::Found(path) if module.name == "include_vars" => {
                if self.loader.options.files.is_file(&path) {
                    self.vars_file(&path, None);
                }
            }
            Source::Found(_) | Source::Unknown => {}
        }
    }

    fn check_template_file(&mut self, path: &Path, option: Options<'_>) {
        // other markers make another language of it, which is checked when it is rendered
        let mut delimiters = Delimiters::default();
        for name in Delimiters::NAMES {
            match option(name) {
                Some((Value::Str(text), _)) if !text.is_template() => {
                    delimiters.set(name, &text);
                }
                Some(_) => return,
                None => {}
            }
        }
        if !self.looked_into.insert(path.to_owned()) {
            return;
        }
        // what cannot be read as text is reported by the task itself, with all that it knows of encodings and Vault
        let Ok(bytes) = self.loader.options.files.read(path) else { return };
        let Ok(text) = String::from_utf8(bytes) else { return };
        if text.starts_with("$ANSIBLE_VAULT;") {
            return;
        }
        let flag =
            |name: &str, default: bool| option(name).and_then(|(value, _)| parse_bool(&value)).unwrap_or(default);
        let name = display_name(path);
        let file = TemplateFile {
            text: &text,
            name: &name,
            trim_blocks: flag("trim_blocks", true),
            lstrip_blocks: flag("lstrip_blocks", false),
            delimiters,
        };
        let options = &self.loader.options;
        if let Some(problem) = check::file_problem(&file, &options.templar, &options.sources) {
            self.problem(problem);
        }
    }

    /// Checks options that hold expressions without braces.
    pub(super) fn check_expressions(&mut self, module: &ModuleDef, option: Options<'_>) {
        match module.name {
            "assert" => {
                let Some((that, _)) = option("that") else { return };
                for condition in that.as_list().unwrap_or(std::slice::from_ref(&that)) {
                    if let Value::Str(text) = condition {
                        self.check_condition(text);
                    }
                }
            }
            "debug" => {
                let Some((Value::Str(text), _)) = option("var") else { return };
                if is_literal(&Value::Str(text.clone())) && !text.is_empty() {
                    let problem = check::expression_problem(&text, &self.loader.options.templar);
                    self.extend(problem.into_iter().collect());
                }
            }
            _ => {}
        }
    }
}
