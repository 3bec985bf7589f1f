//! `setup`: facts about the host.

use globset::GlobBuilder;
use schemars::JsonSchema;
use serde::Deserialize;

use super::facts::{Request, chosen, gather};
use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// Gathers facts about the host, which become variables: `ansible_facts.distribution` and `ansible_distribution`.
///
/// There are no facts about Python, because none is needed on the host.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Which facts: `all`, `min`, `hardware`, `network`, `virtual` or the name of a smaller group; with `!` before it, what to
    /// leave out. `!all` leaves only `min`, `!all,!min` leaves nothing that is not named.
    #[serde(default = "all")]
    gather_subset: Vec<String>,
    /// Seconds that an executable local fact may take.
    #[serde(default = "ten")]
    gather_timeout: u32,
    /// Only facts whose name, with or without `ansible_`, matches one of these shell patterns.
    #[serde(default)]
    filter: Vec<String>,
    /// Folder on the host whose files `*.fact` (JSON, INI, or programs that print either) become `ansible_local`.
    #[serde(default = "facts_folder")]
    fact_path: String,
}

fn all() -> Vec<String> {
    vec!["all".to_owned()]
}

fn ten() -> u32 {
    10
}

fn facts_folder() -> String {
    "/etc/ansible/facts.d".to_owned()
}

impl Action for Setup {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let names = chosen(&self.gather_subset).map_err(|error| ModuleError::new(error.to_string()))?;
        let request = Request { fact_path: &self.fact_path, timeout: self.gather_timeout };
        let mut facts = gather(&names, &request, ctx)?.prefixed();
        let subset = self.gather_subset.iter().map(|name| Value::from(name.as_str())).collect();
        facts.insert("gather_subset".into(), Value::list(subset));
        facts.insert("module_setup".into(), Value::Bool(true));
        let facts = self.filtered(facts)?;
        Ok(Outcome { facts: Some(facts), ..Outcome::ok() })
    }
}

impl Setup {
    fn filtered(&self, facts: Map) -> Result<Map, ModuleError> {
        let patterns: Vec<&str> = self.filter.iter().map(|pattern| pattern.trim()).collect();
        if patterns.iter().all(|pattern| pattern.is_empty() || *pattern == "*") {
            return Ok(facts);
        }
        let mut matchers = Vec::new();
        for pattern in patterns {
            let mut forms = vec![pattern.to_owned()];
            if !["ansible_", "facter", "ohai"].iter().any(|start| pattern.starts_with(start)) {
                forms.push(format!("ansible_{pattern}"));
            }
            for form in forms {
                let glob = GlobBuilder::new(&form.replace('{', "[{]")).backslash_escape(false).build();
                let glob =
                    glob.map_err(|error| ModuleError::because(format!("`{pattern}` is no valid pattern"), error))?;
                matchers.push(glob.compile_matcher());
            }
        }
        let fits = |name: &str| matchers.iter().any(|matcher| matcher.is_match(name));
        Ok(facts.into_iter().filter(|(name, _)| name.as_str().is_some_and(fits)).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::modules::testing::{run, with_ctx};
    use crate::value::{Value, to_json};

    fn facts(args: serde_json::Value) -> serde_json::Value {
        with_ctx(|ctx| to_json(&Value::map(run(ctx, "setup", args).unwrap().facts.unwrap())))
    }

    #[test]
    fn facts_of_this_host() {
        let facts = facts(json!({}));
        for name in [
            "all_ipv4_addresses",
            "architecture",
            "date_time",
            "default_ipv4",
            "distribution",
            "env",
            "hostname",
            "interfaces",
            "kernel",
            "lo",
            "memtotal_mb",
            "mounts",
            "os_family",
            "pkg_mgr",
            "processor_vcpus",
            "service_mgr",
            "user_id",
            "virtualization_type",
        ] {
            assert!(facts.get(format!("ansible_{name}")).is_some(), "{name}");
        }
        assert_eq!(facts["ansible_lo"]["ipv4"]["address"], "127.0.0.1");
    }

    #[test]
    fn subsets_and_filters() {
        let few = facts(json!({"gather_subset": ["!all", "!min", "user"]}));
        assert!(few.get("ansible_user_id").is_some() && few.get("ansible_kernel").is_none());
        let few = facts(json!({"filter": ["*_mb", "ansible_kernel"]}));
        assert!(few.get("ansible_memfree_mb").is_some() && few.get("ansible_kernel").is_some());
        assert_eq!(few.as_object().unwrap().keys().filter(|key| key.contains("kernel")).count(), 1);
        let error = with_ctx(|ctx| run(ctx, "setup", json!({"gather_subset": "none"})).unwrap_err());
        assert!(error.message.starts_with("Bad subset 'none'"));
    }
}
