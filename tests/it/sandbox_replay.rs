//! Recorded exchanges of a real Quay, replayed against the sandbox: status, shape and message must agree.
//!
//! What cannot agree is listed with its reason in `tests/data/quay/differences.txt`; the test fails when an exchange differs
//! that is not listed, and when one is listed that agrees. Values that the two servers choose (tokens, UUIDs, digests) are
//! bound as the sequence goes: the first answer that tells one tells which recorded value it stands for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use quaymaster::sandbox::server::{Config, serve};
use quaymaster::sandbox::store::manifests::{self, NewManifest};
use quaymaster::sandbox::store::tags::{self, Origin};
use quaymaster::sandbox::store::{
    AccountKind, Grantee, RepositoryKind, RepositoryRole, Store, StoreError, Visibility, accounts, oauth, permissions,
    repositories, teams,
};
use quaymaster::sandbox::{Clock, Settings};
use serde_json::Value as Json;
use tokio::net::TcpListener;

const RECORDED_HOST: &str = "127.0.0.1:8080";
/// When the recordings began: dates in their requests are in the future of it.
const RECORDED_AT_MS: i64 = 1_795_219_380_000;
/// Objects whose keys are data.
const MAPS: &[&str] = &["permissions", "teams", "tags", "metadata", "child_manifests_presence"];

/// The exchange's answer that first tells a token goes with this label.
const TOKENS: &[(&str, &str)] = &[
    ("su", "<access_token_1 len=40>"),
    ("oauth_all", "<access_token_2 len=40>"),
    ("oauth_repo_read", "<access_token_8 len=40>"),
    ("oauth_repo_write", "<access_token_9 len=40>"),
    ("oauth_repo_create", "<access_token_10 len=40>"),
    ("oauth_org_admin", "<access_token_11 len=40>"),
    ("oauth_super_user", "<access_token_13 len=40>"),
    ("oauth_alice", "<access_token_14 len=40>"),
    ("alice", "<access_token_15 len=40>"),
    ("oauth_code", "<access_token_16 len=40>"),
    ("apptok", "<token_13 len=40>"),
];

#[derive(Default)]
struct Browser {
    cookie: Option<String>,
    csrf: Option<String>,
}

struct Replay {
    base: String,
    http: reqwest::Client,
    store: Store,
    bound: HashMap<String, String>,
    browsers: HashMap<String, Browser>,
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/quay")
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && text.contains(" len=")
}

/// Values that a server chooses.
fn is_chosen(text: &str) -> bool {
    let uuid = text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let digest = text.starts_with("sha256:") && text.len() == 71;
    let client = text.len() == 20 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let page = text.starts_with("gAAAAA");
    is_placeholder(text) || uuid || digest || client || page
}

impl Replay {
    /// A recorded text with everything that is known put in.
    fn filled(&mut self, text: &str) -> String {
        let mut out = text.replace(RECORDED_HOST, self.base.strip_prefix("http://").unwrap());
        for (recorded, actual) in &self.bound {
            out = out.replace(recorded.as_str(), actual);
        }
        // a password of the recording's client: any text of that length, always the same
        while let Some(start) = out.find("<password_").or_else(|| out.find("<client_secret_")) {
            let end = start + out[start..].find('>').unwrap() + 1;
            let name = out[start..end].to_owned();
            let length: usize = name.split("len=").nth(1).unwrap().trim_end_matches('>').parse().unwrap();
            let number = name.split('_').next_back().unwrap().split(' ').next().unwrap();
            let value = format!("{number}-{}", "p".repeat(length)).chars().take(length).collect::<String>();
            self.bound.insert(name.clone(), value.clone());
            out = out.replace(&name, &value);
        }
        out
    }

    fn bind(&mut self, recorded: &Json, actual: &Json) {
        match (recorded, actual) {
            (Json::String(recorded), Json::String(actual)) if is_chosen(recorded) => {
                self.bound.entry(recorded.clone()).or_insert_with(|| actual.clone());
            }
            (Json::Array(recorded), Json::Array(actual)) => {
                recorded.iter().zip(actual).for_each(|(r, a)| self.bind(r, a));
            }
            (Json::Object(recorded), Json::Object(actual)) => {
                for (key, value) in recorded {
                    if let Some(actual) = actual.get(key) {
                        self.bind(value, actual);
                    }
                }
            }
            _ => {}
        }
    }

    async fn send(&mut self, request: &Json) -> Answer {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let path = self.filled(&text("path"));
        let mut url = format!("{}{path}", self.base);
        if let Some(query) = request["query"].as_object() {
            let pairs: Vec<(String, String)> =
                query.iter().map(|(k, v)| (k.clone(), self.filled(v.as_str().unwrap()))).collect();
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            url = format!("{url}?{query}");
        }
        let mut builder = self.http.request(text("method").parse().unwrap(), url);
        let auth = text("auth");
        if let Some(label) = auth.strip_prefix("bearer:") {
            builder = builder.bearer_auth(self.token(label));
        }
        if auth.ends_with("basic:admin_pw") {
            builder = builder.basic_auth("admin", Some(self.filled("<password_1 len=16>")));
        }
        let browser = request["browser"].as_str().map(str::to_owned);
        if let Some(name) = &browser {
            self.prepare(name).await;
            builder = builder.header("cookie", self.browsers[name].cookie.clone().unwrap_or_default());
        }
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            if name == "Authorization" && value.contains("base64(") {
                builder = builder.basic_auth("admin", Some("wrong-one"));
                continue;
            }
            let value = self.csrf(value, browser.as_deref());
            builder = builder.header(name, self.filled(&value));
        }
        let kind = request["content_type"].as_str();
        if let Some(kind) = kind {
            builder = builder.header("content-type", kind);
        }
        builder = match &request["body"] {
            Json::Null => builder,
            Json::String(raw) => builder.body(self.filled(raw)),
            body if kind.is_some_and(|kind| kind.contains("form-urlencoded")) => {
                let fields: Vec<(String, String)> = body
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(k, v)| (k.clone(), self.csrf(v.as_str().unwrap(), browser.as_deref())))
                    .collect();
                let fields: Vec<(String, String)> = fields.into_iter().map(|(k, v)| (k, self.filled(&v))).collect();
                builder.body(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
            }
            body => builder.body(self.filled(&body.to_string())),
        };
        let response = builder.send().await.unwrap();
        let status = response.status().as_u16();
        let headers: BTreeMap<String, String> =
            response.headers().iter().map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect();
        if let Some(name) = browser {
            let browser = self.browsers.get_mut(&name).unwrap();
            if let Some(cookie) = headers.get("set-cookie") {
                browser.cookie = Some(cookie.split(';').next().unwrap().to_owned());
            }
            if let Some(csrf) = headers.get("x-next-csrf-token") {
                browser.csrf = Some(csrf.clone());
            }
        }
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    fn token(&self, label: &str) -> String {
        let recorded = TOKENS.iter().find(|(name, _)| *name == label).map_or(label, |(_, recorded)| *recorded);
        self.bound.get(recorded).cloned().unwrap_or_else(|| "unknown-token".to_owned())
    }

    /// A browser that was seen for the first time fetches its session, as it did in the recording.
    async fn prepare(&mut self, name: &str) {
        if self.browsers.contains_key(name) {
            return;
        }
        let response = self.http.get(format!("{}/csrf_token", self.base)).send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body: Json = response.json().await.unwrap();
        let csrf = body["csrf_token"].as_str().unwrap().to_owned();
        self.browsers.insert(name.to_owned(), Browser { cookie: Some(cookie), csrf: Some(csrf) });
    }

    /// A CSRF token that no recorded answer told is the browser's current one.
    fn csrf(&mut self, value: &str, browser: Option<&str>) -> String {
        let unknown = (value.starts_with("<csrf_token_") || value.len() == 64) && !self.bound.contains_key(value);
        let current = browser.and_then(|name| self.browsers.get(name)).and_then(|browser| browser.csrf.clone());
        match current.filter(|_| unknown) {
            Some(current) => {
                self.bound.insert(value.to_owned(), current.clone());
                current
            }
            None => value.to_owned(),
        }
    }

    /// Compares an answer with the recorded one; the error tells the difference.
    fn compare(&mut self, recorded: &Json, answer: &Answer) -> Result<(), String> {
        let status = recorded["status"].as_u64().unwrap();
        if u64::from(answer.status) != status {
            let shown: String = answer.body.chars().take(160).collect();
            return Err(format!("status {} instead of {status}: {shown}", answer.status));
        }
        for (name, value) in recorded["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let actual = answer
                .headers
                .get(&name.to_ascii_lowercase())
                .ok_or_else(|| format!("header {name} is missing"))?
                .clone();
            if name == "X-Next-CSRF-Token" {
                self.bound.insert(value.to_owned(), actual);
            } else if name == "Allow" {
                let set = |text: &str| text.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
                if set(value) != set(&actual) {
                    return Err(format!("Allow is `{actual}` instead of `{value}`"));
                }
            } else if name == "Location" {
                self.bind_location(value, &actual);
                let expected = self.filled(value);
                if expected != actual {
                    return Err(format!("Location is `{actual}` instead of `{expected}`"));
                }
            }
        }
        if let Some(text) = recorded["text"].as_str() {
            let expected = self.filled(text);
            // pages of Quay's own are not rebuilt, only those of its framework
            let own = expected.contains("ng-bind") || expected.contains("React UI") || expected.contains("Authorize ");
            if !own && !answer.body.contains(&expected) {
                return Err(format!("text `{}` instead of `{expected}`", answer.body));
            }
        }
        let Some(expected) = recorded.get("json") else { return Ok(()) };
        let actual: Json = serde_json::from_str(&answer.body).map_err(|error| format!("no JSON: {error}"))?;
        self.bind(expected, &actual);
        self.same_shape(expected, &actual, "", status >= 400)
    }

    fn bind_location(&mut self, recorded: &str, actual: &str) {
        for name in ["access_token=", "code="] {
            let part = |text: &str| {
                let start = text.find(name)? + name.len();
                let rest = &text[start..];
                Some(rest[..rest.find('&').unwrap_or(rest.len())].to_owned())
            };
            if let (Some(recorded), Some(actual)) = (part(recorded), part(actual))
                && is_placeholder(&recorded)
            {
                self.bound.entry(recorded).or_insert(actual);
            }
        }
        // the last segment of a created thing's place
        if let (Some(r), Some(a)) = (recorded.rsplit('/').next(), actual.rsplit('/').next())
            && is_chosen(r)
        {
            self.bound.entry(r.to_owned()).or_insert_with(|| a.to_owned());
        }
    }

    fn same_shape(&mut self, expected: &Json, actual: &Json, place: &str, is_error: bool) -> Result<(), String> {
        match (expected, actual) {
            // what may be absent is null in one of them
            (Json::Null, _) | (_, Json::Null) | (Json::Number(_), Json::Number(_)) => Ok(()),
            (Json::Object(expected), Json::Object(actual)) => {
                let name = place.rsplit('.').next().unwrap_or_default();
                if MAPS.contains(&name) {
                    return match (expected.values().next(), actual.values().next()) {
                        (Some(e), Some(a)) if name != "metadata" => {
                            self.same_shape(e, a, &format!("{place}.*"), is_error)
                        }
                        _ => Ok(()),
                    };
                }
                let keys = |map: &serde_json::Map<String, Json>| map.keys().cloned().collect::<BTreeSet<_>>();
                let (e, a) = (keys(expected), keys(actual));
                if e != a {
                    let missing: Vec<_> = e.difference(&a).collect();
                    let extra: Vec<_> = a.difference(&e).collect();
                    return Err(format!("{place}: missing {missing:?}, extra {extra:?}"));
                }
                for (key, value) in expected {
                    self.same_shape(value, &actual[key], &format!("{place}.{key}"), is_error)?;
                }
                Ok(())
            }
            (Json::Array(expected), Json::Array(actual)) => match (expected.first(), actual.first()) {
                (Some(e), Some(a)) => self.same_shape(e, a, &format!("{place}[]"), is_error),
                _ if place.contains("[]") => Ok(()),
                (Some(_), None) => Err(format!("{place} is empty")),
                (None, Some(_)) => Err(format!("{place} is not empty")),
                (None, None) => Ok(()),
            },
            (Json::String(expected), Json::String(actual)) => {
                let name = place.rsplit('.').next().unwrap_or_default();
                let message = matches!(name, "message" | "detail" | "error" | "error_message" | "error_type" | "type");
                let expected = if message && is_error { self.filled(expected) } else { return Ok(()) };
                if expected == *actual { Ok(()) } else { Err(format!("{place} is `{actual}` instead of `{expected}`")) }
            }
            (Json::Bool(e), Json::Bool(a)) => {
                // the same state gives the same answer, but lists come in another order
                if e == a || place.contains("[]") || place.contains(".*") {
                    Ok(())
                } else {
                    Err(format!("{place} is {a} instead of {e}"))
                }
            }
            _ => Err(format!("{place} is {actual} instead of {expected}")),
        }
    }

    /// Images that the recording's client pushed: their digests are the recorded ones where the recording tells the manifest.
    fn seed_images(&self, namespace: &str, name: &str, images: &[(&str, &str)]) {
        self.store
            .write_blocking(|db| {
                let repository = repositories::by_name(db, namespace, name)?.expect("the repository exists");
                for (tag, digest) in images {
                    let list = tag.starts_with("multi");
                    let children = if list { vec![images[0].1.to_owned()] } else { Vec::new() };
                    let manifest = NewManifest {
                        digest,
                        media_type: if list {
                            "application/vnd.oci.image.index.v1+json"
                        } else {
                            "application/vnd.oci.image.manifest.v1+json"
                        },
                        config_media_type: (!list).then_some("application/vnd.oci.image.config.v1+json"),
                        bytes: br#"{"schemaVersion": 2, "layers": [{"digest": "sha256:00", "size": 109}]}"#,
                        layers_size: (!list).then_some(109),
                        children: &children,
                        ..NewManifest::default()
                    };
                    let id = manifests::put(db, repository.id, &manifest)?;
                    if *tag == "labels" {
                        manifests::add_label(db, id, "org.example.team", "blue", "manifest", "text/plain")?;
                    }
                    tags::set(db, repository.id, tag, id, Origin::Push)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// What happened in the recording without being recorded.
    async fn unrecorded(&mut self, name: &str, last: Option<&Json>) {
        match name {
            "main.repo.get_with_tags" => self.seed_images("acme", "app", IMAGES),
            "main.immut_org.tag_matches_policy" => self.seed_images("acme", "app", &[("release-1", IMAGES[0].1)]),
            "main.err.expired_token_read_private" => self.expired_token(),
            "main.err.disabled_user_token_user" => self.change_account("alice", |account| account.enabled = false),
            "main.repo.list_page1_of_105" => self.many_repositories(),
            "main.push.repo_created_by_robot_push" => self.pushed(),
            "main.session.bad_login_05" => {
                for _ in 0..2 {
                    self.send(last.unwrap()).await;
                }
            }
            "xhr_only.session_tool_user_agent" => {
                self.prepare("admin").await;
                let request = serde_json::json!({
                    "method": "POST", "path": "/api/v1/signin", "auth": "session-cookie", "browser": "admin",
                    "content_type": "application/json", "headers": { "X-CSRF-Token": "<csrf_token_99 len=64>" },
                    "body": { "username": "admin", "password": "<password_1 len=16>" },
                });
                self.send(&request).await;
            }
            _ => {}
        }
    }

    fn change_account(&self, name: &str, change: impl FnOnce(&mut accounts::Account)) {
        self.store
            .write_blocking(|db| {
                let mut account = accounts::by_name(db, name)?.expect("the account exists");
                change(&mut account);
                accounts::update(db, &account)
            })
            .unwrap();
    }

    fn repository(&self, namespace: &str, names: impl Iterator<Item = String>) {
        self.store
            .write_blocking(|db| {
                let owner = accounts::by_name(db, namespace)?.expect("the namespace exists").id;
                for name in names {
                    let new = repositories::NewRepository {
                        namespace: owner,
                        name: &name,
                        kind: RepositoryKind::Image,
                        visibility: Visibility::Private,
                        description: Some(""),
                    };
                    repositories::create(db, new)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    fn many_repositories(&self) {
        self.store
            .write_blocking(|db| {
                let new = accounts::NewAccount {
                    kind: AccountKind::Organization,
                    name: "many",
                    email: None,
                    password_hash: None,
                    tag_expiration_s: 0,
                    prompts: "",
                    verified: true,
                };
                accounts::create(db, &new).map(drop)
            })
            .unwrap();
        self.repository("many", (0..105).map(|n| format!("r{n:03}")));
    }

    fn pushed(&self) {
        self.repository("acme", std::iter::once("pushed".to_owned()));
        let names: Vec<String> = (0..121).map(|n| format!("t{n:03}")).collect();
        let images: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), IMAGES[0].1)).collect();
        self.seed_images("acme", "pushed", &images);
        self.store
            .write_blocking(|db| {
                let repository = repositories::by_name(db, "acme", "pushed")?.expect("made right before");
                let robot = accounts::by_name(db, "acme+ci")?.expect("a robot of the recording");
                let team = teams::by_name(db, repository.namespace_id, "devs")?.expect("a team of the recording");
                permissions::set(db, repository.id, Grantee::Account(robot.id), RepositoryRole::Write)?;
                permissions::set(db, repository.id, Grantee::Team(team.id), RepositoryRole::Read)
            })
            .unwrap();
    }

    fn expired_token(&mut self) {
        self.store
            .write_blocking(|db| {
                let admin = accounts::by_name(db, "admin")?.expect("the first user");
                let application = oauth::of_user(db, admin.id)?[0].application_id;
                let new =
                    oauth::NewToken { application, user: admin.id, name: None, scope: "repo:read", expires_ms: 1 };
                oauth::create(db, "expired-token", new)
            })
            .unwrap();
        self.bound.insert("expired".to_owned(), "expired-token".to_owned());
    }
}

/// Recorded digests of the images of `acme/app`.
const IMAGES: &[(&str, &str)] = &[
    ("v1", "sha256:58dbc145f598883bdf4cd9348684e0a87f35c81262d20fc01d9e32a9bcf0291c"),
    ("v2", "sha256:b567c43d0207b00d3ac8d1e0651bb8612bce56b804e78675478ca2d17bedacc6"),
    ("v3", "sha256:747d6e51d16d02d89f09a028b135e4d17f0d9c38c2587a9f3d3ed8063c51731e"),
    ("latest", "sha256:747d6e51d16d02d89f09a028b135e4d17f0d9c38c2587a9f3d3ed8063c51731e"),
    ("labels", "sha256:9ea9b2571af7fc882f9dfeeebfb7678902363b3885ff6170d879ca476559593c"),
    ("oci", "sha256:3f044764df974ab83a03501985ebefdd4d04c9c71c160cb73e26f2c915452c15"),
    ("multi", "sha256:166f926a60fff06b9c2ceb0d96436d627999cb5e3997b5a7d8ee47db44c75e9e"),
];

/// Replays a variant; returns how many exchanges agree and what is wrong with the others.
async fn replay(variant: &str) -> (usize, BTreeMap<String, String>) {
    let text = std::fs::read_to_string(data().join(format!("exchanges/{variant}.jsonl"))).unwrap();
    let rows: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let known = serde_json::to_value(Settings::default()).unwrap();
    let mut settings = serde_json::Map::new();
    for (name, value) in rows[0]["settings"].as_object().unwrap() {
        if known.get(name).is_some() {
            settings.insert(name.clone(), value.clone());
        }
    }
    settings.insert("SUPER_USERS".to_owned(), serde_json::json!(["admin"]));
    let settings = Settings::parse(&Json::Object(settings).to_string()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::default();
    clock.set_ms(RECORDED_AT_MS);
    let config = Config { settings, clock, ..Config::new(dir.path()) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(async move {
        let ready = |app: &quaymaster::sandbox::server::App| drop(tell.send((app.base_url(), app.store.clone())));
        serve(config, listener, ready, async { drop(stopped.await) }).await.unwrap();
    });
    let (base, store) = told.await.unwrap();
    // another test may have been first
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut replay = Replay { base, http, store, bound: HashMap::new(), browsers: HashMap::new() };
    let (mut agreed, mut wrong) = (0, BTreeMap::new());
    let mut last: Option<&Json> = None;
    if variant == "init_nomail" {
        replay.bound.insert("<password_2 len=15>".to_owned(), "with some space".to_owned());
    }
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        replay.unrecorded(name, last).await;
        let answer = replay.send(&row["request"]).await;
        last = Some(&row["request"]);
        match replay.compare(&row["response"], &answer) {
            Ok(()) => agreed += 1,
            Err(error) => {
                wrong.insert(name.to_owned(), error);
            }
        }
    }
    let _ = stop.send(());
    server.await.unwrap();
    (agreed, wrong)
}

/// The differences that are known, with their reasons.
fn differences() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(data().join("differences.txt")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, reason) = line.split_once(": ").expect("`exchange: reason`");
            (name.to_owned(), reason.to_owned())
        })
        .collect()
}

async fn check(variant: &str) {
    let known = differences();
    let (agreed, wrong) = replay(variant).await;
    println!("{variant}: {agreed} agree, {} differ", wrong.len());
    let unknown: Vec<String> = wrong
        .iter()
        .filter(|(name, _)| !known.contains_key(*name))
        .map(|(name, error)| format!("{name}: {error}"))
        .collect();
    let healed: Vec<&String> =
        known.keys().filter(|name| name.split('.').next() == Some(variant) && !wrong.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "{} differ:\n{}", unknown.len(), unknown.join("\n"));
    assert!(healed.is_empty(), "listed as different, but agree: {healed:?}");
    assert!(agreed > 0);
}

macro_rules! variants {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            check(stringify!($name)).await;
        }
    )+};
}

variants!(main, init_nomail, xhr_only);
