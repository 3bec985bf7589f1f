//! What is the same for the whole run.

use std::path::PathBuf;
use std::sync::Arc;

use super::hosts::Hosts;
use crate::modules::RunMode;
use crate::value::{Key, Map, Value};

/// Choices of the command line that variables show.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Check mode, diff, verbosity.
    pub mode: RunMode,
    /// How many hosts are worked on at once.
    pub forks: usize,
    /// `--limit`, as given.
    pub limit: Option<String>,
    /// `--tags`; variables show `all` where none was given.
    pub run_tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// The inventory sources as given.
    pub inventory_sources: Vec<String>,
    /// The configuration file in use.
    pub config_file: Option<PathBuf>,
}

/// Extra variables, settings and hosts.
#[derive(Debug)]
pub struct RunVars {
    /// `-e`: they win over everything but the magic variables.
    pub extra: Map,
    /// Choices of the command line.
    pub settings: Settings,
    /// The hosts of the run.
    pub hosts: Arc<Hosts>,
}

impl Settings {
    /// A magic variable that comes from the command line.
    pub(super) fn magic(&self, name: &str) -> Option<Value> {
        Some(match name {
            "ansible_check_mode" => Value::Bool(self.mode.check),
            "ansible_diff_mode" => Value::Bool(self.mode.diff),
            "ansible_verbosity" => Value::Int(self.mode.verbosity.into()),
            "ansible_forks" => Value::Int(self.forks.try_into().unwrap_or(i128::MAX)),
            "ansible_limit" => Value::data(self.limit.as_deref()?),
            "ansible_run_tags" if self.run_tags.is_empty() => texts(&["all"]),
            "ansible_run_tags" => texts(&self.run_tags),
            "ansible_skip_tags" => texts(&self.skip_tags),
            "ansible_inventory_sources" => texts(&self.inventory_sources),
            "ansible_config_file" => {
                self.config_file.as_ref().map_or(Value::Null, |path| Value::data(path.display().to_string()))
            }
            "ansible_version" => version(),
            _ => return None,
        })
    }
}

/// The ansible-core whose language this is; not the number of this program.
pub const LANGUAGE_VERSION: &str = "2.18.0";

/// The language level that playbooks may ask for.
fn version() -> Value {
    let number = |n: i128| Value::Int(n);
    let parts = [
        ("full", Value::data(LANGUAGE_VERSION)),
        ("major", number(2)),
        ("minor", number(18)),
        ("revision", number(0)),
        ("string", Value::data(LANGUAGE_VERSION)),
    ];
    Value::map(parts.into_iter().map(|(key, value)| (Key::from(key), value)).collect())
}

pub(super) fn texts<S: AsRef<str>>(items: &[S]) -> Value {
    Value::list(items.iter().map(|item| Value::data(item.as_ref())).collect())
}
