//! `ping`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;

/// Answers `pong` where the host can run modules. It has nothing to do with the network's ping.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// What to answer; `crash` makes the module fail.
    #[serde(default = "pong")]
    data: String,
}

fn pong() -> String {
    "pong".to_owned()
}

impl Action for Ping {
    fn run(&self, _: &mut Ctx) -> Result<Outcome, ModuleError> {
        if self.data == "crash" {
            return Err(ModuleError::new("boom"));
        }
        Ok(Outcome::ok().with("ping", self.data.as_str()))
    }
}
