//! What a program did with a case: asked of ansible (or remembered from an earlier asking) and of quaymaster.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::case::Case;
use super::narrative::{ansible, quaymaster};
use crate::harness::{quaymaster as binary, root, snapshot};

/// One command of a case.
#[derive(Serialize, Deserialize)]
pub struct Run {
    pub exit: i32,
    pub events: Vec<Json>,
    pub stderr: String,
}

/// What came of a case.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    runs: Vec<Run>,
    /// The files that were made or changed, as text.
    files: String,
    /// The case's folder while it ran.
    dir: String,
    by_ansible: bool,
}

impl Answer {
    /// The answer as lines that are the same for two programs that agree.
    pub fn narrative(&self) -> String {
        let mut text = String::new();
        for run in &self.runs {
            text.push_str(&if self.by_ansible { ansible(run) } else { quaymaster(run) });
        }
        text.push_str(&self.files);
        text.replace(&self.dir, "$DIR")
    }

    /// What the program said beside its events.
    pub fn complaints(&self) -> Vec<&str> {
        self.runs.iter().flat_map(|run| run.stderr.lines()).filter(|line| !line.is_empty()).take(12).collect()
    }
}

/// The folder for environments, answers and cases at work.
fn target(name: &str) -> PathBuf {
    let path = root().join("target/differential").join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A folder in which a case is unpacked, and one beside it.
fn prepare(case: &Case, base: &Path) -> (PathBuf, PathBuf) {
    let (dir, out) = (base.join("case"), base.join("out"));
    fs::create_dir_all(&dir).unwrap();
    fs::create_dir_all(&out).unwrap();
    case.unpack(&dir);
    (dir, out)
}

/// What differs in `dir` from the case's own files.
fn made(case: &Case, dir: &Path) -> String {
    let fresh = tempfile::tempdir().unwrap();
    case.unpack(fresh.path());
    let before = snapshot(fresh.path());
    let after = snapshot(dir);
    let mut text = String::new();
    for (path, state) in &after {
        if before.get(path) != Some(state) {
            let _ = write!(text, "file {path} {state}");
        }
    }
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        let _ = writeln!(text, "removed {path}");
    }
    text
}

/// Asks quaymaster.
pub fn of_quaymaster(case: &Case) -> Answer {
    let temp = tempfile::tempdir_in(target("work")).unwrap();
    let (dir, out) = prepare(case, temp.path());
    let runs = case.runs.iter().map(|words| {
        let mut command = binary(&dir);
        command.env("HOME", &out).envs(case.env.iter().map(|(name, value)| (name, value)));
        command.arg("play").args(words).args(["--output", "json"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // a command that reads nothing may be gone already
        let _ = child.stdin.take().unwrap().write_all(case.stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            exit: output.status.code().unwrap_or(-1),
            events: json_lines(&output.stdout),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    });
    let runs = runs.collect();
    Answer { runs, files: made(case, &dir), dir: dir.display().to_string(), by_ansible: false }
}

/// Asks ansible about every case that it was not asked before.
pub fn of_ansible(cases: &[Case], jobs: usize) -> Vec<Answer> {
    let script = root().join("scripts/ansible-venv.sh");
    let made_venv = Command::new(&script).status().unwrap();
    assert!(made_venv.success(), "{} could not make what the differential tests compare with", script.display());
    let remembered: Vec<PathBuf> = cases.iter().map(memory).collect();
    let open: Vec<usize> = (0..cases.len()).filter(|index| !remembered[*index].exists()).collect();
    // several at a time: what is answered is remembered even when a later one goes wrong
    for some in open.chunks(50) {
        ask(&some.iter().map(|index| (&cases[*index], remembered[*index].as_path())).collect::<Vec<_>>(), jobs);
    }
    remembered.iter().map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect()
}

fn driver() -> PathBuf {
    root().join("tests/differential/ansible")
}

/// Where the answer to a case is kept: it depends on the case, on ansible's version and on how it is asked.
fn memory(case: &Case) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update(case.identity());
    for file in ["requirements.txt", "driver.py", "ansible.cfg", "callback/stream.py"] {
        hash.update(fs::read(driver().join(file)).unwrap());
    }
    let hash = u128::from_be_bytes(hash.finalize()[..16].try_into().unwrap());
    target("answers").join(format!("{hash:032x}.json"))
}

fn ask(cases: &[(&Case, &Path)], jobs: usize) {
    let temp = tempfile::tempdir_in(target("work")).unwrap();
    let folders: Vec<_> =
        cases.iter().enumerate().map(|(n, (case, _))| prepare(case, &temp.path().join(n.to_string()))).collect();
    let list: Vec<Json> = cases
        .iter()
        .zip(&folders)
        .map(|((case, _), (dir, out))| {
            let env: serde_json::Map<_, _> = case.env.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            json!({"runs": case.runs, "dir": dir, "out": out, "env": env, "stdin": case.stdin})
        })
        .collect();
    let mut child = Command::new(root().join("target/ansible/bin/python"))
        .arg("-B")
        .arg(driver().join("driver.py"))
        .arg(jobs.to_string())
        .current_dir(temp.path())
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", temp.path())
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(list).to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "the driver of ansible-core failed");
    for ((case, memory), (dir, out)) in cases.iter().zip(&folders) {
        let runs = (0..case.runs.len()).map(|n| {
            let read = |what: &str| fs::read(out.join(format!("{n}.{what}")));
            let exit = read("exit").unwrap_or_else(|_| {
                let said = read("stderr").map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
                panic!("ansible did not end {case}:\n{said}")
            });
            Run {
                exit: String::from_utf8(exit).unwrap().parse().unwrap(),
                events: json_lines(&read("events").unwrap()),
                stderr: String::from_utf8_lossy(&read("stderr").unwrap()).into_owned(),
            }
        });
        let runs = runs.collect();
        let answer = Answer { runs, files: made(case, dir), dir: dir.display().to_string(), by_ansible: true };
        fs::write(memory, serde_json::to_string(&answer).unwrap()).unwrap();
    }
}

/// The events; what else is printed (a listing) has no counterpart to compare.
fn json_lines(text: &[u8]) -> Vec<Json> {
    String::from_utf8_lossy(text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
