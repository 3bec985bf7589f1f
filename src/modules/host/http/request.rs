//! A request with its redirects, and the answer.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use thiserror::Error;
use url::Url;

use super::client::HttpSettings;
use super::netrc;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::Secret;

/// At most this many redirects are followed.
const MOST_REDIRECTS: usize = 10;

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// None.
    Never,
    /// Those of `GET` and `HEAD`.
    Safe,
    /// All.
    Always,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The URL, which may hold a user name and password.
    pub url: String,
    /// Headers; their values are never shown.
    pub headers: Vec<(String, Secret)>,
    /// Names of headers that a redirected request leaves out.
    pub unredirected: Vec<String>,
    /// The body.
    pub body: Option<Arc<[u8]>>,
    /// Which redirects are followed.
    pub follow: Follow,
    /// User name and password for basic authentication.
    pub login: Option<(String, Secret)>,
    /// Send the login at once instead of after a refusal.
    pub force_basic_auth: bool,
    /// Look for a login in `~/.netrc`.
    pub use_netrc: bool,
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HttpError {
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` cannot be used for TLS")]
    Certificate { path: PathBuf, source: reqwest::Error },
    #[error("the proxy in the environment cannot be used")]
    Proxy { source: reqwest::Error },
    #[error("the HTTP client cannot be set up")]
    Client { source: reqwest::Error },
    #[error("`{url}` is no URL")]
    Url { url: String, source: url::ParseError },
    #[error("`{name}` is no valid header")]
    Header { name: String },
    #[error("`{0}` is no valid method")]
    Method(String),
    #[error("request failed")]
    Request { source: reqwest::Error },
    #[error("more than {MOST_REDIRECTS} redirects")]
    Redirects,
    #[error("cannot write what was received")]
    Write { source: io::Error },
    #[error("interrupted during the request")]
    Interrupted,
}

impl From<HttpError> for ModuleError {
    fn from(error: HttpError) -> Self {
        // the error's own text is not repeated where it is the message already
        Self::because(error.to_string(), error)
    }
}

/// What a server answered; the body is still to be read.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The status in words.
    pub reason: String,
    /// Where the answer came from, without a login.
    pub url: String,
    /// Headers by lower-case name; several of one name are joined with commas.
    pub headers: Vec<(String, String)>,
    /// Cookies that were set.
    pub cookies: Vec<(String, String)>,
    response: Response,
}

/// A URL without its login.
#[must_use]
pub fn masked_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return url.to_owned();
    }
    // a URL that cannot have a login has none
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.to_string()
}

impl Ctx {
    /// Sends a request and follows its redirects.
    pub fn send(&self, request: &Request, settings: &HttpSettings) -> Result<Answer, HttpError> {
        let client = self.http_client(settings)?;
        let mut trip = Trip::new(request, self)?;
        loop {
            let response = self.wait(trip.prepare(&client).send()).ok_or(HttpError::Interrupted)?;
            let response = response.map_err(|source| HttpError::Request { source: source.without_url() })?;
            if !trip.goes_on(&response, request)? {
                return Ok(trip.arrived(response));
            }
        }
    }

    fn netrc(&self, host: &str) -> Option<(String, Secret)> {
        let path = self.variable("NETRC").unwrap_or_else(|| "~/.netrc".to_owned());
        let text = std::fs::read_to_string(self.resolve(&path)).ok()?;
        netrc::login(&text, host)
    }
}

/// A request on its way through redirects.
struct Trip {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Arc<[u8]>>,
    login: Option<(String, Secret)>,
    /// The login is sent with the request.
    logged_in: bool,
    cookies: Vec<(String, String)>,
    redirects: usize,
}

impl Trip {
    fn new(request: &Request, ctx: &Ctx) -> Result<Self, HttpError> {
        let wrong = |source| HttpError::Url { url: masked_url(&request.url), source };
        let mut url = Url::parse(&request.url).map_err(wrong)?;
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|_| HttpError::Method(request.method.clone()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let wrong = || HttpError::Header { name: name.clone() };
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let (mut login, mut logged_in) = (request.login.clone(), request.force_basic_auth);
        if login.is_none() && !url.username().is_empty() {
            let text = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
            login = Some((text(url.username()), Secret::new(text(url.password().unwrap_or_default()))));
            logged_in = true;
        }
        // a URL that cannot have a login has none
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if login.is_none() && request.use_netrc && !headers.contains_key("authorization") {
            login = url.host_str().and_then(|host| ctx.netrc(host));
            logged_in = login.is_some();
        }
        Ok(Self {
            method,
            url,
            headers,
            body: request.body.clone(),
            login,
            logged_in,
            cookies: Vec::new(),
            redirects: 0,
        })
    }

    fn prepare(&self, client: &reqwest::Client) -> reqwest::RequestBuilder {
        let mut builder = client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        // a package that is served compressed shall arrive as it is
        if !self.headers.contains_key("accept-encoding") {
            builder = builder.header("accept-encoding", "identity");
        }
        if let Some((user, password)) = self.login.as_ref().filter(|_| self.logged_in) {
            let plain = format!("{user}:{}", password.expose());
            let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
            if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {encoded}")) {
                value.set_sensitive(true);
                builder = builder.header("authorization", value);
            }
        }
        if !self.cookies.is_empty() && !self.headers.contains_key("cookie") {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            builder = builder.header("cookie", pairs.join("; "));
        }
        match &self.body {
            Some(body) => builder.body(body.to_vec()),
            None => builder,
        }
    }

    /// Takes note of an answer. `true` where another request follows.
    fn goes_on(&mut self, response: &Response, request: &Request) -> Result<bool, HttpError> {
        for value in response.headers().get_all("set-cookie") {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.retain(|(known, _)| known != name.trim());
                self.cookies.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED && self.login.is_some() && !self.logged_in {
            let asked = response.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
            self.logged_in = asked.is_some_and(|text| text.to_ascii_lowercase().starts_with("basic"));
            return Ok(self.logged_in);
        }
        let safe = matches!(self.method, Method::GET | Method::HEAD);
        let wanted = match request.follow {
            Follow::Never => false,
            Follow::Safe => safe,
            Follow::Always => true,
        };
        let target = response.headers().get("location").and_then(|value| value.to_str().ok());
        let (true, 301..=303 | 307 | 308, Some(target)) = (wanted, status.as_u16(), target) else { return Ok(false) };
        self.redirects += 1;
        if self.redirects > MOST_REDIRECTS {
            return Err(HttpError::Redirects);
        }
        let wrong = |source| HttpError::Url { url: masked_url(target), source };
        let next = self.url.join(target).map_err(wrong)?;
        if (next.host_str(), next.port_or_known_default()) != (self.url.host_str(), self.url.port_or_known_default()) {
            // another host gets no login that was meant for the first one
            self.headers.remove("authorization");
            self.login = None;
            self.cookies.clear();
        }
        self.url = next;
        for name in &request.unredirected {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                self.headers.remove(name);
            }
        }
        let becomes_get = match status.as_u16() {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            for name in ["content-type", "content-length", "transfer-encoding"] {
                self.headers.remove(name);
            }
        }
        Ok(true)
    }

    fn arrived(self, response: Response) -> Answer {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes());
            match headers.iter_mut().find(|(known, _)| known == name.as_str()) {
                Some((_, joined)) => {
                    joined.push_str(", ");
                    joined.push_str(&value);
                }
                None => headers.push((name.as_str().to_owned(), value.into_owned())),
            }
        }
        let status = response.status();
        let reason = status.canonical_reason().unwrap_or_default().to_owned();
        Answer { status: status.as_u16(), reason, url: self.url.to_string(), headers, cookies: self.cookies, response }
    }
}

impl Answer {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The whole body.
    pub fn bytes(self, ctx: &Ctx) -> Result<Vec<u8>, HttpError> {
        let bytes = ctx.wait(self.response.bytes()).ok_or(HttpError::Interrupted)?;
        bytes.map(|bytes| bytes.to_vec()).map_err(|source| HttpError::Request { source: source.without_url() })
    }

    /// Writes the body to a file as it arrives.
    pub fn save(mut self, file: &mut File, ctx: &Ctx) -> Result<(), HttpError> {
        loop {
            let chunk = ctx.wait(self.response.chunk()).ok_or(HttpError::Interrupted)?;
            match chunk.map_err(|source| HttpError::Request { source: source.without_url() })? {
                Some(chunk) => file.write_all(&chunk).map_err(|source| HttpError::Write { source })?,
                None => return Ok(()),
            }
        }
    }
}
