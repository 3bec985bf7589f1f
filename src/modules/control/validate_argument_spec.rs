//! `validate_argument_spec`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::argument_spec::Findings;
use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// Checks variables against an argument specification. Roles with `argument_specs` in their `meta` get such a task by
/// themselves.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateArgumentSpec {
    /// The specification: options with `type`, `required`, `choices`, `default`, `elements`, `options` …
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    argument_spec: Value,
    /// Values by option name; what is not given here is taken from the variable of the option's name.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    provided_arguments: Option<Value>,
    /// What is being checked, for messages.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    validate_args_context: Option<Value>,
}

impl ControllerAction for ValidateArgumentSpec {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let wrong = |name: &str, value: &Value| {
            ModuleError::new(format!("Incorrect type for {name}, expected dict and got {}", value.type_name()))
        };
        let spec = self.argument_spec.as_map().ok_or_else(|| wrong("argument_spec", &self.argument_spec))?;
        let empty = Map::new();
        let provided = match &self.provided_arguments {
            None | Some(Value::Null) => &empty,
            Some(value) => value.as_map().ok_or_else(|| wrong("provided_arguments", value))?,
        };
        let mut values = Map::new();
        for option in spec.keys() {
            let Some(raw) = option.as_str().and_then(|name| ctx.scope.get(name)) else { continue };
            let value = ctx
                .templar
                .render(&raw, ctx.scope)
                .map_err(|error| ModuleError::because(format!("cannot render the variable `{option}`"), error))?;
            values.insert(option.clone(), value);
        }
        values.extend(provided.iter().map(|(key, value)| (key.clone(), value.clone())));
        let context = self.validate_args_context.clone().unwrap_or_else(Value::empty_map);
        let outcome = Outcome::ok().with("validate_args_context", context);
        let errors = Findings::of(spec, &values);
        if errors.is_empty() {
            return Ok((outcome.msg("The arg spec validation passed"), Vec::new()));
        }
        let text = format!("Validation of arguments failed:\n{}", errors.join("\n"));
        let list = Value::list(errors.into_iter().map(Value::from).collect());
        let outcome =
            outcome.with("argument_errors", list).with("argument_spec_data", self.argument_spec.clone()).msg(text);
        Ok((Outcome { failed: true, ..outcome }, Vec::new()))
    }
}
