//! Answers and refusals, in Quay's shapes.

use axum::body::Body as HttpBody;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::diag::with_causes;
use crate::quay::contract::{Problem, ProblemKind};
use crate::sandbox::schema::BodyError;
use crate::sandbox::store::StoreError;

/// What an answer carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Json),
    /// Text of a media type.
    Text(&'static str, String),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// What it carries.
    pub body: Body,
    /// Headers besides the media type.
    pub headers: Vec<(HeaderName, String)>,
}

/// Why a request is refused. Every variant is one of Quay's shapes.
#[derive(Debug)]
pub enum Failure {
    /// Problem JSON.
    Problem {
        /// Its kind, which has a status.
        kind: ProblemKind,
        /// What is wrong.
        detail: String,
    },
    /// 401 as problem JSON, with or without `session_required`.
    Unauthenticated {
        /// `GET /user/` says it.
        says_session: bool,
    },
    /// `{"message": …}`.
    Message(u16, String),
    /// `{"error": …}`.
    Error(u16, String),
    /// The page that Quay shows when its own code fails. Recorded cases only.
    Crash,
    /// Any answer.
    Other(Reply),
    /// The sandbox itself failed.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::invalid(error.0)
    }
}

impl Failure {
    /// 400 as problem JSON.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::Problem { kind: ProblemKind::InvalidRequest, detail: detail.into() }
    }

    /// 404 as problem JSON.
    pub fn not_found() -> Self {
        Self::Problem { kind: ProblemKind::NotFound, detail: "Not Found".to_owned() }
    }

    /// 403 as problem JSON.
    pub fn forbidden() -> Self {
        Self::Problem { kind: ProblemKind::InsufficientScope, detail: "Unauthorized".to_owned() }
    }

    /// 400 with a message.
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message(400, text.into())
    }

    /// 400 with the message of a bare `abort(400)`.
    pub fn not_understood() -> Self {
        Self::message("The browser (or proxy) sent a request that this server could not understand.")
    }

    /// The answer to be sent by the server at `base`.
    pub fn into_reply(self, base: &str) -> Reply {
        match self {
            Self::Problem { kind, detail } => Reply::json(kind.status(), Problem::new(kind, detail, base)),
            Self::Unauthenticated { says_session } => {
                let mut problem = Problem::new(ProblemKind::InvalidToken, "Requires authentication", base);
                problem.session_required = says_session.then_some(false);
                Reply::json(401, problem)
            }
            Self::Message(status, text) => Reply::json(status, json!({ "message": text })),
            Self::Error(status, text) => Reply::json(status, json!({ "error": text })),
            Self::Crash => Reply::text(
                500,
                "text/html; charset=utf-8",
                "<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n    <h1><p>Internal Server \
                 Error</p></h1>\n    \n  </body>\n</html>\n",
            ),
            Self::Other(reply) => reply,
            Self::Store(error) => {
                Reply::json(500, json!({ "message": format!("the sandbox failed: {}", with_causes(&error)) }))
            }
        }
    }
}

impl Reply {
    /// JSON.
    pub fn json(status: u16, value: impl Serialize) -> Self {
        // only maps with keys that are not text cannot become JSON, and no answer has such
        let body = serde_json::to_value(value).map_or(Body::Empty, Body::Json);
        Self { status, body, headers: Vec::new() }
    }

    /// 200 and JSON.
    pub fn ok(value: impl Serialize) -> Self {
        Self::json(200, value)
    }

    /// No content: 204.
    pub fn none() -> Self {
        Self { status: 204, body: Body::Empty, headers: Vec::new() }
    }

    /// Text.
    pub fn text(status: u16, media_type: &'static str, text: impl Into<String>) -> Self {
        Self { status, body: Body::Text(media_type, text.into()), headers: Vec::new() }
    }

    /// 302 to another place.
    pub fn found(location: String) -> Self {
        Self { status: 302, body: Body::Empty, headers: vec![(header::LOCATION, location)] }
    }

    /// With another header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As HTTP.
    pub fn into_response(self) -> Response {
        let (media_type, bytes) = match self.body {
            Body::Empty => (None, Vec::new()),
            // Quay's JSON ends with a newline
            Body::Json(value) => (Some("application/json"), format!("{value}\n").into_bytes()),
            Body::Text(media_type, text) => (Some(media_type), text.into_bytes()),
        };
        let mut response = Response::new(HttpBody::from(bytes));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(media_type) = media_type {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in self.headers {
            // a value with line breaks cannot be sent; no header of ours has them
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// A page of the web framework under Quay.
pub fn html(status: u16, title: &str, heading: &str, paragraph: &str) -> Reply {
    Reply::text(
        status,
        "text/html; charset=utf-8",
        format!("<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{heading}</h1>\n<p>{paragraph}</p>\n"),
    )
}
