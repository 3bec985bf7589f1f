//! From a path and a method under `/v2/` to what answers it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use percent_encoding::percent_decode_str;

use super::context::{Context, Site};
use super::error::{RegistryError, challenge};
use super::route::Route;
use super::{blobs, catalog, manifests, referrers, token_service, uploads};
use crate::sandbox::server::App;

/// Everything under `/v2`, and the one path of the first version that clients still knock at.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v2", any(without_slash))
        .route("/v2/", any(root))
        .route("/v2/auth", get(token_service::token))
        .route("/v2/{*path}", any(dispatch))
        .route("/v1/_ping", get(|| async { "true" }))
}

async fn without_slash(State(app): State<Arc<App>>, request: Request) -> Response {
    let location = format!("{}/v2/", Site::of(&app, request.headers()).base);
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// `GET /v2/`: whether the client is signed in, and where to sign in if not.
async fn root(State(app): State<Arc<App>>, request: Request) -> Response {
    let context = match Context::of(app, request.headers()) {
        Ok(context) => context,
        Err(refused) => return refused.into_response(None),
    };
    let status = if context.claims.is_some() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let mut response = (status, kind, "true").into_response();
    response.headers_mut().insert("x-sparse-manifest-support", HeaderValue::from_static("false"));
    challenge(&mut response, &context.site.base, &context.site.service, None);
    response
}

async fn dispatch(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path().strip_prefix("/v2/").unwrap_or_default();
    let route = percent_decode_str(path).decode_utf8().ok().and_then(|path| Route::parse(&path));
    let Some(route) = route else { return StatusCode::NOT_FOUND.into_response() };
    let context = match Context::of(app, request.headers()) {
        Ok(context) => context,
        Err(refused) => return refused.into_response(scope(&route, request.method()).as_deref()),
    };
    let site = context.site.clone();
    match answer(context, route, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(&site.base, &site.service),
    }
}

async fn answer(context: Context, route: Route, request: Request) -> Result<Response, RegistryError> {
    let method = request.method().clone();
    match (route, method.as_str()) {
        (Route::Catalog, "GET") => catalog::repositories(context, request.uri().query()).await,
        (Route::Tags(name), "GET") => catalog::tags(context, name, request.uri().query()).await,
        (Route::Manifest(name, reference), "GET" | "HEAD") => {
            manifests::get(context, name, &reference, method == Method::HEAD).await
        }
        (Route::Manifest(name, reference), "PUT") => manifests::put(context, name, &reference, request).await,
        (Route::Manifest(name, reference), "DELETE") => manifests::delete(context, name, &reference).await,
        (Route::Blob(name, digest), "GET" | "HEAD") => {
            blobs::get(context, name, &digest, request.headers(), method == Method::HEAD).await
        }
        (Route::Uploads(name), "POST") => uploads::start(context, name, request).await,
        (Route::Upload(name, uuid), "GET") => uploads::status(context, name, uuid).await,
        (Route::Upload(name, uuid), "PATCH") => uploads::patch(context, name, uuid, request).await,
        (Route::Upload(name, uuid), "PUT") => uploads::finish(context, name, uuid, request).await,
        (Route::Upload(name, uuid), "DELETE") => uploads::cancel(context, name, uuid).await,
        (Route::Referrers(name, digest), "GET") => referrers::get(context, name, &digest, request.uri().query()).await,
        _ => Err(RegistryError::unsupported()),
    }
}

/// What a token would need for a request.
fn scope(route: &Route, method: &Method) -> Option<String> {
    let (Route::Tags(name)
    | Route::Manifest(name, _)
    | Route::Blob(name, _)
    | Route::Uploads(name)
    | Route::Upload(name, _)
    | Route::Referrers(name, _)) = route
    else {
        return None;
    };
    let reads = method == Method::GET || method == Method::HEAD;
    Some(format!("repository:{name}:{}", if reads { "pull" } else { "pull,push" }))
}
