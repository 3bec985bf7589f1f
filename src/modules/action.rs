//! Modules that merely do something: commands, requests, questions.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::context::Ctx;
use super::error::ModuleError;
use super::outcome::Outcome;
use crate::value::{Value, from_value};

/// A module that does something each time it runs. `Self` holds the task's options. In check mode (`ctx.mode.check`) it must
/// not change anything: it predicts, or returns an outcome marked skipped.
pub trait Action: DeserializeOwned + JsonSchema + Send + Sized + 'static {
    /// Does it.
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError>;
}

/// Runs an action with the task's arguments.
pub(super) fn run<A: Action>(args: &Value, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    let action: A = from_value(args)?;
    let mut outcome = action.run(ctx)?;
    outcome.warnings.extend(ctx.take_warnings());
    Ok(outcome)
}
