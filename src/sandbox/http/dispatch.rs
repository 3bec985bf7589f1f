//! The order in which a request is checked before its handler sees it, which is Quay's: browser, route, sender, CSRF,
//! read-only registry, anonymous access.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::cookies;
use super::query::Query;
use super::reply::{Failure, Reply};
use super::request::Call;
use super::routing::{Destination, route};
use crate::quay::contract::Endpoint;
use crate::sandbox::access::{CredentialError, Identity, Via, check_user};
use crate::sandbox::api;
use crate::sandbox::server::{App, Peer};
use crate::sandbox::settings::{RegistryState, seconds};
use crate::sandbox::store::sessions::{self, Session};
use crate::sandbox::store::{AccountKind, Db, OauthTokenId, StoreError, accounts, oauth};

/// Larger bodies are refused, as by the nginx before Quay.
const MAX_BODY: usize = 20 * 1024 * 1024;
/// How often the last use of a token is written down.
const TOUCH_EVERY_MS: i64 = 60_000;

/// Answers one endpoint.
pub type Handler = fn(&Call<'_>) -> Result<Reply, Failure>;

/// In which kind of transaction a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// By the method: reads read, everything else writes.
    ByMethod,
    /// A read that writes all the same.
    Write,
}

/// Everything of a request that outlives its connection.
struct Parts {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
    ip: String,
}

/// Axum's door to the API.
pub async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let peer: Option<SocketAddr> = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let page = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request \
                    Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        return Reply::text(413, "text/html", page).into_response();
    };
    let parts = Parts {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: body.to_vec(),
        ip: peer.map(|peer| peer.ip().to_string()).unwrap_or_default(),
    };
    answer(app, parts).await.into_response()
}

async fn answer(app: Arc<App>, parts: Parts) -> Reply {
    let base = app.base_url();
    if app.settings.browser_api_calls_xhr_only && is_browser(&parts.headers) && parts.path.starts_with("/api/") {
        let text = "API calls must be invoked with an X-Requested-With header if called from a browser";
        return Reply::json(400, json!({ "error": text }));
    }
    let (endpoint, parameters) = match route(&app.settings, &base, &parts.method, &parts.path, parts.query.as_deref()) {
        Destination::Endpoint(endpoint, parameters) => (endpoint, parameters),
        Destination::Reply(reply) => return reply,
    };
    let Some((handler, transaction)) = api::handler(endpoint.operation) else { return not_covered(endpoint) };
    let writes = endpoint.method.is_write() || transaction == Transaction::Write;
    let store = app.store.clone();
    let work = {
        let app = Arc::clone(&app);
        move |db: &Db<'_>| -> Result<(Reply, Option<OauthTokenId>), Failure> {
            run(&app, db, endpoint, &parameters, &parts, handler)
        }
    };
    let result = if writes { store.write(work).await } else { store.read(work).await };
    match result {
        Ok((reply, stale)) => {
            if let Some(token) = stale {
                // when a token was last used is worth a line, not a failed request
                drop(store.write::<_, StoreError, _>(move |db| oauth::touch(db, token)).await);
            }
            reply
        }
        Err(failure) => failure.into_reply(&base),
    }
}

fn not_covered(endpoint: &Endpoint) -> Reply {
    Reply::json(
        501,
        json!({
            "detail": format!("the sandbox does not cover `{}` ({endpoint})", endpoint.operation),
            "error_message": format!("the sandbox does not cover `{}` ({endpoint})", endpoint.operation),
            "error_type": "not_implemented",
            "title": "not_implemented",
            "status": 501,
        }),
    )
}

fn run(
    app: &App,
    db: &Db<'_>,
    endpoint: &'static Endpoint,
    parameters: &[String],
    parts: &Parts,
    handler: Handler,
) -> Result<(Reply, Option<OauthTokenId>), Failure> {
    let session = match cookies::session(&parts.headers) {
        Some(cookie) => sessions::by_cookie(db, cookie)?,
        None => None,
    };
    let is_api = endpoint.path.starts_with("/api/v1/");
    let (identity, stale) = identify(app, db, parts, session.as_ref(), is_api)?;
    let query = Query::parse(parts.query.as_deref().unwrap_or_default());
    let call = Call {
        app,
        db,
        endpoint,
        parameters,
        query: &query,
        headers: &parts.headers,
        body: &parts.body,
        identity: &identity,
        session: session.as_ref(),
        ip: parts.ip.clone(),
    };
    let unguarded =
        matches!(endpoint.operation, "initializeUser" | "csrfToken" | "authorizeApplication" | "denyApplication");
    if endpoint.method.is_write() && !unguarded {
        call.check_csrf()?;
        let signs_in = matches!(endpoint.operation, "signinUser" | "verifyUser" | "logout");
        if app.settings.registry_state == RegistryState::Readonly && !signs_in {
            let text =
                "System is currently read-only. Pulls will succeed but all write operations are currently suspended.";
            return Err(Failure::Other(Reply::json(503, json!({ "is_readonly": true, "message": text }))));
        }
    }
    if is_api && !app.settings.feature_anonymous_access && identity.account.is_none() && !is_always_open(endpoint) {
        return Err(Failure::Error(401, "Anonymous access is not allowed".to_owned()));
    }
    if needs_fresh_login(endpoint) {
        check_fresh_login(&call)?;
    }
    handler(&call).map(|reply| (reply, stale))
}

fn is_always_open(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.operation,
        "initializeUser" | "signinUser" | "logout" | "discovery" | "getErrorDescription" | "getLoggedInUser"
    )
}

/// Who sends the request, and the token whose last use should be written down.
fn identify(
    app: &App,
    db: &Db<'_>,
    parts: &Parts,
    session: Option<&Session>,
    is_api: bool,
) -> Result<(Identity, Option<OauthTokenId>), Failure> {
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (scheme, credentials) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if is_api && scheme.eq_ignore_ascii_case("bearer") {
        // an unknown or expired token is no error: the request goes on as anonymous
        let token = oauth::by_token(db, credentials.trim())?.filter(|token| token.expires_ms > db.now_ms());
        if let Some(token) = token
            && let Some(account) = accounts::by_id(db, token.user_id)?.filter(|account| account.enabled)
            && let Ok(scopes) = token.scope.parse()
        {
            let stale =
                token.last_accessed_ms.is_none_or(|last| db.now_ms() - last > TOUCH_EVERY_MS).then_some(token.id);
            return Ok((Identity { account: Some(account), via: Via::Token(token.id, scopes) }, stale));
        }
        return Ok((Identity::anonymous(), None));
    }
    if !is_api && scheme.eq_ignore_ascii_case("basic") {
        return Ok((basic(app, db, credentials)?, None));
    }
    let signed_in = match session.and_then(|session| session.user_id) {
        Some(id) => accounts::by_id(db, id)?.filter(|account| account.enabled && account.kind == AccountKind::User),
        None => None,
    };
    Ok((
        signed_in.map_or_else(Identity::anonymous, |account| Identity { account: Some(account), via: Via::Session }),
        None,
    ))
}

fn basic(app: &App, db: &Db<'_>, credentials: &str) -> Result<Identity, Failure> {
    let decoded = STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((username, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return Ok(Identity::anonymous());
    };
    match check_user(db, &app.settings, &app.sealer, username, password) {
        Ok(account) => Ok(Identity { account: Some(account), via: Via::Password }),
        Err(CredentialError::Store(error)) => Err(error.into()),
        Err(_) => Ok(Identity::anonymous()),
    }
}

/// What a session may do only shortly after it proved the password.
fn needs_fresh_login(endpoint: &Endpoint) -> bool {
    let operation = endpoint.operation;
    endpoint.path.starts_with("/api/v1/superuser/")
        || matches!(operation, "deleteAdminedOrganization" | "deleteCurrentUser")
        || operation.ends_with("AppToken")
        || operation.ends_with("AppTokens")
}

fn check_fresh_login(call: &Call<'_>) -> Result<(), Failure> {
    if !matches!(call.identity.via, Via::Session) {
        return Ok(());
    }
    let valid_ms = seconds(&call.app.settings.fresh_login_timeout).unwrap_or(600).saturating_mul(1000);
    let signed_in = call.session.and_then(|session| session.signed_in_ms);
    if signed_in.is_some_and(|at| at + valid_ms >= call.db.now_ms()) {
        return Ok(());
    }
    Err(Failure::Problem {
        kind: crate::quay::contract::ProblemKind::FreshLoginRequired,
        detail: "Requires fresh login".to_owned(),
    })
}

fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    agent.starts_with("Mozilla/") && !headers.contains_key("x-requested-with")
}
