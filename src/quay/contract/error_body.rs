//! The shapes in which Quay says no.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// 401.
    InvalidToken,
    /// 403.
    InsufficientScope,
    /// 404.
    NotFound,
    /// 400.
    InvalidRequest,
    /// 401 of a session that must confirm its password.
    FreshLoginRequired,
    /// 400, also of downstream services.
    ExternalServiceTimeout,
    /// 402.
    ExceedsLicense,
    /// 409.
    TagImmutable,
}

impl ProblemKind {
    /// Quay's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::FreshLoginRequired => "fresh_login_required",
            Self::ExternalServiceTimeout => "external_service_timeout",
            Self::ExceedsLicense => "exceeds_license",
            Self::TagImmutable => "tag_immutable",
        }
    }

    /// The status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidToken | Self::FreshLoginRequired => 401,
            Self::InsufficientScope => 403,
            Self::NotFound => 404,
            Self::InvalidRequest => 400,
            Self::ExternalServiceTimeout => 520,
            Self::ExceedsLicense => 402,
            Self::TagImmutable => 409,
        }
    }
}

/// The first shape: problem JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Only of `GET /api/v1/user/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_required: Option<bool>,
    /// What is wrong.
    pub detail: String,
    /// The same.
    #[serde(default)]
    pub error_message: Option<String>,
    /// The kind, see [`ProblemKind`].
    pub error_type: String,
    /// The kind again.
    #[serde(default)]
    pub title: String,
    /// Where the kind is described.
    #[serde(default, rename = "type")]
    pub kind_url: String,
    /// The status again.
    #[serde(default)]
    pub status: u16,
}

impl Problem {
    /// A problem as the server at `base` (such as `https://quay.example.com`) words it.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>, base: &str) -> Self {
        let detail = detail.into();
        Self {
            session_required: None,
            error_message: Some(detail.clone()),
            detail,
            error_type: kind.as_str().to_owned(),
            title: kind.as_str().to_owned(),
            kind_url: format!("{base}/api/v1/error/{}", kind.as_str()),
            status: kind.status(),
        }
    }
}

/// An error of the registry interface (`/v2`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegistryError {
    /// `UNAUTHORIZED`, `NAME_UNKNOWN` …
    pub code: String,
    /// More about it.
    #[serde(default)]
    pub detail: Json,
    /// What is wrong.
    #[serde(default)]
    pub message: String,
}

/// The body of an answer that is not a success, in whichever shape it came.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorBody {
    /// Problem JSON.
    Problem(Problem),
    /// `{"message": …}`, also of a refused sign-in and a read-only registry; sometimes the message is a mapping.
    Message(String),
    /// `{"error": …}`: CSRF and OAuth.
    Error(String),
    /// `{"errors": […]}` of the registry interface.
    Registry(Vec<RegistryError>),
    /// A web page; its title.
    Html(Option<String>),
    /// Other text.
    Text(String),
    /// Nothing.
    Empty,
}

impl ErrorBody {
    /// Reads a body of any shape.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        if let Ok(json) = serde_json::from_str::<Json>(text) {
            return Self::from_json(&json).unwrap_or_else(|| Self::Text(text.to_owned()));
        }
        let start = text.get(..text.len().min(256)).unwrap_or(text).to_ascii_lowercase();
        if start.starts_with("<!doctype") || start.starts_with("<html") {
            return Self::Html(title(text));
        }
        Self::Text(text.to_owned())
    }

    fn from_json(json: &Json) -> Option<Self> {
        if json.get("error_type").is_some() && json.get("detail").is_some() {
            return serde_json::from_value(json.clone()).ok().map(Self::Problem);
        }
        if let Some(errors) = json.get("errors") {
            return serde_json::from_value(errors.clone()).ok().map(Self::Registry);
        }
        let text = |value: &Json| match value {
            Json::String(text) => text.clone(),
            // argument errors come as `{"message": {"limit": "…"}}`
            Json::Object(map) => map
                .iter()
                .map(|(k, v)| format!("{k}: {}", v.as_str().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(", "),
            other => other.to_string(),
        };
        if let Some(message) = json.get("message") {
            return Some(Self::Message(text(message)));
        }
        json.get("error").map(|error| Self::Error(text(error)))
    }

    /// Quay's own words, shortened to the part that a person can use.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let text = match self {
            Self::Problem(problem) => problem.detail.clone(),
            Self::Message(text) | Self::Error(text) | Self::Text(text) => text.clone(),
            Self::Registry(errors) => {
                errors.iter().map(|e| format!("{}: {}", e.code, e.message)).collect::<Vec<_>>().join(", ")
            }
            Self::Html(title) => title.clone()?,
            Self::Empty => return None,
        };
        // a schema violation goes on with the whole schema; the database's errors with details
        let first = text.split("\n\n").next().unwrap_or(&text);
        let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= 300 {
            return Some(line);
        }
        Some(line.chars().take(300).chain(['…']).collect())
    }

    /// The kind of a [`Problem`], as text.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.error_type),
            _ => None,
        }
    }

    /// Whether it is the message about a missing CSRF token, which is how Quay refuses writes without a valid token.
    #[must_use]
    pub fn is_csrf(&self) -> bool {
        matches!(self, Self::Error(text) if text.starts_with("CSRF token was invalid or missing"))
    }

    /// The body as JSON, for the shapes that have one.
    #[must_use]
    pub fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Problem(problem) => serde_json::to_value(problem).ok()?,
            Self::Message(text) => json!({ "message": text }),
            Self::Error(text) => json!({ "error": text }),
            Self::Registry(errors) => json!({ "errors": errors }),
            Self::Html(_) | Self::Text(_) | Self::Empty => return None,
        })
    }
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = lower.get(start..)?.find("</title>")? + start;
    let title = html.get(start..end)?.trim();
    (!title.is_empty()).then(|| title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_gives_its_message() {
        let cases: &[(&str, &str)] = &[
            (
                r#"{"detail": "Existing robot with name: acme+ci", "error_message": "x", "error_type": "invalid_request", "title": "invalid_request", "type": "http://h/api/v1/error/invalid_request", "status": 400}"#,
                "Existing robot with name: acme+ci",
            ),
            (
                r#"{"message": "Could not find robot with specified username"}"#,
                "Could not find robot with specified username",
            ),
            (r#"{"message": {"limit": "Max 100."}}"#, "limit: Max 100."),
            (r#"{"error": "CSRF token was invalid or missing."}"#, "CSRF token was invalid or missing."),
            (
                r#"{"needsEmailVerification": false, "invalidCredentials": true, "message": "Invalid Username or Password"}"#,
                "Invalid Username or Password",
            ),
            (
                r#"{"errors": [{"code": "UNAUTHORIZED", "detail": {}, "message": "Invalid token"}]}"#,
                "UNAUTHORIZED: Invalid token",
            ),
            ("<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head></html>", "Internal Server Error"),
            (
                "Too many login attempts. \nPlease reset your Quay password and try again.",
                "Too many login attempts. Please reset your Quay password and try again.",
            ),
            (
                r#"{"detail": "'role' is a required property\n\nFailed validating 'required' in schema:\n    {}", "error_type": "invalid_request"}"#,
                "'role' is a required property",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(ErrorBody::parse(body.as_bytes()).message().as_deref(), Some(*message), "{body}");
        }
        assert_eq!(ErrorBody::parse(b"").message(), None);
        assert!(
            ErrorBody::parse(br#"{"error": "CSRF token was invalid or missing. (authorized: user admin)"}"#).is_csrf()
        );
    }
}
