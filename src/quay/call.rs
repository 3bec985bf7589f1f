//! One request and its answer.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::contract::{Endpoint, ErrorBody, PathError};
use super::error::{Authenticated, QuayError, Refusal};

/// What is sent along.
#[derive(Clone, Debug, Default)]
pub(super) enum Body {
    /// Nothing.
    #[default]
    None,
    /// A JSON document.
    Json(Bytes),
    /// A form.
    Form(Bytes),
}

/// What may be done when an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The request may be sent again: doing it twice comes to the same.
    Always,
    /// Only when the registry surely has not acted.
    WhenNotDone,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) endpoint: &'static Endpoint,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    /// Whether a redirect is the answer that is wanted.
    pub(super) wants_redirect: bool,
    /// User name and password instead of the client's own identity.
    pub(super) basic: Option<(String, crate::value::Secret)>,
}

impl Call {
    pub(super) fn new(endpoint: &'static Endpoint, names: &[&str]) -> Result<Self, PathError> {
        Ok(Self {
            endpoint,
            path: endpoint.path_for(names)?,
            query: Vec::new(),
            body: Body::None,
            wants_redirect: false,
            basic: None,
        })
    }

    pub(super) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    pub(super) fn json<T: Serialize>(mut self, body: &T) -> Result<Self, QuayError> {
        let json = serde_json::to_vec(body).map_err(|source| self.odd_answer(source, None))?;
        self.body = Body::Json(json.into());
        Ok(self)
    }

    /// Method and path, for messages.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.endpoint.method, self.path)
    }

    fn odd_answer(&self, source: serde_json::Error, hint: Option<String>) -> QuayError {
        QuayError::Answer { request: self.describe(), hint, source }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) authenticated: Authenticated,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds. Quay only ever gives it as a number.
    pub(super) fn retry_after(&self) -> Option<u64> {
        self.header("retry-after")?.trim().parse().ok()
    }

    pub(super) fn error_body(&self) -> ErrorBody {
        ErrorBody::parse(&self.body)
    }

    pub(super) fn refusal(&self, call: &Call) -> Refusal {
        Refusal {
            endpoint: call.endpoint,
            path: call.path.clone(),
            status: self.status,
            body: self.error_body(),
            retry_after: self.retry_after(),
            authenticated: self.authenticated,
        }
    }

    /// The body as the type that the endpoint gives.
    pub(super) fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, QuayError> {
        serde_json::from_slice(&self.body).map_err(|source| {
            let web_page = matches!(self.error_body(), ErrorBody::Html(_));
            let hint = web_page.then(|| "the answer is a web page: is there a Quay at this address?".to_owned());
            call.odd_answer(source, hint)
        })
    }
}
