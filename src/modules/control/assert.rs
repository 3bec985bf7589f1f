//! `assert`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::Value;

/// Fails unless all conditions hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assert {
    /// One condition or a list of them, each as in `when`.
    that: Value,
    /// What to say when a condition does not hold: a text or a list of texts. `Assertion failed` where not given.
    #[serde(alias = "msg")]
    #[schemars(extend("x-aliases" = ["msg"]))]
    fail_msg: Option<Value>,
    /// What to say when all hold: a text or a list of texts. `All assertions passed` where not given.
    success_msg: Option<Value>,
    /// Show the result no more than that of any other task.
    #[serde(default)]
    quiet: bool,
}

impl ControllerAction for Assert {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        // reporters show an assertion like any other task, which is what `quiet` asks for
        let _ = self.quiet;
        let conditions = match &self.that {
            Value::List(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        for condition in conditions {
            let holds = ctx
                .templar
                .condition(&condition, ctx.scope)
                .map_err(|error| ModuleError::because("cannot evaluate a condition", error))?;
            if !holds {
                let outcome = Outcome { failed: true, ..Outcome::ok() };
                let outcome = outcome.with("assertion", condition).with("evaluated_to", false);
                return Ok((say(outcome, self.fail_msg.as_ref(), "Assertion failed"), Vec::new()));
            }
        }
        Ok((say(Outcome::ok(), self.success_msg.as_ref(), "All assertions passed"), Vec::new()))
    }
}

fn say(outcome: Outcome, message: Option<&Value>, default: &str) -> Outcome {
    match message {
        None => outcome.msg(default),
        Some(Value::Str(text)) if !text.is_secret() => outcome.msg(text.as_str()),
        Some(other) => outcome.with("msg", other.clone()),
    }
}
