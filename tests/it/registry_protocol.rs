//! The registry's protocol, request by request: what real clients never send, and the answers that a real Quay gave.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::Sandbox;
use crate::registry_fixture::{PASSWORD, ROBOT_TOKEN, digest, seed};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const ROBOT: (&str, &str) = ("acme+ci", ROBOT_TOKEN);
const ADMIN: (&str, &str) = ("admin", PASSWORD);

struct Registry {
    _temp: TempDir,
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl Registry {
    fn new(args: &[&str]) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        seed(&state);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let sandbox = Sandbox::start(&state, &args);
        // another test may have been first
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { _temp: temp, sandbox, client }
    }

    fn host(&self) -> &str {
        self.sandbox.url.strip_prefix("http://").unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url)
    }

    async fn auth(&self, credentials: Option<(&str, &str)>, scopes: &[&str]) -> Response {
        let mut url = url::Url::parse(&self.url("/v2/auth")).unwrap();
        url.query_pairs_mut().append_pair("service", self.host());
        for scope in scopes {
            url.query_pairs_mut().append_pair("scope", scope);
        }
        let mut request = self.client.get(url);
        if let Some((name, password)) = credentials {
            request = request.basic_auth(name, Some(password));
        }
        request.send().await.unwrap()
    }

    async fn token(&self, credentials: (&str, &str), scope: &str) -> String {
        let answer = self.auth(Some(credentials), &[scope]).await;
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let url = if path.starts_with("http") { path.to_owned() } else { self.url(path) };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut request = self.client.request(method.parse::<Method>().unwrap(), url).headers(map).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Response {
        self.send("GET", path, token, &[], "").await
    }

    /// Pushes a blob in one request.
    async fn push_blob(&self, repository: &str, token: &str, bytes: &[u8]) -> Value {
        let path = format!("/v2/{repository}/blobs/uploads/?digest={}", digest(bytes));
        let answer = self.send("POST", &path, Some(token), &[], bytes.to_vec()).await;
        assert_eq!(answer.status(), 201);
        json!({ "mediaType": "application/octet-stream", "digest": digest(bytes), "size": bytes.len() })
    }

    async fn put_manifest(&self, repository: &str, token: &str, reference: &str, kind: &str, text: &str) -> Response {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.send("PUT", &path, Some(token), &[("content-type", kind)], text.to_owned()).await
    }

    /// Pushes an image of one layer; gives the manifest's digest.
    async fn push_image(&self, repository: &str, token: &str, tag: &str, layer: &str) -> String {
        let config = self.push_blob(repository, token, b"{}").await;
        let layer = self.push_blob(repository, token, layer.as_bytes()).await;
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let text = manifest.to_string();
        let answer = self.put_manifest(repository, token, tag, MANIFEST, &text).await;
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        digest(text.as_bytes())
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn error(answer: Response, status: u16, code: &str) -> Value {
    assert_eq!(answer.status().as_u16(), status);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], code, "{body}");
    body["errors"][0].clone()
}

fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
async fn the_token_service_answers_as_quays() {
    let registry = Registry::new(&[]);
    let host = registry.host().to_owned();
    let anonymous = registry.auth(None, &[]).await;
    assert_eq!(
        header(&anonymous, "www-authenticate"),
        format!("Bearer realm=\"http://{host}/v2/auth\",service=\"{host}\"")
    );
    let error_of = error(anonymous, 401, "UNAUTHORIZED").await;
    assert_eq!(error_of["message"], "access to the requested resource is not authorized");

    for (name, password, message) in [
        ("acme+ci", "WRONG", "Could not find robot with username: acme+ci and supplied password."),
        ("acme+nosuch", "x", "Could not find robot with specified username"),
        ("admin", "wrong-pw-1", "Invalid Username or Password"),
        ("nobody", "x", "Invalid Username or Password"),
        ("$oauthtoken", "x", "OAuth access token could not be validated"),
        ("$app", "x", "Invalid token"),
    ] {
        let answer = registry.auth(Some((name, password)), &["repository:acme/app:pull"]).await;
        assert_eq!(header(&answer, "docker-distribution-api-version"), "registry/2.0");
        assert_eq!(error(answer, 401, "UNAUTHORIZED").await["message"], message, "{name}");
    }
    for scope in ["garbage", "repository:acme/app:delete", "registry:catalog:*"] {
        let answer = registry.auth(Some(ROBOT), &[scope]).await;
        let body = error(answer, 400, "INVALID_REQUEST").await;
        assert_eq!(body["message"], format!("Unable to decode repository and actions: {scope}"));
    }
    let answer = registry.auth(Some(ROBOT), &["repository:acme/App:pull,push"]).await;
    assert_eq!(error(answer, 400, "NAME_INVALID").await["message"], "Invalid repository name: acme/App");
    let posted = registry.client.post(registry.url("/v2/auth")).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn a_token_tells_what_is_granted_and_pushing_makes_the_repository() {
    let registry = Registry::new(&[]);
    let actions = async |credentials, scope: &str| {
        let answer: Value = registry.auth(credentials, &[scope]).await.json().await.unwrap();
        claims(answer["token"].as_str().unwrap())["access"][0]["actions"].clone()
    };
    // a pull does not make it, a wish to push by a creator does
    assert_eq!(actions(Some(ROBOT), "repository:acme/app:pull").await, json!([]));
    assert_eq!(actions(Some(ROBOT), "repository:acme/app:pull,push").await, json!(["push", "pull"]));
    let reader = ("acme+reader", ROBOT_TOKEN);
    assert_eq!(actions(Some(reader), "repository:acme/app:pull,push").await, json!(["pull"]));
    assert_eq!(actions(Some(reader), "repository:acme/brandnew:pull,push").await, json!([]));
    assert_eq!(actions(Some(("bob", PASSWORD)), "repository:acme/app:pull,push,*").await, json!([]));
    assert_eq!(actions(Some(("bob", PASSWORD)), "repository:bob/own:pull,push,*").await, json!(["push", "pull", "*"]));
    assert_eq!(actions(Some(ADMIN), "repository:acme/app:*").await, json!(["*"]));
    assert_eq!(actions(Some(ROBOT), "repository:nonexistent/app:pull,push").await, json!([]));
    assert_eq!(actions(None, "repository:acme/app:pull").await, json!([]));

    let answer = registry.auth(Some(ROBOT), &["repository:acme/app:pull", "repository:acme/x:pull"]).await;
    assert_eq!(header(&answer, "cache-control"), "no-cache, no-store, must-revalidate");
    let token = answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mut told = claims(&token);
    let issued = told["iat"].as_i64().unwrap();
    for (name, value) in [("nbf", issued), ("exp", issued + 3600), ("iat", issued)] {
        assert_eq!(told[name], value);
        told.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        told,
        json!({
            "iss": "quay", "aud": registry.host(), "sub": "acme+ci",
            "access": [
                { "type": "repository", "name": "acme/app", "actions": ["pull"] },
                { "type": "repository", "name": "acme/x", "actions": [] },
            ],
            "context": {
                "version": 2, "entity_kind": "robot", "entity_reference": "acme+ci", "kind": "user", "user": "acme+ci",
                "com.apostille.roots": { "acme/app": "$disabled", "acme/x": "$disabled" },
                "com.apostille.root": "$disabled",
            },
        })
    );
}

#[tokio::test]
async fn the_root_tells_where_to_sign_in() {
    let registry = Registry::new(&[]);
    let host = registry.host().to_owned();
    let realm = format!("Bearer realm=\"http://{host}/v2/auth\",service=\"{host}\"");
    let answer = registry.get("/v2/", None).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "www-authenticate")), (401, realm.as_str()));
    assert_eq!(answer.text().await.unwrap(), "true");
    let answer = registry.get("/v2", None).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (308, format!("http://{host}/v2/").as_str()));
    let token = registry.token(ROBOT, "repository:acme/app:pull").await;
    assert_eq!(registry.get("/v2/", Some(&token)).await.status(), 200);
    let basic = format!("Basic {}", STANDARD.encode(format!("acme+ci:{ROBOT_TOKEN}")));
    let answer = registry.send("GET", "/v2/", None, &[("authorization", &basic)], "").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "error": "Invalid bearer token format" }));
    let answer = registry.get("/v2/acme/app/tags/list", Some("forged.token.x")).await;
    assert_eq!(answer.status(), 401);
    assert!(header(&answer, "www-authenticate").ends_with(",scope=\"repository:acme/app:pull\""));
}

#[tokio::test]
async fn blobs_come_in_chunks_and_go_in_ranges() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let host = registry.host().to_owned();
    let start = registry.send("POST", "/v2/acme/app/blobs/uploads/", Some(&token), &[], "").await;
    assert_eq!(start.status(), 202);
    assert_eq!(header(&start, "range"), "bytes=0--1");
    let uuid = header(&start, "docker-upload-uuid").to_owned();
    let location = header(&start, "location").to_owned();
    assert_eq!(location, format!("http://{host}/v2/acme/app/blobs/uploads/{uuid}"));

    let chunk = registry.send("PATCH", &location, Some(&token), &[("content-range", "0-11")], "hello world ").await;
    assert_eq!((chunk.status().as_u16(), header(&chunk, "range")), (202, "0-11"));
    let out_of_order = registry.send("PATCH", &location, Some(&token), &[("content-range", "5-9")], "xxxxx").await;
    assert_eq!((out_of_order.status().as_u16(), header(&out_of_order, "range")), (416, "0-11"));
    let status = registry.get(&location, Some(&token)).await;
    assert_eq!((status.status().as_u16(), header(&status, "range")), (204, "0-11"));
    let whole = b"hello world again";
    let end = format!("{location}?digest={}", digest(whole));
    let done = registry.send("PUT", &end, Some(&token), &[("content-range", "12-16")], "again").await;
    assert_eq!(done.status(), 201);
    assert_eq!(header(&done, "docker-content-digest"), digest(whole));
    assert_eq!(header(&done, "location"), format!("http://{host}/v2/acme/app/blobs/{}", digest(whole)));
    error(registry.get(&location, Some(&token)).await, 404, "BLOB_UPLOAD_UNKNOWN").await;

    let path = format!("/v2/acme/app/blobs/{}", digest(whole));
    let head = registry.send("HEAD", &path, Some(&token), &[], "").await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "17"));
    assert_eq!(header(&head, "cache-control"), "max-age=31436000");
    assert_eq!(registry.get(&path, Some(&token)).await.text().await.unwrap(), "hello world again");
    let part = registry.send("GET", &path, Some(&token), &[("range", "bytes=6-10")], "").await;
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 6-10/17"));
    assert_eq!(part.text().await.unwrap(), "world");
    let beyond = registry.send("GET", &path, Some(&token), &[("range", "bytes=17-")], "").await;
    assert_eq!((beyond.status().as_u16(), header(&beyond, "content-range")), (416, "bytes */17"));
    let missing = format!("/v2/acme/app/blobs/sha256:{}", "0".repeat(64));
    error(registry.get(&missing, Some(&token)).await, 404, "BLOB_UNKNOWN").await;
    error(registry.send("DELETE", &path, Some(&token), &[], "").await, 405, "UNSUPPORTED").await;

    // a wrong digest ends the upload
    let start = registry.send("POST", "/v2/acme/app/blobs/uploads/", Some(&token), &[], "").await;
    let wrong = format!("{}?digest=sha256:{}", header(&start, "location"), "0".repeat(64));
    error(registry.send("PUT", &wrong, Some(&token), &[], "hello world\n").await, 400, "BLOB_UPLOAD_INVALID").await;
    error(registry.send("PUT", &wrong, Some(&token), &[], "hello world\n").await, 404, "BLOB_UPLOAD_UNKNOWN").await;
    // and one can be given up
    let start = registry.send("POST", "/v2/acme/app/blobs/uploads/", Some(&token), &[], "").await;
    let location = header(&start, "location").to_owned();
    assert_eq!(registry.send("DELETE", &location, Some(&token), &[], "").await.status(), 204);
    error(registry.send("PATCH", &location, Some(&token), &[], "x").await, 404, "BLOB_UPLOAD_UNKNOWN").await;
    let pull = registry.token(ROBOT, "repository:acme/app:pull").await;
    let refused = registry.send("POST", "/v2/acme/app/blobs/uploads/", Some(&pull), &[], "").await;
    assert!(header(&refused, "www-authenticate").ends_with(",scope=\"repository:acme/app:pull,push\""));
    error(refused, 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn a_blob_is_mounted_only_from_where_the_client_may_read() {
    let registry = Registry::new(&[]);
    let own = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let blob = registry.push_blob("acme/app", &own, b"shared content").await;
    let mount = format!("/v2/acme/other/blobs/uploads/?mount={}&from=acme/app", blob["digest"].as_str().unwrap());
    // both scopes in one token, as clients ask for it
    let answer = registry.auth(Some(ROBOT), &["repository:acme/other:pull,push", "repository:acme/app:pull"]).await;
    let both = answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mounted = registry.send("POST", &mount, Some(&both), &[], "").await;
    assert_eq!(mounted.status(), 201);
    let path = format!("/v2/acme/other/blobs/{}", blob["digest"].as_str().unwrap());
    assert_eq!(registry.get(&path, Some(&both)).await.text().await.unwrap(), "shared content");
    // bob may not read acme/app: he gets an upload instead, and no content
    let bob = registry.token(("bob", PASSWORD), "repository:bob/thief:pull,push").await;
    let mount = mount.replace("acme/other", "bob/thief");
    assert_eq!(registry.send("POST", &mount, Some(&bob), &[], "").await.status(), 202);
    error(registry.get(&path.replace("acme/other", "bob/thief"), Some(&bob)).await, 404, "BLOB_UNKNOWN").await;
}

#[tokio::test]
async fn manifests_are_checked_kept_and_deleted() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let first = registry.push_image("acme/app", &token, "v1", "one").await;
    let answer = registry.get("/v2/acme/app/manifests/v1", Some(&token)).await;
    assert_eq!(header(&answer, "content-type"), MANIFEST);
    assert_eq!(header(&answer, "docker-content-digest"), first);
    let text = answer.text().await.unwrap();
    assert_eq!(digest(text.as_bytes()), first);
    let head = registry.send("HEAD", &format!("/v2/acme/app/manifests/{first}"), Some(&token), &[], "").await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, text.len().to_string().as_str()));

    let refuse = async |text: &str, why: &str| {
        let answer = registry.put_manifest("acme/app", &token, "bad", MANIFEST, text).await;
        let body = error(answer, 400, "MANIFEST_INVALID").await;
        assert!(body["detail"]["message"].as_str().unwrap().contains(why), "{body}");
    };
    refuse("{}", "'schemaVersion' is a required property").await;
    refuse("nonsense", "failed to parse manifest").await;
    let unknown = format!("sha256:{}", "1".repeat(64));
    let layer = json!({ "mediaType": "x/y", "digest": unknown, "size": 3 });
    let with_unknown = json!({ "schemaVersion": 2, "config": layer, "layers": [] }).to_string();
    refuse(&with_unknown, &format!("Unknown blob `{unknown}`")).await;
    let answer = registry.put_manifest("acme/app", &token, &unknown, MANIFEST, &text).await;
    error(answer, 400, "MANIFEST_INVALID").await;
    let orphan = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": MANIFEST, "digest": unknown, "size": 1 }] });
    let answer = registry.put_manifest("acme/app", &token, "orphan", INDEX, &orphan.to_string()).await;
    error(answer, 400, "MANIFEST_INVALID").await;

    // a tag moves; the manifest that it left can be pulled no more
    let second = registry.push_image("acme/app", &token, "v1", "two").await;
    assert_ne!(first, second);
    let answer = registry.get(&format!("/v2/acme/app/manifests/{first}"), Some(&token)).await;
    error(answer, 404, "MANIFEST_UNKNOWN").await;
    // deletion by tag, and by digest of all that is left of it
    registry.push_image("acme/app", &token, "v2", "two").await;
    registry.push_image("acme/app", &token, "v3", "two").await;
    let pull = registry.token(ROBOT, "repository:acme/app:pull").await;
    error(registry.send("DELETE", "/v2/acme/app/manifests/v1", Some(&pull), &[], "").await, 401, "UNAUTHORIZED").await;
    assert_eq!(registry.send("DELETE", "/v2/acme/app/manifests/v1", Some(&token), &[], "").await.status(), 202);
    error(registry.get("/v2/acme/app/manifests/v1", Some(&token)).await, 404, "MANIFEST_UNKNOWN").await;
    let tags: Value = registry.get("/v2/acme/app/tags/list", Some(&token)).await.json().await.unwrap();
    assert_eq!(tags, json!({ "name": "acme/app", "tags": ["v2", "v3"] }));
    let by_digest = format!("/v2/acme/app/manifests/{second}");
    assert_eq!(registry.send("DELETE", &by_digest, Some(&token), &[], "").await.status(), 202);
    error(registry.send("DELETE", &by_digest, Some(&token), &[], "").await, 404, "MANIFEST_UNKNOWN").await;
    let tags: Value = registry.get("/v2/acme/app/tags/list", Some(&token)).await.json().await.unwrap();
    assert_eq!(tags["tags"], json!([]));
}

#[tokio::test]
async fn children_of_an_index_outlive_their_temporary_tags() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let config = registry.push_blob("acme/app", &token, b"{}").await;
    let child = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string();
    let alone = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [config] }).to_string();
    for text in [&child, &alone] {
        let answer = registry.put_manifest("acme/app", &token, &digest(text.as_bytes()), MANIFEST, text).await;
        assert_eq!(answer.status(), 201);
    }
    let entry = json!({ "mediaType": MANIFEST, "digest": digest(child.as_bytes()), "size": child.len() });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] }).to_string();
    assert_eq!(registry.put_manifest("acme/app", &token, "multi", INDEX, &index).await.status(), 201);
    let hours = json!({ "advance_seconds": 3 * 3600 }).to_string();
    let moved = registry.send("POST", "/_sandbox/clock", None, &[("content-type", "application/json")], hours).await;
    assert_eq!(moved.status(), 200);
    let token = registry.token(ROBOT, "repository:acme/app:pull").await;
    let path = |text: &str| format!("/v2/acme/app/manifests/{}", digest(text.as_bytes()));
    assert_eq!(registry.get(&path(&child), Some(&token)).await.status(), 200);
    assert_eq!(registry.get(&path(&alone), Some(&token)).await.status(), 404);
}

#[tokio::test]
async fn referrers_are_listed_and_filtered() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let image = registry.push_image("acme/app", &token, "v1", "one").await;
    let config = registry.push_blob("acme/app", &token, b"{}").await;
    let referrer = |artifact_type: &str| {
        json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type, "config": config, "layers": [config],
            "subject": { "mediaType": MANIFEST, "digest": image, "size": 1 }, "annotations": { "made": "by tests" },
        })
        .to_string()
    };
    let sbom = referrer("application/vnd.example.sbom");
    let answer = registry.put_manifest("acme/app", &token, &digest(sbom.as_bytes()), MANIFEST, &sbom).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "oci-subject")), (201, image.as_str()));
    let location = format!("/v2/acme/app/manifests/{}", digest(sbom.as_bytes()));
    assert_eq!(header(&answer, "location"), location);
    assert_eq!(answer.text().await.unwrap(), "OK");
    let signature = referrer("application/vnd.example.signature");
    registry.put_manifest("acme/app", &token, &digest(signature.as_bytes()), MANIFEST, &signature).await;

    let list = registry.get(&format!("/v2/acme/app/referrers/{image}"), Some(&token)).await;
    assert_eq!(header(&list, "content-type"), INDEX);
    let list: Value = list.json().await.unwrap();
    assert_eq!(list["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(
        list["manifests"][0],
        json!({ "mediaType": MANIFEST, "digest": digest(sbom.as_bytes()), "size": sbom.len(),
            "artifactType": "application/vnd.example.sbom", "annotations": { "made": "by tests" } })
    );
    let path = format!("/v2/acme/app/referrers/{image}?artifactType=application/vnd.example.signature");
    let filtered = registry.get(&path, Some(&token)).await;
    assert_eq!(header(&filtered, "oci-filters-applied"), "artifactType");
    assert_eq!(filtered.json::<Value>().await.unwrap()["manifests"].as_array().unwrap().len(), 1);
    let none: Value = registry
        .get(&format!("/v2/acme/app/referrers/sha256:{}", "2".repeat(64)), Some(&token))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(none, json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    for tag in ["b", "a", "d", "c"] {
        registry.push_image("acme/app", &token, tag, "same").await;
    }
    let answer = registry.get("/v2/acme/app/tags/list?n=2", Some(&token)).await;
    assert_eq!(header(&answer, "link"), "</v2/acme/app/tags/list?n=2&last=b>; rel=\"next\"");
    assert_eq!(answer.json::<Value>().await.unwrap()["tags"], json!(["a", "b"]));
    let answer = registry.get("/v2/acme/app/tags/list?n=2&last=b", Some(&token)).await;
    assert_eq!(header(&answer, "link"), "");
    assert_eq!(answer.json::<Value>().await.unwrap()["tags"], json!(["c", "d"]));

    for name in ["acme/second", "acme/third"] {
        registry.token(ROBOT, &format!("repository:{name}:push")).await;
    }
    let mut names = Vec::new();
    let mut next = "/v2/_catalog?n=2".to_owned();
    loop {
        let answer = registry.get(&next, Some(&token)).await;
        let link = header(&answer, "link").to_owned();
        names.extend(answer.json::<Value>().await.unwrap()["repositories"].as_array().unwrap().clone());
        let Some(target) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else { break };
        next = target.0.to_owned();
    }
    assert_eq!(names, ["acme/app", "acme/second", "acme/third"]);
    let anonymous = registry.get("/v2/_catalog", None).await;
    assert_eq!(anonymous.json::<Value>().await.unwrap(), json!({ "repositories": [] }));
    let answer = registry.get("/v2/acme/nosuch/tags/list", Some(&token)).await;
    error(answer, 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn an_image_may_limit_its_own_life() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    let config = json!({ "config": { "Labels": { "quay.expires-after": "2h" } } }).to_string();
    let config = registry.push_blob("acme/app", &token, config.as_bytes()).await;
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string();
    registry.put_manifest("acme/app", &token, "short", MANIFEST, &manifest).await;
    registry.push_image("acme/app", &token, "long", "x").await;
    let hours = json!({ "advance_seconds": 3 * 3600 }).to_string();
    registry.send("POST", "/_sandbox/clock", None, &[("content-type", "application/json")], hours).await;
    let token = registry.token(ROBOT, "repository:acme/app:pull").await;
    let tags: Value = registry.get("/v2/acme/app/tags/list", Some(&token)).await.json().await.unwrap();
    assert_eq!(tags["tags"], json!(["long"]));
}

#[tokio::test]
async fn tokens_end_and_a_read_only_registry_takes_nothing() {
    let registry = Registry::new(&[]);
    let token = registry.token(ROBOT, "repository:acme/app:pull,push").await;
    assert_eq!(registry.get("/v2/", Some(&token)).await.status(), 200);
    let hours = json!({ "advance_seconds": 3601 }).to_string();
    registry.send("POST", "/_sandbox/clock", None, &[("content-type", "application/json")], hours).await;
    let answer = registry.get("/v2/", Some(&token)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "error": "Signature has expired" }));

    let settings = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(settings.path(), "REGISTRY_STATE: readonly\n").unwrap();
    let registry = Registry::new(&["--settings", settings.path().to_str().unwrap()]);
    let token = registry.token(ADMIN, "repository:admin/app:pull,push").await;
    assert_eq!(claims(&token)["access"][0]["actions"], json!([]), "nothing is made in a read-only registry");
}
