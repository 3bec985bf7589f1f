//! Application-specific tokens.

use serde_json::{Value as Json, json};

use super::superuser_users::require_superuser;
use super::table::Entry;
use super::views::{date, put, text};
use crate::quay::contract::Scope;
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::app_tokens::{self, AppToken};
use crate::sandbox::store::{accounts, secrets};

pub(super) const HANDLERS: &[Entry] = &[
    ("listAppTokens", list),
    ("createAppToken", create),
    ("getAppToken", get),
    ("revokeAppToken", revoke),
    ("listAllAppTokens", list_all),
];

/// The length of a token, as Quay's.
const LENGTH: usize = 120;
/// Tokens that end within this time are told as expiring.
const SOON_MS: i64 = 7 * 86_400_000;

fn view(token: &AppToken) -> Json {
    json!({
        "uuid": token.uuid,
        "title": token.title,
        "last_accessed": token.last_accessed_ms.map(date),
        "created": date(token.created_ms),
        "expiration": token.expires_ms.map(date),
    })
}

fn with_code(token: &AppToken) -> Json {
    let mut view = view(token);
    put(&mut view, "token_code", token.token_code.expose());
    json!({ "token": view })
}

/// The tokens that a list shows, and what it says of its filter.
fn filtered(call: &Call<'_>, tokens: Vec<AppToken>) -> (Vec<AppToken>, Json) {
    let expiring = call.query.get("expiring").map(|_| call.query.flag("expiring", false));
    let soon = call.db.now_ms() + SOON_MS;
    let shown = tokens
        .into_iter()
        .filter(|token| expiring != Some(true) || token.expires_ms.is_some_and(|end| end <= soon))
        .collect();
    (shown, expiring.map_or(Json::Null, Json::Bool))
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let (tokens, only_expiring) = filtered(call, app_tokens::of_user(call.db, user.id)?);
    let views: Vec<Json> = tokens.iter().map(view).collect();
    Ok(Reply::ok(json!({ "tokens": views, "only_expiring": only_expiring })))
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let user = call.user_with(Scope::UserAdmin)?;
    let title = text(&body, "title").unwrap_or("");
    let uuid = app_tokens::create(call.db, user.id, title, &secrets::upper(LENGTH), None)?;
    let token = app_tokens::by_uuid(call.db, user.id, &uuid)?.ok_or_else(Failure::not_found)?;
    call.log(
        "create_app_specific_token",
        &user.name,
        None,
        &json!({ "app_specific_token_title": title, "app_specific_token": uuid }),
    )?;
    Ok(Reply::ok(with_code(&token)))
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let token = app_tokens::by_uuid(call.db, user.id, call.parameter(0))?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(with_code(&token)))
}

fn revoke(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    if !app_tokens::delete(call.db, user.id, call.parameter(0))? {
        return Err(Failure::not_found());
    }
    call.log("revoke_app_specific_token", &user.name, None, &json!({ "app_specific_token": call.parameter(0) }))?;
    Ok(Reply::none())
}

/// Everybody's tokens, for superusers.
fn list_all(call: &Call<'_>) -> Result<Reply, Failure> {
    require_superuser(call)?;
    let own = call.user()?;
    let of = if call.access().reads_everything() {
        app_tokens::all(call.db)?
    } else {
        app_tokens::of_user(call.db, own.id)?
    };
    let (tokens, only_expiring) = filtered(call, of);
    let mut views = Vec::new();
    for token in &tokens {
        let mut view = view(token);
        put(&mut view, "user", accounts::by_id(call.db, token.user_id)?.map(|user| user.name));
        views.push(view);
    }
    Ok(Reply::ok(json!({ "tokens": views, "only_expiring": only_expiring })))
}
