//! `fail`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::Value;

/// Fails on purpose, mostly behind a `when`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Why, for the reader; mostly text.
    #[serde(default = "reason")]
    msg: Value,
}

fn reason() -> Value {
    Value::data("Failed as requested from task")
}

impl ControllerAction for Fail {
    fn run(&self, _: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let outcome = Outcome { failed: true, ..Outcome::ok() };
        let outcome = match &self.msg {
            Value::Str(text) => outcome.msg(text.as_str()),
            other => outcome.with("msg", other.clone()),
        };
        Ok((outcome, Vec::new()))
    }
}
