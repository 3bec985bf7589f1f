//! `set_stats`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::set_fact::is_identifier;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// Adds values to the statistics that the end of the run shows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStats {
    /// The values by name.
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    data: Value,
    /// Keep them for each host rather than for the run.
    #[serde(default)]
    per_host: bool,
    /// Add to a value that is there already, instead of replacing it.
    #[serde(default = "yes")]
    aggregate: bool,
}

fn yes() -> bool {
    true
}

impl ControllerAction for SetStats {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let Some(data) = self.data.as_map() else {
            return Err(ModuleError::new("The 'data' option needs to be a dictionary/hash"));
        };
        if let Some(name) = data.keys().find(|key| !key.as_str().is_some_and(is_identifier)) {
            return Err(ModuleError::new(format!("`{name}` is no valid name for a statistic")));
        }
        let shown: Map = [
            ("aggregate".into(), Value::Bool(self.aggregate)),
            ("data".into(), self.data.clone()),
            ("per_host".into(), Value::Bool(self.per_host)),
        ]
        .into();
        let effect = Effect::SetStats { data: data.clone(), per_host: self.per_host, aggregate: self.aggregate };
        Ok((Outcome::ok().with("ansible_stats", shown), vec![effect]))
    }
}
