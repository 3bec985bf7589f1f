//! `ansible-doc`: the built-in modules' documentation.

use anyhow::bail;
use serde_json::{Map as JsonMap, Value as Json};

use super::common::OptionsError;
use crate::cli::dialect::Dialect;
use crate::diag::ExitCode;
use crate::modules::{ModuleDef, doc, table};
use crate::report::python_json_nice;

/// Arguments of `ansible-doc`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of Ansible's own")]
pub(super) struct DocArgs {
    /// Modules; with `--list`, the collection to list
    names: Vec<String>,
    /// List the modules
    #[arg(short, long)]
    list: bool,
    /// List the modules without what they do
    #[arg(short = 'F', long = "list_files")]
    list_files: bool,
    /// As JSON
    #[arg(short, long)]
    json: bool,
    /// A task to begin with
    #[arg(short, long)]
    snippet: bool,
    /// The kind of plug-in; here only `module`
    #[arg(short = 't', long = "type", default_value = "module")]
    kind: String,
    /// Show more; there is nothing more to tell
    #[arg(short, long, action = clap::ArgAction::Count, hide = true)]
    verbose: u8,
    /// Folders with modules (not supported)
    #[arg(short = 'M', long)]
    module_path: Vec<String>,
    /// Taken for ansible-doc's sake
    #[arg(long, hide = true)]
    playbook_dir: Option<String>,
}

/// Prints the documentation.
#[expect(clippy::print_stdout, reason = "the documentation is the output")]
pub(super) fn run(args: &DocArgs) -> anyhow::Result<ExitCode> {
    if args.kind != "module" {
        return Err(OptionsError(format!("`--type {}` is not supported: only modules have pages", args.kind)).into());
    }
    if !args.module_path.is_empty() {
        Dialect::Ansible.warn("`--module-path` has no effect: only built-in modules are found");
    }
    if args.list || args.list_files {
        print!("{}", listing(args));
        return Ok(ExitCode::Success);
    }
    if args.names.is_empty() {
        bail!(OptionsError("Incorrect options passed".to_owned()));
    }
    let mut pages = JsonMap::new();
    for name in &args.names {
        let Some(module) = table::find(name) else {
            Dialect::Ansible.warn(&format!("{name} was not found"));
            continue;
        };
        if args.json {
            pages.insert(name.clone(), doc::json(module));
        } else if args.snippet {
            print!("{}", doc::snippet(module));
        } else {
            println!("{}", doc::render(module));
        }
    }
    if args.json {
        println!("{}", python_json_nice(&Json::Object(pages), 4));
    }
    Ok(ExitCode::Success)
}

fn listing(args: &DocArgs) -> String {
    let full = |module: &ModuleDef| format!("{}.{}", module.collection, module.name);
    let wanted = |module: &&ModuleDef| {
        args.names.is_empty()
            || args.names.iter().any(|name| *name == module.collection || full(module).starts_with(&format!("{name}.")))
    };
    let mut modules: Vec<(String, String)> = table::MODULES
        .iter()
        .filter(wanted)
        .map(|module| (full(module), if args.list_files { "(built in)".to_owned() } else { doc::summary(module) }))
        .collect();
    modules.sort();
    if args.json {
        let map = modules.into_iter().map(|(name, text)| (name, Json::String(text))).collect();
        return python_json_nice(&Json::Object(map), 4) + "\n";
    }
    let width = modules.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(38);
    let lines: Vec<String> = modules.iter().map(|(name, text)| format!("{name:width$} {text}")).collect();
    lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect()
}
