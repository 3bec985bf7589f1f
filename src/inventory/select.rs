//! Hosts by pattern: `hosts: web*:!web1`, `--limit`, `order`.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexSet;
use rand::seq::SliceRandom as _;
use thiserror::Error;

use super::model::Inventory;
use super::name::{HostName, is_local};
use super::pattern::{Matcher, Operation, Pattern, Subscript, split_list};
use super::shard::Shard;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};

/// Patterns that no selection may go beyond (`--limit`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    patterns: Vec<String>,
    /// Hosts that other shards work on.
    elsewhere: Arc<HashSet<HostName>>,
}

/// Why a limit cannot be read.
#[derive(Debug, Error)]
pub enum LimitError {
    /// The file of `@file` cannot be read.
    #[error("cannot read the limit file `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Limit {
    /// Reads patterns as `--limit` takes them; `@file` stands for the lines of a file.
    pub fn parse(text: &str) -> Result<Self, LimitError> {
        let mut patterns = Vec::new();
        for part in split_list(text) {
            match part.strip_prefix('@') {
                Some(file) => {
                    let lines = std::fs::read_to_string(Path::new(file))
                        .map_err(|source| LimitError::Read { path: PathBuf::from(file), source })?;
                    patterns.extend(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
                }
                None => patterns.push(part.to_owned()),
            }
        }
        Ok(Self { patterns, ..Self::default() })
    }

    /// Narrowed to a part of an inventory's hosts: the same for every run of the same inventory and the same patterns. Hosts
    /// that a run adds are its own.
    ///
    /// # Errors
    /// As for [`Inventory::limited`].
    pub fn within_shard(mut self, shard: Shard, inventory: &Inventory) -> Result<Self, Box<Diagnostic>> {
        let mut hosts = inventory.limited(inventory.all_hosts(), &self, &mut Diagnostics::new())?;
        hosts.sort_unstable();
        let others = hosts.into_iter().enumerate().filter(|(place, _)| !shard.has(*place));
        self.elsewhere = Arc::new(others.map(|(_, host)| host).collect());
        Ok(self)
    }
}

/// The order in which a play works on its hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostOrder {
    /// As the inventory has them.
    #[default]
    Inventory,
    /// The last first.
    ReverseInventory,
    /// By name.
    Sorted,
    /// By name, the last first.
    ReverseSorted,
    /// At random.
    Shuffle,
}

impl HostOrder {
    /// The words of the play keyword `order`.
    pub const NAMES: [&'static str; 5] = ["inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"];

    /// Reads the play keyword `order`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "inventory" => Some(Self::Inventory),
            "reverse_inventory" => Some(Self::ReverseInventory),
            "sorted" => Some(Self::Sorted),
            "reverse_sorted" => Some(Self::ReverseSorted),
            "shuffle" => Some(Self::Shuffle),
            _ => None,
        }
    }

    /// Puts hosts into this order.
    pub fn apply(self, hosts: &mut [HostName]) {
        match self {
            Self::Inventory => {}
            Self::ReverseInventory => hosts.reverse(),
            Self::Sorted => hosts.sort_unstable(),
            Self::ReverseSorted => hosts.sort_unstable_by(|a, b| b.cmp(a)),
            Self::Shuffle => hosts.shuffle(&mut rand::rng()),
        }
    }
}

impl Inventory {
    /// The hosts that a list of patterns selects, in Ansible's order. A part that matches nothing is a warning.
    ///
    /// # Errors
    /// A regular expression that is not valid, or an index beyond the matching hosts.
    pub fn hosts_matching(&self, pattern: &str, warnings: &mut Diagnostics) -> Result<Vec<HostName>, Box<Diagnostic>> {
        self.evaluate(&split_list(pattern), warnings)
    }

    /// As [`Inventory::hosts_matching`], for the several patterns of a list (`hosts: [web, db]`).
    pub fn hosts_matching_any(
        &self,
        patterns: &[impl AsRef<str>],
        warnings: &mut Diagnostics,
    ) -> Result<Vec<HostName>, Box<Diagnostic>> {
        let parts: Vec<&str> = patterns.iter().flat_map(|pattern| split_list(pattern.as_ref())).collect();
        self.evaluate(&parts, warnings)
    }

    /// Whether a limit leaves any host to work on.
    pub fn has_within(&self, limit: &Limit) -> Result<bool, Box<Diagnostic>> {
        let patterns: Vec<&str> = limit.patterns.iter().map(String::as_str).collect();
        Ok(patterns.is_empty() || !self.evaluate(&patterns, &mut Diagnostics::new())?.is_empty())
    }

    /// Those of the hosts that lie within a limit.
    pub fn limited(
        &self,
        hosts: Vec<HostName>,
        limit: &Limit,
        warnings: &mut Diagnostics,
    ) -> Result<Vec<HostName>, Box<Diagnostic>> {
        let patterns: Vec<&str> = limit.patterns.iter().map(String::as_str).collect();
        let hosts = hosts.into_iter().filter(|host| !limit.elsewhere.contains(host));
        if patterns.is_empty() {
            return Ok(hosts.collect());
        }
        let allowed: HashSet<HostName> = self.evaluate(&patterns, warnings)?.into_iter().collect();
        Ok(hosts.filter(|host| allowed.contains(host)).collect())
    }

    fn evaluate(&self, patterns: &[&str], warnings: &mut Diagnostics) -> Result<Vec<HostName>, Box<Diagnostic>> {
        let mut selected: IndexSet<HostName> = IndexSet::new();
        for pattern in in_order(patterns)? {
            // a name that is a host's is that host, whatever groups are called
            let matching = match self.hosts.get_key_value(pattern.source.as_str()) {
                Some((name, _)) => vec![name.clone()],
                None => self.matching(&pattern.pattern, warnings)?,
            };
            match pattern.pattern.operation {
                Operation::Add => selected.extend(matching),
                Operation::Keep => {
                    let matching: HashSet<HostName> = matching.into_iter().collect();
                    selected.retain(|host| matching.contains(host));
                }
                Operation::Remove => {
                    let matching: HashSet<HostName> = matching.into_iter().collect();
                    selected.retain(|host| !matching.contains(host));
                }
            }
        }
        Ok(selected.into_iter().collect())
    }

    /// The hosts of one pattern, its subscript applied.
    fn matching(&self, pattern: &Pattern, warnings: &mut Diagnostics) -> Result<Vec<HostName>, Box<Diagnostic>> {
        let hosts = self.enumerate(pattern, warnings);
        let Some(subscript) = pattern.subscript.filter(|_| !hosts.is_empty()) else { return Ok(hosts) };
        match subscript {
            Subscript::Index(index) => {
                let position = match usize::try_from(index) {
                    Ok(index) => Some(index),
                    Err(_) => usize::try_from(index.unsigned_abs()).ok().and_then(|back| hosts.len().checked_sub(back)),
                };
                position.and_then(|position| hosts.get(position)).map(|host| vec![host.clone()]).ok_or_else(|| {
                    Box::new(
                        Diagnostic::error(
                            "host-pattern",
                            format!("there is no host `{}[{index}]`", pattern.expression),
                        )
                        .help(format!(
                            "`{}` matches {} hosts, counted from 0",
                            pattern.expression,
                            hosts.len()
                        )),
                    )
                })
            }
            Subscript::Range(start, end) => {
                let end = end.map_or(hosts.len(), |end| end.saturating_add(1));
                Ok(hosts.into_iter().take(end).skip(start).collect())
            }
        }
    }

    fn enumerate(&self, pattern: &Pattern, warnings: &mut Diagnostics) -> Vec<HostName> {
        let literal = match &pattern.matcher {
            Matcher::Glob(glob) => glob.literal(),
            Matcher::Regex(_) => None,
        };
        let groups: Vec<Arc<str>> = match &literal {
            Some(name) => {
                self.groups.get_key_value(name.as_str()).map(|(name, _)| Arc::clone(name)).into_iter().collect()
            }
            None => self.groups.keys().filter(|name| pattern.matcher.matches(name)).cloned().collect(),
        };
        let mut hosts: Vec<HostName> = groups.iter().flat_map(|group| self.hosts_of(group)).collect();
        if groups.is_empty() || pattern.also_hosts() {
            match &literal {
                Some(name) => hosts.extend(self.hosts.get_key_value(name.as_str()).map(|(name, _)| name.clone())),
                None => hosts.extend(self.hosts.keys().filter(|name| pattern.matcher.matches(name)).cloned()),
            }
        }
        if hosts.is_empty() && is_local(&pattern.expression) {
            hosts.extend(self.local_host(&pattern.expression));
        }
        if hosts.is_empty() && groups.is_empty() && pattern.expression != "all" {
            let names = self.groups.keys().map(AsRef::as_ref).chain(self.hosts.keys().map(HostName::as_str));
            warnings.push(
                Diagnostic::warning("host-pattern", format!("no host or group matches `{}`", pattern.expression))
                    .help_opt(did_you_mean(&pattern.expression, names)),
            );
        }
        hosts
    }
}

struct Written {
    source: String,
    pattern: Pattern,
}

/// The patterns in the order in which they apply: those that add, those that keep, those that remove. Where none adds, all
/// hosts are the start.
fn in_order(patterns: &[&str]) -> Result<Vec<Written>, Box<Diagnostic>> {
    let mut out = Vec::with_capacity(patterns.len() + 1);
    for text in patterns {
        let pattern = Pattern::parse(text).map_err(|error| {
            Box::new(
                Diagnostic::error("host-pattern", format!("`{text}` is not a valid regular expression"))
                    .help(error.lines().last().unwrap_or_default().trim().to_owned()),
            )
        })?;
        out.push(Written { source: (*text).to_owned(), pattern });
    }
    if !patterns.is_empty() && !out.iter().any(|written| written.pattern.operation == Operation::Add) {
        out.extend(Pattern::parse("all").ok().map(|pattern| Written { source: "all".to_owned(), pattern }));
    }
    out.sort_by_key(|written| written.pattern.operation);
    Ok(out)
}
