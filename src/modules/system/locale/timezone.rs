//! `timezone`.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::modules::system::config_file::ConfigFile;
use crate::value::Map;

/// What the hardware clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Clock {
    /// The local time.
    #[serde(rename = "local")]
    Local,
    /// UTC.
    #[serde(rename = "UTC")]
    Utc,
}

/// Sets the host's time zone, and whether its hardware clock shows UTC.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timezone {
    /// The zone, such as `Europe/Berlin`. One of `name` and `hwclock` is needed.
    name: Option<String>,
    /// What the hardware clock shows.
    #[serde(alias = "rtc")]
    #[schemars(extend("x-aliases" = ["rtc"]))]
    hwclock: Option<Clock>,
}

/// What the task cares for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimezoneState {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hwclock: Option<Clock>,
}

const ZONES: &str = "/usr/share/zoneinfo";
const LOCALTIME: &str = "/etc/localtime";

/// Whether systemd is there to be asked.
fn by_systemd(ctx: &Ctx) -> bool {
    Path::new("/run/systemd/system").exists() && ctx.find_tool("timedatectl").is_some()
}

fn zone(ctx: &Ctx) -> Result<String, ModuleError> {
    if by_systemd(ctx) {
        let asked = ctx.run_tool("timedatectl", ["show", "-p", "Timezone", "--value"])?;
        let told = asked.out().trim().to_owned();
        if asked.rc == 0 && !told.is_empty() {
            return Ok(told);
        }
    }
    let link = fs::canonicalize(LOCALTIME).unwrap_or_default();
    if let Ok(name) = link.strip_prefix(ZONES) {
        return Ok(name.display().to_string());
    }
    Ok(ConfigFile::at("/etc/timezone").text(ctx)?.unwrap_or_default().trim().to_owned())
}

fn clock() -> Clock {
    let text = fs::read_to_string("/etc/adjtime").unwrap_or_default();
    if text.lines().nth(2).map(str::trim) == Some("LOCAL") { Clock::Local } else { Clock::Utc }
}

impl Timezone {
    /// Sets the zone by files, as hosts without systemd have it.
    fn write(name: &str, ctx: &mut Ctx) -> Result<(), ModuleError> {
        let target = PathBuf::from(ZONES).join(name);
        let failed = |error| ModuleError::because(format!("cannot replace `{LOCALTIME}`"), error);
        // beside its place first, so that there is a zone at every moment
        let fresh = format!("{LOCALTIME}.quaymaster");
        if Path::new(&fresh).symlink_metadata().is_ok() {
            fs::remove_file(&fresh).map_err(failed)?;
        }
        std::os::unix::fs::symlink(&target, &fresh).and_then(|()| fs::rename(&fresh, LOCALTIME)).map_err(failed)?;
        if Path::new("/etc/timezone").exists() || Path::new("/etc/debian_version").exists() {
            ConfigFile::at("/etc/timezone").write(Some(&format!("{name}\n")), ctx)?;
        }
        Ok(())
    }
}

impl Managed for Timezone {
    type State = TimezoneState;

    fn validate(&self) -> Result<(), ModuleError> {
        if self.name.is_none() && self.hwclock.is_none() {
            return Err(ModuleError::new("one of the following is required: hwclock, name"));
        }
        Ok(())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<TimezoneState, ModuleError> {
        if let Some(name) = &self.name {
            let file = PathBuf::from(ZONES).join(name);
            if name.split('/').any(|part| matches!(part, "" | "." | "..")) || !file.is_file() {
                return Err(ModuleError::new(format!("given timezone \"{name}\" is not available")));
            }
        }
        let name = if self.name.is_some() { Some(zone(ctx)?) } else { None };
        Ok(TimezoneState { name, hwclock: self.hwclock.map(|_| clock()) })
    }

    fn desired(&self, _: &TimezoneState, _: &mut Ctx) -> Result<TimezoneState, ModuleError> {
        Ok(TimezoneState { name: self.name.clone(), hwclock: self.hwclock })
    }

    fn apply(&self, current: &TimezoneState, desired: &TimezoneState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let systemd = by_systemd(ctx);
        if let Some(name) = desired.name.as_deref().filter(|_| current.name != desired.name) {
            if systemd {
                ctx.run_tool("timedatectl", ["set-timezone", name])?.success("timedatectl")?;
            } else {
                Self::write(name, ctx)?;
            }
        }
        if let Some(clock) = desired.hwclock.filter(|_| current.hwclock != desired.hwclock) {
            if systemd {
                let word = if clock == Clock::Local { "yes" } else { "no" };
                ctx.run_tool("timedatectl", ["set-local-rtc", word])?.success("timedatectl")?;
            } else {
                let flag = if clock == Clock::Local { "--localtime" } else { "--utc" };
                ctx.run_tool("hwclock", ["--systohc", flag])?.success("hwclock")?;
            }
        }
        Ok(Applied::default())
    }

    fn values(&self, _: &TimezoneState) -> Map {
        Map::new()
    }

    fn title(&self) -> String {
        "time zone".to_owned()
    }
}
