//! `git` against repositories of this disk.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::modules::context::Ctx;
use crate::modules::outcome::Outcome;
use crate::modules::testing::{run, with_ctx};
use crate::value::Value;

fn git(dir: &Path, line: &str) -> String {
    let output = Command::new("sh")
        .args(["-ec", line])
        .current_dir(dir)
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_COUNT", "3")
        .env("GIT_CONFIG_KEY_0", "user.name")
        .env("GIT_CONFIG_VALUE_0", "T")
        .env("GIT_CONFIG_KEY_1", "user.email")
        .env("GIT_CONFIG_VALUE_1", "t@example.org")
        .env("GIT_CONFIG_KEY_2", "protocol.file.allow")
        .env("GIT_CONFIG_VALUE_2", "always")
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Check mode foresees it, a run does it, and then nothing is left to do.
fn keeps(ctx: &mut Ctx, args: &Json) -> Outcome {
    let mut step = |check: bool| {
        ctx.mode.check = check;
        run(ctx, "git", args.clone()).unwrap_or_else(|error| panic!("{args}: {}", error.full_message()))
    };
    let foreseen = step(true);
    assert!(foreseen.changed, "{args}: check mode foresees nothing");
    let done = step(false);
    assert!(done.changed, "{args}: nothing changed");
    assert_eq!(foreseen.values.get("before"), done.values.get("before"));
    for check in [false, true] {
        assert!(!step(check).changed, "{args}: not idempotent (check mode: {check})");
    }
    ctx.mode.check = false;
    done
}

fn setup(dir: &Path) {
    fs::create_dir(dir.join("up")).unwrap();
    git(&dir.join("up"), "git init -q -b main; echo 1 > f; git add f; git commit -qm one; git tag -m first v1");
    git(&dir.join("up"), "echo 2 > f; git commit -qam two; git branch side; echo 3 > f; git commit -qam three");
}

#[test]
fn clones_follow_versions() {
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        setup(dir.path());
        let text = |name: &str| fs::read_to_string(at(name)).unwrap();
        let base = json!({"repo": at("up"), "dest": at("a/clone")});
        let with = |more: Json| {
            let mut args = base.clone();
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            args
        };
        let head = git(&at("up"), "git rev-parse HEAD");
        let done = keeps(ctx, &base);
        assert_eq!(done.values.get("before"), Some(&Value::Null));
        assert_eq!(done.values.get("after"), Some(&Value::from(head.as_str())));
        assert_eq!(git(&at("a/clone"), "git symbolic-ref --short HEAD"), "main");
        keeps(ctx, &with(json!({"version": "v1"})));
        assert_eq!(text("a/clone/f"), "1\n");
        keeps(ctx, &with(json!({"version": "side"})));
        assert_eq!(text("a/clone/f"), "2\n");
        let short = git(&at("up"), "git rev-parse --short=10 v1^{commit}");
        keeps(ctx, &with(json!({"version": short})));
        keeps(ctx, &base);
        git(&at("up"), "echo 4 > f; git commit -qam four");
        assert!(!run(ctx, "git", with(json!({"update": false}))).unwrap().changed);
        keeps(ctx, &base);
        assert_eq!(text("a/clone/f"), "4\n");

        fs::write(at("a/clone/f"), "mine\n").unwrap();
        fs::write(at("a/clone/untracked"), "mine\n").unwrap();
        let error = run(ctx, "git", base.clone()).unwrap_err();
        assert!(error.message.contains("Local modifications"), "{}", error.message);
        keeps(ctx, &with(json!({"force": true})));
        assert_eq!(text("a/clone/f"), "4\n");
        assert!(at("a/clone/untracked").exists());

        git(dir.path(), "git clone -q --bare up moved.git");
        let moved = keeps(ctx, &with(json!({"repo": at("moved.git")})));
        assert_eq!(moved.values.get("remote_url_changed"), Some(&Value::Bool(true)));
        let error = run(ctx, "git", with(json!({"version": "nosuch", "repo": at("moved.git")}))).unwrap_err();
        assert!(error.message.contains("Could not determine remote revision"), "{}", error.message);
    });
}

#[test]
fn bare_shallow_separate_and_archived() {
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        setup(dir.path());
        let up = format!("file://{}", at("up").display());
        keeps(ctx, &json!({"repo": up, "dest": at("shallow"), "depth": 1, "version": "side"}));
        assert_eq!(git(&at("shallow"), "git rev-list --count HEAD"), "1");
        keeps(ctx, &json!({"repo": up, "dest": at("shallow"), "depth": 1, "version": "main", "single_branch": true}));
        keeps(ctx, &json!({"repo": up, "dest": at("bare"), "bare": true}));
        assert!(at("bare/HEAD").is_file());
        git(&at("up"), "echo 4 > f; git commit -qam four");
        keeps(ctx, &json!({"repo": up, "dest": at("bare"), "bare": true}));
        let args =
            json!({"repo": up, "dest": at("work"), "separate_git_dir": at("own.git"), "archive": at("v.tar.gz")});
        keeps(ctx, &args);
        assert!(at("own.git/HEAD").is_file() && at("work/.git").is_file());
        assert_eq!(git(dir.path(), "tar xzOf v.tar.gz f"), "4");
        keeps(ctx, &json!({"repo": up, "dest": at("work")}));
        assert!(at("work/.git").is_dir(), "git's files came back");
        git(&at("up"), "git update-ref refs/pull/1/head side");
        let args = json!({"repo": up, "dest": at("pull"), "version": "refs/pull/1/head"});
        keeps(ctx, &args);
        assert_eq!(fs::read_to_string(at("pull/f")).unwrap(), "2\n");
    });
}

#[test]
fn submodules_come_along() {
    with_ctx(|ctx| {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        setup(dir.path());
        for (name, value) in [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "protocol.file.allow")] {
            ctx.environment.insert(name.into(), value.into());
        }
        ctx.environment.insert("GIT_CONFIG_VALUE_0".into(), "always".into());
        fs::create_dir(at("top")).unwrap();
        git(
            &at("top"),
            &format!("git init -q -b main; git submodule -q add {} sub; git commit -qm one", at("up").display()),
        );
        let args = json!({"repo": at("top"), "dest": at("clone")});
        keeps(ctx, &args);
        assert_eq!(fs::read_to_string(at("clone/sub/f")).unwrap(), "3\n");
        git(&at("up"), "echo 4 > f; git commit -qam four");
        assert!(!run(ctx, "git", args).unwrap().changed, "the repository names the old commit");
        let args = json!({"repo": at("top"), "dest": at("clone"), "track_submodules": true});
        keeps(ctx, &args);
        assert_eq!(fs::read_to_string(at("clone/sub/f")).unwrap(), "4\n");
        assert!(!run(ctx, "git", json!({"repo": at("top"), "dest": at("n"), "recursive": false})).unwrap().skipped);
        assert!(!at("n/sub/f").exists());
    });
}
