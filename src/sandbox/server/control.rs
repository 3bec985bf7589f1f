//! The control interface `/_sandbox/`: for tests and rehearsals on the same machine, never part of Quay's API.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::app::App;
use super::faults::FaultRule;
use super::serve::Peer;
use crate::sandbox::fill::{Fill, fill};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/_sandbox/requests", get(requests).delete(forget_requests))
        .route("/_sandbox/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sandbox/clock", get(clock).post(move_clock))
        .route("/_sandbox/fill", post(fill_repository))
        .layer(middleware::from_fn(local_only))
}

/// Only the machine itself may use it, whatever address the server listens on.
async fn local_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    if peer.is_some_and(|peer: SocketAddr| peer.ip().is_loopback()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, Json(json!({ "message": "the control interface serves this machine only" })))
            .into_response()
    }
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn requests(State(app): State<Arc<App>>, Query(query): Query<Since>) -> Response {
    let requests = app.log.since(query.since);
    let writes = requests.iter().filter(|request| request.is_write()).count();
    Json(json!({ "total": requests.len(), "writes": writes, "requests": requests })).into_response()
}

async fn forget_requests(State(app): State<Arc<App>>) -> StatusCode {
    app.log.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(app): State<Arc<App>>) -> Response {
    Json(json!({ "faults": app.faults.list() })).into_response()
}

async fn add_fault(State(app): State<Arc<App>>, Json(rule): Json<FaultRule>) -> Response {
    match app.faults.add(rule) {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "message": error.to_string() }))).into_response(),
    }
}

async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    /// Moves the clock by so many seconds.
    advance_seconds: Option<i64>,
    /// Sets it to this time, milliseconds since 1970.
    now_ms: Option<i64>,
}

async fn clock(State(app): State<Arc<App>>) -> Response {
    Json(json!({ "now_ms": app.clock.now_ms() })).into_response()
}

async fn move_clock(State(app): State<Arc<App>>, Json(change): Json<ClockChange>) -> Response {
    if let Some(now) = change.now_ms {
        app.clock.set_ms(now);
    }
    if let Some(seconds) = change.advance_seconds {
        app.clock.advance_ms(seconds.saturating_mul(1000));
    }
    clock(State(app)).await
}

/// Fills a repository with tags of a past; 404 where it does not exist.
async fn fill_repository(State(app): State<Arc<App>>, Json(wanted): Json<Fill>) -> Response {
    match tokio::task::spawn_blocking(move || fill(&app, &wanted)).await {
        Ok(Ok(Some(made))) => Json(json!({ "made": made })).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, Json(json!({ "message": "no such repository" }))).into_response(),
        Ok(Err(error)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": error.to_string() }))).into_response()
        }
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": error.to_string() }))).into_response()
        }
    }
}
