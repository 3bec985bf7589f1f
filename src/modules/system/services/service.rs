//! `service`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::init_script::InitScript;
use super::openrc::OpenRc;
use super::service_manager::{self, ServiceManager};
use super::systemctl::{Scope, Systemctl};
use super::systemd_service::SystemdService;
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
    /// The service. Needed for all but `daemon_reload` and `daemon_reexec`.
    name: Option<String>,
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
    /// As in `systemd_service`; an error under other init systems.
    masked: Option<bool>,
    /// As in `systemd_service`; an error under other init systems.
    #[serde(alias = "daemon-reload")]
    #[schemars(extend("x-aliases" = ["daemon-reload"]))]
    daemon_reload: Option<bool>,
    /// As in `systemd_service`; an error under other init systems.
    #[serde(alias = "daemon-reexec")]
    #[schemars(extend("x-aliases" = ["daemon-reexec"]))]
    daemon_reexec: Option<bool>,
    /// As in `systemd_service`; an error under other init systems.
    force: Option<bool>,
    /// As in `systemd_service`; an error under other init systems.
    no_block: Option<bool>,
    /// As in `systemd_service`; an error under other init systems.
    scope: Option<Scope>,
}

fn default_level() -> String {
    "default".to_owned()
}

fn auto() -> String {
    "auto".to_owned()
}

/// Who has the service.
enum Manager<'o> {
    Systemd(SystemdService),
    Other(Box<dyn ServiceManager + 'o>),
}

impl Service {
    fn manager(&self, ctx: &Ctx) -> Result<Manager<'_>, ModuleError> {
        let wanted = self.manager.rsplit('.').next().unwrap_or_default();
        let systemd = match wanted {
            "auto" => Systemctl::is_running(),
            "systemd" | "systemd_service" => true,
            "sysvinit" | "openrc" | "service" => false,
            other => return Err(ModuleError::new(format!("there is no module `{other}` for services (option `use`)"))),
        };
        if systemd {
            return Ok(Manager::Systemd(self.for_systemd()));
        }
        if let Some(option) = self.options_of_systemd().into_iter().find_map(|(name, given)| given.then_some(name)) {
            let text = format!("`{option}` is for systemd, and this host's services are not systemd's");
            return Err(ModuleError::new(text));
        }
        let name = self.name.as_deref().ok_or_else(|| ModuleError::new("missing required option `name`"))?;
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

    /// The task as the module `systemd_service` has it.
    fn for_systemd(&self) -> SystemdService {
        SystemdService {
            name: self.name.clone(),
            state: self.state,
            enabled: self.enabled,
            masked: self.masked,
            daemon_reload: self.daemon_reload.unwrap_or_default(),
            daemon_reexec: self.daemon_reexec.unwrap_or_default(),
            force: self.force,
            no_block: self.no_block.unwrap_or_default(),
            scope: self.scope.unwrap_or_default(),
        }
    }

    fn options_of_systemd(&self) -> [(&'static str, bool); 6] {
        [
            ("masked", self.masked.is_some()),
            ("daemon_reload", self.daemon_reload.is_some()),
            ("daemon_reexec", self.daemon_reexec.is_some()),
            ("force", self.force.is_some()),
            ("no_block", self.no_block.is_some()),
            ("scope", self.scope.is_some()),
        ]
    }
}

impl Managed for Service {
    type State = UnitState;

    fn validate(&self) -> Result<(), ModuleError> {
        let manager = self.daemon_reload == Some(true) || self.daemon_reexec == Some(true);
        if self.name.is_none() && !manager {
            return Err(ModuleError::new("missing required option `name`"));
        }
        if self.state.is_none() && self.enabled.is_none() && self.masked.is_none() && !manager {
            return Err(ModuleError::new("one of the following is required: state, enabled"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<UnitState, ModuleError> {
        match self.manager(ctx)? {
            Manager::Systemd(unit) => unit.validate().and_then(|()| unit.read(ctx)),
            Manager::Other(service) => service_manager::read(&*service, self.state, self.enabled, ctx),
        }
    }

    fn desired(&self, current: &UnitState, ctx: &mut Ctx) -> Result<UnitState, ModuleError> {
        self.for_systemd().desired(current, ctx)
    }

    fn apply(&self, current: &UnitState, desired: &UnitState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        match self.manager(ctx)? {
            Manager::Systemd(unit) => return unit.apply(current, desired, ctx),
            Manager::Other(service) => {
                let pause = self.sleep.map(Duration::from_secs);
                let name = self.name.as_deref().unwrap_or_default();
                service_manager::apply(&*service, name, current, desired, pause, ctx)?;
            }
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &UnitState) -> Map {
        let mut values = Unit::values(self.name.as_deref(), state);
        if matches!(values.get("status"), Some(Value::Map(status)) if status.is_empty()) {
            values.shift_remove("status");
        }
        values
    }

    fn title(&self) -> String {
        format!("service {}", self.name.as_deref().unwrap_or_default())
    }
}
