//! The request log: a file of JSON lines, the latest requests in memory, and counts. No secret gets into it.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

use crate::sandbox::error::SandboxError;

/// Requests kept in memory.
const KEPT: usize = 20_000;

/// By what kind of credential a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthKind {
    /// None.
    None,
    /// A bearer token.
    Bearer,
    /// Name and password.
    Basic,
    /// A session cookie.
    Session,
}

impl AuthKind {
    /// As the headers say.
    pub fn of(headers: &HeaderMap) -> Self {
        let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
        let scheme = authorization.split(' ').next().unwrap_or("").to_ascii_lowercase();
        match scheme.as_str() {
            "bearer" => Self::Bearer,
            "basic" => Self::Basic,
            _ if headers.contains_key(header::COOKIE) => Self::Session,
            _ => Self::None,
        }
    }
}

/// A request and how it was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// Counts from 1.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query; left out of OAuth's requests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub query: Option<String>,
    /// Status; 0 where the connection was torn before one was sent.
    pub status: u16,
    /// Kind of credential.
    pub auth: AuthKind,
    /// How long it took.
    pub ms: u64,
}

impl LoggedRequest {
    /// Whether the request could have changed something.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// The log.
#[derive(Debug)]
pub struct RequestLog {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    seq: u64,
    kept: VecDeque<LoggedRequest>,
}

impl RequestLog {
    /// Appends to this file, which is made if absent.
    pub fn open(path: &Path) -> Result<Self, SandboxError> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| SandboxError::File { path: path.to_owned(), source })?;
        Ok(Self { inner: Mutex::new(Inner { file, seq: 0, kept: VecDeque::new() }) })
    }

    /// Adds a request; its number is given here.
    pub fn add(&self, mut request: LoggedRequest) {
        let mut inner = self.lock();
        inner.seq += 1;
        request.seq = inner.seq;
        if let Ok(mut line) = serde_json::to_vec(&request) {
            line.push(b'\n');
            // a full disk must not take the server down; the log in memory still has the request
            let _ = inner.file.write_all(&line);
        }
        inner.kept.push_back(request);
        if inner.kept.len() > KEPT {
            inner.kept.pop_front();
        }
    }

    /// The kept requests with a number above `seq`, oldest first.
    pub fn since(&self, seq: u64) -> Vec<LoggedRequest> {
        self.lock().kept.iter().filter(|request| request.seq > seq).cloned().collect()
    }

    /// Forgets the requests in memory; numbers go on.
    pub fn clear(&self) {
        self.lock().kept.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The query as it may be logged.
pub(super) fn loggable_query(path: &str, query: Option<&str>) -> Option<String> {
    // OAuth's and the token service's queries can hold codes and passwords
    let sensitive = path.starts_with("/oauth") || path == "/v2/auth";
    query.filter(|_| !sensitive).map(str::to_owned)
}
