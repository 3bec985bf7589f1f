//! `fail`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;

/// Fails on purpose, mostly behind a `when`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Why, for the reader.
    #[serde(default = "reason")]
    msg: String,
}

fn reason() -> String {
    "Failed as requested from task".to_owned()
}

impl ControllerAction for Fail {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        Ok((Outcome { failed: true, ..Outcome::ok().msg(&self.msg) }, Vec::new()))
    }
}
