//! `apt` against a repository of our own and a root of its own: real apt and dpkg, no network, nothing of this host touched.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::modules::context::Ctx;
use crate::modules::outcome::Outcome;
use crate::modules::testing::{prove, run, snapshot, with_ctx};
use crate::value::Value;

/// A folder that apt and dpkg take for the host.
struct Root {
    dir: tempfile::TempDir,
}

fn sh(line: &str) -> String {
    let output = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Root {
    /// `None` on a host that has no apt.
    fn new(ctx: &mut Ctx) -> Option<Self> {
        let there = |name: &str| Path::new("/usr/bin").join(name).exists();
        if !["apt-get", "dpkg-deb", "dpkg-query"].into_iter().all(there) {
            eprintln!("skipped: this host has no apt");
            return None;
        }
        let root = Self { dir: tempfile::tempdir().unwrap() };
        let folders = [
            "repo",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/lib/apt/lists/partial",
            "etc/apt/sources.list.d",
            "var/cache/apt/archives/partial",
            "var/log/apt",
            "etc/apt/preferences.d",
            "etc/apt/trusted.gpg.d",
            "etc/apt/apt.conf.d",
            "etc/apt/auth.conf.d",
        ];
        for folder in folders {
            fs::create_dir_all(root.path(folder)).unwrap();
        }
        fs::write(root.path("var/lib/dpkg/status"), "").unwrap();
        fs::write(root.path("var/lib/dpkg/available"), "").unwrap();
        let at = root.path("").display().to_string();
        let architecture = sh("dpkg --print-architecture");
        let conf = format!(
            "Dir \"{at}\";\nDir::State::status \"{at}var/lib/dpkg/status\";\nDir::Log \"{at}var/log/apt\";\n\
             Dir::Bin::dpkg \"/usr/bin/dpkg\";\nAPT::Architecture \"{}\";\nAPT::Sandbox::User \"root\";\n\
             DPkg::Options {{ \"--root={at}\"; \"--force-script-chrootless\"; \"--force-not-root\"; \"--log={at}dpkg.log\"; }};\n",
            architecture.trim()
        );
        fs::write(root.path("apt.conf"), conf).unwrap();
        fs::write(root.path("etc/apt/sources.list"), format!("deb [trusted=yes] file:{at}repo ./\n")).unwrap();
        ctx.environment.insert("APT_CONFIG".into(), format!("{at}apt.conf"));
        ctx.environment.insert("DPKG_ADMINDIR".into(), format!("{at}var/lib/dpkg"));
        root.package("alpha", "1.0", "");
        root.package("alpha", "1.1", "");
        root.package("beta", "1.0", "Depends: alpha (>= 1.0)\nProvides: virtual-beta\n");
        root.package("lib-one", "1", "");
        root.package("lib-two", "1", "");
        root.index();
        Some(root)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn package(&self, name: &str, version: &str, fields: &str) -> PathBuf {
        let deb = self.path(&format!("repo/{name}_{version}_all.deb"));
        let build = tempfile::tempdir().unwrap();
        fs::create_dir_all(build.path().join("DEBIAN")).unwrap();
        fs::create_dir_all(build.path().join("usr/share").join(name)).unwrap();
        fs::create_dir_all(build.path().join("etc")).unwrap();
        fs::write(build.path().join("usr/share").join(name).join("version"), version).unwrap();
        fs::write(build.path().join("etc").join(format!("{name}.conf")), "x\n").unwrap();
        fs::write(build.path().join("DEBIAN/conffiles"), format!("/etc/{name}.conf\n")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nSection: misc\nPriority: optional\n\
             Maintainer: Nobody <nobody@example.org>\n{fields}Description: test\n"
        );
        fs::write(build.path().join("DEBIAN/control"), control).unwrap();
        sh(&format!("dpkg-deb --root-owner-group -b {} {} >/dev/null", build.path().display(), deb.display()));
        deb
    }

    /// Writes the repository's index anew.
    fn index(&self) {
        let mut text = String::new();
        let mut debs: Vec<_> = fs::read_dir(self.path("repo")).unwrap().map(|entry| entry.unwrap().path()).collect();
        debs.sort();
        for deb in debs.iter().filter(|path| path.extension().is_some_and(|ending| ending == "deb")) {
            let name = deb.file_name().unwrap().to_string_lossy();
            let sum = sh(&format!("sha256sum {} | cut -d' ' -f1", deb.display()));
            text += &sh(&format!("dpkg-deb -f {}", deb.display()));
            let size = fs::metadata(deb).unwrap().len();
            write!(text, "Filename: ./{name}\nSize: {size}\nSHA256: {}\n\n", sum.trim()).unwrap();
        }
        fs::write(self.path("repo/Packages"), text).unwrap();
    }

    fn version(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(&format!("usr/share/{name}/version"))).ok()
    }

    /// As `prove`, over everything that dpkg knows.
    fn keeps(&self, ctx: &mut Ctx, args: &Json) -> Outcome {
        prove(ctx, &self.path("var/lib/dpkg/info"), "apt", args)
    }
}

#[test]
fn packages_come_change_and_go() {
    with_ctx(|ctx| {
        let Some(root) = Root::new(ctx) else { return };
        let lists = snapshot(&root.path("var/lib/apt/lists"));
        ctx.mode.check = true;
        assert!(run(ctx, "apt", json!({"update_cache": true})).unwrap().changed);
        assert_eq!(snapshot(&root.path("var/lib/apt/lists")), lists);
        ctx.mode.check = false;
        let updated = run(ctx, "apt", json!({"update_cache": true})).unwrap();
        assert!(updated.changed);
        assert_eq!(updated.values.get("cache_updated"), Some(&Value::Bool(true)));
        let fresh = run(ctx, "apt", json!({"update_cache": true, "cache_valid_time": 3600})).unwrap();
        assert!(!fresh.changed);
        assert!(matches!(fresh.values.get("cache_update_time"), Some(Value::Int(time)) if *time > 0));

        root.keeps(ctx, &json!({"name": "alpha=1.0"}));
        assert_eq!(root.version("alpha").as_deref(), Some("1.0"));
        assert!(!run(ctx, "apt", json!({"name": ["alpha", "alpha=1.*"]})).unwrap().changed);
        let done = root.keeps(ctx, &json!({"name": "beta,alpha>=1.1"}));
        assert_eq!(root.version("alpha").as_deref(), Some("1.1"));
        assert!(done.values["stdout"].as_str().unwrap().contains("beta"), "{:?}", done.values["stdout"]);
        assert!(!run(ctx, "apt", json!({"name": "virtual-beta"})).unwrap().changed, "another package provides it");

        let older = json!({"name": "alpha=1.0"});
        let error = run(ctx, "apt", older).unwrap_err();
        assert!(error.full_message().contains("downgrade"), "{}", error.full_message());
        assert!(matches!(error.values.get("rc"), Some(Value::Int(100))));
        root.keeps(ctx, &json!({"name": "alpha=1.0", "allow_downgrade": true}));

        root.keeps(ctx, &json!({"name": "lib-*"}));
        assert!(root.version("lib-one").is_some() && root.version("lib-two").is_some());
        for name in ["nosuch", "nosuch*", "alpha>=9"] {
            let error = run(ctx, "apt", json!({"name": name})).unwrap_err();
            assert!(error.message.contains("No package"), "{}", error.message);
        }
        assert!(!run(ctx, "apt", json!({"name": "nosuch", "state": "absent"})).unwrap().changed);

        root.package("alpha", "2.0", "");
        root.index();
        let args = json!({"name": "alpha", "state": "latest", "update_cache": true});
        assert!(run(ctx, "apt", args.clone()).unwrap().changed);
        assert_eq!(root.version("alpha").as_deref(), Some("2.0"));
        assert!(!run(ctx, "apt", args).unwrap().changed);
        assert!(!run(ctx, "apt", json!({"name": "gamma", "state": "latest", "only_upgrade": true})).unwrap().changed);

        root.keeps(ctx, &json!({"name": "beta", "state": "absent"}));
        assert!(root.version("beta").is_none() && root.path("etc/beta.conf").exists());
        root.keeps(ctx, &json!({"name": "beta", "state": "absent", "purge": true}));
        assert!(!root.path("etc/beta.conf").exists());
    });
}

#[test]
fn files_upgrades_and_leftovers() {
    with_ctx(|ctx| {
        let Some(root) = Root::new(ctx) else { return };
        run(ctx, "apt", json!({"update_cache": true})).unwrap();
        root.keeps(ctx, &json!({"name": "beta"}));
        root.package("alpha", "3.0", "");
        root.index();
        run(ctx, "apt", json!({"update_cache": true})).unwrap();
        let done = root.keeps(ctx, &json!({"upgrade": "dist"}));
        assert!(done.msg.unwrap().contains("alpha"));
        assert_eq!(root.version("alpha").as_deref(), Some("3.0"));

        let deb = root.package("delta", "1.0", "Depends: lib-one\n");
        root.keeps(ctx, &json!({"deb": deb}));
        assert!(root.version("delta").is_some() && root.version("lib-one").is_some());
        root.keeps(ctx, &json!({"name": "delta", "state": "absent"}));
        root.keeps(ctx, &json!({"autoremove": true}));
        assert!(root.version("lib-one").is_none(), "nothing needed it any more");
        let older = root.path("repo/alpha_1.0_all.deb");
        assert!(run(ctx, "apt", json!({"deb": older})).unwrap_err().message.contains("later version"));
        root.keeps(ctx, &json!({"deb": format!("file://{}", older.display()), "allow_downgrade": true}));

        let held = json!({"name": "alpha", "selection": "hold"});
        let admin = root.path("var/lib/dpkg/info");
        let done = prove(ctx, &admin, "dpkg_selections", &held);
        assert_eq!(done.values.get("before"), Some(&Value::from("install")));
        assert!(!run(ctx, "apt", json!({"upgrade": "dist"})).unwrap().changed, "what is held stays");
        let facts = run(ctx, "package_facts", json!({"manager": "apt"})).unwrap().facts.unwrap();
        let alpha = facts["packages"].as_map().unwrap()["alpha"].as_list().unwrap()[0].as_map().unwrap().clone();
        assert_eq!(alpha.get("version"), Some(&Value::from("1.0")));
        assert_eq!(alpha.get("source"), Some(&Value::from("apt")));
    });
}

#[test]
fn sources_are_kept() {
    with_ctx(|ctx| {
        let Some(root) = Root::new(ctx) else { return };
        let etc = root.path("etc/apt");
        let repo = format!("deb [trusted=yes]  file:{} other/", root.path("").display());
        fs::create_dir(root.path("other")).unwrap();
        fs::write(root.path("other/Packages"), "").unwrap();
        let done = prove(ctx, &etc, "apt_repository", &json!({"repo": repo, "filename": "own"}));
        let path = root.path("etc/apt/sources.list.d/own.list");
        assert_eq!(done.values["sources_added"].as_list().unwrap(), [Value::from(path.display().to_string())]);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("# mine\n# {text}")).unwrap();
        prove(ctx, &etc, "apt_repository", &json!({"repo": repo}));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("# mine\n{text}"));
        prove(ctx, &etc, "apt_repository", &json!({"repo": repo, "state": "absent", "update_cache": false}));
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
        let before = snapshot(&etc);
        let broken = json!({"repo": "deb file:/no/such ./", "update_cache_retries": 1});
        assert!(run(ctx, "apt_repository", broken).is_err());
        assert_eq!(snapshot(&etc), before, "a source that cannot be read is taken back");
        assert!(run(ctx, "apt_repository", json!({"repo": "ppa:x/y"})).is_err());
        assert!(run(ctx, "apt_repository", json!({"repo": "deb nothing"})).is_err());

        let key = root.path("key.asc");
        fs::write(&key, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n").unwrap();
        let args = json!({
            "name": "My Repo_X", "types": ["deb", "deb-src"], "uris": ["http://a/b", "http://c"], "suites": "stable",
            "components": ["main", "contrib"], "enabled": false, "date_max_future": 3, "by_hash": true,
            "signed_by": format!("file://{}", key.display()),
        });
        let done = prove(ctx, &etc, "deb822_repository", &args);
        let signed = root.path("etc/apt/keyrings/my-repo-x.asc").display().to_string();
        assert_eq!(done.values.get("key_filename"), Some(&Value::from(signed.as_str())));
        let expected = format!(
            "By-Hash: yes\nComponents: main contrib\nDate-Max-Future: 3\nEnabled: no\nX-Repolib-Name: My Repo_X\n\
             Signed-By: {signed}\nSuites: stable\nTypes: deb deb-src\nURIs: http://a/b http://c\n"
        );
        assert_eq!(fs::read_to_string(root.path("etc/apt/sources.list.d/my-repo-x.sources")).unwrap(), expected);
        let armored = fs::read_to_string(&key).unwrap();
        let args = json!({"name": "k", "uris": "http://a", "suites": "./", "signed_by": armored});
        let done = prove(ctx, &etc, "deb822_repository", &args);
        assert!(
            done.values["repo"]
                .as_str()
                .unwrap()
                .contains("Signed-By:\n    -----BEGIN PGP PUBLIC KEY BLOCK-----\n    .\n    abc\n    -----END PGP")
        );
        prove(ctx, &etc, "deb822_repository", &json!({"name": "My Repo_X", "state": "absent"}));
        assert!(!Path::new(&signed).exists());
    });
}
