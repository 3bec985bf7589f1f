//! OAuth without a browser: the pages that grant tokens, and the user's authorizations.

use axum::http::header;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::applications::application_avatar;
use super::scopes;
use super::session::{TOKEN_LIFE_MS, new_session, with_cookie};
use super::table::Entry;
use super::views::{account_avatar, put};
use crate::quay::contract::{Scope, Scopes};
use crate::sandbox::http::{Call, Failure, Query, Reply, html};
use crate::sandbox::store::applications::{self, Application};
use crate::sandbox::store::oauth::{self, Assignment, NewToken, OauthCode};
use crate::sandbox::store::{Account, AccountKind, StoreError, TeamRole, accounts, secrets, teams};

pub(super) const HANDLERS: &[Entry] = &[
    ("authorizeApplication", authorize),
    ("denyApplication", deny),
    ("requestAuthorization", request),
    ("assignAuthorization", assign),
    ("localApplication", local_application),
    ("listUserAuthorizations", authorizations),
    ("getUserAuthorization", authorization),
    ("deleteUserAuthorization", revoke),
    ("listAssignedAuthorizations", assigned),
    ("deleteAssignedAuthorization", unassign),
];

/// A code must be exchanged within this time.
const CODE_LIFE_MS: i64 = 600_000;
/// What a query keeps as it is; a blank becomes a plus sign.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an application asks for.
struct Grant<'a> {
    user: &'a Account,
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: Option<String>,
    state: Option<String>,
    assignment: Option<String>,
}

impl<'a> Grant<'a> {
    fn read(user: &'a Account, form: &Query) -> Self {
        let get = |name: &str| form.get(name).map(str::to_owned);
        Self {
            user,
            response_type: get("response_type").unwrap_or_else(|| "code".to_owned()),
            client_id: get("client_id").unwrap_or_default(),
            redirect_uri: get("redirect_uri").unwrap_or_default(),
            scope: get("scope"),
            state: get("state"),
            assignment: get("assignment_uuid"),
        }
    }

    fn error(&self, error: &str) -> Reply {
        Reply::found(format!("{}?error={error}", self.redirect_uri))
    }
}

fn unauthorized_page() -> Failure {
    Failure::Other(html(
        401,
        "401 Unauthorized",
        "Unauthorized",
        "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong \
         credentials (e.g. a bad password), or your browser doesn&#39;t understand how to supply the credentials required.",
    ))
}

/// The user, known by session or password.
fn user<'a>(call: &Call<'a>) -> Result<&'a Account, Failure> {
    call.identity.account.as_ref().ok_or_else(unauthorized_page)
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string().replace("%20", "+")
}

fn is_form(call: &Call<'_>) -> bool {
    call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn authorize(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = user(call)?;
    call.check_csrf()?;
    if !is_form(call) {
        // recorded: a JSON body makes Quay fail
        return Err(Failure::Crash);
    }
    let form = Query::parse(std::str::from_utf8(call.body).unwrap_or_default());
    grant(call, &Grant::read(user, &form))
}

fn deny(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = user(call)?;
    call.check_csrf()?;
    let form = Query::parse(std::str::from_utf8(call.body).unwrap_or_default());
    let grant = Grant::read(user, &form);
    check_redirect(call, &grant)?;
    Ok(grant.error("authorization_denied"))
}

/// The application, if tokens may be sent where the request wants them.
fn check_redirect(call: &Call<'_>, grant: &Grant<'_>) -> Result<Option<Application>, Failure> {
    let application = applications::by_client_id(call.db, &grant.client_id)?;
    let local = grant.redirect_uri == format!("{}/oauth/localapp", call.app.base_url());
    let registered = application.as_ref().is_some_and(|application| {
        !application.redirect_uri.is_empty() && grant.redirect_uri.starts_with(&application.redirect_uri)
    });
    if local || registered {
        return Ok(application);
    }
    let reply = Reply::json(400, json!({ "error": "invalid_request" })).with(header::CACHE_CONTROL, "no-store");
    Err(Failure::Other(reply))
}

fn may_grant(call: &Call<'_>, user: &Account, application: &Application) -> Result<bool, StoreError> {
    let owner = application.organization_id == user.id;
    Ok(owner
        || teams::role_of(call.db, user.id, application.organization_id)? == Some(TeamRole::Admin)
        || call.access().has_full_access())
}

fn grant(call: &Call<'_>, grant: &Grant<'_>) -> Result<Reply, Failure> {
    let application = check_redirect(call, grant)?;
    if !matches!(grant.response_type.as_str(), "token" | "code") {
        return Ok(grant.error("unsupported_response_type"));
    }
    let Some(application) = application else { return Ok(grant.error("unauthorized_client")) };
    let assignment = match &grant.assignment {
        Some(uuid) => oauth::assignment(call.db, grant.user.id, uuid)?,
        None => None,
    };
    if assignment.is_none() && !may_grant(call, grant.user, &application)? {
        return Ok(grant.error("unauthorized_client"));
    }
    let scope = grant.scope.as_deref().unwrap_or("");
    if scope.parse::<Scopes>().map_or(true, |scopes| scopes.0.is_empty()) {
        return Ok(grant.error("invalid_scope"));
    }
    if let Some(assignment) = assignment {
        oauth::unassign(call.db, &assignment.uuid)?;
    }
    let state = grant.state.as_deref().map(|state| format!("&state={}", quoted(state))).unwrap_or_default();
    let target = format!("{}?scope={}{state}", grant.redirect_uri, quoted(scope));
    if grant.response_type == "code" {
        let code = secrets::upper(40);
        let stored = OauthCode {
            application_id: application.id,
            user_id: grant.user.id,
            scope: scope.to_owned(),
            redirect_uri: grant.redirect_uri.clone(),
            expires_ms: call.db.now_ms() + CODE_LIFE_MS,
        };
        oauth::create_code(call.db, &code, &stored)?;
        return Ok(Reply::found(format!("{target}&code={code}")));
    }
    let token = secrets::upper(40);
    let new = NewToken {
        application: application.id,
        user: grant.user.id,
        name: None,
        scope,
        expires_ms: call.db.now_ms() + TOKEN_LIFE_MS,
    };
    oauth::create(call.db, &token, new)?;
    let seconds = TOKEN_LIFE_MS / 1000;
    Ok(Reply::found(format!("{target}#access_token={token}&token_type=Bearer&expires_in={seconds}")))
}

/// Asks the user, or goes on at once where the user granted as much before.
fn request(call: &Call<'_>) -> Result<Reply, Failure> {
    for name in ["client_id", "redirect_uri", "scope"] {
        if call.query.get(name).is_none() {
            return Err(Failure::Error(400, format!("Required param: {name}")));
        }
    }
    let user = user(call)?;
    let asked = Grant::read(user, call.query);
    let application = check_redirect(call, &asked)?;
    let scope = asked.scope.as_deref().unwrap_or("");
    let wanted: Option<Scopes> = scope.parse().ok().filter(|scopes: &Scopes| !scopes.0.is_empty());
    let (Some(application), Some(wanted)) = (application, wanted) else {
        return Ok(html(404, "404 Not Found", "Not Found", "The requested authorization cannot be granted."));
    };
    let granted: Scopes = oauth::of_user(call.db, user.id)?
        .into_iter()
        .filter(|token| token.application_id == application.id)
        .filter_map(|token| token.scope.parse::<Scopes>().ok())
        .flat_map(|scopes| scopes.0)
        .collect();
    if wanted.0.is_subset(&granted.0) {
        return grant(call, &asked);
    }
    let (csrf, cookie) = if let Some(session) = call.session {
        (session.csrf_token.clone(), None)
    } else {
        let (session, cookie) = new_session(call)?;
        (session.csrf_token, Some(cookie))
    };
    let owner = accounts::by_id(call.db, application.organization_id)?.ok_or_else(Failure::not_found)?;
    let consent = json!({
        "application": {
            "avatar": json!(application_avatar(&application, &owner)).to_string(),
            "description": application.description,
            "name": application.name,
            "organization": { "avatar": json!(org_avatar(&owner)).to_string(), "name": owner.name },
            "url": application.application_uri,
        },
        "assignment_uuid": Json::Null,
        "client_id": application.client_id,
        "csrf_token_val": csrf,
        "has_dangerous_scopes": scopes::any_dangerous(scope),
        "redirect_uri": asked.redirect_uri,
        "response_type": asked.response_type,
        "scope": scope,
        "scopes": scopes::views(scope),
        "state": asked.state,
    });
    let reply = if call.query.get("format") == Some("json") {
        Reply::ok(consent)
    } else {
        html(200, "Authorize", "Authorize", "This sandbox has no pages; ask with `format=json`.")
    };
    Ok(match cookie {
        Some(cookie) => with_cookie(call, reply, &cookie),
        None => reply,
    })
}

/// An owner's avatar, always as an organization's.
fn org_avatar(owner: &Account) -> crate::quay::contract::Avatar {
    crate::quay::contract::Avatar { kind: "org".to_owned(), ..account_avatar(owner) }
}

/// An administrator lets another user collect a token.
fn assign(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = user(call)?;
    let grant = Grant::read(user, call.query);
    let Some(application) = check_redirect(call, &grant)? else { return Err(Failure::not_found()) };
    if !may_grant(call, user, &application)? {
        return Err(Failure::forbidden());
    }
    let name = call.query.get("username").unwrap_or("");
    let target = accounts::find(call.db, AccountKind::User, name)?.ok_or_else(Failure::not_found)?;
    let assignment = Assignment {
        uuid: uuid::Uuid::new_v4().to_string(),
        application_id: application.id,
        user_id: target.id,
        scope: grant.scope.clone().unwrap_or_default(),
        redirect_uri: grant.redirect_uri.clone(),
        response_type: grant.response_type.clone(),
    };
    oauth::assign(call.db, &assignment)?;
    Ok(Reply::ok(json!({ "message": "Token assigned successfully" })))
}

#[expect(clippy::unnecessary_wraps, reason = "handlers share one signature")]
fn local_application(_: &Call<'_>) -> Result<Reply, Failure> {
    Ok(html(200, "Quay sandbox", "Token granted", "The token stands in the address, behind the number sign."))
}

fn application_json(call: &Call<'_>, application: &Application) -> Result<Json, Failure> {
    let owner = accounts::by_id(call.db, application.organization_id)?.ok_or_else(Failure::not_found)?;
    Ok(json!({
        "name": application.name,
        "description": application.description,
        "url": application.application_uri,
        "avatar": application_avatar(application, &owner),
        "organization": { "name": owner.name, "avatar": org_avatar(&owner) },
    }))
}

fn authorization_view(call: &Call<'_>, token: &oauth::OauthToken) -> Result<Json, Failure> {
    let application = applications::by_id(call.db, token.application_id)?.ok_or_else(Failure::not_found)?;
    Ok(json!({
        "application": application_json(call, &application)?,
        "scopes": scopes::views(&token.scope),
        "uuid": token.uuid,
    }))
}

fn authorizations(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let found = oauth::of_user(call.db, user.id)?;
    let views = found.iter().map(|token| authorization_view(call, token)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(json!({ "authorizations": views })))
}

fn own_token(call: &Call<'_>) -> Result<oauth::OauthToken, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let mut tokens = oauth::of_user(call.db, user.id)?.into_iter();
    tokens.find(|token| token.uuid == call.parameter(0)).ok_or_else(Failure::not_found)
}

fn authorization(call: &Call<'_>) -> Result<Reply, Failure> {
    let token = own_token(call)?;
    Ok(Reply::ok(authorization_view(call, &token)?))
}

fn revoke(call: &Call<'_>) -> Result<Reply, Failure> {
    oauth::delete(call.db, own_token(call)?.id)?;
    Ok(Reply::none())
}

fn assigned(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let mut views = Vec::new();
    for assignment in oauth::assignments(call.db, user.id)? {
        let application = applications::by_id(call.db, assignment.application_id)?.ok_or_else(Failure::not_found)?;
        let mut shown = application_json(call, &application)?;
        put(&mut shown, "clientId", application.client_id);
        views.push(json!({
            "application": shown,
            "uuid": assignment.uuid,
            "redirectUri": assignment.redirect_uri,
            "scopes": scopes::views(&assignment.scope),
            "responseType": assignment.response_type,
        }));
    }
    Ok(Reply::ok(json!({ "authorizations": views })))
}

fn unassign(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let assignment = oauth::assignment(call.db, user.id, call.parameter(0))?.ok_or_else(Failure::not_found)?;
    oauth::unassign(call.db, &assignment.uuid)?;
    Ok(Reply::none())
}
