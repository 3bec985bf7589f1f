//! Modules that are not built in: what is said of them, and what stands in for them where they may never be reached.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::action::{action_names, short};
use super::context::LoadContext;
use super::known;
use super::reader::Reader;
use super::role_files::split_collection;
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::modules::{self, Ctx, ModuleDef, ModuleError, Outcome, table};
use crate::tree::{display_name, resolve};

/// Stands in for a module that is not built in. A task under a condition may never come to run it, so it is loaded with a
/// warning, and fails when it is reached.
#[derive(Deserialize, JsonSchema)]
struct Unsupported {
    /// The module that was asked for.
    module: String,
}

impl modules::Action for Unsupported {
    fn run(&self, _: &mut Ctx) -> Result<Outcome, ModuleError> {
        Err(ModuleError::new(format!("the module `{}` is not built into quaymaster", self.module)))
    }
}

/// The stand-in; no table holds it, so no playbook can name it.
pub(super) static STAND_IN: ModuleDef = ModuleDef::action::<Unsupported>("ansible.builtin", "unsupported").open();

/// What is known of a name that no built-in module has.
pub(super) enum Missing {
    /// Ansible has a module of this full name, or may have.
    Unsupported(String, Box<Diagnostic>),
    /// Nobody has.
    Unknown(Box<Diagnostic>),
}

impl Reader<'_> {
    /// What is known of a name that no built-in module has.
    pub(super) fn missing_module(&self, name: &str, span: Span, context: &LoadContext) -> Missing {
        let not_built_in = |full: &str| {
            Diagnostic::error("unsupported-module", format!("the module `{full}` is not built into quaymaster"))
                .at(span)
        };
        if let Some(file) = self.action_plugin(short(name), context) {
            let problem = not_built_in(name).help(format!(
                "action plugins, such as `{}`, are Python and part of Ansible itself",
                display_name(&file)
            ));
            return Missing::Unsupported(name.to_owned(), Box::new(problem));
        }
        if let Some(full) = known::full_name(name) {
            let problem = not_built_in(&full);
            return Missing::Unsupported(full, Box::new(problem));
        }
        let unknown = |near: Option<String>| {
            let message = format!("there is no module `{name}`");
            Missing::Unknown(Box::new(Diagnostic::error("unknown-module", message).at(span).help_opt(near)))
        };
        let Some((collection, _)) = split_collection(name) else {
            return unknown(did_you_mean(name, action_names()));
        };
        let prefix = format!("{collection}.");
        let siblings: Vec<String> = full_names().filter(|full| full.starts_with(&prefix)).collect();
        let near = did_you_mean(name, siblings.iter().map(String::as_str));
        if near.is_none() && !matches!(collection, "ansible.builtin" | "ansible.legacy") {
            // the collection may well have it
            let help = siblings.is_empty().then(|| format!("no module of the collection `{collection}` is"));
            return Missing::Unsupported(name.to_owned(), Box::new(not_built_in(name).help_opt(help)));
        }
        unknown(near)
    }

    /// The file of an action plugin in the role or beside the playbook.
    fn action_plugin(&self, name: &str, context: &LoadContext) -> Option<PathBuf> {
        let files = &self.loader.options.files;
        let role = context.role.as_ref().map(|role| role.path.as_path());
        role.into_iter().chain([context.play_dir.as_path()]).find_map(|home| {
            let folder = home.join("action_plugins");
            let names = files.list(&folder).unwrap_or_default();
            let found = names.iter().find(|file| file.split('.').next() == Some(name))?;
            Some(resolve(&folder, found))
        })
    }
}

/// The full names of all modules.
fn full_names() -> impl Iterator<Item = String> {
    table::MODULES.iter().flat_map(|module| {
        let aliases = module.aliases.iter().map(|alias| {
            if alias.contains('.') { (*alias).to_owned() } else { format!("{}.{alias}", module.collection) }
        });
        std::iter::once(format!("{}.{}", module.collection, module.name)).chain(aliases)
    })
}
