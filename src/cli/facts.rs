//! What the configuration says of facts: where they are kept between runs, and whether they are variables by themselves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::config::{Config, ConfigError};
use crate::inventory::HostName;
use crate::vars::{FactCache, FactCacheError, FactPolicy};

/// How long kept facts count where nothing else is said.
const DAY: u64 = 86_400;

/// What to do with facts.
#[derive(Clone, Debug)]
pub(super) struct FactOptions {
    /// The folder in which they outlive the run.
    dir: Option<PathBuf>,
    prefix: String,
    timeout: Option<Duration>,
    as_vars: bool,
    /// Forget those that were kept before the run.
    flush: bool,
}

impl FactOptions {
    /// As the configuration has it.
    pub(super) fn from_config(config: &Config, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let plugin = config.text("CACHE_PLUGIN").unwrap_or_default();
        let dir = match plugin.strip_prefix("ansible.builtin.").unwrap_or(plugin) {
            "" | "memory" => None,
            "jsonfile" => {
                let wanted = "the cache plug-in `jsonfile` needs the path of a folder";
                Some(
                    config
                        .path("CACHE_PLUGIN_CONNECTION")
                        .ok_or_else(|| config.refuse("CACHE_PLUGIN_CONNECTION", wanted))?,
                )
            }
            other => {
                warnings.push(format!("there is no cache plug-in `{other}` here; facts are kept for this run only"));
                None
            }
        };
        let seconds = config.number("CACHE_PLUGIN_TIMEOUT")?.unwrap_or(DAY);
        Ok(Self {
            dir,
            prefix: config.text("CACHE_PLUGIN_PREFIX").unwrap_or_default().to_owned(),
            timeout: (seconds > 0).then(|| Duration::from_secs(seconds)),
            as_vars: config.switch("INJECT_FACTS_AS_VARS")?.unwrap_or(true),
            flush: false,
        })
    }

    /// With the choice to forget what was kept before.
    pub(super) fn flushed(self, flush: bool) -> Self {
        Self { flush, ..self }
    }

    /// What the run does with facts. Those of `hosts` are forgotten first, where that was chosen.
    pub(super) fn policy(self, hosts: impl FnOnce() -> Vec<HostName>) -> Result<FactPolicy, FactCacheError> {
        let cache = self.dir.map(|dir| FactCache::new(dir, self.prefix, self.timeout).map(Arc::new)).transpose()?;
        if let Some(cache) = cache.as_ref().filter(|_| self.flush) {
            for host in hosts() {
                cache.forget(host.as_str());
            }
        }
        Ok(FactPolicy { cache, as_vars: self.as_vars })
    }
}
