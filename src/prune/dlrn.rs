//! Names to keep from a DLRN API: what was promoted, and the hashes that the promotions stand for.
//!
//! For each endpoint and promotion: `GET <url>/<endpoint>/api/promotions` with a JSON body. Of the newest promotion the
//! `repo_hash` and the `aggregate_hash` are kept, and the promotion's name itself. Any failure is an error: a list with a gap
//! would let the pruner remove what is in use.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use reqwest::redirect;
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

use super::keep_list::{KeepList, Promotion};
use super::rules::DlrnSource;
use crate::quay::tls::{self, TlsError, Trust};
use crate::quay::{RetryPolicy, concurrent};

const TIMEOUT: Duration = Duration::from_secs(30);
/// Requests at a time: the API is small.
const CONCURRENCY: usize = 4;
/// How much of an unexpected answer is shown.
const EXCERPT: usize = 200;

/// Why a DLRN API's keep list cannot be had.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DlrnError {
    #[error("`{url}` is no address of a DLRN API")]
    Url {
        url: String,
        #[source]
        source: url::ParseError,
    },
    #[error("the DLRN source {url} has no {what}")]
    Incomplete { url: String, what: &'static str },
    #[error("no connection to a DLRN API can be made")]
    Tls(#[from] TlsError),
    #[error("no HTTP client for a DLRN API can be made")]
    Client(#[source] reqwest::Error),
    #[error("{url} (promotion `{promotion}`) got no answer")]
    Connection {
        url: String,
        promotion: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{url} (promotion `{promotion}`) was answered with {status}: {excerpt}")]
    Status { url: String, promotion: String, status: u16, excerpt: String },
    #[error("{url} (promotion `{promotion}`) was not answered with a list of promotions: {excerpt}")]
    Answer {
        url: String,
        promotion: String,
        excerpt: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("{url} knows no promotion `{promotion}`")]
    Empty { url: String, promotion: String },
    #[error("the promotion `{promotion}` of {url} has no hash")]
    NoHash { url: String, promotion: String },
}

/// One promotion, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    repo_hash: Option<String>,
    #[serde(default)]
    aggregate_hash: Option<String>,
}

/// Asks all sources.
pub async fn keep_list(sources: &[DlrnSource], trust: &Trust, retry: RetryPolicy) -> Result<KeepList, DlrnError> {
    let mut list = KeepList::new();
    if sources.is_empty() {
        return Ok(list);
    }
    // the registry's certificate may be taken unseen, but not that of the source that everything hangs on
    let trust = if *trust == Trust::Anything { &Trust::System } else { trust };
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client_config(trust)?)
        .user_agent(concat!("quaymaster/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .map_err(DlrnError::Client)?;
    let mut questions = Vec::new();
    for source in sources {
        for (what, names) in [("endpoints", &source.endpoints), ("promotions", &source.promotions)] {
            if names.is_empty() {
                return Err(DlrnError::Incomplete { url: source.url.clone(), what });
            }
        }
        for endpoint in &source.endpoints {
            let url = address(&source.url, endpoint)?;
            for promotion in &source.promotions {
                questions.push(Question { url: url.clone(), endpoint, promotion, allow_empty: source.allow_empty });
            }
        }
    }
    let calls = questions.into_iter().map(|question| {
        let http = &http;
        async move {
            let answer = question.ask(http, retry).await?;
            Ok::<_, DlrnError>((question, answer))
        }
    });
    let answers: Vec<(Question<'_>, Option<Answer>)> = concurrent::in_order(calls, CONCURRENCY).try_collect().await?;
    for (question, answer) in answers {
        let origin = || Promotion { endpoint: question.endpoint.to_owned(), name: question.promotion.to_owned() };
        list.add(question.promotion, origin());
        let Some(answer) = answer else { continue };
        let hashes: Vec<String> =
            [answer.repo_hash, answer.aggregate_hash].into_iter().flatten().filter(|hash| !hash.is_empty()).collect();
        if hashes.is_empty() {
            return Err(DlrnError::NoHash { url: question.url.to_string(), promotion: question.promotion.to_owned() });
        }
        for hash in hashes {
            list.add(hash, origin());
        }
    }
    Ok(list)
}

#[derive(Debug)]
struct Question<'s> {
    url: url::Url,
    endpoint: &'s str,
    promotion: &'s str,
    allow_empty: bool,
}

impl Question<'_> {
    /// The newest promotion; `None` where there is none and that is allowed.
    async fn ask(&self, http: &reqwest::Client, retry: RetryPolicy) -> Result<Option<Answer>, DlrnError> {
        let (begun, mut tried) = (Instant::now(), 0);
        loop {
            tried += 1;
            let error = match self.try_once(http).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let passing = match &error {
                DlrnError::Connection { .. } => true,
                DlrnError::Status { status, .. } => matches!(status, 429 | 502..=504),
                _ => false,
            };
            let wait = retry.wait(tried, begun.elapsed(), None, rand::random()).filter(|_| passing);
            let Some(wait) = wait else { return Err(error) };
            tokio::time::sleep(wait).await;
        }
    }

    async fn try_once(&self, http: &reqwest::Client) -> Result<Option<Answer>, DlrnError> {
        let (url, promotion) = (self.url.to_string(), self.promotion.to_owned());
        let lost = |source| DlrnError::Connection { url: url.clone(), promotion: promotion.clone(), source };
        // a GET with a body is what the API wants
        let body = json!({ "promote_name": self.promotion, "limit": 1 });
        let response = http.get(self.url.clone()).json(&body).send().await.map_err(lost)?;
        let status = response.status();
        let text = response.text().await.map_err(lost)?;
        if status != reqwest::StatusCode::OK {
            let excerpt = excerpt(&text);
            return Err(DlrnError::Status { url, promotion, status: status.as_u16(), excerpt });
        }
        let answers: Vec<Answer> = serde_json::from_str(&text).map_err(|source| DlrnError::Answer {
            url: url.clone(),
            promotion: promotion.clone(),
            excerpt: excerpt(&text),
            source,
        })?;
        match answers.into_iter().next() {
            None if !self.allow_empty => Err(DlrnError::Empty { url, promotion }),
            answer => Ok(answer),
        }
    }
}

/// `<url>/<endpoint>/api/promotions`.
fn address(base: &str, endpoint: &str) -> Result<url::Url, DlrnError> {
    let full = if base.contains("://") { base.to_owned() } else { format!("https://{base}") };
    let text = format!("{}/{}/api/promotions", full.trim_end_matches('/'), endpoint.trim_matches('/'));
    url::Url::parse(&text).map_err(|source| DlrnError::Url { url: base.to_owned(), source })
}

/// The beginning of an answer on one line.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None if line.is_empty() => "(nothing)".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_alone_are_reached_over_tls() {
        let address = |base| address(base, "api-centos9").unwrap().to_string();
        assert_eq!(address("trunk.example.org"), "https://trunk.example.org/api-centos9/api/promotions");
        assert_eq!(address("http://127.0.0.1:8080/dlrn/"), "http://127.0.0.1:8080/dlrn/api-centos9/api/promotions");
        assert!(super::address("https://a b", "x").is_err());
    }

    #[test]
    fn excerpts_are_short_lines() {
        assert_eq!(excerpt("<html>\n  <b>no</b>\n"), "<html> <b>no</b>");
        assert_eq!(excerpt(""), "(nothing)");
        assert_eq!(excerpt(&"é".repeat(500)).chars().count(), EXCERPT + 1);
    }
}
