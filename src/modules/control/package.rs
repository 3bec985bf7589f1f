//! `package`: the host's own package manager.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::modules::controller::{ControllerAction, ControllerCtx, Effect};
use crate::modules::error::ModuleError;
use crate::modules::options::RawOptions;
use crate::modules::outcome::Outcome;
use crate::modules::table;
use crate::value::{Map, Value, from_json};

/// Manages packages with whatever manager the host has: `apt`, `dnf` and so on.
///
/// Further options are those of that manager's module.
#[derive(Deserialize, JsonSchema)]
struct Options {
    /// Packages; how a version is written is up to the manager.
    #[serde(default)]
    #[expect(dead_code, reason = "handed on unread")]
    name: Vec<String>,
    /// What they shall be: `present`, `absent`, or what else the manager's module knows, such as `latest`. What it is without
    /// this option is up to that module as well, `present` with all that there are.
    #[expect(dead_code, reason = "handed on unread")]
    state: Option<String>,
    /// The module to use; `auto` asks the variable `ansible_package_use` and then the host.
    #[serde(default, rename = "use")]
    #[expect(dead_code, reason = "read by name")]
    manager: Option<String>,
}

/// The task's options, unread.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Package(RawOptions);

impl JsonSchema for Package {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Package".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Options::json_schema(generator)
    }
}

impl ControllerAction for Package {
    fn run(&self, ctx: &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError> {
        let mut args = self.0.0.clone();
        let given = args.shift_remove("use").and_then(|value| value.as_str().map(str::to_owned));
        let manager = match given.filter(|name| name != "auto") {
            Some(name) => name,
            None => manager_of(ctx)?,
        };
        let module = match manager.as_str() {
            "unknown" => None,
            // rpm-ostree hosts and others that are dnf underneath
            "dnf4" | "atomic_container" => Some("dnf"),
            name => table::find(name).map(|module| module.name),
        };
        let Some(module) = module else {
            return Err(ModuleError::new(format!(
                "Could not find a matching action for the \"{manager}\" package manager."
            )));
        };
        Ok(((ctx.run_module)(module, &Value::map(args), ctx.ctx)?, Vec::new()))
    }
}

/// The host's manager: as a variable says, as known facts say, or as the host says.
fn manager_of(ctx: &mut ControllerCtx<'_>) -> Result<String, ModuleError> {
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let of_facts = |facts: &Map| text(facts.get("pkg_mgr").or_else(|| facts.get("ansible_pkg_mgr")).cloned());
    let known = text(ctx.scope.get("ansible_package_use"))
        .filter(|name| name != "auto")
        .or_else(|| ctx.scope.get("ansible_facts").as_ref().and_then(Value::as_map).and_then(of_facts))
        .or_else(|| text(ctx.scope.get("ansible_pkg_mgr")));
    if let Some(known) = known {
        return Ok(known);
    }
    let ask = from_json(serde_json::json!({"gather_subset": "!all", "filter": "ansible_pkg_mgr"}));
    let outcome = (ctx.run_module)("setup", &ask, ctx.ctx)?;
    let found = outcome.facts.as_ref().and_then(of_facts);
    found.ok_or_else(|| ModuleError::new("the host's package manager is not known; give it as `use`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, run_with, with_ctx};

    #[test]
    fn the_manager_is_a_variable_a_fact_or_an_option() {
        with_ctx(|ctx| {
            let args = from_json(json!({"name": "x", "state": "present"}));
            let with = |vars: serde_json::Value| from_json(vars).as_map().unwrap().clone();
            let vars = with(json!({"ansible_facts": {"pkg_mgr": "nosuch"}}));
            let error = run_with(ctx, "package", &args, &vars).unwrap_err();
            assert!(error.message.contains("\"nosuch\""));
            let vars = with(json!({"ansible_facts": {"pkg_mgr": "nosuch"}, "ansible_package_use": "other"}));
            assert!(run_with(ctx, "package", &args, &vars).unwrap_err().message.contains("\"other\""));
            let error = run(ctx, "package", json!({"name": "x", "state": "present", "use": "apt", "nope": 1}));
            assert!(error.unwrap_err().message.contains("nope"), "options are the module's");
        });
    }
}
