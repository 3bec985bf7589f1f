//! Blocks, batches, failures and who goes on after them.

use super::harness::Case;

const THREE: &str = "a\nb\nc";

#[test]
fn a_rescue_takes_hosts_back_in_and_always_runs_for_all() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - name: may fail
          command: test {{ inventory_hostname }} != b
        - name: after
          debug: msg=after
      rescue:
        - name: rescue
          debug: msg=\"{{ ansible_failed_task.name }}, rc {{ ansible_failed_result.rc }}\"
      always:
        - name: always
          debug: msg=\"{{ ansible_play_hosts | join(' ') }}\"
    - name: next
      debug: msg=on
";
    assert_eq!(
        Case::new(site).hosts("a\nb").run(),
        "PLAY all: a b
TASK may fail
  a changed: 
  b failed: non-zero return code
TASK after
  a ok: after
TASK rescue
  b ok: may fail, rc 1
TASK always
  a ok: a b
  b ok: a b
TASK next
  a ok: on
  b ok: on
RECAP a ok=4 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=1 ignored=0
EXIT 0
"
    );
}

#[test]
fn a_failure_in_a_rescue_counts_after_always_has_run() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - block:
            - fail: msg=first
          always:
            - debug: msg=inner
      rescue:
        - fail: msg=second
          when: inventory_hostname == 'a'
      always:
        - debug: msg=\"{{ ansible_play_hosts | join(' ') }}\"
    - debug: msg=on
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=\"{{ ansible_play_hosts | join(' ') }} of {{ ansible_play_hosts_all | join(' ') }}\"
";
    assert_eq!(
        Case::new(site).hosts("a\nb").run(),
        "PLAY all: a b
TASK fail
  a failed: first
  b failed: first
TASK debug
  a ok: inner
  b ok: inner
TASK fail
  a failed: second
  b skipped
TASK debug
  a ok: b
  b ok: b
TASK debug
  b ok: on
PLAY all: b
TASK debug
  b ok: b of a b
RECAP a ok=2 changed=0 unreachable=0 failed=1 skipped=0 rescued=1 ignored=0
RECAP b ok=4 changed=0 unreachable=0 failed=0 skipped=1 rescued=1 ignored=0
EXIT 2
"
    );
}

#[test]
fn serial_cuts_into_batches_and_a_lost_batch_ends_the_run() {
    let site = "
- hosts: all
  gather_facts: false
  serial: [1, 2]
  tasks:
    - debug: msg=\"{{ ansible_play_batch | join(' ') }}\"
    - fail:
      when: inventory_hostname in ['b', 'c']
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=never
";
    assert_eq!(
        Case::new(site).hosts("a\nb\nc\nd").run(),
        "PLAY all: a
TASK debug
  a ok: a
TASK fail
  a skipped
PLAY all: b c
TASK debug
  b ok: b c
  c ok: b c
TASK fail
  b failed: Failed as requested from task
  c failed: Failed as requested from task
RECAP a ok=1 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
RECAP b ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
RECAP c ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
EXIT 2
"
    );
}

#[test]
fn any_errors_fatal_ends_the_play_for_all_but_a_rescue_saves_them() {
    let site = "
- hosts: all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - block:
        - command: test {{ inventory_hostname }} != b
      rescue:
        - debug: msg=saved
    - command: test {{ inventory_hostname }} != c
    - debug: msg=never
";
    assert_eq!(
        Case::new(site).hosts(THREE).run(),
        "PLAY all: a b c
TASK command
  a changed: 
  b failed: non-zero return code
  c changed: 
TASK debug
  a ok: saved
  b ok: saved
  c ok: saved
TASK command
  a changed: 
  b changed: 
  c failed: non-zero return code
RECAP a ok=3 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=2 changed=1 unreachable=0 failed=0 skipped=0 rescued=1 ignored=0
RECAP c ok=2 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
EXIT 2
"
    );
}

#[test]
fn max_fail_percentage_stops_the_play() {
    let site = "
- hosts: all
  gather_facts: false
  max_fail_percentage: 40
  tasks:
    - fail: msg=one
      when: inventory_hostname == 'a'
    - fail: msg=two
      when: inventory_hostname == 'b'
    - debug: msg=never
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=never
";
    let text = Case::new(site).hosts(THREE).run();
    assert!(!text.contains("never"), "{text}");
    assert!(text.contains("  b failed: two\n  c skipped\nRECAP"), "{text}");
}

#[test]
fn unreachable_hosts_leave_the_run_without_rescue() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=needs no connection
    - ping:
      ignore_unreachable: true
    - block:
        - ping:
      rescue:
        - debug: msg=never
      always:
        - debug: msg=always
- hosts: all
  gather_facts: false
  tasks:
    - debug: msg=second
";
    let site = site.replace("needs no connection", "here");
    assert_eq!(
        Case::new(&site)
            .hosts("a\nb ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1 ansible_user=web")
            .run(),
        "PLAY all: a b
TASK debug
  a ok: here
  b ok: here
TASK ping
  a ok
  b unreachable: cannot connect to b (web@127.0.0.1:1): 127.0.0.1:1: Connection refused (os error 111) (ignored)
TASK ping
  a ok
  b unreachable: cannot connect to b (web@127.0.0.1:1): 127.0.0.1:1: Connection refused (os error 111)
TASK debug
  a ok: always
PLAY all: a
TASK debug
  a ok: second
RECAP a ok=5 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=2 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=1
EXIT 4
"
    );
}

#[test]
fn meta_tasks_end_hosts_roles_batches_and_plays() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - meta: end_host
      when: inventory_hostname == 'b'
    - include_role: {name: r}
    - debug: msg=\"{{ ansible_play_hosts | join(' ') }}\"
    - meta: end_play
    - debug: msg=never
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - meta: end_batch
      when: inventory_hostname == 'a'
    - debug: msg=batch
    - meta: end_play
";
    let role = "
- debug: msg=one
- meta: end_role
  when: inventory_hostname == 'a'
- debug: msg=two
";
    assert_eq!(
        Case::new(site).file("roles/r/tasks/main.yml", role).hosts(THREE).run(),
        "PLAY all: a b c
TASK include_role : r
  a ok
  c ok
TASK r : debug
  a ok: one
  c ok: one
TASK r : debug
  c ok: two
TASK debug
  a ok: a c
  c ok: a c
PLAY all: a
PLAY all: b
TASK debug
  b ok: batch
RECAP a ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP c ok=4 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
EXIT 0
"
    );
}

#[test]
fn tags_choose_tasks_and_dynamic_includes_do_not_hand_theirs_down() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - debug: msg=untagged
    - debug: msg=always
      tags: always
    - debug: msg=skipped
      tags: [a, s]
    - block:
        - debug: msg=block
      tags: a
    - include_tasks: i.yml
      tags: a
    - import_tasks: i.yml
      tags: a
    - include_tasks: {file: i.yml, apply: {tags: a}}
      tags: a
";
    let mut case = Case::new(site).file("i.yml", "- debug: msg=plain\n- debug: msg=tagged\n  tags: a\n");
    case.tags = crate::playbook::TagFilter::new(vec!["a".to_owned()], vec!["s".to_owned()]);
    let text = case.run();
    let said: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  localhost ok: ")).collect();
    assert_eq!(said, ["always", "block", "tagged", "plain", "tagged", "plain", "tagged"]);
}

#[test]
fn start_at_task_passes_over_what_comes_before() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - name: one
      debug: msg=1
    - name: two and more
      debug: msg=2
    - debug: msg=3
";
    let mut case = Case::new(site);
    case.start_at = Some("two*".to_owned());
    let text = case.run();
    assert!(!text.contains("TASK one") && text.contains("ok: 2") && text.contains("ok: 3"), "{text}");
    let mut case = Case::new(site);
    case.start_at = Some("nine".to_owned());
    assert!(case.run().ends_with(
        "ERROR no task matches `nine`, so nothing ran (tasks of dynamic includes cannot be started at)\nEXIT 1\n"
    ));
}
