//! What a repository grants to users, robots and teams.

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::organization::repository_role;
use super::prototypes::role;
use super::table::Entry;
use super::views::{account_avatar, team_avatar, text};
use crate::quay::contract::{TeamPermission, TeamPermissions, UserPermission, UserPermissions};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::repositories::Repository;
use crate::sandbox::store::teams::{self, Team};
use crate::sandbox::store::{
    Account, AccountKind, Grantee, RepositoryRole, StoreError, TeamRole, accounts, permissions,
};

pub(super) const HANDLERS: &[Entry] = &[
    ("listRepoUserPermissions", list_users),
    ("getUserPermissions", get_user),
    ("changeUserPermissions", put_user),
    ("deleteUserPermissions", delete_user),
    ("getUserTransitivePermission", transitive),
    ("listRepoTeamPermissions", list_teams),
    ("getTeamPermissions", get_team),
    ("changeTeamPermissions", put_team),
    ("deleteTeamPermissions", delete_team),
];

const NO_USER: &str = "User does not have permission for repo.";
const NO_TEAM: &str = "Team does not have permission for repo.";

fn user_view(
    call: &Call<'_>,
    repository: &Repository,
    account: &Account,
    role: RepositoryRole,
) -> Result<UserPermission, StoreError> {
    let namespace = accounts::by_id(call.db, repository.namespace_id)?;
    let in_organization = namespace.is_some_and(|namespace| namespace.kind == AccountKind::Organization);
    let is_robot = account.kind == AccountKind::Robot;
    let own_robot = is_robot && account.name.split('+').next() == Some(repository.namespace.as_str());
    let member = own_robot || !teams::of_member(call.db, account.id, Some(repository.namespace_id))?.is_empty();
    Ok(UserPermission {
        role: repository_role(role),
        name: account.name.clone(),
        is_robot,
        avatar: account_avatar(account),
        is_org_member: in_organization.then_some(member),
    })
}

fn list_users(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut shown = IndexMap::new();
    if let Some(repository) = call.repository(RepositoryRole::Admin)? {
        for (account, role) in permissions::of_accounts(call.db, repository.id)? {
            shown.insert(account.name.clone(), user_view(call, &repository, &account, role)?);
        }
    }
    Ok(Reply::ok(UserPermissions { permissions: shown }))
}

/// The user or robot of the path.
fn named(call: &Call<'_>) -> Result<Option<Account>, StoreError> {
    Ok(accounts::by_name(call.db, call.parameter(1))?.filter(|account| account.kind != AccountKind::Organization))
}

fn granted(
    call: &Call<'_>,
    repository: &Repository,
    account: Option<&Account>,
) -> Result<Option<RepositoryRole>, StoreError> {
    match account {
        Some(account) => permissions::get(call.db, repository.id, Grantee::Account(account.id)),
        None => Ok(None),
    }
}

fn get_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let account = named(call)?;
    if let (Some(repository), Some(account)) = (&repository, &account)
        && let Some(role) = granted(call, repository, Some(account))?
    {
        return Ok(Reply::ok(user_view(call, repository, account, role)?));
    }
    Err(Failure::message(NO_USER))
}

fn put_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let body = call.json()?;
    // recorded: Quay fails over a missing repository
    let repository = repository.ok_or(Failure::Crash)?;
    let name = call.parameter(1);
    if let Some((owner, _)) = name.split_once('+')
        && owner != repository.namespace
    {
        return Err(Failure::invalid(format!("Cannot add robot {name} under namespace {}", repository.namespace)));
    }
    let account = named(call)?.ok_or_else(|| Failure::invalid(format!("Invalid username: {name}")))?;
    let role = role(&body)?;
    permissions::set(call.db, repository.id, Grantee::Account(account.id), role)?;
    log(call, &repository, "change_repo_permission", &json!({ "username": name, "role": text(&body, "role") }))?;
    Ok(Reply::ok(user_view(call, &repository, &account, role)?))
}

fn log(call: &Call<'_>, repository: &Repository, kind: &str, what: &Json) -> Result<(), StoreError> {
    let mut metadata = json!({ "repo": repository.name, "namespace": repository.namespace });
    if let (Some(metadata), Some(what)) = (metadata.as_object_mut(), what.as_object()) {
        metadata.extend(what.clone());
    }
    call.log(kind, &repository.namespace, Some(&repository.name), &metadata)
}

fn delete_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let account = named(call)?;
    if let (Some(repository), Some(account)) = (&repository, &account)
        && permissions::remove(call.db, repository.id, Grantee::Account(account.id))?
    {
        log(call, repository, "delete_repo_permission", &json!({ "username": account.name }))?;
        return Ok(Reply::none());
    }
    Err(Failure::invalid(NO_USER))
}

/// The roles that a user has by itself, by teams and by administering the organization.
fn transitive(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.existing_repository(RepositoryRole::Admin)?;
    let account = named(call)?.ok_or_else(Failure::not_found)?;
    let mut roles = permissions::effective(call.db, repository.id, account.id)?;
    let owner = repository.namespace_id == account.id
        || teams::role_of(call.db, account.id, repository.namespace_id)? == Some(TeamRole::Admin);
    if roles.is_empty() && owner {
        roles.push(RepositoryRole::Admin);
    }
    if roles.is_empty() {
        return Err(Failure::not_found());
    }
    let permissions: Vec<Json> = roles.iter().map(|role| json!({ "role": role.as_str() })).collect();
    Ok(Reply::ok(json!({ "permissions": permissions })))
}

fn team_view(team: &Team, role: RepositoryRole) -> TeamPermission {
    TeamPermission { role: repository_role(role), name: Some(team.name.clone()), avatar: Some(team_avatar(&team.name)) }
}

fn list_teams(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut shown = IndexMap::new();
    if let Some(repository) = call.repository(RepositoryRole::Admin)? {
        for (team, role) in permissions::of_teams(call.db, repository.id)? {
            shown.insert(team.name.clone(), team_view(&team, role));
        }
    }
    Ok(Reply::ok(TeamPermissions { permissions: shown }))
}

/// The team of the path.
fn named_team(call: &Call<'_>, repository: Option<&Repository>) -> Result<Option<Team>, StoreError> {
    match repository {
        Some(repository) => teams::by_name(call.db, repository.namespace_id, call.parameter(1)),
        None => Ok(None),
    }
}

fn get_team(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let team = named_team(call, repository.as_ref())?;
    if let (Some(repository), Some(team)) = (&repository, &team)
        && let Some(role) = permissions::get(call.db, repository.id, Grantee::Team(team.id))?
    {
        return Ok(Reply::ok(TeamPermission { role: repository_role(role), name: None, avatar: None }));
    }
    Err(Failure::message(NO_TEAM))
}

fn put_team(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let body = call.json()?;
    let repository = repository.ok_or(Failure::Crash)?;
    let missing =
        || Failure::invalid(format!("No team {} in organization {}", call.parameter(1), repository.namespace));
    let team = named_team(call, Some(&repository))?.ok_or_else(missing)?;
    let role = role(&body)?;
    permissions::set(call.db, repository.id, Grantee::Team(team.id), role)?;
    log(call, &repository, "change_repo_permission", &json!({ "team": team.name, "role": text(&body, "role") }))?;
    Ok(Reply::ok(team_view(&team, role)))
}

fn delete_team(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let team = named_team(call, repository.as_ref())?;
    if let (Some(repository), Some(team)) = (&repository, &team)
        && permissions::remove(call.db, repository.id, Grantee::Team(team.id))?
    {
        log(call, repository, "delete_repo_permission", &json!({ "team": team.name }))?;
        return Ok(Reply::none());
    }
    Err(Failure::invalid(NO_TEAM))
}
