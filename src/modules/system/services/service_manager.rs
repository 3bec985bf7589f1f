//! What init systems other than systemd can do to a service.

use std::time::Duration;

use super::unit::{Activity, UnitState, Wanted};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;

/// A service under an init system that is called by commands.
pub(super) trait ServiceManager {
    /// Whether the service runs.
    fn runs(&self, ctx: &Ctx) -> Result<bool, ModuleError>;

    /// Whether it starts with the system.
    fn is_enabled(&self, ctx: &Ctx) -> Result<bool, ModuleError>;

    /// Starts it, stops it and so on.
    fn act(&self, verb: &str, ctx: &Ctx) -> Result<Output, ModuleError>;

    /// Lets it start with the system, or not.
    fn enable(&self, on: bool, ctx: &Ctx) -> Result<Output, ModuleError>;
}

/// A service as it is.
pub(super) fn read(
    manager: &dyn ServiceManager,
    state: Option<Wanted>,
    enabled: Option<bool>,
    ctx: &Ctx,
) -> Result<UnitState, ModuleError> {
    let mut now = UnitState::default();
    if enabled.is_some() {
        now.enabled = Some(manager.is_enabled(ctx)?);
    }
    if state.is_some() {
        now.activity = Some(if manager.runs(ctx)? { Activity::Started } else { Activity::Stopped });
    }
    Ok(now)
}

/// Makes a service so. With `pause`, a restart is a stop and, after this time, a start. Returns what each step printed,
/// under the state that it brought about.
pub(super) fn apply(
    manager: &dyn ServiceManager,
    name: &str,
    current: &UnitState,
    desired: &UnitState,
    pause: Option<Duration>,
    ctx: &Ctx,
) -> Result<Vec<(&'static str, Output)>, ModuleError> {
    let mut steps = Vec::new();
    if let Some(on) = desired.enabled.filter(|_| current.enabled != desired.enabled) {
        let verb = if on { "enable" } else { "disable" };
        steps.push(("enabled", checked(manager.enable(on, ctx)?, verb, name)?));
    }
    let Some(activity) = desired.activity.filter(|_| current.activity != desired.activity) else { return Ok(steps) };
    let mut act = |verb: &'static str, as_what: &'static str| -> Result<(), ModuleError> {
        steps.push((as_what, checked(manager.act(verb, ctx)?, verb, name)?));
        Ok(())
    };
    match (activity, pause) {
        (Activity::Restarted | Activity::Reloaded, Some(pause)) => {
            checked(manager.act("stop", ctx)?, "stop", name)?;
            if ctx.wait(tokio::time::sleep(pause)).is_none() {
                return Err(ModuleError::new(format!("interrupted between the stop and the start of {name}")));
            }
            act("start", if activity == Activity::Restarted { "restarted" } else { "reloaded" })?;
        }
        (Activity::Stopped, _) => act("stop", "stopped")?,
        (Activity::Started, _) => act("start", "started")?,
        (Activity::Restarted, None) => act("restart", "restarted")?,
        (Activity::Reloaded, None) => act("reload", "reloaded")?,
    }
    Ok(steps)
}

fn checked(output: Output, verb: &str, name: &str) -> Result<Output, ModuleError> {
    if output.rc == 0 {
        return Ok(output);
    }
    let why = format!("{}{}", output.out(), output.err());
    Err(ModuleError::new(format!("Unable to {verb} service {name}: {}", why.trim())).with("rc", i64::from(output.rc)))
}
