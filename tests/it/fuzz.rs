//! Fuzzing of what reads text that users write: YAML, playbooks, INI inventories, templates, Vault envelopes.
//!
//! Real inputs of this repository are changed at random and read. Each reader works in a process of its own, so that a stack
//! that overflows, memory that runs out and a loop without end are seen as well as a panic. A short run is part of the suite;
//! a long one is
//!
//! ```text
//! QUAYMASTER_FUZZ_SECONDS=900 cargo test --test it fuzz::
//! ```
//!
//! `QUAYMASTER_FUZZ_SEED` repeats or varies a run, and `QUAYMASTER_FUZZ_CORPUS` names a folder with more inputs to begin with.
//! What made a reader fail is left in `target/fuzz/`.

mod mutate;
mod readers;
mod worker;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// What a short run takes of the suite's time, each reader.
const SECONDS: u64 = 3;

#[test]
fn yaml() {
    survives("yaml");
}

#[test]
fn playbook() {
    survives("playbook");
}

#[test]
fn ini() {
    survives("ini");
}

#[test]
fn template() {
    survives("template");
}

#[test]
fn vault() {
    survives("vault");
}

/// The process that one reader works in; started by the tests above alone.
#[test]
#[ignore = "a part of the other tests of this file"]
fn work() {
    if let Ok(job) = std::env::var("QUAYMASTER_FUZZ_JOB") {
        worker::run(&serde_json::from_str(&job).unwrap());
    }
}

fn survives(reader: &str) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/fuzz").join(reader);
    std::fs::create_dir_all(&folder).unwrap();
    let job = worker::Job {
        reader: reader.to_owned(),
        seconds: number("QUAYMASTER_FUZZ_SECONDS").unwrap_or(SECONDS),
        seed: number("QUAYMASTER_FUZZ_SEED").unwrap_or(1),
        folder: folder.clone(),
        corpus: std::env::var_os("QUAYMASTER_FUZZ_CORPUS").map(PathBuf::from),
    };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fuzz::work", "--ignored", "--nocapture", "--test-threads=1"])
        .env("QUAYMASTER_FUZZ_JOB", serde_json::to_string(&job).unwrap())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let summary = text.lines().find_map(|line| line.find("fuzzed ").and_then(|at| line.get(at..))).unwrap_or_default();
    assert!(
        output.status.success() && !summary.is_empty(),
        "the reader of {reader} failed ({}) on {}:\n{text}",
        output.status,
        folder.join("input").display()
    );
    println!("{summary}");
}

/// Aliases of aliases, and a file of 100,000 lines: an end, and soon.
#[test]
fn large_inputs_end_quickly() {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, name) in ('a'..='z').zip('b'..='z') {
        let _ = writeln!(laughs, "{name}: &{name} [{}]", vec![format!("*{before}"); 9].join(", "));
    }
    let (status, output, seconds) = syntax_check_with_vars(&laughs);
    assert!(status != 0 && output.contains("aliases make this file larger"), "{output}");
    assert!(seconds < 10.0, "{seconds} s for a billion laughs");

    let mut lines = String::new();
    for n in 0..100_000 {
        let _ = writeln!(lines, "variable_{n}: 'value {n} of {{{{ variable_{} }}}}'", n / 2);
    }
    let (status, output, seconds) = syntax_check_with_vars(&lines);
    assert_eq!(status, 0, "{output}");
    assert!(seconds < 30.0, "{seconds} s for 100,000 lines");

    let twice = "same: 1\n".repeat(20_000);
    let (status, output, seconds) = syntax_check_with_vars(&twice);
    assert_eq!(status, 0, "{output}");
    assert!(seconds < 30.0, "{seconds} s for 20,000 warnings");
}

/// The exit status, all output and the time of a check of a playbook with these variables.
fn syntax_check_with_vars(vars: &str) -> (i32, String, f64) {
    let folder = tempfile::tempdir().unwrap();
    let play =
        "- hosts: localhost\n  gather_facts: false\n  vars_files: vars.yml\n  tasks:\n    - debug: {var: variable_7}\n";
    std::fs::write(folder.path().join("site.yml"), play).unwrap();
    std::fs::write(folder.path().join("vars.yml"), vars).unwrap();
    let started = std::time::Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_quaymaster"))
        .args(["play", "site.yml", "-e", "@vars.yml", "--syntax-check"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text, started.elapsed().as_secs_f64())
}
