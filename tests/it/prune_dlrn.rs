//! The keep list from a DLRN API, against a server that answers as one does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use quaymaster::prune::{DlrnSource, KeepList, keep_list};
use quaymaster::quay::{RetryPolicy, Trust};
use serde_json::{Value, json};

/// What the server answers to one endpoint and promotion.
type Answers = Arc<Mutex<Vec<(&'static str, &'static str, u16, String)>>>;

struct Dlrn {
    url: String,
    answers: Answers,
    task: tokio::task::JoinHandle<()>,
}

impl Dlrn {
    async fn start() -> Self {
        let answers = Answers::default();
        let router =
            Router::new().route("/{endpoint}/api/promotions", get(promotions)).with_state(Arc::clone(&answers));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, answers, task }
    }

    fn answer(&self, endpoint: &'static str, promotion: &'static str, status: u16, body: impl Into<String>) {
        self.answers.lock().unwrap().push((endpoint, promotion, status, body.into()));
    }

    async fn ask(&self, endpoints: &[&str], promotions: &[&str], allow_empty: bool) -> Result<KeepList, String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let source = DlrnSource {
            url: self.url.clone(),
            endpoints: owned(endpoints),
            promotions: owned(promotions),
            allow_empty,
        };
        let retry = RetryPolicy { tries: 3, first_wait: Duration::from_millis(10), ..RetryPolicy::default() };
        keep_list(&[source], &Trust::System, retry).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{error}{cause}").replace(&self.url, "$DLRN")
        })
    }
}

impl Drop for Dlrn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers only what a real API answers: a GET with a JSON body that names the promotion and wants one.
async fn promotions(State(answers): State<Answers>, Path(endpoint): Path<String>, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, "a JSON body is expected").into_response();
    };
    assert_eq!(body["limit"], 1);
    let mut answers = answers.lock().unwrap();
    let found = answers.iter().position(|(at, promotion, ..)| *at == endpoint && body["promote_name"] == *promotion);
    let Some(found) = found else { return (StatusCode::NOT_FOUND, "no such endpoint").into_response() };
    // a status that passes serves once, everything else for ever
    let (_, _, status, text) = if answers[found].2 == 503 { answers.remove(found) } else { answers[found].clone() };
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

fn promotion(repo_hash: Option<&str>, aggregate_hash: Option<&str>) -> String {
    json!([
        { "commit_hash": "c", "distro_hash": "d", "repo_hash": repo_hash, "aggregate_hash": aggregate_hash,
          "promote_name": "current", "timestamp": 1_700_000_000, "user": "ci" },
        { "repo_hash": "older", "aggregate_hash": "older" },
    ])
    .to_string()
}

#[tokio::test]
async fn names_and_the_hashes_of_the_newest_promotions_are_kept() {
    let dlrn = Dlrn::start().await;
    dlrn.answer("centos9", "current", 200, promotion(Some("repo1"), Some("agg1")));
    dlrn.answer("centos9", "previous", 200, promotion(Some("repo2"), None));
    dlrn.answer("rhel9", "current", 200, promotion(None, Some("agg3")));
    dlrn.answer("rhel9", "previous", 200, "[]");
    let list = dlrn.ask(&["centos9", "rhel9"], &["current", "previous"], true).await.unwrap();
    for name in ["current", "previous", "repo1", "agg1", "repo2", "agg3"] {
        assert!(list.get(name).is_some(), "{name}");
    }
    assert_eq!(list.len(), 6);
    assert_eq!(list.get("agg3").unwrap().endpoint, "rhel9");
    assert_eq!(list.get("repo2").unwrap().name, "previous");
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    let dlrn = Dlrn::start().await;
    dlrn.answer("centos9", "current", 503, "come back later");
    dlrn.answer("centos9", "current", 503, "come back later");
    dlrn.answer("centos9", "current", 200, promotion(Some("repo1"), None));
    assert_eq!(dlrn.ask(&["centos9"], &["current"], false).await.unwrap().len(), 2);
}

#[tokio::test]
async fn any_gap_is_an_error() {
    let cases = [
        (404, "<h1>no such\n endpoint</h1>", "was answered with 404: <h1>no such endpoint</h1>"),
        (500, "", "was answered with 500: (nothing)"),
        (302, "", "was answered with 302"),
        (200, "not json", "was not answered with a list of promotions: not json: expected ident"),
        (200, r#"{"error": "no"}"#, "was not answered with a list of promotions"),
        (200, "[]", "$DLRN/centos9/api/promotions knows no promotion `current`"),
        (
            200,
            r#"[{"repo_hash": null, "aggregate_hash": null}]"#,
            "the promotion `current` of $DLRN/centos9/api/promotions has no hash",
        ),
        (200, r#"[{"repo_hash": 7}]"#, "was not answered with a list of promotions"),
    ];
    for (status, body, message) in cases {
        let dlrn = Dlrn::start().await;
        dlrn.answer("rhel9", "current", 200, promotion(Some("fine"), None));
        dlrn.answer("centos9", "current", status, body);
        let error = dlrn.ask(&["rhel9", "centos9"], &["current"], false).await.unwrap_err();
        assert!(error.contains(message), "{status} {body}: {error}");
    }
    let dlrn = Dlrn::start().await;
    let error = dlrn.ask(&[], &["current"], false).await.unwrap_err();
    assert_eq!(error, "the DLRN source $DLRN has no endpoints");
    let url = dlrn.url.clone();
    drop(dlrn);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let source = DlrnSource { url, endpoints: vec!["a".into()], promotions: vec!["b".into()], allow_empty: true };
    let error = keep_list(&[source], &Trust::System, RetryPolicy::NEVER).await.unwrap_err();
    assert!(error.to_string().contains("got no answer"), "{error}");
}
