//! The client: sends requests, repeats them where that helps, and keeps a session alive.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method as HttpMethod, redirect};
use serde::de::DeserializeOwned;

use super::call::{Answer, Body, Call, Repeat};
use super::contract::{CsrfToken, Method, SignIn, SignInRefused, endpoints};
use super::error::{Authenticated, QuayError, connection_hint, tls_error};
use super::options::{ClientOptions, Identity};
use super::request_log::RequestLog;
use super::server::ServerUrl;
use super::session::Session;
use super::tls;
use crate::value::Secret;

/// How many connections stay open for further requests.
const IDLE_CONNECTIONS: usize = 16;

/// A client of one registry, as one identity. Cheap to clone; clones share connections, session and counters.
///
/// Reads and writes that come to the same when done twice are repeated on 429, 502, 503, 504 and broken connections, as
/// [`RetryPolicy`](super::RetryPolicy) says. A creation whose answer was lost is first verified by reading.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    options: ClientOptions,
    session: Option<Session>,
    log: RequestLog,
}

impl Client {
    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// A file of authorities that cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, QuayError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config(&options.trust)?)
            // Quay can be told to refuse whatever calls itself a browser
            .user_agent(concat!("quaymaster/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .cookie_store(matches!(options.identity, Identity::Password { .. }))
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            .timeout(options.timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build()
            .map_err(QuayError::Client)?;
        let session = match &options.identity {
            Identity::Password { username, password } => Some(Session::new(username, password)),
            Identity::Anonymous | Identity::Token(_) => None,
        };
        Ok(Self { inner: Arc::new(Inner { http, options, session, log: RequestLog::default() }) })
    }

    /// The registry's address.
    #[must_use]
    pub fn server(&self) -> &ServerUrl {
        &self.inner.options.server
    }

    /// As whom the client calls.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.inner.options.identity
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// What was requested so far.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.inner.log
    }

    /// Sends a request and reads the answer as `T`.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: &Call, repeat: Repeat) -> Result<T, QuayError> {
        self.send(call, repeat).await?.json(call)
    }

    /// Sends a request whose answer says nothing but yes.
    pub(super) async fn act(&self, call: &Call, repeat: Repeat) -> Result<(), QuayError> {
        self.send(call, repeat).await.map(|_| ())
    }

    /// Like [`Client::fetch`]; `None` for 404.
    pub(super) async fn find<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, QuayError> {
        match self.fetch(call, Repeat::Always).await {
            Err(QuayError::Refused(refusal)) if refusal.is_not_found() => Ok(None),
            other => other.map(Some),
        }
    }

    /// Deletes; false where there was nothing to delete, which Quay says with 404, or with 400 and one of these texts.
    pub(super) async fn delete(&self, call: &Call, absent: &[&str]) -> Result<bool, QuayError> {
        match self.act(call, Repeat::Always).await {
            Ok(()) => Ok(true),
            Err(QuayError::Refused(refusal)) if refusal.is_not_found() => Ok(false),
            Err(QuayError::Refused(refusal))
                if refusal.status == 400
                    && refusal.body.message().is_some_and(|text| absent.iter().any(|part| text.contains(part))) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Creates something that Quay would create twice. Where the answer was lost, `verify` looks whether it is there; only
    /// if it is not, the request is repeated.
    pub(super) async fn create<T, V, F>(
        &self,
        call: &Call,
        read: impl Fn(&Answer) -> Result<T, QuayError>,
        verify: V,
    ) -> Result<T, QuayError>
    where
        V: Fn() -> F,
        F: Future<Output = Result<Option<T>, QuayError>>,
    {
        let (start, mut tried) = (Instant::now(), 0);
        loop {
            tried += 1;
            let error = match self.send(call, Repeat::WhenNotDone).await {
                Ok(answer) => return read(&answer),
                Err(error) if error.maybe_acted() => error,
                Err(error) => return Err(error),
            };
            if let Some(found) = verify().await? {
                return Ok(found);
            }
            let Some(wait) = self.inner.options.retry.wait(tried, start.elapsed(), None, rand::random()) else {
                return Err(error);
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request, repeated as the policy says, and gives back its answer of success.
    pub(super) async fn send(&self, call: &Call, repeat: Repeat) -> Result<Answer, QuayError> {
        let (start, mut tried) = (Instant::now(), 0);
        loop {
            tried += 1;
            let error = match self.once(call).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) if call.wants_redirect && (300..400).contains(&answer.status) => return Ok(answer),
                Ok(answer) => QuayError::from(answer.refusal(call)),
                Err(error) => error,
            };
            let asked = error.refusal().and_then(|refusal| refusal.retry_after).map(Duration::from_secs);
            let may_repeat = match &error {
                QuayError::Connection { maybe_acted, source, .. } => {
                    (!maybe_acted || repeat == Repeat::Always) && is_passing(source)
                }
                QuayError::Refused(refusal) if refusal.status == 429 => true,
                _ => error.maybe_acted() && repeat == Repeat::Always,
            };
            let wait = self.inner.options.retry.wait(tried, start.elapsed(), asked, rand::random());
            match wait {
                Some(wait) if may_repeat => tokio::time::sleep(wait).await,
                _ => return Err(error),
            }
        }
    }

    /// One request, with the session put right where that was all that was wrong.
    async fn once(&self, call: &Call) -> Result<Answer, QuayError> {
        let Some(session) = self.inner.session.as_ref().filter(|_| call.basic.is_none()) else {
            return self.exchange(call, None).await;
        };
        let mut repaired = false;
        loop {
            let csrf = match session.csrf().await {
                Some(csrf) => csrf,
                None => self.sign_in(session).await?,
            };
            let answer = self.exchange(call, Some(&csrf)).await?;
            if repaired || !matches!(answer.status, 401 | 403) {
                return Ok(answer);
            }
            let body = answer.error_body();
            if answer.status == 401 && body.kind() == Some("fresh_login_required") {
                self.confirm(session, &csrf).await?;
            } else if body.is_csrf() || (answer.status == 401 && body.kind() == Some("invalid_token")) {
                // the session ended, or another call renewed its token
                let _guard = session.signing_in.lock().await;
                if session.csrf().await.as_ref() == Some(&csrf) {
                    session.set_csrf(None).await;
                }
            } else {
                return Ok(answer);
            }
            repaired = true;
        }
    }

    /// Signs in, unless another call has just done so, and gives back the session's CSRF token.
    async fn sign_in(&self, session: &Session) -> Result<Secret, QuayError> {
        let _guard = session.signing_in.lock().await;
        if let Some(csrf) = session.csrf().await {
            return Ok(csrf);
        }
        let call = Call::new(&endpoints::CSRF_TOKEN, &[])?;
        let answer = self.exchange(&call, None).await?;
        if answer.status != 200 {
            return Err(answer.refusal(&call).into());
        }
        let first: CsrfToken = answer.json(&call)?;
        let body = SignIn { username: session.username.clone(), password: session.password.clone() };
        let call = Call::new(&endpoints::SIGN_IN, &[])?.json(&body)?;
        let answer = self.exchange(&call, Some(&first.csrf_token)).await?;
        self.check_sign_in(session, &call, &answer)?;
        let csrf = answer.header("x-next-csrf-token").map_or(first.csrf_token, Secret::new);
        session.set_csrf(Some(csrf.clone())).await;
        Ok(csrf)
    }

    /// Confirms the password of a session that is too old for what it shall do.
    async fn confirm(&self, session: &Session, csrf: &Secret) -> Result<(), QuayError> {
        let body = serde_json::json!({ "password": session.password.expose() });
        let call = Call::new(&endpoints::VERIFY_SIGN_IN, &[])?.json(&body)?;
        let answer = self.exchange(&call, Some(csrf)).await?;
        self.check_sign_in(session, &call, &answer)?;
        let csrf = answer.header("x-next-csrf-token").map_or_else(|| csrf.clone(), Secret::new);
        session.set_csrf(Some(csrf)).await;
        Ok(())
    }

    fn check_sign_in(&self, session: &Session, call: &Call, answer: &Answer) -> Result<(), QuayError> {
        if answer.status == 200 {
            return Ok(());
        }
        let refused = serde_json::from_slice::<SignInRefused>(&answer.body).ok();
        let reason = match (answer.status, refused) {
            (429, _) => "too many bad tries; Quay wants a pause".to_owned(),
            (403, Some(refused)) if refused.needs_email_verification => {
                "the e-mail address is not confirmed yet".to_owned()
            }
            (403, Some(SignInRefused { message: Some(message), .. })) => message,
            (404 | 405, _) => "the registry takes no passwords (FEATURE_DIRECT_LOGIN is off), use a token".to_owned(),
            _ => return Err(answer.refusal(call).into()),
        };
        Err(QuayError::SignIn {
            server: self.server().to_string(),
            username: session.username.clone(),
            reason,
            retry_after: answer.retry_after(),
        })
    }

    /// Ends the session, if there is one.
    ///
    /// # Errors
    /// The registry does not answer.
    pub async fn sign_out(&self) -> Result<(), QuayError> {
        let Some(session) = &self.inner.session else { return Ok(()) };
        let Some(csrf) = session.csrf().await else { return Ok(()) };
        session.set_csrf(None).await;
        let call = Call::new(&endpoints::SIGN_OUT, &[])?;
        self.exchange(&call, Some(&csrf)).await.map(|_| ())
    }

    /// Sends one request and reads the whole answer, whatever its status.
    async fn exchange(&self, call: &Call, csrf: Option<&Secret>) -> Result<Answer, QuayError> {
        let inner = &*self.inner;
        let method = match call.endpoint.method {
            Method::Get => HttpMethod::GET,
            Method::Post => HttpMethod::POST,
            Method::Put => HttpMethod::PUT,
            Method::Delete => HttpMethod::DELETE,
        };
        let mut request = inner.http.request(method, format!("{}{}", inner.options.server, call.path));
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        let authenticated = match (&call.basic, &inner.options.identity) {
            (Some((username, password)), _) => {
                request = request.basic_auth(username, Some(password.expose()));
                Authenticated::Token
            }
            (None, Identity::Token(token)) => {
                request = request.header(AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose())));
                Authenticated::Token
            }
            (None, Identity::Password { .. }) => Authenticated::Session,
            (None, Identity::Anonymous) => Authenticated::No,
        };
        if let Some(csrf) = csrf.filter(|_| call.endpoint.method.is_write()) {
            request = request.header("X-CSRF-Token", sensitive(csrf.expose()));
        }
        request = match &call.body {
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json.clone()),
            Body::Form(form) => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone()),
            Body::None => request,
        };
        inner.log.add(call.endpoint);
        let broken = |error: reqwest::Error, sent: bool| {
            let error = error.without_url();
            QuayError::Connection {
                request: call.describe(),
                maybe_acted: sent || !(error.is_connect() || error.is_builder()),
                hint: connection_hint(&error, inner.options.server.as_str()),
                source: error,
            }
        };
        let response = request.send().await.map_err(|error| broken(error, false))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| broken(error, true))?;
        Ok(Answer { status, headers, body, authenticated })
    }
}

/// Whether a broken connection may work next time; a certificate does not get better.
fn is_passing(error: &reqwest::Error) -> bool {
    !error.is_builder() && tls_error(error).is_none()
}

/// A header value that debug output leaves out. Text that cannot stand in a header becomes an empty value, which the
/// registry refuses as it refuses any wrong token.
fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
