//! The first user, CSRF tokens, signing in and out.

use axum::http::{HeaderName, header};
use serde_json::{Value as Json, json};

use super::accounts::{Verification, create_user};
use super::table::Entry;
use super::views::{put, text};
use crate::sandbox::access::{CredentialError, check_user};
use crate::sandbox::http::{Call, Failure, Reply, cookies, html};
use crate::sandbox::store::applications::{self, ApplicationFields};
use crate::sandbox::store::oauth::{self, NewToken};
use crate::sandbox::store::sessions::{self, Session};
use crate::sandbox::store::{Account, StoreError, accounts, secrets};

pub(super) const HANDLERS: &[Entry] = &[
    ("initializeUser", initialize),
    ("csrfToken", csrf_token),
    ("signinUser", sign_in),
    ("verifyUser", verify),
    ("logout", sign_out),
];

const NEXT_CSRF: HeaderName = HeaderName::from_static("x-next-csrf-token");
/// Ten years, as Quay gives tokens.
pub(super) const TOKEN_LIFE_MS: i64 = 315_576_000_000;

fn initialize(call: &Call<'_>) -> Result<Reply, Failure> {
    if !accounts::is_empty(call.db)? {
        return Err(Failure::message("Cannot initialize user in a non-empty database"));
    }
    let body = match call.json() {
        Ok(body) => body,
        // outside the API proper, Quay answers with pages
        Err(Failure::Message(415, _)) => {
            return Ok(html(
                415,
                "415 Unsupported Media Type",
                "Unsupported Media Type",
                "Did not attempt to load JSON data because the request Content-Type was not &#39;application/json&#39;.",
            ));
        }
        Err(Failure::Message(400, message)) => return Ok(html(400, "400 Bad Request", "Bad Request", &message)),
        Err(other) => return Err(other),
    };
    let (Some(username), Some(password)) = (text(&body, "username"), text(&body, "password")) else {
        return Err(Failure::Crash);
    };
    let account = create_user(call, username, password, text(&body, "email"), Verification::Given)?
        .map_err(|problem| Failure::message(format!("Failed to initialize user: {problem}")))?;
    let mut answer = json!({});
    if body.get("access_token").is_some_and(|wanted| *wanted == Json::Bool(true)) {
        put(&mut answer, "access_token", first_token(call, &account)?);
    }
    put(&mut answer, "email", account.email.clone());
    put(&mut answer, "encrypted_password", encrypted_password(call, &account));
    put(&mut answer, "username", account.name.clone());
    sign_in_as(call, &account, Reply::ok(answer))
}

/// How long the first user's token lives: two and a half hours, unlike those that are made later.
const FIRST_TOKEN_LIFE_MS: i64 = 9_000_000;

/// The token with all scopes that the first user gets, with its application.
fn first_token(call: &Call<'_>, account: &Account) -> Result<String, StoreError> {
    let fields = ApplicationFields {
        name: "automation",
        description: "Application token generated via /api/v1/user/initialize",
        ..ApplicationFields::default()
    };
    let application = applications::create(call.db, account.id, &secrets::upper(20), &secrets::upper(40), &fields)?;
    let token = secrets::upper(40);
    let new = NewToken {
        application,
        user: account.id,
        name: None,
        scope: "org:admin repo:admin repo:create repo:read repo:write super:user user:admin user:read",
        expires_ms: call.db.now_ms() + FIRST_TOKEN_LIFE_MS,
    };
    oauth::create(call.db, &token, new)?;
    Ok(token)
}

/// What Quay calls an encrypted password; empty for accounts without one.
pub(super) fn encrypted_password(call: &Call<'_>, account: &Account) -> String {
    let hash = account.password_hash.as_ref();
    hash.map(|hash| call.app.sealer.encrypted_password(&account.name, hash).expose().to_owned()).unwrap_or_default()
}

fn csrf_token(call: &Call<'_>) -> Result<Reply, Failure> {
    if let Some(session) = call.session {
        return Ok(Reply::ok(json!({ "csrf_token": session.csrf_token })));
    }
    let (session, cookie) = new_session(call)?;
    Ok(with_cookie(call, Reply::ok(json!({ "csrf_token": session.csrf_token })), &cookie))
}

/// A session without a user, and its cookie.
pub(super) fn new_session(call: &Call<'_>) -> Result<(Session, String), StoreError> {
    let cookie = secrets::url_safe(64);
    Ok((sessions::create(call.db, &cookie, &secrets::url_safe(64))?, cookie))
}

pub(super) fn with_cookie(call: &Call<'_>, reply: Reply, cookie: &str) -> Reply {
    reply.with(header::SET_COOKIE, cookies::set(cookie, call.app.scheme == "https"))
}

/// Signs a user in. The session gets another cookie and another CSRF token: what was known before serves no more.
pub(super) fn sign_in_as(call: &Call<'_>, account: &Account, reply: Reply) -> Result<Reply, Failure> {
    if let Some(old) = call.session {
        sessions::delete(call.db, old)?;
    }
    let (mut session, cookie) = new_session(call)?;
    session.user_id = Some(account.id);
    session.signed_in_ms = Some(call.db.now_ms());
    sessions::update(call.db, &session)?;
    Ok(with_cookie(call, reply.with(NEXT_CSRF, session.csrf_token), &cookie))
}

fn sign_in(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let (username, password) = (text(&body, "username").unwrap_or(""), text(&body, "password").unwrap_or(""));
    let now = call.db.now_ms();
    if let Some(seconds) = call.app.throttle.wait(username, now) {
        let page = "Too many login attempts. \nPlease reset your Quay password and try again.";
        let reply = Reply::text(429, "text/html; charset=utf-8", page).with(header::RETRY_AFTER, seconds.to_string());
        return Err(Failure::Other(reply));
    }
    let refused = |message: Option<String>, unverified: bool| {
        Failure::Other(Reply::json(
            403,
            json!({ "needsEmailVerification": unverified, "invalidCredentials": !unverified, "message": message }),
        ))
    };
    match check_user(call.db, &call.app.settings, &call.app.sealer, username, password) {
        Ok(account) => {
            call.app.throttle.succeeded(username);
            if !account.verified {
                return Err(refused(None, true));
            }
            call.log("login_success", &account.name, None, &json!({ "type": "quayauth" }))?;
            sign_in_as(call, &account, Reply::ok(json!({ "success": true })))
        }
        Err(CredentialError::Store(error)) => Err(error.into()),
        Err(error) => {
            if matches!(error, CredentialError::Password) {
                call.app.throttle.failed(username, now);
            }
            Err(refused(Some(error.to_string()), false))
        }
    }
}

fn verify(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let user = call.user()?;
    let password = text(&body, "password").unwrap_or("");
    match check_user(call.db, &call.app.settings, &call.app.sealer, &user.name, password) {
        Ok(account) => sign_in_as(call, &account, Reply::ok(json!({ "success": true }))),
        Err(CredentialError::Store(error)) => Err(error.into()),
        Err(error) => {
            Err(Failure::Other(Reply::json(403, json!({ "message": error.to_string(), "invalidCredentials": true }))))
        }
    }
}

fn sign_out(call: &Call<'_>) -> Result<Reply, Failure> {
    if let Some(session) = call.session {
        sessions::update(call.db, &Session { user_id: None, signed_in_ms: None, ..session.clone() })?;
    }
    Ok(Reply::ok(json!({ "success": true })))
}
