//! Modules that keep a thing as declared. Check mode cannot lie here: the module never decides whether to act.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Ctx;
use super::error::ModuleError;
use super::outcome::{Diff, DiffText, Outcome};
use crate::value::{Map, Value, from_value, to_value};

/// A module that manages one thing. `Self` holds the task's options.
pub trait Managed: DeserializeOwned + JsonSchema + Send + Sized + 'static {
    /// Everything about the thing that the module manages; equal states mean nothing to do. Its serialized form is what
    /// `--diff` shows, so secrets in it are typed [`Secret`](crate::value::Secret).
    type State: Serialize + PartialEq + Clone + Send;

    /// Rules between options that types cannot say (`one of a or b is needed`).
    fn validate(&self) -> Result<(), ModuleError> {
        Ok(())
    }

    /// How the thing is now. Never changes anything.
    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError>;

    /// How it should be: the current state with the options laid over it. Never changes anything.
    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError>;

    /// Makes it so. Called only where the two differ, and never in check mode.
    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError>;

    /// The return values for a state (after the change, or as predicted in check mode).
    fn values(&self, state: &Self::State) -> Map {
        let _ = state;
        Map::new()
    }

    /// As [`Managed::values`], with another look at the host after the change (or without it, in check mode).
    fn report(&self, state: &Self::State, ctx: &mut Ctx) -> Result<Map, ModuleError> {
        let _ = ctx;
        Ok(self.values(state))
    }

    /// The diff of two states; by default both as structures under the same header.
    fn diff(&self, current: &Self::State, desired: &Self::State) -> Result<Vec<Diff>, ModuleError> {
        let side = |state: &Self::State| -> Result<DiffText, ModuleError> {
            match to_value(state).map_err(|error| ModuleError::because("cannot show the state", error))? {
                Value::Null => Ok(DiffText::Absent),
                value => Ok(DiffText::Value(value)),
            }
        };
        Ok(vec![Diff {
            before_header: self.title(),
            after_header: self.title(),
            before: side(current)?,
            after: side(desired)?,
        }])
    }

    /// What the thing is called in a diff's header, such as `organization acme`.
    fn title(&self) -> String;
}

/// What [`Managed::apply`] gives back beside the change.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Return values that only the change itself produces (a new robot's token), laid over [`Managed::values`].
    pub values: Map,
    /// Facts for the host.
    pub facts: Option<Map>,
}

/// Runs a managed module: read, compare, show, and outside check mode apply.
pub fn run<M: Managed>(args: &Value, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    let module: M = from_value(args)?;
    module.validate()?;
    let current = module.read(ctx)?;
    let desired = module.desired(&current, ctx)?;
    let mut outcome = Outcome::changed(current != desired);
    if outcome.changed && ctx.mode.diff {
        outcome.diff = module.diff(&current, &desired)?;
    }
    let mut applied = Applied::default();
    if outcome.changed && !ctx.mode.check {
        applied = module.apply(&current, &desired, ctx)?;
    }
    outcome.values = module.report(&desired, ctx)?;
    outcome.values.extend(applied.values);
    outcome.facts = applied.facts;
    if let Some(Value::Str(msg)) = outcome.values.get("msg") {
        outcome.msg = Some(msg.to_string());
        outcome.values.shift_remove("msg");
    }
    outcome.warnings = ctx.take_warnings();
    Ok(outcome)
}
