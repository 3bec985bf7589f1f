//! A unit of systemd and what a task wants of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::init_script::InitScript;
use super::systemctl::{Scope, Systemctl};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::{Map, Value};

/// What a service shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wanted {
    /// Read its configuration anew; it is started where it does not run.
    Reloaded,
    /// Be stopped and started, or only started where it does not run.
    Restarted,
    /// Run.
    Started,
    /// Not run.
    Stopped,
}

impl Wanted {
    /// What is to be done to a service that runs or does not.
    pub(super) fn activity(self, runs: bool) -> Activity {
        match (self, runs) {
            (Self::Stopped, _) => Activity::Stopped,
            (Self::Reloaded, true) => Activity::Reloaded,
            (Self::Restarted, true) => Activity::Restarted,
            (Self::Started, _) | (_, false) => Activity::Started,
        }
    }
}

/// Whether a service runs, and whether it shall do so anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Activity {
    /// It runs.
    Started,
    /// It does not run.
    Stopped,
    /// It ran and is started anew.
    Restarted,
    /// It ran and has read its configuration anew.
    Reloaded,
}

impl Activity {
    /// The word for the tools that do it.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Started => "start",
            Self::Stopped => "stop",
            Self::Restarted => "restart",
            Self::Reloaded => "reload",
        }
    }

    /// What is returned as `state`.
    pub(super) fn state(self) -> &'static str {
        if self == Self::Stopped { "stopped" } else { "started" }
    }
}

/// A unit and what is wanted of it.
pub(super) struct Unit<'o> {
    pub(super) name: &'o str,
    pub(super) systemctl: Systemctl,
    pub(super) state: Option<Wanted>,
    pub(super) enabled: Option<bool>,
    pub(super) masked: Option<bool>,
}

/// A unit as it is or shall be. Only what the task cares for is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UnitState {
    pub(super) enabled: Option<bool>,
    pub(super) masked: Option<bool>,
    #[serde(rename = "state")]
    pub(super) activity: Option<Activity>,
    /// Its properties, for the return values; no part of what is compared.
    #[serde(skip)]
    pub(super) status: Properties,
}

/// Properties of a unit. They say nothing about what the task wants, so all are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties(pub(super) Map);

impl PartialEq for Properties {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Unit<'_> {
    fn run(&self, words: &[&str], ctx: &Ctx) -> Result<crate::modules::host::Output, ModuleError> {
        self.systemctl.run(words, ctx)
    }

    /// The unit as it is.
    pub(super) fn read(&self, ctx: &Ctx) -> Result<UnitState, ModuleError> {
        let told = self.systemctl.show(self.name, ctx)?;
        let property = |name: &str| told.as_ref().and_then(|told| told.get(name)).and_then(Value::as_str).unwrap_or("");
        let script = InitScript::path_of(self.name).filter(|_| self.systemctl.scope == Scope::System);
        let masked_now = property("LoadState") == "masked";
        let found = match &told {
            Some(_) => property("LoadState") != "not-found" || script.is_some(),
            // a template without an instance has no properties but a file
            None => script.is_some() || self.has_file(ctx)?,
        };
        if !found && (self.enabled.is_some() || self.state.is_some()) {
            let name = self.name;
            return Err(ModuleError::new(format!("Could not find the requested service {name}: host")));
        }
        if property("LoadState") == "error" {
            let why = property("LoadError");
            return Err(ModuleError::new(format!("Error loading unit file '{}': {why}", self.name)));
        }
        let enabled = match self.enabled {
            Some(_) => Some(self.is_enabled(script.is_some(), ctx)?),
            None => None,
        };
        let activity = match self.state {
            Some(wanted) if told.is_some() => Some(match property("ActiveState") {
                "active" | "activating" | "reloading" => Activity::Started,
                // still to be stopped, though it does not run any more
                "deactivating" if wanted == Wanted::Stopped => Activity::Started,
                _ => Activity::Stopped,
            }),
            Some(_) => return Err(ModuleError::new(format!("Service {} is in unknown state", self.name))),
            None => None,
        };
        Ok(UnitState {
            enabled,
            masked: self.masked.map(|_| masked_now),
            activity,
            status: Properties(told.unwrap_or_default()),
        })
    }

    fn has_file(&self, ctx: &Ctx) -> Result<bool, ModuleError> {
        let base = self.name.rsplit_once('.').map_or(self.name, |(base, _)| base);
        let name = match base.split_once('@') {
            // an instance has its template's file
            Some((template, _)) => format!("{template}@*"),
            None => self.name.to_owned(),
        };
        let listed = self.run(&["list-unit-files", "--no-legend", "--no-pager", &name], ctx)?;
        Ok(listed.rc == 0 && !listed.out().trim().is_empty())
    }

    fn is_enabled(&self, has_script: bool, ctx: &Ctx) -> Result<bool, ModuleError> {
        let asked = self.run(&["is-enabled", self.name, "-l"], ctx)?;
        let told = asked.out();
        let lines: Vec<&str> = told.lines().collect();
        if asked.rc == 0 {
            // enabled only by way of another unit
            return Ok(!matches!(lines.as_slice(), ["indirect" | "alias"]));
        }
        let by_script = has_script && !told.trim().ends_with("disabled");
        Ok(by_script && InitScript::is_enabled(self.name))
    }

    /// The unit as it shall be.
    pub(super) fn desired(&self, current: &UnitState) -> UnitState {
        let runs = current.activity == Some(Activity::Started);
        UnitState {
            enabled: self.enabled,
            masked: self.masked,
            activity: self.state.map(|wanted| wanted.activity(runs)),
            status: current.status.clone(),
        }
    }

    /// Makes it so.
    pub(super) fn apply(&self, current: &UnitState, desired: &UnitState, ctx: &Ctx) -> Result<(), ModuleError> {
        let act = |verb: &str| -> Result<(), ModuleError> {
            let done = self.run(&[verb, self.name], ctx)?;
            if done.rc == 0 {
                return Ok(());
            }
            let why = format!("{}{}", done.out(), done.err());
            Err(ModuleError::new(format!("Unable to {verb} service {}: {}", self.name, why.trim_end())))
        };
        if current.masked != desired.masked {
            act(if desired.masked == Some(true) { "mask" } else { "unmask" })?;
        }
        if current.enabled != desired.enabled {
            act(if desired.enabled == Some(true) { "enable" } else { "disable" })?;
        }
        if let Some(activity) = desired.activity.filter(|_| current.activity != desired.activity) {
            act(activity.verb())?;
        }
        Ok(())
    }

    /// The return values for a state.
    pub(super) fn values(name: Option<&str>, state: &UnitState) -> Map {
        let mut values = Map::from([
            ("name".into(), name.map_or(Value::Null, Value::from)),
            ("status".into(), Value::map(state.status.0.clone())),
        ]);
        if let Some(enabled) = state.enabled {
            values.insert("enabled".into(), Value::from(enabled));
        }
        if let Some(activity) = state.activity {
            values.insert("state".into(), Value::from(activity.state()));
        }
        values
    }
}
