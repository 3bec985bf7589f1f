//! Runs the real binary in an isolated folder and compares everything it did with a golden transcript.
//!
//! A case is a folder `tests/golden/<area>/<case>/`. Its files are copied into an empty folder; `cmd` says what is run there,
//! one line each:
//!
//! - `quaymaster play site.yml -v`: the binary with these arguments (split as a shell splits words, no expansion);
//! - `ansible-playbook site.yml`, `ansible`, `ansible-inventory` …: the binary called by that name;
//! - `env NAME=VALUE`: for the commands that follow (`$DIR` stands for the folder, `$QUAY` for the sandbox's URL);
//! - `sandbox [ARG …]`: starts a sandbox registry on a free port, `$QUAY` from here on;
//! - `write PATH TEXT`, `remove PATH`, `mode PATH MODE`: prepares files between commands;
//! - `stdin TEXT`: what the next command reads.
//!
//! `expected` holds each command with its stdout, stderr and exit code, and at the end every file that was made or changed.
//! `UPDATE_GOLDEN=1 cargo test --test it golden` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_quaymaster");

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command of the binary in a clean environment, with `dir` as its folder and home.
pub fn quaymaster(dir: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// A sandbox registry of the binary's own; ended when dropped.
pub struct Sandbox {
    child: Child,
    /// Its URL without a trailing slash.
    pub url: String,
}

impl Sandbox {
    /// Starts one with its state under `state`.
    pub fn start(state: &Path, args: &[String]) -> Self {
        let mut child = quaymaster(state.parent().unwrap())
            .args(["sandbox", "--listen", "127.0.0.1:0", "--state"])
            .arg(state)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http"))
            .map(|url| url.trim_end_matches('/').to_owned());
        let Some(url) = url else {
            let output = child.wait_with_output().unwrap();
            panic!("the sandbox did not start: {line}{}", String::from_utf8_lossy(&output.stderr));
        };
        Self { child, url }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs all cases of an area and reports every difference.
pub fn golden(area: &str) {
    let folder = root().join("tests/golden").join(area);
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    let only = std::env::var("GOLDEN_CASE").ok();
    let mut failures = String::new();
    for case in cases {
        if only.as_ref().is_some_and(|only| !case.ends_with(only)) {
            continue;
        }
        let actual = run_case(&case);
        let file = case.join("expected");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, actual).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if expected != actual {
            let _ = writeln!(failures, "== {}\n{}", case.display(), difference(&expected, &actual));
        }
    }
    assert!(failures.is_empty(), "transcripts differ (- expected, + actual):\n{failures}");
}

/// What changed between two texts, with two lines before.
pub fn difference(expected: &str, actual: &str) -> String {
    let old: Vec<_> = expected.lines().collect();
    let new: Vec<_> = actual.lines().collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for line in &old[head.saturating_sub(2)..head] {
        let _ = writeln!(out, "  {line}");
    }
    for line in &old[head..old.len() - tail] {
        let _ = writeln!(out, "- {line}");
    }
    for line in &new[head..new.len() - tail] {
        let _ = writeln!(out, "+ {line}");
    }
    out
}

fn run_case(case: &Path) -> String {
    let temp = tempfile::tempdir().unwrap();
    // the name of the folder is part of messages, so it is always the same
    let dir = temp.path().join("case");
    fs::create_dir(&dir).unwrap();
    copy_tree(case, &dir, &["cmd", "expected"]);
    let before = snapshot(&dir);
    let script = fs::read_to_string(case.join("cmd")).unwrap();
    let mut env: Vec<(String, String)> = Vec::new();
    let mut sandbox: Option<Sandbox> = None;
    let mut stdin = String::new();
    let mut out = String::new();
    for line in script.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let url = sandbox.as_ref().map_or_else(String::new, |sandbox| sandbox.url.clone());
        let expanded = line.replace("$DIR", dir.to_str().unwrap()).replace("$QUAY", &url);
        let mut words = split_words(&expanded);
        let verb = words.remove(0);
        match verb.as_str() {
            "env" => env.push(words[0].split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap()),
            "sandbox" => sandbox = Some(Sandbox::start(&temp.path().join("sandbox"), &words)),
            "write" => fs::write(dir.join(&words[0]), words[1].replace("\\n", "\n")).unwrap(),
            "remove" => fs::remove_file(dir.join(&words[0])).unwrap(),
            "mode" => {
                let mode = u32::from_str_radix(&words[1], 8).unwrap();
                fs::set_permissions(dir.join(&words[0]), fs::Permissions::from_mode(mode)).unwrap();
            }
            "stdin" => stdin = words[0].replace("\\n", "\n"),
            "quaymaster" | "ansible" | "ansible-playbook" | "ansible-inventory" | "ansible-vault" | "ansible-doc"
            | "ansible-config" => {
                let mut command = quaymaster(&dir);
                command.arg0(&verb);
                command.args(&words).envs(env.iter().cloned());
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut child = command.spawn().unwrap();
                // a command that reads nothing may be gone already
                let _ = child.stdin.take().unwrap().write_all(std::mem::take(&mut stdin).as_bytes());
                let result = child.wait_with_output().unwrap();
                let _ = writeln!(out, "$ {line}");
                section(&mut out, "", &result.stdout, &dir, &url);
                section(&mut out, "2> ", &result.stderr, &dir, &url);
                let _ = writeln!(
                    out,
                    "[exit {}]",
                    result.status.code().map_or("by signal".to_owned(), |code| code.to_string())
                );
            }
            other => panic!("{}: unknown verb {other}", case.display()),
        }
    }
    for (path, state) in snapshot(&dir) {
        if before.get(&path) != Some(&state) {
            let _ = write!(
                out,
                "\n== {path} {}",
                filter(&state, &dir, &sandbox.as_ref().map_or_else(String::new, |s| s.url.clone()))
            );
        }
    }
    for path in before.keys().filter(|path| !dir.join(path).exists()) {
        let _ = write!(out, "\n== {path} removed\n");
    }
    out
}

fn section(out: &mut String, prefix: &str, text: &[u8], dir: &Path, url: &str) {
    for line in filter(&String::from_utf8_lossy(text), dir, url).lines() {
        let _ = writeln!(out, "{}", format!("{prefix}{line}").trim_end());
    }
}

/// Replaces what differs from run to run: the folder, the sandbox's address, durations and times.
fn filter(text: &str, dir: &Path, url: &str) -> String {
    let mut text = text.replace(dir.to_str().unwrap(), "$DIR");
    if !url.is_empty() {
        text = text.replace(url, "$QUAY").replace(url.trim_start_matches("http://"), "$QUAY_HOST");
    }
    for (pattern, with) in [
        (r"\d+\.\d+ ?s\b", "[TIME]"),
        (r#""(elapsed|seconds)":\d+(\.\d+)?(e-?\d+)?"#, "\"$1\":0"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "[DATE]"),
        (r"\d:\d\d:\d\d\.\d{6}", "[DELTA]"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
    }
    text
}

/// Words as a shell splits them: blanks separate, single and double quotes hold together.
pub fn split_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut open) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => (quote, open) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            (_, c) => word.push(c),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

/// Copies a folder's content, leaving out some names at its top.
pub fn copy_tree(from: &Path, to: &Path, without: &[&str]) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if without.iter().any(|skip| name == *skip) {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_tree(&entry.path(), &target, &[]);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file, folder and link below `dir`, with its mode and content.
pub fn snapshot(dir: &Path) -> BTreeMap<String, String> {
    fn walk(dir: &Path, base: &Path, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
            let meta = fs::symlink_metadata(&path).unwrap();
            let mode = meta.permissions().mode() & 0o7777;
            if meta.is_symlink() {
                out.insert(name, format!("-> {}\n", fs::read_link(&path).unwrap().display()));
            } else if meta.is_dir() {
                out.insert(format!("{name}/"), format!("{mode:04o}\n"));
                walk(&path, base, out);
            } else {
                let content = fs::read(&path).unwrap();
                let text = String::from_utf8(content).unwrap_or_else(|e| format!("({} bytes)\n", e.as_bytes().len()));
                let end = if text.is_empty() || text.ends_with('\n') { "" } else { "(no newline)\n" };
                let newline = if end.is_empty() { "" } else { "\n" };
                out.insert(name, format!("{mode:04o}\n{text}{newline}{end}"));
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(dir, dir, &mut out);
    out
}
