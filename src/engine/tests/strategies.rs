//! Hosts that go through a play in step, or each for itself.

use super::harness::Case;

const SITE: &str = "
- hosts: all
  gather_facts: false
  strategy: STRATEGY
  handlers:
    - name: restart
      debug: msg=restarted
  tasks:
    - name: slow
      command: sleep {{ 0.6 if inventory_hostname == 'a' else 0.01 }}
      notify: restart
    - include_tasks: more.yml
    - meta: flush_handlers
    - debug: msg=end
";

fn run(strategy: &str, forks: usize) -> String {
    let mut case = Case::new(&SITE.replace("STRATEGY", strategy)).hosts("a\nb").file("more.yml", "- debug: msg=more\n");
    case.settings.forks = forks;
    case.run()
}

#[test]
fn a_fast_host_does_not_wait_for_a_slow_one() {
    let fast = "PLAY all: a b
TASK slow
  b changed: 
  b notified restart
TASK include_tasks
  b ok
TASK debug
  b ok: more
HANDLER restart
  b ok: restarted
TASK debug
  b ok: end
  a changed: 
";
    for strategy in ["free", "ansible.builtin.host_pinned"] {
        let text = run(strategy, 2);
        assert!(text.starts_with(fast), "{text}");
        // what the first host began is not told to begin again
        assert!(text.contains("  a ok: more\n  a ok: restarted\n  a ok: end\nRECAP"), "{text}");
        assert!(text.contains("RECAP a ok=5 changed=1"), "{text}");
    }
}

#[test]
fn with_one_fork_a_pinned_host_is_done_before_the_next_begins() {
    let hosts = |text: &str| -> Vec<char> {
        let told = |line: &&str| line.starts_with("  ") && !line.contains("notified");
        text.lines().filter(told).filter_map(|line| line.trim().chars().next()).collect()
    };
    assert_eq!(hosts(&run("host_pinned", 1)), ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'b']);
    let free = hosts(&run("free", 1));
    assert!(free.iter().position(|host| *host == 'b').unwrap() < 5, "{free:?}");
}

#[test]
fn what_needs_hosts_in_step_is_told_or_ends_the_run() {
    let site = "
- hosts: all
  gather_facts: false
  strategy: free
  max_fail_percentage: 10
  tasks:
    - debug: msg=everywhere
      run_once: true
    - fail: msg=alone
      any_errors_fatal: true
      when: inventory_hostname == 'a'
    - debug: msg=on
    - add_host: name=z
    - debug: msg=never
";
    let (text, outcome) = Case::new(site).hosts("a\nb").outcome();
    for keyword in ["max_fail_percentage", "run_once", "any_errors_fatal"] {
        assert_eq!(text.matches(&format!("WARNING `{keyword}` has no effect")).count(), 1, "{text}");
    }
    assert!(text.contains("  a ok: everywhere\n") && text.contains("  b ok: everywhere\n"), "{text}");
    assert!(text.contains("  b ok: on\n") && !text.contains("never"), "{text}");
    assert!(text.contains("ERROR error[strategy]: `add_host` works once for all hosts"), "{text}");
    assert_eq!(outcome.exit, crate::diag::ExitCode::Error);
}

#[test]
fn a_run_once_task_that_fails_lets_the_others_fail_once_more() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - command: 'false'
          run_once: true
      rescue:
        - debug: msg=rescue
      always:
        - debug: msg=always
    - debug: msg=on
";
    let text = Case::new(site).hosts("a\nb").run();
    assert!(text.contains("TASK debug\n  a ok: rescue\nTASK debug\n  a ok: always\n  b ok: always\n"), "{text}");
    assert!(text.contains("TASK debug\n  a ok: on\nRECAP"), "{text}");
}
