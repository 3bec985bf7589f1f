//! `debug`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Key, Value};

/// Shows a message, or the value of a variable or expression.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Debug {
    /// What to show; `Hello world!` when neither this nor `var` is given.
    #[serde(default, deserialize_with = "given")]
    msg: Option<Value>,
    /// Name of a variable, or an expression without braces, whose value to show.
    var: Option<String>,
    /// Stay quiet unless the run has at least this many `-v`.
    #[serde(default)]
    verbosity: u8,
}

/// A value that is given, be it none.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl ControllerAction for Debug {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        if self.msg.is_some() && self.var.is_some() {
            return Err(ModuleError::new("only one of `msg` and `var` can be given"));
        }
        let mut outcome = Outcome::ok();
        if self.verbosity > ctx.ctx.mode.verbosity {
            outcome.skipped = true;
            return Ok((outcome.with("skipped_reason", "Verbosity threshold not met."), Vec::new()));
        }
        if let Some(var) = self.var.as_deref().filter(|var| !var.is_empty()) {
            let value = match ctx.templar.evaluate(var, None, ctx.scope) {
                Ok(value) => value,
                Err(error) if error.undefined => {
                    ctx.ctx.warn(error.message.clone());
                    Value::from(format!("<< error 1 - {} >>", error.message))
                }
                Err(error) => return Err(ModuleError::because("cannot resolve `var`", error)),
            };
            outcome.values.insert(Key::from(var), value);
        } else {
            let msg = self.msg.clone().unwrap_or_else(|| Value::from("Hello world!"));
            outcome.values.insert(Key::from("msg"), msg);
        }
        Ok((outcome, Vec::new()))
    }
}
