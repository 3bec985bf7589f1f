//! `sysvinit`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::init_script::InitScript;
use super::service_manager;
use super::unit::{Activity, UnitState, Wanted};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// Keeps a service with an init script running or stopped, started with the system or not.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sysvinit {
    /// The service.
    #[serde(alias = "service")]
    #[schemars(extend("x-aliases" = ["service"]))]
    name: String,
    /// What it shall do. `restarted` and `reloaded` are both a stop and a start. One of `state` and `enabled` is needed.
    state: Option<Wanted>,
    /// Whether it shall start with the system.
    enabled: Option<bool>,
    /// Seconds between stop and start.
    #[serde(default = "one")]
    sleep: u64,
    /// Text whose presence in the list of processes means that the service runs, for scripts that do not know.
    pattern: Option<String>,
    /// The run levels to enable or disable it in. Those that the script names where not given.
    #[serde(default)]
    runlevels: Vec<String>,
    /// Further words for the script.
    #[serde(alias = "args")]
    #[schemars(extend("x-aliases" = ["args"]))]
    arguments: Option<String>,
    /// Without effect: scripts are run so that what they leave in the background lives on.
    #[serde(default, rename = "daemonize")]
    _daemonize: bool,
}

fn one() -> u64 {
    1
}

impl Sysvinit {
    fn script(&self) -> Result<InitScript<'_>, ModuleError> {
        InitScript::find(&self.name, self.arguments.as_deref(), self.pattern.as_deref(), &self.runlevels)
            .ok_or_else(|| ModuleError::new(format!("Could not find the requested service {}: ", self.name)))
    }
}

impl Managed for Sysvinit {
    type State = UnitState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.state.is_none() && self.enabled.is_none() {
            return Err(ModuleError::new("one of the following is required: state, enabled"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<UnitState, ModuleError> {
        service_manager::read(&self.script()?, self.state, self.enabled, ctx)
    }

    fn desired(&self, current: &UnitState, _: &mut Ctx) -> Result<UnitState, ModuleError> {
        let runs = current.activity == Some(Activity::Started);
        let activity = self.state.map(|wanted| wanted.activity(runs));
        Ok(UnitState { enabled: self.enabled, activity, ..UnitState::default() })
    }

    fn apply(&self, current: &UnitState, desired: &UnitState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let pause = Some(Duration::from_secs(self.sleep));
        let steps = service_manager::apply(&self.script()?, &self.name, current, desired, pause, ctx)?;
        let status = steps.into_iter().map(|(what, output)| {
            let told = Map::from([
                ("changed".into(), Value::from(true)),
                ("rc".into(), Value::from(i64::from(output.rc))),
                ("stdout".into(), Value::from(output.out())),
                ("stderr".into(), Value::from(output.err())),
            ]);
            (what.into(), Value::map(told))
        });
        let values = Map::from([("status".into(), Value::map(status.collect()))]);
        Ok(Applied { values, facts: None })
    }

    fn values(&self, _: &UnitState) -> Map {
        Map::from([("name".into(), Value::from(self.name.as_str())), ("status".into(), Value::empty_map())])
    }

    fn title(&self) -> String {
        format!("service {}", self.name)
    }
}
