//! A server for tests that plays one exchange after the other as it is told, recorded answers of a real Quay for the most part.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Client, ClientOptions, Identity, RetryPolicy, ServerUrl};
use crate::value::Secret;

/// What the server does with a request.
pub(crate) enum Reply {
    /// Answers.
    Answer(u16, &'static [(&'static str, &'static str)], String),
    /// Closes the connection.
    Torn,
}

/// One exchange: the request that is expected, and what is done with it.
pub(crate) struct Step {
    /// Method and path with query; empty: any.
    pub(crate) request: &'static str,
    /// A header line or part of the body that the request must have.
    pub(crate) with: Option<&'static str>,
    pub(crate) reply: Reply,
}

pub(crate) fn answer(request: &'static str, status: u16, body: impl Into<String>) -> Step {
    Step { request, with: None, reply: Reply::Answer(status, &[], body.into()) }
}

pub(crate) fn torn(request: &'static str) -> Step {
    Step { request, with: None, reply: Reply::Torn }
}

impl Step {
    pub(crate) fn with(mut self, text: &'static str) -> Self {
        self.with = Some(text);
        self
    }

    pub(crate) fn headers(mut self, more: &'static [(&'static str, &'static str)]) -> Self {
        if let Reply::Answer(_, headers, _) = &mut self.reply {
            *headers = more;
        }
        self
    }
}

/// The playing server.
pub(crate) struct Script {
    pub(crate) url: String,
    errors: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Script {
    pub(crate) async fn play(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let errors = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&errors);
        let task = tokio::spawn(async move {
            for step in steps {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                let line = request.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
                if !step.request.is_empty() && line != step.request {
                    told.lock().unwrap().push(format!("expected {}, got {line}", step.request));
                }
                if let Some(part) = step.with.filter(|part| !request.to_lowercase().contains(&part.to_lowercase())) {
                    told.lock().unwrap().push(format!("{line}: no {part} in\n{request}"));
                }
                if let Reply::Answer(status, headers, body) = step.reply {
                    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                    let headers = headers.concat();
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Self { url, errors, task }
    }

    /// A client for it that repeats quickly.
    pub(crate) fn client(&self, identity: Identity) -> Client {
        let retry = RetryPolicy { tries: 3, first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
        let server = ServerUrl::parse(&self.url).unwrap();
        Client::new(ClientOptions { retry, ..ClientOptions::new(server, identity) }).unwrap()
    }

    pub(crate) fn with_token(&self) -> Client {
        self.client(Identity::Token(Secret::new("t0ken")))
    }

    /// Checks that the whole script was played.
    pub(crate) async fn end(self) {
        let ended = tokio::time::timeout(Duration::from_secs(5), self.task).await;
        assert_eq!(*self.errors.lock().unwrap(), Vec::<String>::new());
        assert!(ended.is_ok(), "the script was not played to its end");
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut data = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&data).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await.unwrap() {
            0 => return text,
            read => data.extend_from_slice(&chunk[..read]),
        }
    }
}
