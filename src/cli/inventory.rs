//! `quaymaster inventory`: shows hosts, groups and variables as ansible-inventory does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};
use serde::Serialize as _;

use super::config::Config;
use super::diagnostics;
use super::dialect::Dialect;
use super::extra_vars;
use super::play::environment;
use super::request::inventory_options;
use super::vault_passwords::VaultOptions;
use crate::diag::{Diagnostic, Diagnostics, ExitCode, SourceMap, did_you_mean};
use crate::inventory::{ExportVars, Exporter, Inventory, Limit, LoadOptions, VarsFolder};
use crate::vault::VaultSecrets;
use crate::yaml::{EmitOptions, FlowStyle, emit};

/// Arguments of `quaymaster inventory`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("action").required(true).args(["list", "host", "graph"]))]
pub(super) struct InventoryArgs {
    /// An inventory: a file, a folder, or a list of hosts that ends in a comma
    #[arg(short = 'i', long = "inventory", visible_alias = "inventory-file", value_name = "PATH|HOST,")]
    inventory: Vec<String>,
    /// All groups, hosts and their variables, as JSON
    #[arg(long)]
    list: bool,
    /// The variables of one host, as JSON
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The groups and hosts as a tree
    #[arg(long)]
    graph: bool,
    /// The group that the tree starts at
    #[arg(default_value = "all")]
    group: String,
    /// YAML instead of JSON
    #[arg(short = 'y', long, conflicts_with = "graph")]
    yaml: bool,
    /// With variables (for `--graph`)
    #[arg(long)]
    vars: bool,
    /// Variables of groups and hosts apart, so that the output can be used as an inventory (for `--list`)
    #[arg(long)]
    export: bool,
    /// Show only these hosts (for `--list`)
    #[arg(short = 'l', long = "limit", value_name = "PATTERN")]
    limit: Option<String>,
    /// A folder of playbooks, whose `group_vars` and `host_vars` count too
    #[arg(long, value_name = "DIR")]
    playbook_dir: Option<PathBuf>,
    /// Write to this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Variables: `key=value …`, a YAML or JSON mapping, or `@FILE` (for inventory plug-ins that use them)
    #[arg(short = 'e', long = "extra-vars", value_name = "VARS")]
    extra_vars: Vec<String>,
    /// TOML instead of JSON
    #[arg(long, conflicts_with_all = ["graph", "yaml"])]
    toml: bool,
    /// Taken for ansible-inventory's sake: there is nothing more to tell
    #[arg(short = 'v', long = "verbose", action = clap::ArgAction::Count, hide = true)]
    verbose: u8,
    /// Taken for ansible-inventory's sake: inventories are not cached
    #[arg(long, hide = true)]
    flush_cache: bool,
    /// A file that holds the Vault password, or a program that prints it
    #[arg(long, visible_alias = "vault-pass-file", value_name = "FILE")]
    vault_password_file: Vec<PathBuf>,
    /// A vault id with the source of its password: `ID@FILE` or `ID@prompt`
    #[arg(long, value_name = "ID@SOURCE")]
    vault_id: Vec<String>,
    /// Ask for the Vault password
    #[arg(short = 'J', long, visible_alias = "ask-vault-pass")]
    ask_vault_password: bool,
}

/// Prints what is asked for.
pub(super) fn run(mut args: InventoryArgs, dialect: Dialect) -> anyhow::Result<ExitCode> {
    let environment = environment();
    let config = Config::load(&environment, &std::env::current_dir()?)?;
    config.warnings.iter().for_each(|warning| dialect.warn(warning));
    if args.inventory.is_empty() {
        args.inventory = config.inventories();
    }
    args.export |= config.switch("INVENTORY_EXPORT")?.unwrap_or(false);
    let vault = VaultOptions {
        files: args.vault_password_file.clone(),
        ids: args.vault_id.clone(),
        ask: args.ask_vault_password,
    };
    let mut refused = Vec::new();
    let vault = vault.with_config(&config)?.load(&mut refused).context("cannot get the Vault passwords")?;
    let mut warnings: Diagnostics =
        refused.iter().map(|error| Diagnostic::warning("vault-password", error.to_string())).collect();
    let sources = SourceMap::new();
    let colour = diagnostics::stderr_colour(false);
    let outcome = show(&args, &config, &sources, &vault, &mut warnings)?;
    dialect.print(&warnings, &sources, colour);
    match outcome {
        Ok(text) => {
            put(&text, args.output.as_deref())?;
            Ok(ExitCode::Success)
        }
        Err(problems) => {
            dialect.print(&problems, &sources, colour);
            Ok(ExitCode::Invalid)
        }
    }
}

/// The text to print. Problems in what the user wrote are the inner error.
fn show(
    args: &InventoryArgs,
    config: &Config,
    sources: &SourceMap,
    vault: &VaultSecrets,
    warnings: &mut Diagnostics,
) -> anyhow::Result<Result<String, Diagnostics>> {
    let extra_vars = match extra_vars::parse(&args.extra_vars, sources, vault, warnings)? {
        Ok(vars) => vars,
        Err(problem) => return Ok(Err(vec![*problem])),
    };
    let options = LoadOptions { extra_vars, ..inventory_options(config) };
    let inventory = match Inventory::load_with(&args.inventory, sources, vault, &options, warnings) {
        Ok(inventory) => inventory,
        Err(problems) => return Ok(Err(problems)),
    };
    let folders: Vec<Arc<VarsFolder>> =
        args.playbook_dir.iter().map(|dir| Arc::new(VarsFolder::new(dir, sources, vault))).collect();
    let limit = args.limit.as_deref().map(Limit::parse).transpose()?.unwrap_or_default();
    let vars = if args.export { ExportVars::Separate } else { ExportVars::Flattened };
    let hosts = match inventory.limited(inventory.all_hosts(), &limit, warnings) {
        Ok(hosts) => hosts,
        Err(problem) => return Ok(Err(vec![*problem])),
    };
    let host = match &args.host {
        Some(pattern) => match inventory.hosts_matching(pattern, warnings) {
            Ok(found) => match <[_; 1]>::try_from(found) {
                Ok([host]) => Some(host),
                Err(found) if found.is_empty() => {
                    let near = did_you_mean(pattern, inventory.hosts().map(|host| host.name.as_str()));
                    bail!("there is no host `{pattern}`{}", near.map(|near| format!("; {near}")).unwrap_or_default())
                }
                Err(found) => bail!("`--host` takes one host, but `{pattern}` means {}", found.len()),
            },
            Err(problem) => return Ok(Err(vec![*problem])),
        },
        None => None,
    };
    let mut exporter = Exporter::new(&inventory, &folders, vars, warnings);
    let text = if args.graph {
        let Some(group) = inventory.group(&args.group) else {
            let near = did_you_mean(&args.group, inventory.groups().map(|group| &*group.name));
            bail!("there is no group `{}`{}", args.group, near.map(|near| format!("; {near}")).unwrap_or_default());
        };
        exporter.graph(group, args.vars)
    } else if args.toml {
        let value = match &host {
            Some(host) => exporter.host(host),
            None => exporter.tables(&hosts),
        };
        match value {
            Ok(value) => Ok(toml::to_string_pretty(&value).context("TOML cannot hold these variables")?),
            Err(problem) => Err(problem),
        }
    } else if args.yaml {
        let value = match &host {
            Some(host) => exporter.host_values(host),
            None => exporter.tree(&hosts),
        };
        match value {
            Ok(value) => Ok(emit(&value, &EmitOptions { flow_style: FlowStyle::Block, ..EmitOptions::terse() })?),
            Err(problem) => Err(problem),
        }
    } else {
        let value = match &host {
            Some(host) => exporter.host(host),
            None => exporter.list(&hosts),
        };
        match value {
            Ok(value) => Ok(json(&value)?),
            Err(problem) => Err(problem),
        }
    };
    Ok(text.map_err(|problem| vec![*problem]))
}

/// JSON as Python's `json.dumps(…, indent=4, ensure_ascii=False)` writes it.
fn json(value: &serde_json::Value) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes)?)
}

#[expect(clippy::print_stdout, reason = "the inventory is the output")]
fn put(text: &str, output: Option<&Path>) -> anyhow::Result<()> {
    if let Some(path) = output {
        return std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()));
    }
    print!("{text}");
    Ok(())
}
