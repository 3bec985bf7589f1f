//! Teams and their members.

use serde_json::json;

use super::organization::{repository_role, role};
use super::table::Entry;
use super::views::{account_avatar, avatar, team_avatar, text};
use crate::quay::contract::{
    Invited, RobotPermission, RobotPermissionRepository, RobotPermissions, Team as View, TeamMember, TeamMembers,
};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::teams::{self, Invite, Team};
use crate::sandbox::store::{Account, AccountKind, TeamRole, accounts, permissions};

pub(super) const HANDLERS: &[Entry] = &[
    ("updateOrganizationTeam", put),
    ("deleteOrganizationTeam", delete),
    ("getOrganizationTeamMembers", members),
    ("updateOrganizationTeamMember", add_member),
    ("deleteOrganizationTeamMember", remove_member),
    ("inviteTeamMemberEmail", invite),
    ("deleteTeamMemberEmailInvite", uninvite),
    ("getOrganizationTeamPermissions", team_permissions),
];

fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let organization = call.administered_organization()?;
    let name = call.parameter(1);
    // the schema lets only a team's roles pass
    let wanted = text(&body, "role").and_then(TeamRole::parse).ok_or_else(Failure::not_understood)?;
    let organization =
        organization.ok_or_else(|| Failure::message(format!("Organization does not exist: {}", call.parameter(0))))?;
    let description = text(&body, "description");
    let known = teams::by_name(call.db, organization.id, name)?;
    let is_new = known.is_none();
    let team = if let Some(mut team) = known {
        if team.role == TeamRole::Admin && wanted != TeamRole::Admin {
            check_demotion(call, &organization, &team)?;
        }
        team.role = wanted;
        if let Some(description) = description {
            description.clone_into(&mut team.description);
        }
        teams::update(call.db, &team)?;
        team
    } else {
        if let Some(problem) = names::team_problem(name) {
            return Err(Failure::message(format!("Invalid team name {name}: {problem}")));
        }
        teams::create(call.db, organization.id, name, wanted, description.unwrap_or(""))?;
        call.log("org_create_team", &organization.name, None, &json!({ "team": name }))?;
        teams::by_name(call.db, organization.id, name)?.ok_or_else(Failure::not_found)?
    };
    Ok(Reply::ok(View {
        avatar: team_avatar(&team.name),
        name: team.name,
        description: team.description,
        can_view: true,
        role: role(team.role),
        new_team: is_new,
    }))
}

/// Whether the sender administers an organization only through this team.
fn hangs_on(call: &Call<'_>, organization: &Account, team: &Team) -> Result<bool, Failure> {
    let Some(id) = call.identity.id() else { return Ok(false) };
    let own = teams::of_member(call.db, id, Some(organization.id))?;
    let admin = own.iter().filter(|own| own.role == TeamRole::Admin);
    Ok(admin.clone().any(|own| own.id == team.id) && admin.count() == 1)
}

fn check_demotion(call: &Call<'_>, organization: &Account, team: &Team) -> Result<(), Failure> {
    if hangs_on(call, organization, team)? {
        return Err(Failure::message(format!(
            "Cannot remove admin from team '{}' because calling user would no longer have admin on org '{}'",
            team.name, organization.name
        )));
    }
    Ok(())
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?;
    let name = call.parameter(1);
    let missing = || Failure::message(format!("Team '{name}' is not a team in org '{}'", call.parameter(0)));
    let organization = organization.ok_or_else(missing)?;
    let team = teams::by_name(call.db, organization.id, name)?.ok_or_else(missing)?;
    if team.role == TeamRole::Admin && hangs_on(call, &organization, &team)? {
        let user = call.identity.account.as_ref().map(|account| account.name.as_str()).unwrap_or_default();
        return Err(Failure::message(format!(
            "Deleting team '{name}' would remove admin ability for user '{user}' in organization '{}'",
            organization.name
        )));
    }
    teams::delete(call.db, team.id)?;
    call.log("org_delete_team", &organization.name, None, &json!({ "team": name }))?;
    Ok(Reply::none())
}

/// The team of the path; its members and administrators may see it, only the latter may change it.
fn team(call: &Call<'_>) -> Result<(Account, Team), Failure> {
    let organization = call.organization()?;
    let team = match &organization {
        Some(organization) => teams::by_name(call.db, organization.id, call.parameter(1))?,
        None => None,
    };
    let allowed = match (&organization, &team) {
        (Some(organization), team) => {
            let own = match (team, call.identity.id()) {
                (Some(team), Some(id)) if !call.endpoint.method.is_write() => teams::is_member(call.db, team.id, id)?,
                _ => false,
            };
            own || call.access().administers(organization.id)?
        }
        (None, _) => false,
    };
    call.require(allowed || call.may_override())?;
    organization.zip(team).ok_or_else(Failure::not_found)
}

fn member_view(account: &Account, invited: bool) -> TeamMember {
    TeamMember {
        name: Some(account.name.clone()),
        email: None,
        kind: "user".to_owned(),
        is_robot: Some(account.kind == AccountKind::Robot),
        avatar: account_avatar(account),
        invited,
    }
}

fn members(call: &Call<'_>) -> Result<Reply, Failure> {
    let (organization, team) = team(call)?;
    let mut found: Vec<TeamMember> =
        teams::members(call.db, team.id)?.iter().map(|account| member_view(account, false)).collect();
    let can_edit = call.access().has_full_access() || call.access().administers(organization.id)?;
    if can_edit && call.query.flag("includePending", false) {
        for invite in teams::invites(call.db, team.id)? {
            found.push(match invite {
                Invite::User(account) => member_view(&account, true),
                Invite::Email(email) => TeamMember {
                    name: None,
                    avatar: avatar(&email, &email, "user"),
                    kind: "invite".to_owned(),
                    is_robot: None,
                    email: Some(email),
                    invited: true,
                },
            });
        }
    }
    Ok(Reply::ok(TeamMembers { name: team.name, members: found, can_edit, can_sync: None, synced: None }))
}

/// The user or robot of the path's third parameter.
fn named(call: &Call<'_>) -> Result<Option<Account>, Failure> {
    Ok(accounts::by_name(call.db, call.parameter(2))?.filter(|account| account.kind != AccountKind::Organization))
}

fn add_member(call: &Call<'_>) -> Result<Reply, Failure> {
    let (organization, team) = team(call)?;
    let account = named(call)?.ok_or_else(|| Failure::invalid("Unknown user"))?;
    let settings = &call.app.settings;
    // robots of the organization and those who are in it already need no invitation
    let invites = settings.feature_mailing
        && settings.feature_require_team_invite
        && account.kind == AccountKind::User
        && teams::of_member(call.db, account.id, Some(organization.id))?.is_empty();
    if invites {
        teams::invite_user(call.db, team.id, account.id)?;
        return Ok(Reply::ok(member_view(&account, true)));
    }
    if !teams::add_member(call.db, team.id, account.id)? {
        return Err(Failure::message(format!("User {} is already a member of team {}", account.name, team.name)));
    }
    let log = json!({ "member": account.name, "team": team.name });
    call.log("org_add_team_member", &organization.name, None, &log)?;
    Ok(Reply::ok(member_view(&account, false)))
}

fn remove_member(call: &Call<'_>) -> Result<Reply, Failure> {
    let (organization, team) = team(call)?;
    let account = named(call)?.ok_or_else(Failure::not_found)?;
    if teams::uninvite_user(call.db, team.id, account.id)? {
        return Ok(Reply::none());
    }
    if !teams::is_member(call.db, team.id, account.id)? {
        return Err(Failure::message(format!("User {} does not belong to team {}", account.name, team.name)));
    }
    if call.identity.id() == Some(account.id) && team.role == TeamRole::Admin && hangs_on(call, &organization, &team)? {
        return Err(Failure::message("User cannot remove themselves from their only admin team."));
    }
    teams::remove_member(call.db, team.id, account.id)?;
    let log = json!({ "member": account.name, "team": team.name });
    call.log("org_remove_team_member", &organization.name, None, &log)?;
    Ok(Reply::none())
}

fn invite(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, team) = team(call)?;
    let email = call.parameter(2);
    teams::invite_email(call.db, team.id, email)?;
    Ok(Reply::ok(Invited {
        email: email.to_owned(),
        kind: "invite".to_owned(),
        avatar: avatar(email, email, "user"),
        invited: true,
    }))
}

fn uninvite(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, team) = team(call)?;
    if teams::uninvite_email(call.db, team.id, call.parameter(2))? {
        Ok(Reply::none())
    } else {
        Err(Failure::not_found())
    }
}

fn team_permissions(call: &Call<'_>) -> Result<Reply, Failure> {
    call.administered_organization()?;
    let (_, team) = team(call)?;
    let permissions = permissions::of_team_named(call.db, team.id)?
        .into_iter()
        .map(|(name, is_public, role)| RobotPermission {
            repository: RobotPermissionRepository { name, is_public },
            role: repository_role(role),
        })
        .collect();
    Ok(Reply::ok(RobotPermissions { permissions }))
}
