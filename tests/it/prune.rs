//! The pruner against the sandbox: aged tags, wrong tokens, failing pages, limits, plans in files.

use std::path::PathBuf;
use std::process::Output;

use quaymaster::sandbox::Clock;
use quaymaster::sandbox::store::manifests::{self, NewManifest};
use quaymaster::sandbox::store::repositories::{self, NewRepository};
use quaymaster::sandbox::store::{
    AccountKind, RepositoryKind, Store, StoreError, Visibility, accounts, applications, oauth, tags,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Sandbox, quaymaster};
use crate::registry_fixture::{digest, seed};

const TOKEN: &str = "PRUNERTOKENPRUNERTOKENPRUNERTOKENPRUNER0";
const DAY_MS: i64 = 86_400_000;

struct Bench {
    temp: TempDir,
    sandbox: Sandbox,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state");
        seed(&state);
        let store = Store::open(&state, Clock::default()).unwrap();
        store
            .write_blocking(|db| {
                let admin = accounts::find(db, AccountKind::User, "admin")?.unwrap();
                let acme = accounts::find(db, AccountKind::Organization, "acme")?.unwrap();
                let fields = applications::ApplicationFields {
                    name: "pruner",
                    description: "",
                    application_uri: "",
                    redirect_uri: "",
                    avatar_email: None,
                };
                let application = applications::create(db, acme.id, "CLIENT", "secret", &fields)?;
                let new = oauth::NewToken {
                    application,
                    user: admin.id,
                    name: None,
                    scope: "repo:admin repo:read repo:write user:read",
                    expires_ms: db.now_ms() + 365 * DAY_MS,
                };
                oauth::create(db, TOKEN, new)?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let sandbox = Sandbox::start(&state, &[]);
        std::fs::write(temp.path().join("token"), format!("export PRUNER_TOKEN={TOKEN}\n")).unwrap();
        Self { temp, sandbox, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// A repository with tags of these ages in days.
    fn repository(&self, name: &str, visibility: Visibility, aged: &[(&str, i64)]) {
        self.store
            .write_blocking(|db| {
                let acme = accounts::find(db, AccountKind::Organization, "acme")?.unwrap();
                let new = NewRepository {
                    namespace: acme.id,
                    name,
                    kind: RepositoryKind::Image,
                    visibility,
                    description: None,
                };
                let id = repositories::create(db, new)?;
                for (tag, age) in aged {
                    let bytes = format!("{{\"schemaVersion\":2,\"for\":\"{name}:{tag}\"}}");
                    let digest = digest(bytes.as_bytes());
                    let new = NewManifest {
                        digest: &digest,
                        media_type: "application/vnd.oci.image.manifest.v1+json",
                        bytes: bytes.as_bytes(),
                        layers_size: Some(1),
                        ..NewManifest::default()
                    };
                    let manifest = manifests::put(db, id, &new)?;
                    let tag = tags::set(db, id, tag, manifest, tags::Origin::Push)?;
                    let start = db.now_ms() - age * DAY_MS - 1000;
                    db.run("UPDATE tags SET start_ms = ?1 WHERE id = ?2", rusqlite::params![start, tag])?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    /// Living tags of a repository with the days until they end.
    fn tags(&self, name: &str) -> Vec<(String, Option<i64>)> {
        self.store
            .read_blocking(|db| {
                let repository = repositories::by_name(db, "acme", name)?.unwrap();
                let all = tags::list(db, repository.id, tags::Lives::Alive, tags::NameFilter::Any, 0, 1000)?;
                let now = db.now_ms();
                let end = |end: i64| (end - now + DAY_MS / 2) / DAY_MS;
                let mut all: Vec<_> = all.into_iter().map(|tag| (tag.name, tag.end_ms.map(end))).collect();
                all.sort();
                Ok::<_, StoreError>(all)
            })
            .unwrap()
    }

    fn prune(&self, args: &[&str]) -> Output {
        let mut command = quaymaster(self.temp.path());
        command.args(["prune", "--url", &self.sandbox.url, "--token-file", "token"]).args(args);
        command.output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let output = self.prune(args);
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&output.stderr));
        out
    }

    fn fails(&self, args: &[&str], code: i32) -> String {
        let output = self.prune(args);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(!text.contains(TOKEN), "the token is in the output");
        text.replace(&self.sandbox.url, "$QUAY")
    }

    fn fault(&self, rule: &Value) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let url = format!("{}/_sandbox/faults", self.sandbox.url);
            let answer = reqwest::Client::new().post(url).json(rule).send().await.unwrap();
            assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        });
    }
}

fn names(tags: &[(String, Option<i64>)]) -> Vec<&str> {
    tags.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_plan_comes_first_and_confirm_does_it() {
    let bench = Bench::new();
    let app = [("latest", 400), ("v1", 100), ("v2", 3), ("old", 30), ("ancient", 800)];
    bench.repository("app", Visibility::Private, &app);
    bench.repository("open", Visibility::Public, &[("a", 30), ("b", 1)]);
    let rules = ["--organization", "acme", "--days", "7", "--keep", "latest", "--keep-regex", "^v[0-9]+$"];
    let plan = bench.ok(&rules);
    assert!(plan.contains("acme/app: 2 of 5 tags to remove\n"), "{plan}");
    assert!(plan.contains("  expire: older than 7 days (1)\n    old (30 d)\n"), "{plan}");
    assert!(plan.contains("    ancient (800 d)\n") && plan.contains("  keep: name (1)\n    latest\n"), "{plan}");
    assert!(
        plan.contains("7 tags in 2 repositories: 2 to expire, 1 to delete, 0 already expiring, 4 kept\n"),
        "{plan}"
    );
    assert!(plan.contains("Nothing was removed; --confirm does it."), "{plan}");
    assert_eq!(bench.tags("app").len(), 5);
    assert!(bench.tags("app").iter().all(|(_, end)| end.is_none()));

    let mut confirm = rules.to_vec();
    confirm.push("--confirm");
    let done = bench.ok(&confirm);
    assert!(done.ends_with("2 set to expire, 1 deleted\n"), "{done}");
    let left = bench.tags("app");
    assert_eq!(names(&left), ["latest", "old", "v1", "v2"]);
    assert_eq!(left.iter().find(|(name, _)| name == "old").unwrap().1, Some(1));
    assert_eq!(bench.tags("open")[0], ("a".to_owned(), Some(1)));
    let again = bench.ok(&confirm);
    assert!(again.contains("2 already expiring") && again.contains("There is nothing to remove."), "{again}");
}

#[test]
fn a_plan_in_a_file_is_reviewed_and_applied_once() {
    let bench = Bench::new();
    bench.repository("app", Visibility::Private, &[("a", 30), ("b", 31), ("c", 32)]);
    bench.ok(&["-o", "acme", "--days", "7", "--delete", "--plan-out", "plan.jsonl"]);
    let text = std::fs::read_to_string(bench.path("plan.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 3);
    // meanwhile one tag moved, and the plan is for tags as they were
    bench
        .store
        .write_blocking(|db| {
            let repository = repositories::by_name(db, "acme", "app")?.unwrap();
            let other = tags::alive(db, repository.id, "a")?.unwrap().manifest_id;
            tags::set(db, repository.id, "b", other, tags::Origin::Push)?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let shown = bench.ok(&["--apply", "plan.jsonl"]);
    assert!(shown.contains("--confirm does it"), "{shown}");
    let done = bench.ok(&["--apply", "plan.jsonl", "--confirm"]);
    assert!(done.contains("skipped: acme/app:b: moved to sha256:"), "{done}");
    assert!(done.ends_with("0 set to expire, 2 deleted, 1 skipped\n"), "{done}");
    assert_eq!(names(&bench.tags("app")), ["b"]);
    let again = bench.ok(&["--apply", "plan.jsonl", "--confirm"]);
    assert!(again.ends_with("0 set to expire, 0 deleted, 2 gone or expiring already, 1 skipped\n"), "{again}");

    std::fs::write(bench.path("cut"), text.lines().next().unwrap()).unwrap();
    let cut = bench.fails(&["--apply", "cut", "--confirm"], 1);
    assert!(cut.contains("the plan was cut off: its last record is missing"), "{cut}");
    std::fs::write(bench.path("other"), text.replace("http://127.0.0.1", "https://elsewhere")).unwrap();
    let other = bench.fails(&["--apply", "other", "--confirm"], 1);
    assert!(other.contains("the plan is for https://elsewhere") && other.contains("not for $QUAY"), "{other}");
    let created = text.find("\"created\":\"").unwrap() + 11;
    std::fs::write(bench.path("aged"), text.replace(&text[created..created + 10], "2025-01-01")).unwrap();
    let aged = bench.fails(&["--apply", "aged", "--confirm"], 1);
    assert!(aged.contains("hours old, and 24 are allowed"), "{aged}");
}

#[test]
fn limits_stop_the_plan() {
    let bench = Bench::new();
    bench.repository("app", Visibility::Private, &[("a", 30), ("b", 31), ("c", 1), ("d", 2)]);
    let with = |limit: &[&str]| {
        let mut args = vec!["-o", "acme", "--days", "7", "--confirm"];
        args.extend(limit);
        bench.fails(&args, 6)
    };
    assert!(with(&["--max-removals", "1"]).contains("stopped: the plan removes 2 tags, and 1 are allowed"));
    assert!(with(&["--max-share", "40%"]).contains("removes 2 of 4 tags, and 40% of them are allowed"));
    assert!(with(&["--max-repository-share", "0.4"]).contains("2 of the 4 tags of acme/app"));
    assert!(bench.tags("app").iter().all(|(_, end)| end.is_none()));
}

#[test]
fn what_cannot_be_known_stops_the_run() {
    let bench = Bench::new();
    bench.repository("app", Visibility::Public, &[("a", 30)]);
    let rules = ["-o", "acme", "--days", "7", "--confirm"];
    std::fs::write(bench.path("wrong"), "NOTATOKEN").unwrap();
    let output = quaymaster(bench.temp.path())
        .args(["prune", "--url", &bench.sandbox.url, "--token-file", "wrong"])
        .args(rules)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let missing = bench.fails(&["-o", "nosuch", "--days", "7"], 1);
    assert!(missing.contains("there is no organization or user `nosuch` at $QUAY"), "{missing}");
    bench.fault(&json!({ "path": "/api/v1/repository/acme/app/tag/", "method": "GET", "status": 500 }));
    let failing = bench.fails(&rules, 1);
    assert!(failing.contains("cannot list the tags of `acme/app`"), "{failing}");
    assert!(bench.tags("app").iter().all(|(_, end)| end.is_none()));
    // a removal that fails does not keep the others from being removed
    bench.repository("other", Visibility::Private, &[("x", 30), ("y", 31)]);
    bench.fault(&json!({ "path": "/api/v1/repository/acme/other/tag/x", "method": "PUT", "status": 400 }));
    let partly = bench.fails(&rules, 2);
    assert!(
        partly.contains("failed: acme/other:x:") && partly.contains("2 set to expire, 0 deleted, 1 failed"),
        "{partly}"
    );
}

#[test]
fn rules_come_from_a_file_and_mistakes_in_it_are_shown() {
    let bench = Bench::new();
    bench.repository("app", Visibility::Private, &[("a", 30), ("b", 40), ("latest", 50)]);
    let rules = "days: 7\norganizations: {include: [acme]}\nkeep:\n  names: [latest]\n  newest: 1\n";
    std::fs::write(bench.path("rules.yml"), rules).unwrap();
    let plan = bench.ok(&["--rules", "rules.yml"]);
    assert!(plan.contains("acme/app: 1 of 3 tags to remove\n") && plan.contains("    b (40 d)\n"), "{plan}");
    std::fs::write(bench.path("rules.yml"), rules.replace("names:", "nmaes:")).unwrap();
    let wrong = bench.fails(&["--rules", "rules.yml"], 3);
    assert!(wrong.contains("there is no rule `nmaes`") && wrong.contains("did you mean `names`?"), "{wrong}");
    assert!(wrong.contains("rules.yml:4:3"), "{wrong}");
    std::fs::write(bench.path("rules.yml"), rules.replace("[latest]", "latest: 1")).unwrap();
    bench.fails(&["--rules", "rules.yml"], 3);
    let broken = bench.fails(&["-o", "acme", "--days", "7", "--keep-regex", "("], 3);
    assert!(broken.contains("`(` in keep.regexes is not a regular expression"), "{broken}");
    let json = bench.ok(&["-o", "acme", "--days", "7", "--output", "json"]);
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["repository"]["tags"].as_array().unwrap().len(), 3);
    assert_eq!(lines[2]["end"]["totals"]["expire"], 3);
}
