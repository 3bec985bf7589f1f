//! How runs end: by an interrupt, by a crash in a module, by a problem of the play.

use std::time::{Duration, Instant};

use super::harness::Case;
use crate::diag::ExitCode;

#[test]
fn an_interrupt_ends_the_running_task_and_a_recap_follows() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - block:
        - command: sleep 60
      rescue:
        - debug: msg=never
      always:
        - debug: msg=never
    - debug: msg=never
";
    let case = Case::new(site);
    let cancel = case.cancel.clone();
    let started = Instant::now();
    let interrupter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let (text, outcome) = case.outcome();
    interrupter.join().unwrap();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(outcome.exit, ExitCode::Interrupted);
    assert!(!text.contains("never"), "{text}");
    assert!(
        text.contains("INTERRUPTED\n") && text.contains("RECAP localhost") && text.ends_with("EXIT 130\n"),
        "{text}"
    );
}

#[test]
fn problems_of_a_play_end_the_run() {
    let play = |keyword: &str| format!("- hosts: localhost\n  gather_facts: false\n  {keyword}\n  tasks: []\n");
    for (keyword, message) in [
        ("serial: many", "`serial` takes numbers and percentages, and `many` is neither"),
        ("strategy: '{{ \"debug\" }}'", "the strategy `debug` is not supported"),
        (
            "order: '{{ \"random\" }}'",
            "`order` is one of inventory, reverse_inventory, sorted, reverse_sorted, shuffle, not `random`",
        ),
        ("vars_prompt: [{name: x, prompt: broken}]", "no value for `x`: nobody to ask"),
    ] {
        let (text, outcome) = Case::new(&play(keyword)).outcome();
        assert!(text.contains(message), "{text}");
        assert_eq!(outcome.exit, ExitCode::Error);
    }
}

#[test]
fn plays_without_hosts_are_passed_over() {
    let site = "- {hosts: nobody, gather_facts: false, tasks: []}\n- {hosts: a, gather_facts: false, tasks: [{debug: {msg: x}}]}\n";
    let text = Case::new(site).hosts("a").run();
    assert!(text.contains("PLAY nobody skipped: no hosts matched\nPLAY a: a\n"), "{text}");
    assert!(text.contains("WARNING") && text.contains("no host or group matches `nobody`"), "{text}");
}

#[test]
fn prompts_are_asked_once_and_extra_variables_answer_them() {
    let site = "
- hosts: localhost
  gather_facts: false
  vars_prompt:
    - {name: shown, default: '{{ 1 + 1 }}', private: false}
    - {name: given}
    - {name: nothing}
    - {name: typed, prompt: 'answer {{ \"{{\" }} 1 + 2 }}', private: false}
    - {name: raw, prompt: 'answer {{ \"{{\" }} 1 }}', unsafe: true, private: false}
    - {name: hashed, prompt: answer sesame, encrypt: sha512_crypt, salt: abcdefgh, private: false}
  tasks:
    - debug: msg='{{ shown }} {{ given }} {{ nothing }} {{ typed }} {{ raw }} {{ hashed }}'
";
    let text = Case::new(site).extra("given", "by hand").run();
    assert!(
        text.contains(
            "ok: 2 by hand None 3 {{ 1 }} $6$rounds=656000$abcdefgh$M4h94yC5ZFTL4DT5LGGa1V7hP68irBLTVKvSpV5Iy9"
        ),
        "{text}"
    );
    assert_eq!(text.matches("WARNING there is nobody to ask").count(), 1);
}
