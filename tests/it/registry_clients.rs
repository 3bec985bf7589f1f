//! Real registry clients against the sandbox: `skopeo` and `podman` push, pull, copy, list and delete.
//!
//! `scripts/test-deps.sh` installs them. Without them the tests fail; they are never skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Sandbox;
use crate::registry_fixture::{Layout, ROBOT_TOKEN, seed, tar};

struct Bench {
    temp: TempDir,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        seed(&state);
        let sandbox = Sandbox::start(&state, &[]);
        let config = temp.path().join(".config/containers");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("policy.json"), r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
        Self { temp, sandbox }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn host(&self) -> &str {
        self.sandbox.url.strip_prefix("http://").unwrap()
    }

    fn remote(&self, name: &str) -> String {
        format!("docker://{}/{name}", self.host())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.temp.path())
            .env("XDG_RUNTIME_DIR", self.temp.path())
            .env("TMPDIR", self.temp.path())
            .env("REGISTRY_AUTH_FILE", self.path("auth.json"))
            .current_dir(self.temp.path());
        command
    }

    fn skopeo(&self, args: &[&str]) -> String {
        success("skopeo", self.command("skopeo").args(args))
    }

    fn skopeo_copy(&self, args: &[&str], from: &str, to: &str) -> String {
        let creds = format!("acme+ci:{ROBOT_TOKEN}");
        let mut command = self.command("skopeo");
        command.arg("copy").args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
        for (location, option) in [(from, "--src-creds"), (to, "--dest-creds")] {
            if location.starts_with("docker:") {
                command.args([option, &creds]);
            }
        }
        success("skopeo copy", command.args(args).args([from, to]))
    }

    fn podman(&self, args: &[&str]) -> Output {
        let mut command = self.command("podman");
        command
            .env("CONTAINERS_CONF", self.path("containers.conf"))
            .env("CONTAINERS_STORAGE_CONF", self.path("storage.conf"))
            .args(args);
        run("podman", &mut command)
    }

    fn podman_ok(&self, args: &[&str]) -> String {
        check("podman", &self.podman(args))
    }
}

fn run(what: &str, command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{what} cannot be run ({error}); see scripts/test-deps.sh"))
}

fn success(what: &str, command: &mut Command) -> String {
    let output = run(what, command);
    check(&format!("{what} {:?}", command.get_args().collect::<Vec<_>>()), &output)
}

fn check(what: &str, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// Every blob file of a `dir:` or OCI layout folder by its digest's digits.
fn blobs(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.len() == 64)
        .collect();
    names.sort();
    names
}

#[test]
fn skopeo_pushes_copies_and_pulls_an_image_of_several_layers() {
    let bench = Bench::new();
    let mut layout = Layout::new(bench.path("images"));
    let big = "0123456789abcdef".repeat(200_000);
    let digest = layout.image("app", "amd64", &["first", "second", &big]);
    let source = format!("oci:{}:app", layout.folder.display());

    // layout -> registry, twice: the second time everything is there
    bench.skopeo_copy(&[], &source, &bench.remote("acme/app:v1"));
    bench.skopeo_copy(&[], &source, &bench.remote("acme/app:v1"));
    // registry -> registry, into another repository
    bench.skopeo_copy(&[], &bench.remote("acme/app:v1"), &bench.remote("acme/deep/er/copy:v2"));
    // registry -> folder, by tag and by digest
    let pulled = format!("oci:{}:app", bench.path("pulled").display());
    bench.skopeo_copy(&[], &bench.remote("acme/deep/er/copy:v2"), &pulled);
    assert_eq!(blobs(&bench.path("pulled/blobs/sha256")), blobs(&layout.folder.join("blobs/sha256")));
    let by_digest = bench.remote(&format!("acme/app@{digest}"));
    bench.skopeo_copy(&[], &by_digest, &format!("dir:{}", bench.path("plain").display()));
    assert_eq!(blobs(&bench.path("plain")).len(), 4, "three layers and the config");
    // folder -> registry, as the other schema
    let plain = format!("dir:{}", bench.path("plain").display());
    bench.skopeo_copy(&["--format", "v2s2"], &plain, &bench.remote("acme/app:docker"));

    let creds = format!("acme+ci:{ROBOT_TOKEN}");
    let inspected = bench.skopeo(&["inspect", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/app:v1")]);
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["Digest"], digest);
    assert_eq!(inspected["Labels"]["who"], "tests");
    assert_eq!(inspected["Layers"].as_array().unwrap().len(), 3);
    assert_eq!(inspected["RepoTags"], serde_json::json!(["docker", "v1"]));
    let raw =
        bench.skopeo(&["inspect", "--raw", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/app:docker")]);
    assert!(raw.contains("application/vnd.docker.distribution.manifest.v2+json"), "{raw}");

    // the robot that only the default permission lets read
    let reader = format!("acme+reader:{ROBOT_TOKEN}");
    bench.skopeo(&["inspect", "--tls-verify=false", "--creds", &reader, &bench.remote("acme/app:v1")]);
    let pushed = run(
        "skopeo",
        bench
            .command("skopeo")
            .args(["copy", "--dest-tls-verify=false", "--dest-creds", &reader])
            .args([&source, &bench.remote("acme/app:nope")]),
    );
    assert!(!pushed.status.success(), "a reader must not push");
    let outsider = format!("acme+outsider:{ROBOT_TOKEN}");
    let peeked = run(
        "skopeo",
        bench.command("skopeo").args([
            "inspect",
            "--tls-verify=false",
            "--creds",
            &outsider,
            &bench.remote("acme/app:v1"),
        ]),
    );
    assert!(!peeked.status.success(), "an outsider must not pull");
}

#[test]
fn skopeo_copies_an_index_with_all_its_images_and_deletes_tags() {
    let bench = Bench::new();
    let mut layout = Layout::new(bench.path("images"));
    let index = layout.index("multi", &[("amd64", &["common", "for amd64"]), ("arm64", &["common", "for arm64"])]);
    let source = format!("oci:{}:multi", layout.folder.display());
    bench.skopeo_copy(&["--all"], &source, &bench.remote("acme/multi:v1"));
    bench.skopeo_copy(&["--all"], &bench.remote("acme/multi:v1"), &bench.remote("acme/multi:v2"));
    let creds = format!("acme+ci:{ROBOT_TOKEN}");
    let raw =
        bench.skopeo(&["inspect", "--raw", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/multi:v2")]);
    assert_eq!(crate::registry_fixture::digest(raw.as_bytes()), index, "the index is given back byte for byte");
    bench.skopeo(&[
        "--override-arch",
        "arm64",
        "inspect",
        "--tls-verify=false",
        "--creds",
        &creds,
        &bench.remote("acme/multi:v1"),
    ]);

    let pulled = format!("oci:{}:multi", bench.path("pulled").display());
    bench.skopeo_copy(&["--all"], &bench.remote("acme/multi:v1"), &pulled);
    assert_eq!(blobs(&bench.path("pulled/blobs/sha256")), blobs(&layout.folder.join("blobs/sha256")));

    let list = |bench: &Bench| {
        let text = bench.skopeo(&["list-tags", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/multi")]);
        serde_json::from_str::<Value>(&text).unwrap()["Tags"].clone()
    };
    assert_eq!(list(&bench), serde_json::json!(["v1", "v2"]));
    // skopeo deletes by digest, so every tag of it goes
    bench.skopeo(&["delete", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/multi:v2")]);
    assert_eq!(list(&bench), serde_json::json!([]));
}

#[test]
fn skopeo_lists_many_tags_over_all_pages() {
    let bench = Bench::new();
    let mut layout = Layout::new(bench.path("images"));
    layout.image("app", "amd64", &["only"]);
    let source = format!("oci:{}:app", layout.folder.display());
    bench.skopeo_copy(&[], &source, &bench.remote("acme/app:t000"));
    // the rest through the store: a push each would take minutes
    let store =
        quaymaster::sandbox::store::Store::open(&bench.path("state"), quaymaster::sandbox::Clock::default()).unwrap();
    store
        .write_blocking(|db| {
            use quaymaster::sandbox::store::{repositories, tags};
            let repository = repositories::by_name(db, "acme", "app")?.unwrap();
            let manifest = tags::alive(db, repository.id, "t000")?.unwrap().manifest_id;
            for number in 1..250 {
                tags::set(db, repository.id, &format!("t{number:03}"), manifest, tags::Origin::Push)?;
            }
            Ok::<_, quaymaster::sandbox::store::StoreError>(())
        })
        .unwrap();
    let creds = format!("acme+ci:{ROBOT_TOKEN}");
    let text = bench.skopeo(&["list-tags", "--tls-verify=false", "--creds", &creds, &bench.remote("acme/app")]);
    let tags: Value = serde_json::from_str(&text).unwrap();
    let expected: Vec<String> = (0..250).map(|number| format!("t{number:03}")).collect();
    assert_eq!(tags["Tags"], serde_json::json!(expected));
}

#[test]
fn podman_logs_in_pushes_and_pulls() {
    let bench = Bench::new();
    fs::write(
        bench.path("containers.conf"),
        "[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n",
    )
    .unwrap();
    let root = bench.path("podman");
    let storage =
        format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/root\"\nrunroot = \"{0}/run\"\n", root.display());
    fs::write(bench.path("storage.conf"), storage).unwrap();
    fs::write(bench.path("root.tar"), tar("hello.txt", b"hello from nowhere\n")).unwrap();
    let image = format!("{}/acme/tool:1.0", bench.host());
    let auth = bench.path("auth.json");
    let auth = auth.to_str().unwrap();

    let refused = bench.podman(&[
        "login",
        "--tls-verify=false",
        "--authfile",
        auth,
        "-u",
        "acme+ci",
        "-p",
        "wrong",
        bench.host(),
    ]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "a wrong token must be refused");
    assert!(message.contains("Could not find robot") || message.contains("invalid username/password"), "{message}");

    bench.podman_ok(&[
        "login",
        "--tls-verify=false",
        "--authfile",
        auth,
        "-u",
        "acme+ci",
        "-p",
        ROBOT_TOKEN,
        bench.host(),
    ]);
    bench.podman_ok(&["import", "--change", "LABEL made-by=tests", bench.path("root.tar").to_str().unwrap(), &image]);
    bench.podman_ok(&["push", "--tls-verify=false", "--authfile", auth, &image]);
    bench.podman_ok(&["rmi", &image]);
    assert!(!bench.podman(&["image", "exists", &image]).status.success());
    bench.podman_ok(&["pull", "--tls-verify=false", "--authfile", auth, &image]);
    let labels = bench.podman_ok(&["image", "inspect", "--format", "{{index .Labels \"made-by\"}}", &image]);
    assert_eq!(labels.trim(), "tests");
    bench.podman_ok(&["logout", "--authfile", auth, bench.host()]);
    let anonymous = bench.podman(&["pull", "--tls-verify=false", "--authfile", auth, &image]);
    assert!(!anonymous.status.success(), "a private image must not be pulled without login");
}
