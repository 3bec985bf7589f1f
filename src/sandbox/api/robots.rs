//! Robot accounts of organizations and of the user.

use serde_json::{Value as Json, json};

use super::organization::is_restricted;
use super::organization::repository_role;
use super::table::Entry;
use super::views::{date, text};
use crate::quay::contract::{
    Metadata, Robot as View, RobotPermission, RobotPermissionRepository, RobotPermissions, Robots, Scope,
};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::robots::{self, Robot};
use crate::sandbox::store::{Account, StoreError, permissions, secrets, teams};

pub(super) const HANDLERS: &[Entry] = &[
    ("getOrgRobots", list),
    ("getOrgRobot", get),
    ("createOrgRobot", create),
    ("deleteOrgRobot", delete),
    ("regenerateOrgRobotToken", regenerate),
    ("getOrgRobotPermissions", permissions_of),
    ("getOrgRobotFederation", federation),
    ("createOrgRobotFederation", set_federation),
    ("deleteOrgRobotFederation", clear_federation),
    ("getUserRobots", list),
    ("getUserRobot", get),
    ("createUserRobot", create),
    ("deleteUserRobot", delete),
    ("regenerateUserRobotToken", regenerate),
    ("getUserRobotPermissions", permissions_of),
    ("getUserRobotFederation", federation),
    ("createUserRobotFederation", set_federation),
    ("deleteUserRobotFederation", clear_federation),
];

const UNKNOWN: &str = "Could not find robot with specified username";
const LIMIT_HELP: &str = "If specified, the number of robots to return.";

/// Whose robots the request is about.
struct Owner {
    /// Absent only for a missing organization, seen by those who may do everything.
    account: Option<Account>,
    /// Its name.
    name: String,
    /// The robot's short name, if the path has one.
    shortname: String,
}

impl Owner {
    fn of(call: &Call<'_>) -> Result<Self, Failure> {
        if call.endpoint.path.starts_with("/api/v1/user/") {
            let user = call.user_with(Scope::UserAdmin)?;
            call.require(!call.endpoint.method.is_write() || !is_restricted(call, user))?;
            return Ok(Self {
                name: user.name.clone(),
                account: Some(user.clone()),
                shortname: call.parameter(0).to_owned(),
            });
        }
        let account = call.administered_organization()?;
        Ok(Self { account, name: call.parameter(0).to_owned(), shortname: call.parameter(1).to_owned() })
    }

    fn existing(&self) -> Result<&Account, Failure> {
        let missing = || Failure::message(format!("Organization does not exist: {}", self.name));
        self.account.as_ref().ok_or_else(missing)
    }

    fn robot_name(&self) -> String {
        format!("{}+{}", self.name, self.shortname)
    }

    fn robot(&self, call: &Call<'_>) -> Result<Robot, Failure> {
        robots::by_name(call.db, &self.robot_name())?.ok_or_else(|| Failure::message(UNKNOWN))
    }
}

/// Whether the sender may see tokens: those who may only read everything may not.
fn sees_tokens(call: &Call<'_>, owner: &Account) -> Result<bool, StoreError> {
    let access = call.access();
    Ok(access.has_full_access() || call.identity.id() == Some(owner.id) || access.administers(owner.id)?)
}

fn view(robot: &Robot, with_token: bool) -> View {
    View {
        name: robot.name.clone(),
        created: Some(date(robot.created_ms)),
        last_accessed: robot.last_accessed_ms.map(date),
        teams: None,
        repositories: None,
        description: robot.description.clone(),
        token: with_token.then(|| robot.token.clone()),
        unstructured_metadata: Metadata::Absent,
    }
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::of(call)?;
    let limit = call.query.number("limit", LIMIT_HELP)?.unwrap_or(-1);
    let Some(account) = &owner.account else { return Ok(Reply::ok(Robots { robots: Vec::new() })) };
    let tokens = call.query.flag("token", true) && sees_tokens(call, account)?;
    let grants = call.query.flag("permissions", false);
    let mut found = Vec::new();
    for robot in robots::list(call.db, account.id, limit)? {
        let mut view = view(&robot, tokens);
        if grants {
            let own = teams::of_member(call.db, robot.id, Some(account.id))?;
            view.teams = Some(
                own.iter()
                    .map(|team| json!({ "name": team.name, "avatar": super::views::team_avatar(&team.name) }))
                    .collect(),
            );
            let named = permissions::of_robot_named(call.db, robot.id)?;
            view.repositories = Some(named.into_iter().map(|(name, ..)| name).collect());
        }
        found.push(view);
    }
    Ok(Reply::ok(Robots { robots: found }))
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::of(call)?;
    let account = owner.existing()?;
    let robot = owner.robot(call)?;
    let mut view = view(&robot, sees_tokens(call, account)?);
    view.unstructured_metadata = metadata(&robot)?;
    Ok(Reply::ok(view))
}

fn metadata(robot: &Robot) -> Result<Metadata, StoreError> {
    Ok(Metadata::Map(serde_json::from_str(&robot.metadata)?))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.optional_json()?.unwrap_or_default();
    let owner = Owner::of(call)?;
    if call.app.settings.robots_disallow {
        return Err(Failure::invalid("Robot accounts have been disabled. Please contact your administrator."));
    }
    let account = owner.existing()?;
    let name = owner.robot_name();
    if let Some(problem) = names::namespace_problem(&owner.shortname) {
        return Err(Failure::invalid(format!("The name for the robot '{}' is invalid: {problem}", owner.shortname)));
    }
    if name.len() > 255 {
        return Err(Failure::message("value too long for type character varying(255)\n"));
    }
    if robots::by_name(call.db, &name)?.is_some() {
        return Err(Failure::invalid(format!("Existing robot with name: {name}")));
    }
    let description = text(&body, "description").unwrap_or("");
    let given = body.get("unstructured_metadata").filter(|given| given.is_object());
    let stored = given.cloned().unwrap_or_else(|| json!({})).to_string();
    robots::create(call.db, account.id, &name, &secrets::upper(64), description, &stored)?;
    let robot = owner.robot(call)?;
    let mut view = view(&robot, true);
    view.unstructured_metadata = match given {
        Some(_) => metadata(&robot)?,
        None => Metadata::Null,
    };
    let log = json!({ "robot": owner.shortname, "description": description, "unstructured_metadata": given });
    call.log("create_robot", &owner.name, None, &log)?;
    Ok(Reply::json(201, view))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::of(call)?;
    let robot = owner.robot(call)?;
    robots::delete(call.db, robot.id)?;
    call.log("delete_robot", &owner.name, None, &json!({ "robot": owner.shortname }))?;
    Ok(Reply::none())
}

fn regenerate(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::of(call)?;
    let robot = owner.robot(call)?;
    robots::set_token(call.db, robot.id, &secrets::upper(64))?;
    call.log("regenerate_robot_token", &owner.name, None, &json!({ "robot": owner.shortname }))?;
    Ok(Reply::ok(view(&owner.robot(call)?, true)))
}

fn permissions_of(call: &Call<'_>) -> Result<Reply, Failure> {
    let robot = Owner::of(call)?.robot(call)?;
    let named = permissions::of_robot_named(call.db, robot.id)?;
    let permissions = named
        .into_iter()
        .map(|(name, is_public, role)| RobotPermission {
            repository: RobotPermissionRepository { name, is_public },
            role: repository_role(role),
        })
        .collect();
    Ok(Reply::ok(RobotPermissions { permissions }))
}

fn federation(call: &Call<'_>) -> Result<Reply, Failure> {
    let robot = Owner::of(call)?.robot(call)?;
    Ok(Reply::ok(serde_json::from_str::<Json>(&robot.federation).map_err(StoreError::from)?))
}

fn set_federation(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let robot = Owner::of(call)?.robot(call)?;
    let mut seen: Vec<&Json> = Vec::new();
    for entry in body.as_array().into_iter().flatten() {
        let issuer = text(entry, "issuer").unwrap_or("");
        if !issuer.starts_with("http://") && !issuer.starts_with("https://") {
            return Err(Failure::invalid("Issuer must be a URL (http:// or https://)"));
        }
        if seen.contains(&entry) {
            return Err(Failure::invalid("Duplicate federation config entry"));
        }
        seen.push(entry);
    }
    robots::set_federation(call.db, robot.id, &body.to_string())?;
    Ok(Reply::ok(body))
}

fn clear_federation(call: &Call<'_>) -> Result<Reply, Failure> {
    let robot = Owner::of(call)?.robot(call)?;
    robots::set_federation(call.db, robot.id, "[]")?;
    Ok(Reply::none())
}
