//! Organizations and their members.

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::superuser_users::{page_limit, remove, require_superuser};
use super::table::Entry;
use super::views::{account_avatar, address, avatar, put, quota_view, team_avatar, text};
use crate::quay::contract::{self, Change, Member, MemberTeam, Members, Organization, OrganizationTeam, Scope};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::accounts::{self, NewAccount};
use crate::sandbox::store::{
    Account, AccountId, AccountKind, RepositoryRole, StoreError, TeamRole, permissions, robots, teams,
};

pub(super) const HANDLERS: &[Entry] = &[
    ("createOrganization", create),
    ("getOrganization", get),
    ("changeOrganizationDetails", change),
    ("deleteAdminedOrganization", delete),
    ("getOrganizationMembers", members),
    ("getOrganizationMember", member),
    ("removeOrganizationMember", remove_member),
    ("getOrganizationCollaborators", collaborators),
    ("listAllOrganizations", list_all),
    ("changeOrganization", rename),
    ("deleteOrganization", delete_any),
];

/// What is said of a name that is in use.
const TAKEN: &str = "A user or organization with this name already exists";

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let user = call.user_with(Scope::UserAdmin)?;
    let settings = &call.app.settings;
    let superuser_only = settings.feature_superusers_org_creation_only && !call.access().is_superuser();
    call.require(!superuser_only && !is_restricted(call, user))?;
    let name = text(&body, "name").unwrap_or("");
    if accounts::by_name(call.db, name)?.is_some() {
        return Err(Failure::invalid(TAKEN));
    }
    let email = text(&body, "contact_email").or_else(|| text(&body, "email"));
    check_email(call, email, None)?;
    if let Some(problem) = names::namespace_problem(name) {
        return Err(Failure::invalid(format!("Invalid namespace {name}: {problem}")));
    }
    if accounts::is_retired(call.db, name)? {
        return Err(Failure::invalid("Username is not available"));
    }
    let new = NewAccount {
        kind: AccountKind::Organization,
        name,
        email,
        password_hash: None,
        tag_expiration_s: settings.default_tag_expiration_s(),
        prompts: "",
        verified: true,
    };
    let organization = accounts::create(call.db, &new)?;
    let owners = teams::create(call.db, organization, "owners", TeamRole::Admin, "")?;
    teams::add_member(call.db, owners, user.id)?;
    call.log("org_create", name, None, &json!({ "email": email, "namespace": name }))?;
    Ok(Reply::json(201, "Created"))
}

/// Whether the sender may not create in its own name.
pub(super) fn is_restricted(call: &Call<'_>, user: &Account) -> bool {
    let settings = &call.app.settings;
    settings.feature_restricted_users
        && !settings.restricted_users_whitelist.contains(&user.name)
        && !settings.is_superuser(&user.name)
}

fn check_email(call: &Call<'_>, email: Option<&str>, own: Option<AccountId>) -> Result<(), Failure> {
    let Some(email) = email else { return Ok(()) };
    if !names::is_email(email) {
        return Err(Failure::invalid("Invalid email address"));
    }
    if accounts::user_by_email(call.db, email)?.is_some_and(|user| Some(user.id) != own) {
        return Err(Failure::invalid(format!("Email has already been used: {email}")));
    }
    Ok(())
}

/// An organization as the sender may see it.
pub(super) fn view(call: &Call<'_>, organization: &Account, detail: Detail) -> Result<Organization, StoreError> {
    let access = call.access();
    let all = access.reads_everything();
    let is_admin = all || access.administers(organization.id)?;
    let is_member = all || access.is_member(organization.id)?;
    let mut view = Organization {
        name: organization.name.clone(),
        email: organization.email.clone().filter(|_| is_admin).unwrap_or_default(),
        avatar: avatar(&organization.name, address(organization), "user"),
        is_admin,
        is_member,
        teams: None,
        ordered_teams: None,
        invoice_email: None,
        invoice_email_address: Change::Keep,
        tag_expiration_s: None,
        is_free_account: None,
        quotas: None,
        quota_report: None,
    };
    if is_member {
        let mut shown = IndexMap::new();
        let all_teams = if detail == Detail::Full { teams::list(call.db, organization.id)? } else { Vec::new() };
        for team in all_teams {
            let own = match call.identity.id() {
                Some(id) => teams::is_member(call.db, team.id, id)?,
                None => false,
            };
            let line = OrganizationTeam {
                name: team.name.clone(),
                description: team.description.clone(),
                role: role(team.role),
                avatar: team_avatar(&team.name),
                can_view: is_admin || own,
                repo_count: teams::repository_count(call.db, team.id)?,
                member_count: teams::member_count(call.db, team.id)?,
                is_synced: false,
            };
            shown.insert(team.name, line);
        }
        view.ordered_teams = Some(shown.keys().cloned().collect());
        view.teams = Some(shown);
        let (quotas, report) = quota_view(call.db, &call.app.settings, organization)?;
        if call.app.settings.feature_quota_management {
            view.quotas = Some(serde_json::from_value(Json::Array(quotas))?);
            view.quota_report = report;
        }
    }
    if is_admin {
        view.invoice_email = Some(organization.invoice_email);
        view.invoice_email_address = match &organization.invoice_email_address {
            Some(address) => Change::Set(address.clone()),
            None => Change::Clear,
        };
        view.tag_expiration_s = Some(organization.tag_expiration_s);
        view.is_free_account = Some(true);
    }
    Ok(view)
}

/// How much of an organization is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// With its teams.
    Full,
    /// Without.
    NoTeams,
}

/// A team's role on the wire.
pub(super) fn role(role: TeamRole) -> contract::TeamRole {
    match role {
        TeamRole::Member => contract::TeamRole::Member,
        TeamRole::Creator => contract::TeamRole::Creator,
        TeamRole::Admin => contract::TeamRole::Admin,
    }
}

/// A repository's role on the wire.
pub(super) fn repository_role(role: RepositoryRole) -> contract::RepositoryRole {
    match role {
        RepositoryRole::Read => contract::RepositoryRole::Read,
        RepositoryRole::Write => contract::RepositoryRole::Write,
        RepositoryRole::Admin => contract::RepositoryRole::Admin,
    }
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.organization()?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(view(call, &organization, Detail::Full)?))
}

fn change(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let mut organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    if let Some(invoice) = body.get("invoice_email").and_then(Json::as_bool) {
        organization.invoice_email = invoice;
    }
    if let Some(address) = body.get("invoice_email_address") {
        organization.invoice_email_address = address.as_str().map(str::to_owned);
    }
    for name in ["email", "contact_email"] {
        if let Some(email) = body.get(name) {
            check_email(call, email.as_str(), Some(organization.id))?;
            organization.email = email.as_str().map(str::to_owned);
        }
    }
    if let Some(seconds) = body.get("tag_expiration_s").and_then(Json::as_i64) {
        if !call.app.settings.tag_expirations().contains_key(&seconds) {
            return Err(Failure::message("Invalid tag expiration option"));
        }
        organization.tag_expiration_s = seconds;
    }
    accounts::update(call.db, &organization)?;
    Ok(Reply::ok(view(call, &organization, Detail::Full)?))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    remove(call, &organization)?;
    call.log("org_delete", &organization.name, None, &json!({ "namespace": organization.name }))?;
    Ok(Reply::none())
}

fn member_view(call: &Call<'_>, organization: &Account, account: &Account) -> Result<Member, StoreError> {
    let own = teams::of_member(call.db, account.id, Some(organization.id))?;
    Ok(Member {
        name: account.name.clone(),
        kind: "user".to_owned(),
        avatar: account_avatar(account),
        teams: own.into_iter().map(|team| MemberTeam { avatar: team_avatar(&team.name), name: team.name }).collect(),
        repositories: permissions::repository_names(call.db, organization.id, account.id)?,
    })
}

fn members(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let found = teams::users_of(call.db, organization.id)?;
    let members =
        found.iter().map(|account| member_view(call, &organization, account)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(Members { members }))
}

/// The user of the path's second parameter, if it is in a team of the organization.
fn named_member(call: &Call<'_>, organization: &Account) -> Result<Account, Failure> {
    let account = accounts::find(call.db, AccountKind::User, call.parameter(1))?.ok_or_else(Failure::not_found)?;
    if teams::of_member(call.db, account.id, Some(organization.id))?.is_empty() {
        return Err(Failure::not_found());
    }
    Ok(account)
}

fn member(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let account = named_member(call, &organization)?;
    Ok(Reply::ok(member_view(call, &organization, &account)?))
}

fn remove_member(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let account = accounts::find(call.db, AccountKind::User, call.parameter(1))?.ok_or_else(Failure::not_found)?;
    let admin = teams::role_of(call.db, account.id, organization.id)? == Some(TeamRole::Admin);
    if admin && teams::other_admins(call.db, organization.id, account.id)? == 0 {
        return Err(Failure::message("Cannot remove user as they are the only organization admin"));
    }
    teams::remove_everywhere(call.db, organization.id, account.id)?;
    permissions::remove_in_namespace(call.db, organization.id, account.id)?;
    Ok(Reply::none())
}

/// Users with a grant in the organization that are in none of its teams.
fn collaborators(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let mut found: IndexMap<String, Json> = IndexMap::new();
    for (account, repository) in permissions::user_grants(call.db, organization.id)? {
        if !teams::of_member(call.db, account.id, Some(organization.id))?.is_empty() {
            continue;
        }
        let line = found.entry(account.name.clone()).or_insert_with(
            || json!({ "kind": "user", "name": account.name, "avatar": account_avatar(&account), "repositories": [] }),
        );
        if let Some(list) = line.get_mut("repositories").and_then(Json::as_array_mut) {
            list.push(repository.into());
        }
    }
    Ok(Reply::ok(json!({ "collaborators": found.into_values().collect::<Vec<_>>() })))
}

fn summary(call: &Call<'_>, organization: &Account) -> Result<Json, StoreError> {
    let (quotas, report) = quota_view(call.db, &call.app.settings, organization)?;
    Ok(json!({
        "name": organization.name,
        "email": address(organization),
        "avatar": account_avatar(organization),
        "quotas": quotas,
        "quota_report": report,
    }))
}

fn list_all(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let limit = page_limit(call)?;
    let after = AccountId(call.page_start().unwrap_or(1) - 1);
    let mut found = accounts::list(call.db, AccountKind::Organization, after, limit + 1)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.get(size).map(|organization| organization.id.0);
    found.truncate(size);
    let organizations = found.iter().map(|organization| summary(call, organization)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({ "organizations": organizations });
    if let Some(next) = next {
        put(&mut answer, "next_page", call.page_token(next));
    }
    Ok(Reply::ok(answer))
}

fn rename(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    require_superuser(call)?;
    // recorded: Quay fails where there is no such organization, and where the name is in use
    let mut organization = call.organization()?.ok_or(Failure::Crash)?;
    if let Some(name) = text(&body, "name").filter(|name| *name != organization.name) {
        if let Some(problem) = names::namespace_problem(name) {
            return Err(Failure::message(format!("Invalid username {name}: {problem}")));
        }
        if accounts::by_name(call.db, name)?.is_some() {
            return Err(Failure::Crash);
        }
        let old = std::mem::replace(&mut organization.name, name.to_owned());
        accounts::update(call.db, &organization)?;
        robots::rename_owner(call.db, organization.id, &old, name)?;
    }
    Ok(Reply::ok(summary(call, &organization)?))
}

fn delete_any(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let organization = call.organization()?.ok_or_else(Failure::not_found)?;
    remove(call, &organization)?;
    Ok(Reply::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_keep_their_words() {
        for word in ["member", "creator", "admin"] {
            assert_eq!(role(TeamRole::parse(word).unwrap()).as_str(), word);
        }
    }
}
