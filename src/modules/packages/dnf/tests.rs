//! `dnf` with a repository and a root of its own, where this host has dnf and what builds packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::modules::context::Ctx;
use crate::modules::testing::{run, with_ctx};

fn sh(line: &str) {
    let output = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn package(dir: &Path, name: &str, version: &str, fields: &str) {
    let spec = dir.join(format!("{name}.spec"));
    let text = format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: test\nLicense: none\nBuildArch: noarch\n{fields}\n\
         %description\ntest\n%files\n"
    );
    fs::write(&spec, text).unwrap();
    sh(&format!("rpmbuild -bb --define '_topdir {0}' --define '_rpmdir {0}/repo' {1}", dir.display(), spec.display()));
}

#[test]
fn packages_come_change_and_go() {
    with_ctx(|ctx| {
        if !["dnf", "rpmbuild", "createrepo_c"].into_iter().all(|name| ctx.has_program(name)) {
            eprintln!("skipped: this host has no dnf, rpmbuild and createrepo_c");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("root")).unwrap();
        fs::create_dir_all(at("repos")).unwrap();
        package(dir.path(), "alpha", "1.0", "");
        package(dir.path(), "beta", "1.0", "Requires: alpha");
        sh(&format!("createrepo_c -q {}", at("repo").display()));
        let conf = format!("[main]\nreposdir={}\ncachedir={}\n", at("repos").display(), at("cache").display());
        fs::write(at("dnf.conf"), conf).unwrap();
        let base = json!({
            "conf_file": at("dnf.conf"), "installroot": at("root"), "releasever": "1", "disable_gpg_check": true,
        });
        let with = |more: Json| {
            let mut args = base.clone();
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            args
        };
        let repository = json!({
            "name": "local", "description": "Local", "baseurl": format!("file://{}", at("repo").display()),
            "reposdir": at("repos"), "gpgcheck": false,
        });
        assert!(run(ctx, "yum_repository", repository).unwrap().changed);
        let keeps = |ctx: &mut Ctx, more: Json| {
            let mut step = |check: bool| {
                ctx.mode.check = check;
                run(ctx, "dnf", with(more.clone())).unwrap_or_else(|error| panic!("{more}: {}", error.full_message()))
            };
            let foreseen = step(true);
            assert!(foreseen.changed, "{more}: check mode foresees nothing");
            let done = step(false);
            assert!(done.changed, "{more}: nothing changed");
            assert_eq!(foreseen.values["results"], done.values["results"]);
            assert!(!step(false).changed && !step(true).changed, "{more}: not idempotent");
            ctx.mode.check = false;
            done
        };
        let done = keeps(ctx, json!({"name": "beta"}));
        assert_eq!(done.values["results"].as_list().unwrap().len(), 2, "{:?}", done.values);
        package(dir.path(), "alpha", "2.0", "");
        sh(&format!("createrepo_c -q {}", at("repo").display()));
        assert!(!run(ctx, "dnf", with(json!({"name": "alpha"}))).unwrap().changed);
        keeps(ctx, json!({"name": "alpha", "state": "latest", "update_cache": true}));
        let older = json!({"name": "alpha-1.0"});
        assert!(!run(ctx, "dnf", with(older)).unwrap().changed, "no older version unless it is allowed");
        keeps(ctx, json!({"name": "alpha-1.0", "allow_downgrade": true}));
        keeps(ctx, json!({"name": "*", "state": "latest"}));
        let error = run(ctx, "dnf", with(json!({"name": "nosuch"}))).unwrap_err();
        assert_eq!(error.message, "Failed to install some of the specified packages", "{:?}", error.values);
        assert!(!run(ctx, "dnf", with(json!({"name": "nosuch", "state": "absent"}))).unwrap().changed);
        keeps(ctx, json!({"name": "beta", "state": "absent"}));
        let listed = run(ctx, "dnf", with(json!({"list": "installed"}))).unwrap();
        assert_eq!(listed.values["results"].as_list().unwrap().len(), 1);
    });
}
