//! Default permissions of organizations, which Quay calls prototypes. As in Quay, duplicates pile up.

use super::organization::repository_role;
use super::table::Entry;
use super::views::{account_avatar, team_avatar, text};
use crate::quay::contract::{DelegateKind, Prototype as View, PrototypeEntity, Prototypes};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::prototypes::{self, Prototype};
use crate::sandbox::store::{Account, AccountKind, Grantee, RepositoryRole, StoreError, accounts, teams};
use serde_json::{Value as Json, json};

pub(super) const HANDLERS: &[Entry] = &[
    ("getOrganizationPrototypePermissions", list),
    ("createOrganizationPrototypePermission", create),
    ("updateOrganizationPrototypePermission", update),
    ("deleteOrganizationPrototypePermission", delete),
];

/// A user or robot as prototypes show it.
fn entity(call: &Call<'_>, organization: &Account, account: &Account) -> Result<PrototypeEntity, StoreError> {
    let is_robot = account.kind == AccountKind::Robot;
    // the organization's own robots count as its members
    let own_robot = is_robot && account.name.split('+').next() == Some(organization.name.as_str());
    let member = own_robot || !teams::of_member(call.db, account.id, Some(organization.id))?.is_empty();
    Ok(PrototypeEntity {
        name: account.name.clone(),
        is_robot: Some(is_robot),
        kind: DelegateKind::User,
        is_org_member: Some(member),
        avatar: account_avatar(account),
    })
}

fn view(call: &Call<'_>, organization: &Account, prototype: &Prototype) -> Result<View, StoreError> {
    let account = |id| accounts::by_id(call.db, id);
    let activating = prototype.activating_id.map(account).transpose()?.flatten();
    let delegate = match prototype.delegate {
        Grantee::Account(id) => match account(id)? {
            Some(account) => entity(call, organization, &account)?,
            None => unknown(DelegateKind::User),
        },
        Grantee::Team(id) => match teams::by_id(call.db, id)? {
            Some(team) => PrototypeEntity {
                avatar: team_avatar(&team.name),
                name: team.name,
                is_robot: None,
                kind: DelegateKind::Team,
                is_org_member: None,
            },
            None => unknown(DelegateKind::Team),
        },
    };
    Ok(View {
        activating_user: activating.map(|account| entity(call, organization, &account)).transpose()?,
        delegate,
        role: repository_role(prototype.role),
        id: prototype.uuid.clone(),
    })
}

/// The database removes prototypes with their delegates, so this cannot be seen.
fn unknown(kind: DelegateKind) -> PrototypeEntity {
    PrototypeEntity { name: String::new(), is_robot: None, kind, is_org_member: None, avatar: team_avatar("") }
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let prototypes = prototypes::list(call.db, organization.id)?
        .iter()
        .map(|prototype| view(call, &organization, prototype))
        .collect::<Result<_, _>>()?;
    Ok(Reply::ok(Prototypes { prototypes }))
}

fn named(call: &Call<'_>, name: &str) -> Result<Option<Account>, StoreError> {
    Ok(accounts::by_name(call.db, name)?.filter(|account| account.kind != AccountKind::Organization))
}

/// The role of a body; schemas let only these pass.
pub(super) fn role(body: &Json) -> Result<RepositoryRole, Failure> {
    text(body, "role").and_then(RepositoryRole::parse).ok_or_else(Failure::not_understood)
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let activating = match body.get("activating_user").and_then(|user| text(user, "name")) {
        Some(name) => Some(named(call, name)?.ok_or_else(|| Failure::invalid("Unknown activating user"))?),
        None => None,
    };
    let delegate = body.get("delegate").cloned().unwrap_or_default();
    let name = text(&delegate, "name").unwrap_or("");
    let grantee = if text(&delegate, "kind") == Some("team") {
        let team = teams::by_name(call.db, organization.id, name)?.ok_or_else(|| {
            // recorded: Quay shows its exception's arguments
            Failure::message(format!("('Team does not exist: %s/%s', '{}', '{name}')", organization.name))
        })?;
        Grantee::Team(team.id)
    } else {
        let account = named(call, name)?.ok_or_else(|| Failure::invalid("Missing delegate user or team"))?;
        Grantee::Account(account.id)
    };
    let activating = activating.map(|account| account.id);
    let uuid = prototypes::create(call.db, organization.id, activating, grantee, role(&body)?)?;
    let log = json!({ "prototypeid": uuid, "role": text(&body, "role"), "delegate_user": name });
    call.log("create_prototype_permission", &organization.name, None, &log)?;
    let prototype = prototypes::by_uuid(call.db, organization.id, &uuid)?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(view(call, &organization, &prototype)?))
}

fn existing(call: &Call<'_>) -> Result<(Account, Prototype), Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let prototype = prototypes::by_uuid(call.db, organization.id, call.parameter(1))?.ok_or_else(Failure::not_found)?;
    Ok((organization, prototype))
}

fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (organization, mut prototype) = existing(call)?;
    prototype.role = role(&body)?;
    prototypes::set_role(call.db, prototype.id, prototype.role)?;
    Ok(Reply::ok(view(call, &organization, &prototype)?))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, prototype) = existing(call)?;
    prototypes::delete(call.db, prototype.id)?;
    Ok(Reply::none())
}
