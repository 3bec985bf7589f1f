//! Every documented behaviour that a case under `tests/differential/` names: ansible-core and quaymaster run the same playbook,
//! and what they report, the files they leave and their exit codes must agree.
//!
//! `tests/differential/README.md` explains the cases. `DIFFERENTIAL_CASE=text` runs only those whose chapter or title holds the
//! text, or one of several between bars; `UPDATE_GOLDEN=1` writes the table in COMPATIBILITY.md anew.

mod answer;
mod case;
mod narrative;
mod page;
mod values;

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::harness::difference;
use answer::Answer;
use case::{Case, chapters};

/// How many cases and ansible processes run at once.
fn jobs() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4)
}

#[test]
fn ansible_and_quaymaster_agree() {
    let only = std::env::var("DIFFERENTIAL_CASE").ok();
    let cases: Vec<Case> = chapters()
        .into_iter()
        .flat_map(|chapter| chapter.cases)
        .filter(|case| only.as_ref().is_none_or(|only| only.split('|').any(|text| case.to_string().contains(text))))
        .collect();
    assert!(!cases.is_empty(), "no case is called so");
    let expected = answer::of_ansible(&cases, jobs());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs() {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    if let Some(failure) = judge(case, &expected[index]) {
                        failures.lock().unwrap().push((index, failure));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let mut text = String::new();
    for (_, failure) in &failures {
        let _ = writeln!(text, "{failure}");
    }
    assert!(failures.is_empty(), "{} of {} cases (- ansible, + quaymaster):\n{text}", failures.len(), cases.len());
}

/// What is wrong with a case, if anything.
fn judge(case: &Case, ansible: &Answer) -> Option<String> {
    let quaymaster = answer::of_quaymaster(case);
    let (expected, actual) = (ansible.narrative(), quaymaster.narrative());
    match (&case.differs, expected == actual) {
        (None, true) | (Some(_), false) => behind_an_agent(case, &actual),
        (None, false) => {
            let mut text = format!("== {case}\n{}", difference(&expected, &actual));
            for (name, answer) in [("ansible", ansible), ("quaymaster", &quaymaster)] {
                for line in answer.complaints() {
                    let _ = writeln!(text, "  {name}: {line}");
                }
            }
            Some(text)
        }
        (Some(reason), true) => Some(format!("== {case}\nno longer differs, though the case says: {reason}\n")),
    }
}

/// What is different where the hosts are behind an agent, if anything.
fn behind_an_agent(case: &Case, here: &str) -> Option<String> {
    let there = answer::of_quaymaster(&case.behind_an_agent()?).narrative();
    let names = [
        ("ansible_connection=agent", "ansible_connection=local"),
        ("connection: agent", "connection: local"),
        ("\"ansible_connection\":\"agent\"", "\"ansible_connection\":\"local\""),
    ];
    let there = names.iter().fold(there, |text, (there, here)| text.replace(there, here));
    (there != here).then(|| format!("== {case} (- here, + behind an agent)\n{}", difference(here, &there)))
}

#[test]
fn the_suite_is_as_large_as_is_said_of_it() {
    let cases: usize = chapters().iter().map(|chapter| chapter.cases.len()).sum();
    assert!(cases >= 400, "only {cases} behaviours are compared");
}

#[test]
fn the_table_of_chapters_is_current() {
    page::check(&chapters());
}
