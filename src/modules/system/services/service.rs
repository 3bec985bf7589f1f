//! `service`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::init_script::InitScript;
use super::openrc::OpenRc;
use super::service_manager::{self, ServiceManager};
use super::systemctl::Systemctl;
use super::unit::{Unit, UnitState, Wanted};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::{Map, Value};

/// Keeps a service running or stopped, started with the system or not, under whichever init system the host has: systemd,
/// OpenRC, or init scripts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The service.
    name: String,
    /// What it shall do. One of `state` and `enabled` is needed.
    state: Option<Wanted>,
    /// Whether it shall start with the system.
    enabled: Option<bool>,
    /// Seconds between stop and start of a restart. Without effect under systemd.
    sleep: Option<u64>,
    /// Text whose presence in the list of processes means that the service runs, for scripts that do not know. Without
    /// effect under systemd.
    pattern: Option<String>,
    /// The run level, for OpenRC.
    #[serde(default = "default_level")]
    runlevel: String,
    /// Further words for the service's script. Without effect under systemd.
    #[serde(default, alias = "args")]
    #[schemars(extend("x-aliases" = ["args"]))]
    arguments: String,
    /// The init system: `systemd`, `sysvinit`, `openrc`, or `auto` for the one that is found. `service` leaves out systemd.
    #[serde(default = "auto", rename = "use")]
    manager: String,
}

fn default_level() -> String {
    "default".to_owned()
}

fn auto() -> String {
    "auto".to_owned()
}

/// Who has the service.
enum Manager<'o> {
    Systemd(Unit<'o>),
    Other(Box<dyn ServiceManager + 'o>),
}

impl Service {
    fn manager(&self, ctx: &Ctx) -> Result<Manager<'_>, ModuleError> {
        let name = self.name.as_str();
        let wanted = self.manager.rsplit('.').next().unwrap_or_default();
        let systemd = match wanted {
            "auto" => Systemctl::is_running(),
            "systemd" | "systemd_service" => true,
            "sysvinit" | "openrc" | "service" => false,
            other => return Err(ModuleError::new(format!("there is no module `{other}` for services (option `use`)"))),
        };
        if systemd {
            let systemctl = Systemctl::SYSTEM;
            return Ok(Manager::Systemd(Unit {
                name,
                systemctl,
                state: self.state,
                enabled: self.enabled,
                masked: None,
            }));
        }
        if wanted != "sysvinit" && OpenRc::is_there(ctx) {
            let service = OpenRc { name, runlevel: &self.runlevel };
            if service.knows(ctx)? {
                return Ok(Manager::Other(Box::new(service)));
            }
        } else if wanted != "openrc"
            && let Some(script) = InitScript::find(name, Some(&self.arguments), self.pattern.as_deref(), &[])
        {
            return Ok(Manager::Other(Box::new(script)));
        }
        Err(ModuleError::new(format!("Could not find the requested service {name}: host")))
    }
}

impl Managed for Service {
    type State = UnitState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.state.is_none() && self.enabled.is_none() {
            return Err(ModuleError::new("one of the following is required: state, enabled"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<UnitState, ModuleError> {
        match self.manager(ctx)? {
            Manager::Systemd(unit) => unit.read(ctx),
            Manager::Other(service) => service_manager::read(&*service, self.state, self.enabled, ctx),
        }
    }

    fn desired(&self, current: &UnitState, _: &mut Ctx) -> Result<UnitState, ModuleError> {
        let unit = Unit {
            name: &self.name,
            systemctl: Systemctl::SYSTEM,
            state: self.state,
            enabled: self.enabled,
            masked: None,
        };
        Ok(unit.desired(current))
    }

    fn apply(&self, current: &UnitState, desired: &UnitState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        match self.manager(ctx)? {
            Manager::Systemd(unit) => unit.apply(current, desired, ctx)?,
            Manager::Other(service) => {
                let pause = self.sleep.map(Duration::from_secs);
                service_manager::apply(&*service, &self.name, current, desired, pause, ctx)?;
            }
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &UnitState) -> Map {
        let mut values = Unit::values(Some(&self.name), state);
        if matches!(values.get("status"), Some(Value::Map(status)) if status.is_empty()) {
            values.shift_remove("status");
        }
        values
    }

    fn title(&self) -> String {
        format!("service {}", self.name)
    }
}
