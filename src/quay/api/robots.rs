//! Robot accounts of organizations and of the caller.

use std::fmt;

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{
    CreateRobot, Endpoint, Robot, RobotFederation, RobotPermission, RobotPermissions, Robots, endpoints,
};
use crate::quay::error::{QuayError, Refusal};

const ABSENT: &[&str] = &["Could not find robot"];

fn is_absent(refusal: &Refusal) -> bool {
    refusal.status == 400
        && refusal.body.message().is_some_and(|text| ABSENT.iter().any(|absent| text.contains(absent)))
}

/// A robot's name: its namespace, which is an organization or the caller, and its short name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RobotName {
    /// Organization or user.
    pub namespace: String,
    /// The part after the `+`.
    pub short: String,
    /// Whether the namespace is the caller's own.
    pub personal: bool,
}

impl RobotName {
    fn call(&self, of_organization: &'static Endpoint, of_user: &'static Endpoint) -> Result<Call, QuayError> {
        if self.personal {
            Ok(Call::new(of_user, &[&self.short])?)
        } else {
            Ok(Call::new(of_organization, &[&self.namespace, &self.short])?)
        }
    }
}

impl fmt::Display for RobotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.namespace, self.short)
    }
}

impl Client {
    /// The robots of an organization with their tokens. Empty also where the organization is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn organization_robots(&self, organization: &str) -> Result<Vec<Robot>, QuayError> {
        let call = Call::new(&endpoints::LIST_ORGANIZATION_ROBOTS, &[organization])?
            .query("permissions", "false")
            .query("token", "true");
        Ok(self.fetch::<Robots>(&call, Repeat::Always).await?.robots)
    }

    /// The caller's own robots with their tokens.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn user_robots(&self) -> Result<Vec<Robot>, QuayError> {
        let call = Call::new(&endpoints::LIST_USER_ROBOTS, &[])?.query("permissions", "false").query("token", "true");
        Ok(self.fetch::<Robots>(&call, Repeat::Always).await?.robots)
    }

    /// A robot with its token and metadata.
    ///
    /// # Errors
    /// The organization is missing, or the caller may not ask.
    pub async fn robot(&self, name: &RobotName) -> Result<Option<Robot>, QuayError> {
        let call = name.call(&endpoints::GET_ORGANIZATION_ROBOT, &endpoints::GET_USER_ROBOT)?;
        match self.find(&call).await {
            Err(QuayError::Refused(refusal)) if is_absent(&refusal) => Ok(None),
            other => other,
        }
    }

    /// Makes a robot.
    ///
    /// # Errors
    /// It is there already, its name is wrong, or the organization is missing.
    pub async fn create_robot(&self, name: &RobotName, robot: &CreateRobot) -> Result<Robot, QuayError> {
        let call = name.call(&endpoints::CREATE_ORGANIZATION_ROBOT, &endpoints::CREATE_USER_ROBOT)?.json(robot)?;
        self.create(&call, |answer| answer.json(&call), || self.robot(name)).await
    }

    /// Gives a robot a new token; the old one no longer works. A repetition only makes it newer.
    ///
    /// # Errors
    /// The robot is missing.
    pub async fn regenerate_robot(&self, name: &RobotName) -> Result<Robot, QuayError> {
        let call = name.call(&endpoints::REGENERATE_ORGANIZATION_ROBOT, &endpoints::REGENERATE_USER_ROBOT)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Deletes a robot; false where there is none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_robot(&self, name: &RobotName) -> Result<bool, QuayError> {
        let call = name.call(&endpoints::DELETE_ORGANIZATION_ROBOT, &endpoints::DELETE_USER_ROBOT)?;
        self.delete(&call, ABSENT).await
    }

    /// The repositories that a robot may use; none where the robot is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn robot_permissions(&self, name: &RobotName) -> Result<Vec<RobotPermission>, QuayError> {
        let call = name.call(&endpoints::ORGANIZATION_ROBOT_PERMISSIONS, &endpoints::USER_ROBOT_PERMISSIONS)?;
        match self.fetch::<RobotPermissions>(&call, Repeat::Always).await {
            Err(QuayError::Refused(refusal)) if is_absent(&refusal) => Ok(Vec::new()),
            other => Ok(other?.permissions),
        }
    }

    /// The identities that may act as a robot through federation (from 3.13).
    ///
    /// # Errors
    /// The robot is missing, or the registry is older.
    pub async fn robot_federation(&self, name: &RobotName) -> Result<Vec<RobotFederation>, QuayError> {
        let call = name.call(&endpoints::GET_ORGANIZATION_ROBOT_FEDERATION, &endpoints::GET_USER_ROBOT_FEDERATION)?;
        self.fetch(&call, Repeat::Always).await
    }

    /// Replaces those identities.
    ///
    /// # Errors
    /// The robot is missing, or the registry is older.
    pub async fn set_robot_federation(&self, name: &RobotName, to: &[RobotFederation]) -> Result<(), QuayError> {
        let call = name.call(&endpoints::SET_ORGANIZATION_ROBOT_FEDERATION, &endpoints::SET_USER_ROBOT_FEDERATION)?;
        self.act(&call.json(&to)?, Repeat::Always).await
    }
}
