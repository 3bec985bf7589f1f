//! `systemd_service`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::systemctl::{Scope, Systemctl};
use super::unit::{Unit, UnitState, Wanted};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::value::Map;

/// Keeps a unit of systemd running or stopped, enabled or disabled, masked or not.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemdService {
    /// The unit. `.service` is meant where it has no ending.
    #[serde(alias = "service", alias = "unit")]
    #[schemars(extend("x-aliases" = ["service", "unit"]))]
    pub(super) name: Option<String>,
    /// What the unit shall do. Needs `name`.
    pub(super) state: Option<Wanted>,
    /// Whether the unit shall start with the system. Needs `name`.
    pub(super) enabled: Option<bool>,
    /// Whether the unit shall be masked, so that nothing can start it. Needs `name`.
    pub(super) masked: Option<bool>,
    /// Let systemd read its files again before anything else.
    #[serde(default, alias = "daemon-reload")]
    #[schemars(extend("x-aliases" = ["daemon-reload"]))]
    pub(super) daemon_reload: bool,
    /// Let systemd execute itself again before anything else.
    #[serde(default, alias = "daemon-reexec")]
    #[schemars(extend("x-aliases" = ["daemon-reexec"]))]
    pub(super) daemon_reexec: bool,
    /// Override links that stand in the way of enabling or masking.
    #[serde(default)]
    pub(super) force: Option<bool>,
    /// Do not wait until the unit has started or stopped.
    #[serde(default)]
    pub(super) no_block: bool,
    /// Which of systemd's managers.
    #[serde(default)]
    pub(super) scope: Scope,
}

impl SystemdService {
    fn systemctl(&self) -> Systemctl {
        Systemctl { scope: self.scope, no_block: self.no_block, force: self.force == Some(true) }
    }

    fn unit(&self) -> Option<Unit<'_>> {
        Some(Unit {
            name: self.name.as_deref()?,
            systemctl: self.systemctl(),
            state: self.state,
            enabled: self.enabled,
            masked: self.masked,
        })
    }
}

impl Managed for SystemdService {
    type State = UnitState;

    fn validate(&self) -> Result<(), ModuleError> {
        let needs =
            [("state", self.state.is_some()), ("enabled", self.enabled.is_some()), ("masked", self.masked.is_some())];
        if let Some((option, _)) = needs.iter().find(|(_, given)| *given && self.name.is_none()) {
            let text = format!("missing parameter(s) required by '{option}': name");
            return Err(ModuleError::new(text));
        }
        let given = self.daemon_reload || self.daemon_reexec || needs.iter().any(|(_, given)| *given);
        if !given {
            let options = "state, enabled, masked, daemon_reload, daemon_reexec";
            return Err(ModuleError::new(format!("one of the following is required: {options}")));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<UnitState, ModuleError> {
        // systemd looks at its files again: that changes no unit, and without it what is read here would be of yesterday
        if !ctx.mode.check {
            for (wanted, verb) in [(self.daemon_reload, "daemon-reload"), (self.daemon_reexec, "daemon-reexec")] {
                if wanted {
                    let plain = Systemctl { no_block: false, force: false, ..self.systemctl() };
                    let done = plain.run(&[verb], ctx)?;
                    if done.rc != 0 {
                        let text = format!("failure {} during {verb}: {}", done.rc, done.err().trim());
                        return Err(ModuleError::new(text));
                    }
                }
            }
        }
        match self.unit() {
            Some(unit) => unit.read(ctx),
            None => Ok(UnitState::default()),
        }
    }

    fn desired(&self, current: &UnitState, _: &mut Ctx) -> Result<UnitState, ModuleError> {
        Ok(self.unit().map_or_else(UnitState::default, |unit| unit.desired(current)))
    }

    fn apply(&self, current: &UnitState, desired: &UnitState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        if let Some(unit) = self.unit() {
            unit.apply(current, desired, ctx)?;
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &UnitState) -> Map {
        Unit::values(self.name.as_deref(), state)
    }

    fn title(&self) -> String {
        format!("unit {}", self.name.as_deref().unwrap_or_default())
    }
}
