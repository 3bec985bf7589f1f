//! `ansible-config`: which settings are in force, and where they come from.

use std::fmt::Write as _;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value as Json, json};

use super::common::{OptionsError, configuration};
use crate::cli::config::{Config, Kind, Meaning};
use crate::diag::ExitCode;
use crate::report::python_json_nice;
use crate::value::{from_json, python_repr, python_str};
use crate::yaml::{EmitOptions, emit};

/// Arguments of `ansible-config`.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All settings with their values and where those come from
    Dump {
        #[command(flatten)]
        common: Common,
        /// Only what is not the default
        #[arg(long, visible_alias = "changed-only")]
        only_changed: bool,
    },
    /// All settings with their names, types, defaults, and what they mean here
    List {
        #[command(flatten)]
        common: Common,
    },
    /// The configuration file
    View {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The configuration file to read
    #[arg(short, long = "config", value_name = "FILE")]
    config: Option<String>,
    /// Which settings; here only `base`
    #[arg(short = 't', long = "type", default_value = "base")]
    kind: String,
    /// `display` or `ini` for the usual form, `json` or `yaml`
    #[arg(short, long, default_value = "display")]
    format: String,
    /// Taken for ansible-config's sake
    #[arg(short, long, action = clap::ArgAction::Count, hide = true)]
    verbose: u8,
}

/// Prints what is asked for.
#[expect(clippy::print_stdout, reason = "the configuration is the output")]
pub(super) fn run(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let (Action::Dump { common, .. } | Action::List { common } | Action::View { common }) = &args.action;
    if !matches!(common.kind.as_str(), "base" | "all") {
        return Err(OptionsError(format!("`--type {}` is not supported: only `base` is", common.kind)).into());
    }
    let (mut environment, mut config) = configuration()?;
    if let Some(file) = &common.config {
        environment.insert("ANSIBLE_CONFIG".to_owned(), file.clone());
        config = Config::load(&environment, &std::env::current_dir()?)?;
    }
    let text = match &args.action {
        Action::Dump { common, only_changed } => dump(&config, &common.format, *only_changed)?,
        Action::List { common } => list(&common.format)?,
        Action::View { .. } => {
            let path = config.file.context("Invalid or no config file was supplied")?;
            std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?
        }
    };
    print!("{text}");
    Ok(ExitCode::Success)
}

fn dump(config: &Config, format: &str, only_changed: bool) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut entries = Vec::new();
    for setting in Config::settings().iter().filter(|setting| !setting.name.starts_with("CALLBACK_")) {
        let (value, origin) = config.value(setting);
        if only_changed && origin == "default" {
            continue;
        }
        entries.push(json!({"name": setting.name, "origin": origin, "value": value}));
        let _ = writeln!(out, "{}({origin}) = {}", setting.name, python_str(&from_json(value)));
    }
    formatted(out, Json::Array(entries), format)
}

fn list(format: &str) -> anyhow::Result<String> {
    let mut settings = serde_json::Map::new();
    for setting in Config::settings() {
        let ini: Vec<Json> =
            setting.ini_names().map(|(section, key)| json!({"key": key, "section": section})).collect();
        let env: Vec<Json> = setting.env_names().map(|name| json!({"name": name})).collect();
        let meaning = match setting.meaning {
            Meaning::Honoured => "works",
            Meaning::Nothing => "nothing to do here",
            Meaning::Unsupported => "not supported, and a warning where it is set",
        };
        settings.insert(
            setting.name.to_owned(),
            json!({"default": setting.default_value(), "env": env, "ini": ini, "meaning": meaning, "type": kind_name(setting.kind)}),
        );
    }
    formatted(String::new(), Json::Object(settings), if format == "json" { "json" } else { "yaml" })
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Float => "float",
        Kind::Int => "integer",
        Kind::List => "list",
        Kind::Path => "path",
        Kind::PathList => "pathlist",
        Kind::PathSpec => "pathspec",
        Kind::Text => "string",
    }
}

fn formatted(display: String, json: Json, format: &str) -> anyhow::Result<String> {
    match format {
        "display" | "ini" => Ok(display),
        "json" => Ok(python_json_nice(&json, 4) + "\n"),
        "yaml" => Ok(emit(&from_json(json), &EmitOptions { indent: 2, ..EmitOptions::nice() })?),
        other => Err(OptionsError(format!("`--format {}` is not known", python_repr(&from_json(other.into())))).into()),
    }
}
