//! The shipped playbooks, played against the sandbox: twice, killed half-way, interrupted, and searched for secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::harness::{Sandbox, copy_tree, quaymaster, root};

/// Passwords and names that occur nowhere else, so that a search for them cannot be fooled.
const VARIABLES: &str = "
quay_users:
  admin: {email: admin@somemail.com, password: zq7-admin-passphrase, token: ''}
  someuser: {email: someuser@someemail.com, password: zq7-someuser-passphrase}
  generated: {email: generated@someemail.com}
";

struct Site {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self::with(&[])
    }

    /// With more arguments for the sandbox.
    fn with(sandbox_args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["playbooks", "roles", "inventories"] {
            let target = folder.path().join(name);
            fs::create_dir(&target).unwrap();
            copy_tree(&root().join(name), &target, &[]);
        }
        fs::write(folder.path().join("users.yml"), VARIABLES).unwrap();
        let args: Vec<String> =
            ["--superuser", "admin"].iter().chain(sandbox_args).map(|arg| (*arg).to_owned()).collect();
        let sandbox = Sandbox::start(&folder.path().join("registry"), &args);
        Self { sandbox, folder }
    }

    fn tokens(&self) -> std::path::PathBuf {
        self.folder.path().join("tokens")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = quaymaster(self.folder.path());
        command.env("QUAY_URL", &self.sandbox.url).env("QUAY_TOKEN_DIR", self.tokens());
        command.args(["play", "-i", "inventories/sandbox", "playbooks/site.yml", "-e", "@users.yml"]).args(args);
        command
    }

    fn play(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert!(
            output.status.success(),
            "{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// The requests since the `seq`th, as the sandbox logged them.
    fn requests(&self, seq: usize) -> Vec<Json> {
        let log = fs::read_to_string(self.folder.path().join("registry/requests.jsonl")).unwrap();
        log.lines().skip(seq).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Everything that the registry holds, without times, tokens and ids that differ from run to run.
    fn state(&self) -> String {
        let connection = rusqlite::Connection::open(self.folder.path().join("registry/quay.db")).unwrap();
        let mut out = String::new();
        for (title, query) in [
            ("accounts", "SELECT kind || ' ' || name FROM accounts ORDER BY 1"),
            (
                "members",
                "SELECT t.name || ' ' || t.role || ' ' || a.name FROM team_members m JOIN teams t ON t.id = m.team_id \
                 JOIN accounts a ON a.id = m.account_id ORDER BY 1",
            ),
            ("repositories", "SELECT name || ' ' || visibility FROM repositories ORDER BY 1"),
            ("prototypes", "SELECT role || ' ' || organization_id FROM prototypes ORDER BY 1"),
            ("applications", "SELECT name || ' ' || organization_id FROM applications ORDER BY 1"),
        ] {
            let mut statement = connection.prepare(query).unwrap();
            let rows: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            out = out + title + ": " + &rows.join(", ") + "\n";
        }
        out
    }
}

fn is_write(request: &Json) -> bool {
    !matches!(request["method"].as_str().unwrap(), "GET" | "HEAD")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_second_play_changes_nothing_and_sends_no_write() {
    let site = Site::new();
    let first = site.play(&[]);
    assert!(!text(&first).contains(" changed=0 "), "{}", text(&first));
    let before = site.requests(0).len();
    let second = site.play(&[]);
    assert!(text(&second).contains(" changed=0 unreachable=0 failed=0 "), "{}", text(&second));
    let requests = site.requests(before);
    let writes: Vec<_> = requests.iter().filter(|request| is_write(request)).collect();
    assert!(writes.is_empty(), "{writes:#?}");
    // a bearer call costs a real Quay most of a second, so their number is held down
    assert!(requests.len() <= 34, "{} requests: {requests:#?}", requests.len());
}

#[test]
fn check_mode_changes_nothing_and_predicts_the_play() {
    let site = Site::new();
    site.play(&[]);
    let before = site.requests(0).len();
    let checked = site.play(&["--check", "--diff"]);
    assert!(text(&checked).contains(" changed=0 unreachable=0 failed=0 "), "{}", text(&checked));
    assert!(!site.requests(before).iter().any(is_write));
}

#[test]
fn no_secret_is_shown_or_left_outside_the_token_folder() {
    let site = Site::new();
    let mut shown = text(&site.play(&["-vvv", "--diff"]));
    shown += &text(&site.play(&["-vvv", "--output", "json", "--diff"]));
    let mut secrets = vec!["zq7-admin-passphrase".to_owned(), "zq7-someuser-passphrase".to_owned()];
    let mut files = vec![site.tokens()];
    while let Some(path) = files.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            secrets.extend(fs::read_to_string(&path).unwrap().split_whitespace().map(str::to_owned));
        }
    }
    assert!(secrets.len() > 6, "tokens were written");
    for secret in &secrets {
        assert!(!shown.contains(secret.as_str()), "{secret} is in the output");
        for file in files_below(site.folder.path()) {
            let allowed = file.starts_with(site.tokens())
                || file.ends_with("users.yml")
                || file.starts_with(site.folder.path().join("registry"));
            let content = fs::read(&file).unwrap();
            let found = content.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(allowed || !found, "{secret} is in {}", file.display());
        }
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { out.push(path) }
        }
    }
    out
}

#[test]
fn a_play_killed_at_any_moment_and_played_again_ends_the_same() {
    let whole = Site::new();
    whole.play(&[]);
    let wanted = whole.state();
    let requests = whole.requests(0).len();
    for kill_after in [1, requests / 6, requests / 3, requests / 2, requests * 2 / 3, requests - 2] {
        let site = Site::new();
        let mut child = site.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        while site.requests(0).len() < kill_after && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the play hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        site.play(&[]);
        assert_eq!(site.state(), wanted, "killed after {kill_after} requests");
        let again = site.play(&[]);
        assert!(text(&again).contains(" changed=0 unreachable=0 failed=0 "), "{}", text(&again));
    }
}

#[test]
fn an_interrupt_ends_with_a_recap_and_130() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("started");
    let playbook = format!(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: Long\n      shell: touch {} && sleep 61.7\n    - debug:\n",
        marker.display()
    );
    fs::write(folder.path().join("site.yml"), playbook).unwrap();
    let child = quaymaster(folder.path())
        .args(["play", "site.yml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !marker.exists() {
        assert!(Instant::now() < deadline, "the task did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert!(text(&output).contains("RECAP") && text(&output).contains("interrupted"), "{}", text(&output));
    let left = Command::new("pgrep").args(["-f", "sleep 61.7"]).output().unwrap();
    assert!(left.stdout.is_empty(), "the command still runs: {}", String::from_utf8_lossy(&left.stdout));
}

#[test]
fn a_filled_registry_is_pruned_by_the_shipped_playbook() {
    let site = Site::new();
    site.play(&[]);
    fs::copy(root().join("scripts/demo-fill.yml"), site.folder.path().join("fill.yml")).unwrap();
    let play = |playbook: &str, args: &[&str]| {
        let mut command = quaymaster(site.folder.path());
        command.env("QUAY_URL", &site.sandbox.url).env("QUAY_TOKEN_DIR", site.tokens());
        let output = command.args(["play", "-i", "inventories/sandbox", playbook]).args(args).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    play("fill.yml", &[]);
    let before = site.requests(0).len();
    let plan = play("playbooks/prune.yml", &[]);
    // of `app` the nights 8 to 29 days ago go, of `base` all but the newest, `nova` has nothing within 14 days but 7 tags
    assert!(plan.contains("changed=0"), "{plan}");
    assert!(!site.requests(before).iter().any(is_write), "a plan sends no write");
    let done = play("playbooks/prune.yml", &["-e", "quay_prune_confirm=true"]);
    assert!(!done.contains("changed=0"), "{done}");
    let expired = site.requests(before).iter().filter(|request| is_write(request)).count();
    assert!(expired > 20, "{expired} tags were expired");
    let again = play("playbooks/prune.yml", &["-e", "quay_prune_confirm=true"]);
    assert!(again.contains("changed=0"), "{again}");
}

/// Over TLS with a CA of its own: as first user with passwords, then from elsewhere with tokens alone.
#[test]
fn a_registry_with_its_own_ca_is_bootstrapped_and_later_kept_with_tokens_alone() {
    let tls = |name: &str| root().join("tests/data/tls").join(name).to_str().unwrap().to_owned();
    let site = Site::with(&["--tls-cert", &tls("cert.pem"), "--tls-key", &tls("key.pem")]);
    assert!(site.sandbox.url.starts_with("https://"), "{}", site.sandbox.url);
    let strict = ["-e", "quay_validate_cert=true"];
    let unknown = site.command(&strict).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown));
    assert!(text(&unknown).contains("give that authority's certificate with `ca_path`"), "{}", text(&unknown));
    let ca = format!("quay_ca_path={}", tls("ca.pem"));
    let trusted = ["-e", "quay_validate_cert=true", "-e", &ca];
    site.play(&trusted);
    assert!(text(&site.play(&trusted)).contains(" changed=0 unreachable=0 failed=0 "));

    let token = |user: &str| fs::read_to_string(site.tokens().join(format!("{user}_token"))).unwrap().trim().to_owned();
    let pruner = |organization: &str| token(&format!("{organization}_pruner"));
    let tokens_alone = format!(
        "quay_users:\n  admin: {{token: {}}}\n  someuser: {{token: {}}}\n  generated: {{token: {}}}\n\
         quay_organizations:\n  someuser:\n    - {{name: myorganization1, prune_days: 7, token: {}, repositories: [app]}}\n    \
         - {{name: myorganization2, prune_days: 14, token: {}}}\n",
        token("admin"),
        token("someuser"),
        token("generated"),
        pruner("myorganization1"),
        pruner("myorganization2")
    );
    fs::write(site.folder.path().join("users.yml"), tokens_alone).unwrap();
    fs::rename(site.tokens(), site.folder.path().join("elsewhere")).unwrap();
    let before = site.requests(0).len();
    let later = site.play(&["-vvv", "--diff"].iter().chain(&trusted).copied().collect::<Vec<_>>());
    for user in ["admin", "someuser", "myorganization1_pruner"] {
        assert!(!text(&later).contains(&token(user)), "the token of {user} is in the output");
    }
    // a robot's token can be read back, so its file is written anew
    let writes: Vec<_> = site.requests(before).into_iter().filter(is_write).collect();
    assert!(writes.is_empty(), "{writes:#?}\n{}", text(&later));
    assert!(text(&site.play(&trusted)).contains(" changed=0 unreachable=0 failed=0 "));

    fs::write(site.folder.path().join("users.yml"), "quay_users: {admin: {email: admin@somemail.com}}\n").unwrap();
    fs::remove_dir_all(site.tokens()).unwrap();
    let neither = site.command(&trusted).output().unwrap();
    assert_eq!(neither.status.code(), Some(2), "{}", text(&neither));
    assert!(text(&neither).contains("its `token` is enough"), "{}", text(&neither));
}
