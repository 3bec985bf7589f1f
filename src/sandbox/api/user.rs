//! The signed-in user, and users as others see them.

use serde_json::{Value as Json, json};

use super::accounts::{Verification, create_user, hash};
use super::session::{encrypted_password, sign_in_as};
use super::superuser_users::remove;
use super::table::Entry;
use super::views::{account_avatar, put, quota_view, text};
use crate::quay::contract::{CurrentUser, Scope, UserOrganization};
use crate::sandbox::access::{CredentialError, Via, check_user};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::{Account, AccountKind, StoreError, TeamRole, accounts, robots, sessions, teams};

pub(super) const HANDLERS: &[Entry] = &[
    ("getLoggedInUser", get),
    ("createNewUser", create),
    ("changeUserDetails", change),
    ("deleteCurrentUser", delete),
    ("getUserInformation", get_other),
    ("generateUserClientKey", client_key),
    ("convertUserToOrganization", convert),
];

fn view(call: &Call<'_>, user: &Account) -> Result<Json, StoreError> {
    let mut organizations = Vec::new();
    for organization in teams::organizations_of(call.db, user.id)? {
        let role = teams::role_of(call.db, user.id, organization.id)?;
        organizations.push(UserOrganization {
            name: organization.name.clone(),
            avatar: account_avatar(&organization),
            can_create_repo: role >= Some(TeamRole::Creator),
            public: false,
            is_org_admin: role == Some(TeamRole::Admin),
            preferred_namespace: false,
        });
    }
    let (quotas, quota_report) = quota_view(call.db, &call.app.settings, user)?;
    let superuser = call.access().is_superuser();
    let view = CurrentUser {
        anonymous: false,
        username: user.name.clone(),
        avatar: account_avatar(user),
        can_create_repo: true,
        is_me: true,
        verified: user.verified,
        email: user.email.clone().or_else(|| Some(user.uuid.clone())),
        logins: Vec::new(),
        invoice_email: user.invoice_email,
        invoice_email_address: user.invoice_email_address.clone(),
        preferred_namespace: false,
        tag_expiration_s: user.tag_expiration_s,
        prompts: user.prompts.split(',').filter(|prompt| !prompt.is_empty()).map(str::to_owned).collect(),
        company: user.company.clone(),
        family_name: user.family_name.clone(),
        given_name: user.given_name.clone(),
        location: user.location.clone(),
        is_free_account: true,
        has_password_set: user.password_hash.is_some(),
        quotas,
        quota_report,
        organizations,
        super_user: superuser.then_some(true),
        global_readonly_super_user: call.app.settings.is_global_reader(&user.name).then_some(true),
    };
    Ok(serde_json::to_value(view)?)
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.identity.account.as_ref();
    let readable = call.identity.has_scope(Scope::UserRead) || call.identity.has_scope(Scope::UserAdmin);
    match user.filter(|_| readable) {
        Some(user) => Ok(Reply::ok(view(call, user)?)),
        None => Err(Failure::Unauthenticated { says_session: true }),
    }
}

fn get_other(call: &Call<'_>) -> Result<Reply, Failure> {
    let account = accounts::find(call.db, AccountKind::User, call.parameter(0))?.ok_or_else(|| {
        Failure::Message(
            404,
            "The requested URL was not found on the server. If you entered the URL manually please check your spelling and \
             try again."
                .to_owned(),
        )
    })?;
    if call.identity.id() == Some(account.id) && call.identity.has_scope(Scope::UserRead) {
        return Ok(Reply::ok(view(call, &account)?));
    }
    Ok(Reply::ok(json!({ "anonymous": false, "username": account.name, "avatar": account_avatar(&account) })))
}

/// People registering themselves.
fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let settings = &call.app.settings;
    if !settings.feature_user_creation {
        // recorded: Quay fails over its own refusal
        return Err(Failure::Crash);
    }
    let (name, email) = (text(&body, "username").unwrap_or(""), text(&body, "email"));
    if accounts::by_name(call.db, name)?.is_some() {
        return Err(Failure::invalid("The username already exists"));
    }
    if settings.feature_mailing && email.is_none() {
        return Err(Failure::invalid("Email address is required"));
    }
    let password = text(&body, "password").unwrap_or("");
    let account = create_user(call, name, password, email, Verification::Needed)?.map_err(Failure::invalid)?;
    if !account.verified {
        return Ok(Reply::ok(json!({ "awaiting_verification": true })));
    }
    let reply = Reply::ok(view(call, &account)?);
    sign_in_as(call, &account, reply)
}

fn change(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let old = call.user_with(Scope::UserAdmin)?;
    let mut new = old.clone();
    if let Some(password) = text(&body, "password") {
        new.password_hash = Some(hash(call, password).map_err(Failure::invalid)?);
    }
    if let Some(invoice) = body.get("invoice_email").and_then(Json::as_bool) {
        new.invoice_email = invoice;
    }
    if let Some(seconds) = body.get("tag_expiration_s").and_then(Json::as_i64) {
        if !call.app.settings.tag_expirations().contains_key(&seconds) {
            return Err(Failure::message("Invalid tag expiration option"));
        }
        new.tag_expiration_s = seconds;
    }
    if let Some(email) = text(&body, "email") {
        if !names::is_email(email) {
            return Err(Failure::invalid(format!("Invalid email address: {email}")));
        }
        if accounts::user_by_email(call.db, email)?.is_some_and(|other| other.id != old.id) {
            return Err(Failure::invalid("E-mail address already used"));
        }
        new.email = Some(email.to_owned());
    }
    if let Some(name) = text(&body, "username").filter(|name| *name != old.name) {
        rename(call, &mut new, name)?;
    }
    let profile = [
        ("invoice_email_address", &mut new.invoice_email_address),
        ("given_name", &mut new.given_name),
        ("family_name", &mut new.family_name),
        ("company", &mut new.company),
        ("location", &mut new.location),
    ];
    let mut answered = false;
    for (name, field) in profile {
        if let Some(value) = body.get(name) {
            *field = value.as_str().map(str::to_owned);
            answered |= name != "invoice_email_address";
        }
    }
    if answered {
        // a profile that was filled in is not asked for again
        new.prompts.clear();
    }
    accounts::update(call.db, &new)?;
    Ok(Reply::ok(view(call, &new)?))
}

fn rename(call: &Call<'_>, user: &mut Account, name: &str) -> Result<(), Failure> {
    if let Some(problem) = names::namespace_problem(name) {
        return Err(Failure::invalid(format!("Invalid username {name}: {problem}")));
    }
    if accounts::by_name(call.db, name)?.is_some() || accounts::is_retired(call.db, name)? {
        return Err(Failure::invalid("Username is already in use"));
    }
    let old = std::mem::replace(&mut user.name, name.to_owned());
    robots::rename_owner(call.db, user.id, &old, name)?;
    Ok(())
}

/// The organizations that would have no administrator without this user.
fn only_admin_of(call: &Call<'_>, user: &Account) -> Result<Vec<String>, StoreError> {
    let mut out = Vec::new();
    for organization in teams::organizations_of(call.db, user.id)? {
        let admin = teams::role_of(call.db, user.id, organization.id)? == Some(TeamRole::Admin);
        if admin && teams::other_admins(call.db, organization.id, user.id)? == 0 {
            out.push(organization.name);
        }
    }
    Ok(out)
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let alone = only_admin_of(call, user)?;
    if !alone.is_empty() {
        return Err(Failure::message(format!(
            "Cannot delete {} as you are the only admin for organizations: {}",
            user.name,
            alone.join(", ")
        )));
    }
    remove(call, user)?;
    Ok(Reply::none())
}

fn client_key(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.optional_json()?.unwrap_or_default();
    let user = call.user_with(Scope::UserAdmin)?;
    let password = text(&body, "password").unwrap_or("");
    match check_user(call.db, &call.app.settings, &call.app.sealer, &user.name, password) {
        Ok(account) => Ok(Reply::ok(json!({ "key": encrypted_password(call, &account) }))),
        Err(CredentialError::Store(error)) => Err(error.into()),
        Err(error) => Err(Failure::invalid(error.to_string())),
    }
}

/// The signed-in user becomes an organization that another user administers.
fn convert(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.optional_json()?.unwrap_or_default();
    let user = call.user()?;
    if !matches!(call.identity.via, Via::Session) {
        return Err(Failure::forbidden());
    }
    let (admin, password) = (text(&body, "adminUser").unwrap_or(""), text(&body, "adminPassword").unwrap_or(""));
    let invalid = |detail: &str| {
        let Ok(mut problem) = serde_json::to_value(crate::quay::contract::Problem::new(
            crate::quay::contract::ProblemKind::InvalidRequest,
            detail,
            &call.app.base_url(),
        )) else {
            return Failure::invalid(detail);
        };
        put(&mut problem, "reason", "invaliduser");
        Failure::Other(Reply::json(400, problem))
    };
    if admin == user.name {
        return Err(invalid("The admin user is not valid"));
    }
    let admin = match check_user(call.db, &call.app.settings, &call.app.sealer, admin, password) {
        Ok(admin) => admin,
        Err(CredentialError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(invalid("The admin user credentials are not valid")),
    };
    sessions::end_of_user(call.db, user.id)?;
    teams::leave_all(call.db, user.id)?;
    let organization = Account { kind: AccountKind::Organization, password_hash: None, ..user.clone() };
    accounts::update(call.db, &organization)?;
    let owners = teams::owners(call.db, user.id)?;
    teams::add_member(call.db, owners, admin.id)?;
    Ok(Reply::ok(json!({ "success": true })))
}
