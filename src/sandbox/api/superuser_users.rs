//! Users as superusers manage them.

use serde_json::{Value as Json, json};

use super::accounts::{Verification, create_user, generated_password, hash};
use super::session::encrypted_password;
use super::table::Entry;
use super::views::{account_avatar, address, put, quota_view, text};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::{Account, AccountId, AccountKind, StoreError, accounts, sessions, teams};

pub(super) const HANDLERS: &[Entry] = &[
    ("listAllUsers", list),
    ("createInstallUser", create),
    ("getInstallUser", get),
    ("changeInstallUser", change),
    ("deleteInstallUser", delete),
    ("takeOwnership", take_ownership),
    ("sendInstallUserRecoveryEmail", send_recovery),
];

const PAGE: i64 = 100;
const LIMIT_HELP: &str = "Limit to the number of results to return per page. Max 100.";

pub(super) fn require_superuser(call: &Call<'_>) -> Result<(), Failure> {
    let access = call.access();
    call.require(access.is_superuser() || !call.endpoint.method.is_write() && access.reads_everything())
}

/// How many results a page holds.
pub(super) fn page_limit(call: &Call<'_>) -> Result<i64, Failure> {
    match call.query.number("limit", LIMIT_HELP)? {
        Some(limit) if limit > PAGE => Err(Failure::invalid("Page limit cannot be above 100")),
        Some(limit) => Ok(limit.max(1)),
        None => Ok(PAGE),
    }
}

fn view(call: &Call<'_>, account: &Account) -> Result<Json, StoreError> {
    let (quotas, report) = quota_view(call.db, &call.app.settings, account)?;
    Ok(json!({
        "kind": "user",
        "name": account.name,
        "username": account.name,
        "email": address(account),
        "verified": account.verified,
        "avatar": account_avatar(account),
        "super_user": call.app.settings.is_superuser(&account.name),
        "global_readonly_super_user": call.app.settings.is_global_reader(&account.name),
        "enabled": account.enabled,
        "quotas": quotas,
        "quota_report": report,
    }))
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let limit = page_limit(call)?;
    let after = AccountId(call.page_start().unwrap_or(1) - 1);
    let mut found = accounts::list(call.db, AccountKind::User, after, limit + 1)?;
    let next = found.get(usize::try_from(limit).unwrap_or(usize::MAX)).map(|account| account.id.0);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if !call.query.flag("disabled", true) {
        found.retain(|account| account.enabled);
    }
    let users = found.iter().map(|account| view(call, account)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({ "users": users });
    if let Some(next) = next {
        put(&mut answer, "next_page", call.page_token(next));
    }
    Ok(Reply::ok(answer))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    require_superuser(call)?;
    let (name, email) = (text(&body, "username").unwrap_or(""), text(&body, "email"));
    let password = generated_password();
    let account = create_user(call, name, password.expose(), email, Verification::Needed)?.map_err(Failure::message)?;
    call.log("create_user", &account.name, None, &json!({ "username": account.name }))?;
    Ok(Reply::ok(json!({
        "username": account.name,
        "email": account.email,
        "password": password.expose(),
        "encrypted_password": encrypted_password(call, &account),
    })))
}

fn user(call: &Call<'_>) -> Result<Account, Failure> {
    accounts::find(call.db, AccountKind::User, call.parameter(0))?.ok_or_else(Failure::not_found)
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    Ok(Reply::ok(view(call, &user(call)?)?))
}

fn change(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    require_superuser(call)?;
    let old = user(call)?;
    if call.app.settings.is_superuser(&old.name) {
        return Err(Failure::invalid("Cannot update a superuser"));
    }
    let mut new = old.clone();
    if let Some(password) = text(&body, "password") {
        new.password_hash = Some(hash(call, password).map_err(Failure::message)?);
        sessions::end_of_user(call.db, old.id)?;
    }
    if let Some(email) = text(&body, "email") {
        if call.app.settings.feature_mailing && !names::is_email(email) {
            return Err(Failure::message(format!("Invalid email address: {email}")));
        }
        if accounts::user_by_email(call.db, email)?.is_some_and(|other| other.id != old.id) {
            return Err(Failure::message("E-mail address already used"));
        }
        new.email = Some(email.to_owned());
        new.verified = true;
    }
    if let Some(enabled) = body.get("enabled").and_then(Json::as_bool) {
        new.enabled = enabled;
    }
    accounts::update(call.db, &new)?;
    // Quay answers with what it read before, except for the e-mail
    let shown = Account { email: new.email.clone(), ..old };
    let mut answer = view(call, &shown)?;
    if body.get("password").is_some() {
        put(&mut answer, "encrypted_password", encrypted_password(call, &new));
    }
    Ok(Reply::ok(answer))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let account = user(call)?;
    if call.app.settings.is_superuser(&account.name) {
        return Err(Failure::invalid("Cannot delete a superuser"));
    }
    remove(call, &account)?;
    Ok(Reply::none())
}

/// Removes an account; its name stays taken for a while.
pub(super) fn remove(call: &Call<'_>, account: &Account) -> Result<(), StoreError> {
    let until = call.db.now_ms() + call.app.settings.sandbox_name_retention_seconds.saturating_mul(1000);
    accounts::delete(call.db, account, until)
}

/// Makes the sender an owner; a user becomes an organization.
fn take_ownership(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let name = call.parameter(0);
    let mut account = accounts::by_name(call.db, name)?
        .filter(|account| account.kind != AccountKind::Robot)
        .ok_or_else(Failure::not_found)?;
    if account.kind == AccountKind::User && call.app.settings.is_superuser(name) {
        return Err(Failure::invalid("Cannot take ownership of a superuser"));
    }
    let sender = call.user()?;
    if account.kind == AccountKind::User {
        sessions::end_of_user(call.db, account.id)?;
        teams::leave_all(call.db, account.id)?;
        account.kind = AccountKind::Organization;
        account.password_hash = None;
        account.email = None;
        accounts::update(call.db, &account)?;
    }
    let owners = teams::owners(call.db, account.id)?;
    teams::add_member(call.db, owners, sender.id)?;
    call.log("take_ownership", name, None, &json!({ "entity_type": "organization", "namespace": name }))?;
    Ok(Reply::ok(json!({ "namespace": name })))
}

fn send_recovery(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let account = user(call)?;
    // nothing is mailed: the sandbox has nobody to mail to
    Ok(Reply::ok(json!({ "email": address(&account) })))
}
