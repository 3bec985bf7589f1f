//! `uri` and `get_url` against a small server of their own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use crate::modules::testing::{prove, run, with_ctx};
use crate::value::{Value, to_json};

/// A request as the server saw it: its first line, its headers in lower case, its body.
#[derive(Clone, Debug, Default)]
struct Seen {
    line: String,
    headers: Vec<String>,
    body: String,
}

impl Seen {
    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|known| known == header)
    }
}

/// Serves until the process ends; gives the URL and what was asked so far.
fn serve() -> (String, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || talk(stream.unwrap(), &log));
        }
    });
    (url, seen)
}

fn talk(mut stream: TcpStream, log: &Mutex<Vec<Seen>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut seen = Seen::default();
        if reader.read_line(&mut seen.line).unwrap_or(0) == 0 {
            return;
        }
        seen.line = seen.line.trim().to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            let name = name.to_lowercase();
            if name == "content-length" {
                length = value.parse().unwrap();
            }
            seen.headers.push(format!("{name}: {value}"));
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        seen.body = String::from_utf8_lossy(&body).into_owned();
        log.lock().unwrap().push(seen.clone());
        let path = seen.line.split(' ').nth(1).unwrap_or_default().to_owned();
        let fresh = seen.headers.iter().any(|header| header.starts_with("if-modified-since"));
        let (status, headers, body) = match path.as_str() {
            "/json" => ("200 OK", "Content-Type: application/json\r\nSet-Cookie: a=b; Path=/\r\n", "{\"x\": [1]}"),
            "/file.txt" if fresh => ("304 Not Modified", "", ""),
            "/file.txt" => ("200 OK", "Content-Type: text/plain\r\n", "content\n"),
            "/sums" => {
                ("200 OK", "", "434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53  file.txt\n0 other\n")
            }
            "/from" => ("302 Found", "Location: /json\r\n", ""),
            "/locked" if seen.has("authorization: Basic bWU6cHc=") => ("200 OK", "", "in"),
            "/locked" => ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
            "/echo" => ("201 Created", "", "made"),
            _ => ("404 Not Found", "Content-Type: application/json\r\n", "{\"error\": \"no\"}"),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        if !status.starts_with("304") {
            stream.write_all(body.as_bytes()).unwrap();
        }
    }
}

fn ok(ctx: &mut crate::modules::Ctx, args: Json) -> Json {
    let outcome = run(ctx, "uri", args).unwrap_or_else(|error| panic!("{}", error.full_message()));
    let mut json = to_json(&Value::map(outcome.values));
    json["failed"] = json!(outcome.failed);
    json["changed"] = json!(outcome.changed);
    json["msg"] = json!(outcome.msg);
    json
}

#[test]
fn answers_become_return_values() {
    let (url, seen) = serve();
    with_ctx(|ctx| {
        let got = ok(ctx, json!({"url": format!("{url}/json")}));
        assert_eq!(
            (&got["status"], &got["json"], &got["msg"]),
            (&json!(200), &json!({"x": [1]}), &json!("OK (10 bytes)"))
        );
        assert_eq!((&got["cookies"], &got["cookies_string"]), (&json!({"a": "b"}), &json!("a=b")));
        assert_eq!((&got["redirected"], &got["content_type"]), (&json!(false), &json!("application/json")));
        assert!(got.get("content").is_none());
        let got = ok(ctx, json!({"url": format!("{url}/none"), "return_content": true}));
        assert_eq!(got["msg"], "Status code was 404 and not [200]: HTTP Error 404: Not Found");
        assert_eq!((&got["failed"], &got["content"]), (&json!(true), &json!("{\"error\": \"no\"}")));
        let got = ok(ctx, json!({"url": format!("{url}/none"), "status_code": "200, 404"}));
        assert_eq!(got["failed"], false);
        let got = ok(ctx, json!({"url": format!("{url}/from")}));
        assert_eq!((&got["redirected"], &got["url"]), (&json!(true), &json!(format!("{url}/json"))));
        let got = ok(ctx, json!({"url": format!("{url}/from"), "follow_redirects": "none", "status_code": 302}));
        assert_eq!(got["location"], format!("{url}/json"));
        let got = ok(ctx, json!({"url": format!("{url}/from"), "method": "POST", "status_code": [302]}));
        assert_eq!(got["status"], 302);
        let error = run(ctx, "uri", json!({"url": "http://127.0.0.1:1/"})).unwrap_err();
        assert!(error.message.starts_with("Status code was -1 and not [200]: request failed"), "{}", error.message);
        assert!(error.message.contains("refused"), "{}", error.message);
        ctx.mode.check = true;
        let count = seen.lock().unwrap().len();
        assert!(run(ctx, "uri", json!({"url": format!("{url}/json")})).unwrap().skipped);
        assert_eq!(seen.lock().unwrap().len(), count);
    });
}

#[test]
fn requests_are_written_as_asked_for() {
    let (url, seen) = serve();
    let last = || seen.lock().unwrap().last().cloned().unwrap();
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        ctx.working_dir = dir.path().to_owned();
        fs::create_dir(dir.path().join("files")).unwrap();
        fs::write(dir.path().join("files/up.txt"), "upload").unwrap();
        let echo = format!("{url}/echo");
        let mut post = |mut args: Json| {
            args["url"] = json!(echo);
            args["method"] = json!("POST");
            args["status_code"] = json!(201);
            assert_eq!(ok(ctx, args)["failed"], false);
            last()
        };
        let request = post(json!({"body": {"a": [1, true]}, "body_format": "json", "headers": {"X-One": 1}}));
        assert_eq!(request.body, "{\"a\": [1, true]}");
        assert!(request.has("content-type: application/json") && request.has("x-one: 1"));
        assert!(request.has("user-agent: ansible-httpget"));
        let request = post(json!({"body": {"a": "b c"}, "body_format": "form-urlencoded"}));
        assert_eq!(request.body, "a=b+c");
        assert_eq!(post(json!({"body": "plain"})).body, "plain");
        assert_eq!(post(json!({"src": "up.txt"})).body, "upload");
        let request = post(json!({"body": {"f": {"filename": "up.txt"}}, "body_format": "form-multipart"}));
        assert!(request.body.contains("filename=\"up.txt\"\r\nContent-Type: text/plain\r\n\r\nupload\r\n"));
        let locked = json!({"url": format!("{url}/locked"), "user": "me", "password": "pw"});
        assert_eq!(ok(ctx, locked.clone())["status"], 200);
        let count = seen.lock().unwrap().len();
        let mut at_once = locked;
        at_once["force_basic_auth"] = json!(true);
        assert_eq!(ok(ctx, at_once)["status"], 200);
        assert_eq!(seen.lock().unwrap().len(), count + 1);
        let got = ok(ctx, json!({"url": format!("{url}/locked").replace("//", "//me:pw@")}));
        assert_eq!((&got["status"], &got["url"]), (&json!(200), &json!(format!("{url}/locked"))));
        let refused = run(ctx, "uri", json!({"url": url, "use_gssapi": true})).unwrap_err();
        assert!(refused.message.contains("use_gssapi"));
        assert!(run(ctx, "uri", json!({"url": url, "source": "/etc/passwd"})).is_err());
    });
}

#[test]
fn answers_are_stored() {
    let (url, _) = serve();
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        let got = ok(ctx, json!({"url": format!("{url}/file.txt"), "dest": dir.path(), "mode": "0600"}));
        assert_eq!((&got["changed"], &got["mode"]), (&json!(true), &json!("0600")));
        let path = dir.path().join("file.txt");
        assert_eq!(fs::read_to_string(&path).unwrap(), "content\n");
        let again = json!({"url": format!("{url}/file.txt"), "dest": path, "status_code": [200, 304]});
        let got = ok(ctx, again);
        assert_eq!((&got["changed"], &got["status"]), (&json!(false), &json!(304)));
        assert_eq!(ok(ctx, json!({"url": format!("{url}/json"), "creates": path}))["changed"], false);
    });
}

#[test]
fn downloads_are_idempotent() {
    let (url, seen) = serve();
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let file = format!("{url}/file.txt");
        let done = prove(ctx, dir.path(), "get_url", &json!({"url": file, "dest": path, "mode": "0640"}));
        assert_eq!(done.msg.as_deref(), Some("OK (8 bytes)"));
        assert_eq!(done.values.get("checksum_dest"), Some(&Value::Null));
        assert_eq!(done.values.get("status_code"), Some(&Value::Int(200)));
        fs::write(&path, "other").unwrap();
        let sum = "sha256:434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53";
        prove(ctx, dir.path(), "get_url", &json!({"url": file, "dest": path, "checksum": sum}));
        let count = seen.lock().unwrap().len();
        assert!(!run(ctx, "get_url", json!({"url": file, "dest": path, "checksum": sum})).unwrap().changed);
        assert_eq!(seen.lock().unwrap().len(), count, "a file with the right checksum is not asked for");
        let list = json!({"url": file, "dest": dir.path(), "checksum": format!("sha256:{url}/sums"), "backup": true});
        prove(ctx, dir.path(), "get_url", &list);
        assert!(dir.path().join("file.txt").exists());
        let wrong =
            run(ctx, "get_url", json!({"url": file, "dest": dir.path().join("w"), "checksum": "md5:00"})).unwrap_err();
        assert!(wrong.message.starts_with("The checksum for") && !dir.path().join("w").exists());
        let missing =
            run(ctx, "get_url", json!({"url": format!("{url}/no"), "dest": path, "force": true})).unwrap_err();
        assert_eq!(missing.values.get("status_code"), Some(&Value::Int(404)));
        let local = format!("file://{}", path.display());
        prove(ctx, dir.path(), "get_url", &json!({"url": local, "dest": dir.path().join("copy")}));
        assert!(run(ctx, "get_url", json!({"url": "ftp://h/f", "dest": path})).is_err());
    });
}
