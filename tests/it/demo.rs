//! `make demo`, with the binary under test: to its end twice, and interrupted from the terminal at several moments.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::{BINARY, copy_tree, root};

/// A copy of what the demo needs, so that it does not meet one that a developer runs in `target/demo`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scripts", "playbooks", "roles", "inventories"] {
        let target = folder.path().join(name);
        fs::create_dir(&target).unwrap();
        copy_tree(&root().join(name), &target, &[]);
    }
    folder
}

fn demo(folder: &Path) -> Command {
    let mut command = Command::new("bash");
    command.arg(folder.join("scripts/demo.sh")).arg(BINARY).current_dir("/").env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", folder).stdin(Stdio::null());
    command
}

/// The command lines of processes that work in the folder.
fn left(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        if fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)) {
            found.push(fs::read_to_string(process.path().join("cmdline")).unwrap_or_default().replace('\0', " "));
        }
    }
    found
}

#[test]
fn the_demo_runs_twice_and_leaves_nothing_running() {
    let folder = folder();
    for round in 1..=2 {
        let output = demo(folder.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "round {round}\n{text}");
        for part in [" changed=0 unreachable=0 failed=0 ", "What exists now", "skopeo list-tags", "_token"] {
            assert!(text.contains(part), "round {round}: no `{part}` in\n{text}");
        }
        assert_eq!(left(folder.path()), [""; 0], "round {round}");
    }
    let mut made: Vec<_> =
        fs::read_dir(folder.path().join("target")).unwrap().map(|e| e.unwrap().file_name()).collect();
    made.sort();
    assert_eq!(made, ["demo"]);
}

#[test]
fn an_interrupted_demo_ends_with_a_recap_and_130() {
    for (at, recap) in [
        ("TASK [quaymaster.quay.quay_bootstrap", true),
        ("TASK [quaymaster.quay.quay_project", true),
        ("5. Prune", false),
    ] {
        let folder = folder();
        // a terminal sends the signal to the whole foreground group
        let mut child =
            demo(folder.path()).process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.lines().last().is_some_and(|line| line.contains(at)) {
            assert!(out.read_line(&mut text).unwrap() > 0, "the demo ended before `{at}`:\n{text}");
        }
        assert!(left(folder.path()).iter().any(|line| line.contains(" sandbox ")), "the sandbox is seen while it runs");
        let group = format!("-{}", child.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
        out.read_to_string(&mut text).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "at `{at}`:\n{text}");
        assert!(!recap || text.rsplit("PLAY [").next().unwrap().contains("RECAP"), "at `{at}`: no recap\n{text}");
        let deadline = Instant::now() + Duration::from_secs(5);
        while !left(folder.path()).is_empty() {
            assert!(Instant::now() < deadline, "at `{at}` there runs still: {:?}", left(folder.path()));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
