//! `quay_robot`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connect::{call, given};
use super::names::{missing_organization, robot, split_robot};
use super::options::{State, quay_options, yes};
use super::secret_file::{self, Kept};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{CreateRobot, RobotFederation};
use crate::quay::{Registry, RobotName};
use crate::value::{Key, Map, Secret, Value};

quay_options! {
    /// Keeps a robot account of an organization or of the caller, and hands out its token.
    pub struct QuayRobot {
        /// Name of the robot: `organization+name`, or `name` for one of the caller's own.
        name: String,
        /// Description of the robot. Quay cannot change it later.
        description: Option<String>,
        /// Identities of other services that may act as the robot (Quay 3.13 and later).
        federations: Option<Vec<Federation>>,
        /// Whether `federations` are added to those that are there, or replace them.
        #[serde(default = "yes")]
        append: bool,
        /// File that the robot's token is kept in, for nobody else to read (mode 0600). Removed with the robot. (Not in
        /// `infra.quay_configuration`.)
        token_file: Option<String>,
        /// Whether the robot gets a new token. The old one no longer works, and the task changes something each time. (Not
        /// in `infra.quay_configuration`.)
        #[serde(default)]
        regenerate: bool,
        /// Whether the robot shall be there.
        #[serde(default)]
        state: State,
    }
}

/// An identity that may act as a robot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Federation {
    /// Address of the service that vouches for it.
    issuer: String,
    /// Its name there.
    subject: String,
}

/// A robot as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RobotState {
    name: String,
    description: String,
    /// Known once the robot is there.
    token: Secret,
    /// How often the token was asked to be made anew by this task.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    regenerated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    federations: Option<BTreeSet<RobotFederation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<Kept>,
}

impl Managed for QuayRobot {
    type State = Option<RobotState>;

    fn validate(&self) -> Result<(), ModuleError> {
        split_robot(&self.name).map(|_| ())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let Some(name) = self.robot_name(&registry, ctx)? else { return Ok(None) };
        let doing = format!("cannot read the robots of {}", name.namespace);
        let all = call(ctx, doing, registry.robots(&name.namespace, name.personal))?;
        let full = name.to_string();
        let Some(found) = all.iter().find(|robot| robot.name == full) else { return Ok(None) };
        let token = found.token.clone().unwrap_or_default();
        ctx.redactor.register(token.expose());
        let federations = match &self.federations {
            Some(_) => {
                let doing = format!("cannot read the federations of robot {full}");
                Some(call(ctx, doing, registry.client().robot_federation(&name))?.into_iter().collect())
            }
            None => None,
        };
        let token_file = match self.token_path(ctx) {
            Some(path) => Some(secret_file::state(&path, Some(&token))?),
            None => None,
        };
        Ok(Some(RobotState {
            name: full,
            description: found.description.clone(),
            token,
            regenerated: false,
            federations,
            token_file,
        }))
    }

    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let asked = given(self.description.as_deref());
        let mut wanted = match current {
            Some(current) => {
                if asked.is_some_and(|asked| asked != current.description) {
                    ctx.warn(format!("the description of robot {} stays: Quay cannot change it", current.name));
                }
                RobotState { regenerated: self.regenerate, ..current.clone() }
            }
            None => RobotState {
                name: self.name.clone(),
                description: asked.unwrap_or_default().to_owned(),
                token: Secret::default(),
                regenerated: false,
                federations: None,
                token_file: None,
            },
        };
        if let Some(asked) = &self.federations {
            let there = wanted.federations.take().filter(|_| self.append).unwrap_or_default();
            let asked = asked.iter().map(|f| RobotFederation { issuer: f.issuer.clone(), subject: f.subject.clone() });
            wanted.federations = Some(there.into_iter().chain(asked).collect());
        }
        wanted.token_file = given(self.token_file.as_deref()).map(|_| Kept::Right);
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let Some(name) = self.robot_name(&registry, ctx)? else { return Ok(Applied::default()) };
        let Some(wanted) = desired else {
            call(ctx, format!("cannot delete robot {name}"), registry.delete_robot(&name))?;
            if let Some(path) = self.token_path(ctx) {
                secret_file::remove(&path)?;
            }
            return Ok(Applied::default());
        };
        let token = match current {
            None => {
                let description = Some(wanted.description.clone()).filter(|text| !text.is_empty());
                let new = CreateRobot { description, unstructured_metadata: None };
                call(ctx, format!("cannot create robot {name}"), registry.create_robot(&name, &new))?.token
            }
            Some(_) if wanted.regenerated => {
                let doing = format!("cannot make a new token for robot {name}");
                call(ctx, doing, registry.regenerate_robot(&name))?.token
            }
            Some(current) => Some(current.token.clone()),
        }
        .unwrap_or_default();
        ctx.redactor.register(token.expose());
        if let Some(path) = self.token_path(ctx) {
            if token.expose().is_empty() {
                return Err(ModuleError::new(format!("Quay does not show the token of robot {name} to this caller")));
            }
            secret_file::write(&path, &token)?;
        }
        if let Some(federations) = &wanted.federations
            && current.as_ref().and_then(|current| current.federations.as_ref()).unwrap_or(&BTreeSet::new())
                != federations
        {
            let list: Vec<_> = federations.iter().cloned().collect();
            let doing = format!("cannot set the federations of robot {name}");
            call(ctx, doing, registry.client().set_robot_federation(&name, &list))?;
        }
        let state = RobotState { name: name.to_string(), token, ..wanted.clone() };
        Ok(Applied { values: self.values(&Some(state)), facts: None })
    }

    /// In check mode, the token of a robot that is not there yet is empty.
    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("name"), Value::from(state.name.as_str())),
            (Key::from("token"), Value::secret(state.token.expose())),
        ])
    }

    fn title(&self) -> String {
        format!("robot {}", self.name)
    }
}

impl QuayRobot {
    fn token_path(&self, ctx: &Ctx) -> Option<std::path::PathBuf> {
        given(self.token_file.as_deref()).map(|file| ctx.resolve(file))
    }

    /// The robot's name; `None` where its organization is missing and that is no failure.
    fn robot_name(&self, registry: &Registry, ctx: &Ctx) -> Result<Option<RobotName>, ModuleError> {
        let name = robot(&self.name, registry, ctx)?;
        if name.is_none() && self.state == State::Present {
            let (namespace, _) = split_robot(&self.name)?;
            missing_organization(namespace.unwrap_or_default(), ctx)?;
        }
        Ok(name)
    }
}
