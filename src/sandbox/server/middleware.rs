//! Around every request: faults before and after it, and its line in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::stream;

use super::app::App;
use super::faults::{FaultRule, Tear};
use super::log::{AuthKind, LoggedRequest, loggable_query};

/// Marks an answer that must never be sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Torn;

pub(super) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/_sandbox/") {
        return next.run(request).await;
    }
    let begun = Instant::now();
    let mut entry = LoggedRequest {
        seq: 0,
        at_ms: app.clock.now_ms(),
        method: request.method().to_string(),
        query: loggable_query(&path, request.uri().query()),
        path,
        status: 0,
        auth: AuthKind::of(request.headers()),
        ms: 0,
    };
    let fault = app.faults.take(&entry.method, &entry.path);
    let response = match fault {
        None => next.run(request).await,
        Some(fault) => with_fault(fault, request, next).await,
    };
    if response.extensions().get::<Torn>().is_none() {
        entry.status = response.status().as_u16();
    }
    entry.ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    app.log.add(entry);
    response
}

async fn with_fault(fault: FaultRule, request: Request, next: Next) -> Response {
    if let Some(delay) = fault.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if fault.tear == Some(Tear::Before) {
        return torn();
    }
    let response = match fault.status {
        Some(status) => refusal(&fault, status),
        None => next.run(request).await,
    };
    match fault.tear {
        Some(Tear::After) => torn(),
        Some(Tear::Body) => tear_body(response).await,
        _ => response,
    }
}

fn torn() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Torn);
    response
}

fn refusal(fault: &FaultRule, status: u16) -> Response {
    let mut response = Response::new(Body::from(fault.body.clone().unwrap_or_default()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = fault.content_type.as_deref().unwrap_or("text/html; charset=utf-8");
    if let Ok(value) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Sends the head and half of the body, then breaks the connection.
async fn tear_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else { return torn() };
    // the announced length stays, so that the client can tell that something is missing
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len().max(1)));
    let half = whole.slice(..whole.len() / 2);
    let pieces: [Result<Bytes, std::io::Error>; 2] =
        [Ok(half), Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "torn on request"))];
    Response::from_parts(parts, Body::from_stream(stream::iter(pieces)))
}
