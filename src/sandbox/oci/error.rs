//! Refusals in the registry's own shape: `{"errors": [{"code", "message", "detail"}]}`.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::names::RepositoryName;
use crate::diag::with_causes;
use crate::sandbox::store::StoreError;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct RegistryError {
    status: StatusCode,
    code: &'static str,
    message: String,
    detail: Value,
    challenge: Challenge,
    is_readonly: bool,
}

/// What `WWW-Authenticate` says.
#[derive(Debug)]
enum Challenge {
    /// It is not sent.
    None,
    /// Sign in.
    Login,
    /// Get a token with this scope.
    Scope(String),
}

impl RegistryError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: json!({}),
            challenge: Challenge::None,
            is_readonly: false,
        }
    }

    fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// No token, or one that does not reach this far.
    pub(super) fn unauthorized(repository: &RepositoryName, actions: &str) -> Self {
        Self {
            challenge: Challenge::Scope(format!("repository:{repository}:{actions}")),
            ..Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "access to the requested resource is not authorized")
        }
    }

    /// Credentials that are wrong, or none at all.
    pub(super) fn login(message: impl Into<String>) -> Self {
        Self { challenge: Challenge::Login, ..Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message) }
    }

    /// A request of the token service that cannot be read.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    /// A name that no repository can have.
    pub(super) fn name_invalid(repository: &RepositoryName) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", format!("Invalid repository name: {repository}"))
    }

    /// No such repository.
    pub(super) fn name_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry")
    }

    /// No such manifest.
    pub(super) fn manifest_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown")
    }

    /// A manifest that cannot be taken.
    pub(super) fn manifest_invalid(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", "manifest invalid")
            .with_detail(json!({ "message": why.into() }))
    }

    /// A manifest that is too large to read.
    pub(super) fn manifest_too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", format!("manifests are limited to {limit} bytes"))
    }

    /// A tag that may not be moved or deleted.
    pub(super) fn tag_immutable(tag: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "TAG_IMMUTABLE", format!("tag '{tag}' is immutable"))
    }

    /// A tag name that is not one.
    pub(super) fn tag_invalid(tag: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "TAG_INVALID", format!("`{tag}` is neither a tag nor a digest"))
    }

    /// No such blob.
    pub(super) fn blob_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry")
    }

    /// An upload that cannot go on: wrong digest, wrong position.
    pub(super) fn upload_invalid() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", "blob upload invalid")
    }

    /// No such upload.
    pub(super) fn upload_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    }

    /// A chunk that does not follow the one before it.
    pub(super) fn range() -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", "blob upload invalid")
    }

    /// A digest that is not one, or of an algorithm that is not known.
    pub(super) fn digest_invalid() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "provided digest did not match uploaded content")
    }

    /// An operation that the registry does not offer.
    pub(super) fn unsupported() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "The operation is unsupported.")
    }

    /// The namespace is full.
    pub(super) fn quota_exceeded() -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", "Quota has been exceeded on namespace")
    }

    /// The repository may not be written now.
    pub(super) fn repository_locked(state: &str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "DENIED",
            format!("Repository is in read only or mirror mode: {state}"),
        )
    }

    /// The whole registry may not be written now.
    pub(super) fn read_only() -> Self {
        Self {
            is_readonly: true,
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "DENIED",
                "System is currently read-only. Pulls will succeed but all write operations are currently suspended.",
            )
        }
    }

    /// The sandbox's own failure, with its causes.
    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", with_causes(error))
    }

    /// The answer. `base` is the registry's URL without a slash at the end, `service` its host and port.
    pub(super) fn into_response(self, base: &str, service: &str) -> Response {
        let mut error = json!({ "code": self.code, "detail": self.detail, "message": self.message });
        if let (true, Some(error)) = (self.is_readonly, error.as_object_mut()) {
            error.insert("is_readonly".to_owned(), Value::Bool(true));
        }
        let mut response = (self.status, Json(json!({ "errors": [error] }))).into_response();
        match &self.challenge {
            Challenge::None => {}
            Challenge::Login => challenge(&mut response, base, service, None),
            Challenge::Scope(scope) => challenge(&mut response, base, service, Some(scope)),
        }
        response
    }
}

/// Tells where to get a token.
pub(super) fn challenge(response: &mut Response, base: &str, service: &str, scope: Option<&str>) {
    let scope = scope.map(|scope| format!(",scope=\"{scope}\"")).unwrap_or_default();
    let text = format!("Bearer realm=\"{base}/v2/auth\",service=\"{service}\"{scope}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<std::io::Error> for RegistryError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error)
    }
}
