//! OAuth applications of organizations, and the tokens that their administrators make (since 3.18).

use serde_json::{Value as Json, json};

use super::organization::{self, Detail};
use super::session::TOKEN_LIFE_MS;
use super::table::Entry;
use super::views::{address, avatar, text, timestamp};
use crate::quay::contract::{
    Application as View, ApplicationInfo, ApplicationToken, ApplicationTokens, Applications, IsoDate, PageToken, Scopes,
};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::applications::{self, Application, ApplicationFields};
use crate::sandbox::store::oauth::{self, NewToken, OauthToken};
use crate::sandbox::store::{Account, OauthTokenId, StoreError, accounts, secrets};
use crate::value::Secret;

pub(super) const HANDLERS: &[Entry] = &[
    ("getApplicationInformation", info),
    ("getOrganizationApplications", list),
    ("createOrganizationApplication", create),
    ("getOrganizationApplication", get),
    ("updateOrganizationApplication", update),
    ("deleteOrganizationApplication", delete),
    ("resetOrganizationApplicationClientSecret", reset_secret),
    ("listOrganizationApplicationTokens", list_tokens),
    ("createOrganizationApplicationToken", create_token),
    ("deleteOrganizationApplicationToken", delete_token),
];

/// Quay keeps this application for itself.
const RESERVED: &str = "__quay_bootstrap_app";
const TOKENS_PER_PAGE: i64 = 50;
/// [`TOKEN_LIFE_MS`] in seconds.
const LONGEST_LIFE_SECONDS: f64 = 315_576_000.0;

fn view(application: &Application) -> View {
    View {
        name: application.name.clone(),
        description: application.description.clone(),
        application_uri: application.application_uri.clone(),
        client_id: application.client_id.clone(),
        client_secret: Some(application.client_secret.clone()),
        redirect_uri: application.redirect_uri.clone(),
        avatar_email: application.avatar_email.clone(),
    }
}

fn fields(body: &Json) -> ApplicationFields<'_> {
    ApplicationFields {
        name: text(body, "name").unwrap_or(""),
        description: text(body, "description").unwrap_or(""),
        application_uri: text(body, "application_uri").unwrap_or(""),
        redirect_uri: text(body, "redirect_uri").unwrap_or(""),
        avatar_email: text(body, "avatar_email"),
    }
}

fn info(call: &Call<'_>) -> Result<Reply, Failure> {
    let application = applications::by_client_id(call.db, call.parameter(0))?.ok_or_else(Failure::not_found)?;
    let owner = accounts::by_id(call.db, application.organization_id)?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(ApplicationInfo {
        avatar: application_avatar(&application, &owner),
        name: application.name,
        description: application.description,
        uri: application.application_uri,
        organization: organization::view(call, &owner, Detail::NoTeams)?,
    }))
}

/// The avatar of an application: of its own address, or its organization's.
pub(super) fn application_avatar(application: &Application, owner: &Account) -> crate::quay::contract::Avatar {
    let of = application.avatar_email.as_deref().unwrap_or_else(|| address(owner));
    avatar(&application.name, of, "app")
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let applications = applications::list(call.db, organization.id)?.iter().map(view).collect();
    Ok(Reply::ok(Applications { applications }))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    let fields = fields(&body);
    if fields.name == RESERVED {
        return Err(Failure::invalid("Application name is reserved for bootstrap token provisioning"));
    }
    let id = applications::create(call.db, organization.id, &secrets::upper(20), &secrets::upper(40), &fields)?;
    let application = applications::by_id(call.db, id)?.ok_or_else(Failure::not_found)?;
    let log = json!({ "application_name": application.name, "client_id": application.client_id });
    call.log("create_application", &organization.name, None, &log)?;
    Ok(Reply::ok(view(&application)))
}

fn existing(call: &Call<'_>) -> Result<Application, Failure> {
    let organization = call.administered_organization()?.ok_or_else(Failure::not_found)?;
    applications::by_client_id(call.db, call.parameter(1))?
        .filter(|application| application.organization_id == organization.id)
        .ok_or_else(Failure::not_found)
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::ok(view(&existing(call)?)))
}

fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let application = existing(call)?;
    let fields = fields(&body);
    if fields.name == RESERVED {
        return Err(Failure::invalid("Application name is reserved for bootstrap token provisioning"));
    }
    applications::update(call.db, application.id, &fields)?;
    Ok(Reply::ok(view(&existing(call)?)))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    applications::delete(call.db, existing(call)?.id)?;
    Ok(Reply::none())
}

fn reset_secret(call: &Call<'_>) -> Result<Reply, Failure> {
    applications::set_secret(call.db, existing(call)?.id, &secrets::upper(40))?;
    Ok(Reply::ok(view(&existing(call)?)))
}

fn token_view(call: &Call<'_>, token: &OauthToken, text: Option<&str>) -> Result<ApplicationToken, StoreError> {
    Ok(ApplicationToken {
        uuid: token.uuid.clone(),
        name: token.name.clone(),
        scope: token.scope.clone(),
        expires_at: Some(IsoDate(timestamp(token.expires_ms))),
        created: Some(IsoDate(timestamp(token.created_ms))),
        created_by: accounts::by_id(call.db, token.user_id)?.map(|account| account.name),
        last_accessed: token.last_accessed_ms.map(|at| IsoDate(timestamp(at))),
        token: text.map(Secret::new),
    })
}

fn list_tokens(call: &Call<'_>) -> Result<Reply, Failure> {
    let application = existing(call)?;
    let before = OauthTokenId(call.page_start().unwrap_or(i64::MAX));
    let mut found = oauth::of_application(call.db, application.id, before, TOKENS_PER_PAGE + 1)?;
    let size = usize::try_from(TOKENS_PER_PAGE).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let next_page = found.last().filter(|_| more).map(|token| PageToken(call.page_token(token.id.0)));
    let tokens = found.iter().map(|token| token_view(call, token, None)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(ApplicationTokens { tokens, next_page }))
}

fn create_token(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let application = existing(call)?;
    let user = call.user()?;
    let scope = text(&body, "scope").unwrap_or("");
    if scope.parse::<Scopes>().map_or(true, |scopes| scopes.0.is_empty()) {
        return Err(Failure::message(format!("Invalid scope: {scope}")));
    }
    // the schema lets no negative number pass, and a life beyond the longest one is cut
    let life_ms = match body.get("expiration").and_then(Json::as_f64) {
        #[expect(clippy::cast_possible_truncation, reason = "smaller than the longest life")]
        Some(seconds) if seconds < LONGEST_LIFE_SECONDS => (seconds * 1000.0) as i64,
        _ => TOKEN_LIFE_MS,
    };
    let token = secrets::upper(40);
    let new = NewToken {
        application: application.id,
        user: user.id,
        name: text(&body, "name").map(str::trim),
        scope,
        expires_ms: call.db.now_ms() + life_ms,
    };
    let uuid = oauth::create(call.db, &token, new)?;
    let stored = oauth::by_uuid(call.db, application.id, &uuid)?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(token_view(call, &stored, Some(&token))?))
}

fn delete_token(call: &Call<'_>) -> Result<Reply, Failure> {
    let application = existing(call)?;
    let token = oauth::by_uuid(call.db, application.id, call.parameter(2))?.ok_or_else(Failure::not_found)?;
    oauth::delete(call.db, token.id)?;
    Ok(Reply::none())
}
