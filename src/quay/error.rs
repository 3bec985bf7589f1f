//! What can go wrong between us and a registry.

use std::error::Error;
use std::fmt;

use reqwest::StatusCode;

use super::contract::{Access, Endpoint, ErrorBody, PathError};
use super::server::ServerUrlError;
use super::tls::TlsError;

/// A call that did not work.
#[derive(Debug, thiserror::Error)]
pub enum QuayError {
    /// The registry said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The registry could not be reached, or the connection broke.
    #[error("{request} got no answer{}", suffix(.hint.as_deref()))]
    Connection {
        /// Method and path.
        request: String,
        /// Whether the registry may have acted all the same.
        maybe_acted: bool,
        /// What to do about it.
        hint: Option<String>,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is no JSON, or JSON of another shape.
    #[error("{request} was answered with something else than expected{}", suffix(.hint.as_deref()))]
    Answer {
        /// Method and path.
        request: String,
        /// What to do about it.
        hint: Option<String>,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The next page of a list was one that had been seen.
    #[error("{request}: the registry gives the same page again and again")]
    Pages {
        /// Method and path.
        request: String,
    },
    /// Signing in did not work.
    #[error("cannot sign in to {server} as `{username}`: {reason}")]
    SignIn {
        /// Where.
        server: String,
        /// The user.
        username: String,
        /// Quay's words, or ours.
        reason: String,
        /// Seconds after which to try again, where there were too many bad tries.
        retry_after: Option<u64>,
    },
    /// The application was not authorized, so there is no token.
    #[error("application `{client_id}` gives no token: {reason}")]
    Authorize {
        /// The application.
        client_id: String,
        /// Quay's words, and what they mean.
        reason: String,
    },
    /// A name that cannot stand in a path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A wrong address.
    #[error(transparent)]
    Server(#[from] ServerUrlError),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No HTTP client.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// An answer with a status that means no.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What was called.
    pub endpoint: &'static Endpoint,
    /// Its path.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The body, in whichever shape it came.
    pub body: ErrorBody,
    /// Seconds after which to try again, where the registry said so.
    pub retry_after: Option<u64>,
    /// Whether the call carried a token, a session or nothing.
    pub authenticated: Authenticated,
}

/// How a call was authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticated {
    /// Not at all.
    No,
    /// By a token.
    Token,
    /// By a session.
    Session,
}

fn suffix(hint: Option<&str>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}

impl Refusal {
    /// Whether the token (or session) itself was not accepted. Quay has three faces for that: 401, a complaint about a CSRF
    /// token that no bearer needs, and a reduced view that looks like success (see [`Client::verify`](super::Client::verify)).
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.status == 401 || (self.status == 403 && self.body.is_csrf())
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        if self.is_unauthenticated() {
            return Some(match self.authenticated {
                Authenticated::No => "it needs a token, or a user name and password".to_owned(),
                Authenticated::Token => {
                    "the token is not valid: mistyped, expired, revoked, without the scope for this call, or of a disabled user"
                        .to_owned()
                }
                Authenticated::Session => "the session has ended".to_owned(),
            });
        }
        let html = matches!(self.body, ErrorBody::Html(_));
        match self.status {
            // where mirrors are switched off, Quay takes the request for a new description of a repository `…/changestate`
            400 if self.endpoint.operation == "changeRepoState"
                && self.body.message().is_some_and(|text| text.contains("'description'")) =>
            {
                Some("the registry has no states of repositories: FEATURE_REPO_MIRROR is off".to_owned())
            }
            403 => Some(match (self.authenticated, self.endpoint.access) {
                (Authenticated::Token, Access::Scope(scope)) => {
                    format!("the token needs the scope `{scope}`, and its user the right to do this")
                }
                _ => "the user may not do this".to_owned(),
            }),
            300..=399 => Some("the address leads elsewhere; give the one that it leads to".to_owned()),
            404 | 405 if html => Some(match self.endpoint.since {
                Some(since) => format!(
                    "this registry does not have it: it came with Quay {since}, and a setting may switch it off"
                ),
                None => "there is no Quay at this address, or the feature is switched off".to_owned(),
            }),
            502..=504 if html || self.body == ErrorBody::Empty => Some("the registry is not up".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} was answered with {}", self.endpoint.method, self.path, self.status)?;
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        match (self.body.message(), reason) {
            (Some(message), _) => write!(f, ": {message}")?,
            (None, Some(reason)) => write!(f, " {reason}")?,
            (None, None) => {}
        }
        f.write_str(&suffix(self.hint().as_deref()))
    }
}

impl Error for Refusal {}

impl QuayError {
    /// The refusal, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Quay's own words of a refusal.
    #[must_use]
    pub fn quay_message(&self) -> Option<String> {
        self.refusal()?.body.message()
    }

    /// Whether the registry may have carried the request out all the same: the connection broke after it was sent, or a
    /// proxy in between gave up.
    #[must_use]
    pub fn maybe_acted(&self) -> bool {
        match self {
            Self::Connection { maybe_acted, .. } => *maybe_acted,
            Self::Refused(refusal) => matches!(refusal.status, 502..=504) && !refusal.is_read_only(),
            _ => false,
        }
    }
}

impl Refusal {
    /// Whether the thing is not there; a web page with 404 means that there is no such endpoint instead.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == 404 && matches!(self.body, ErrorBody::Problem(_) | ErrorBody::Message(_))
    }

    /// Whether the registry has no such endpoint: it is older, or the feature is switched off. Missing endpoints answer with
    /// a web page, a redirect to one, or 405.
    #[must_use]
    pub fn has_no_endpoint(&self) -> bool {
        match self.status {
            308 | 405 => true,
            404 => !matches!(self.body, ErrorBody::Problem(_)),
            _ => false,
        }
    }

    /// Whether the registry is read-only at the moment, which repeating does not change.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.status == 503 && self.body.message().is_some_and(|text| text.contains("read-only"))
    }
}

impl From<Refusal> for QuayError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// What to do about a connection that was not made.
pub(super) fn connection_hint(error: &reqwest::Error, server: &str) -> Option<String> {
    if let Some(tls) = tls_error(error) {
        return tls_hint(tls, server);
    }
    if error.is_timeout() {
        return Some("it took too long; `timeout` sets how long that is".to_owned());
    }
    error.is_connect().then(|| format!("is {server} the address of the registry, and is it up?"))
}

/// The TLS error among the causes.
pub(super) fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    // an I/O error does not count what it wraps among its sources
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(tls) = wrapped.and_then(|wrapped| tls_error(wrapped)) {
        return Some(tls);
    }
    tls_error(error.source()?)
}

fn tls_hint(error: &rustls::Error, server: &str) -> Option<String> {
    use rustls::CertificateError as Bad;
    let rustls::Error::InvalidCertificate(bad) = error else {
        return matches!(error, rustls::Error::InvalidMessage(_))
            .then(|| format!("{server} does not speak TLS; is it `http://`?"));
    };
    Some(match bad {
        Bad::UnknownIssuer => format!(
            "the certificate of {server} is signed by an authority that is not known here: give that authority's certificate \
             with `ca_path`, or set `validate_certs: false`"
        ),
        Bad::Expired | Bad::ExpiredContext { .. } => format!("the certificate of {server} has expired"),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            format!("the certificate of {server} is for another name")
        }
        // webpki's error is behind an `Arc<dyn Error>` of a crate that is not ours to name
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => format!(
            "{server} shows the certificate of an authority as its own, as self-signed ones often are: give the registry one \
             that is signed by an authority, and that authority's certificate with `ca_path`, or set `validate_certs: false`"
        ),
        _ => format!("the certificate of {server} is not valid"),
    })
}
