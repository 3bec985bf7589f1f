//! Handlers: names, topics, flushes.

use super::harness::Case;

#[test]
fn handlers_run_once_in_the_order_of_their_definition() {
    let site = "
- hosts: all
  gather_facts: false
  vars: {what: web}
  handlers:
    - name: one
      debug: msg=one
      changed_when: true
      notify: three
    - name: 'restart {{ what }}'
      debug: msg=two
    - name: three
      debug: msg=three
      listen: topic
    - name: four
      debug: msg=\"{{ item }}\"
      loop: [4, 5]
      listen: [topic, other]
      when: inventory_hostname == 'a'
  pre_tasks:
    - command: 'true'
      notify: three
      changed_when: inventory_hostname == 'b'
  roles: [r]
  tasks:
    - command: 'true'
      notify: [restart web, one, restart web]
    - meta: flush_handlers
    - command: 'true'
      notify: '{{ item }}'
      loop: [topic, 'r : own']
";
    let case = Case::new(site)
        .file("roles/r/tasks/main.yml", "- command: 'true'\n  notify: own\n")
        .file("roles/r/vars/main.yml", "v: of the role\n")
        .file("roles/r/handlers/main.yml", "- name: own\n  debug: msg='{{ v }}'\n");
    assert_eq!(
        case.hosts("a\nb").run(),
        "PLAY all: a b
TASK command
  a ok: 
  b changed: 
  b notified three
HANDLER three
  b ok: three
TASK r : command
  a changed: 
  a notified own
  b changed: 
  b notified own
TASK command
  a changed: 
  a notified restart web
  a notified one
  b changed: 
  b notified restart web
  b notified one
HANDLER r : own
  a ok: of the role
  b ok: of the role
HANDLER one
  a changed: one
  a notified three
  b changed: one
  b notified three
HANDLER restart web
  a ok: two
  b ok: two
HANDLER three
  a ok: three
  b ok: three
TASK command
  - a changed (topic): 
  - a changed (r : own): 
  a changed: All items completed
  a notified topic
  a notified r : own
  - b changed (topic): 
  - b changed (r : own): 
  b changed: All items completed
  b notified topic
  b notified r : own
HANDLER r : own
  a ok: of the role
  b ok: of the role
HANDLER three
  a ok: three
  b ok: three
HANDLER four
  - a ok (4): 4
  - a ok (5): 5
  a ok: All items completed
  - b skipped (4)
  - b skipped (5)
  b skipped: All items skipped
RECAP a ok=11 changed=4 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=11 changed=5 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
EXIT 0
"
    );
}

#[test]
fn failed_hosts_run_handlers_only_when_forced() {
    let site = "
- hosts: localhost
  gather_facts: false
  handlers:
    - name: h
      debug: msg=handled
  tasks:
    - command: 'true'
      notify: h
    - fail: msg=broken
";
    assert!(!Case::new(site).run().contains("handled"));
    let mut case = Case::new(site);
    case.force_handlers = true;
    let text = case.run();
    assert!(text.contains("ok: handled") && text.ends_with("EXIT 2\n"), "{text}");
}

#[test]
fn an_included_file_of_handlers_runs_whole() {
    let site = "
- hosts: localhost
  gather_facts: false
  handlers:
    - name: both
      include_tasks: more.yml
  tasks:
    - command: 'true'
      notify: both
";
    let text = Case::new(site).file("more.yml", "- debug: msg=one\n- debug: msg=two\n").run();
    assert!(
        text.contains(
            "HANDLER both\n  localhost ok\nHANDLER debug\n  localhost ok: one\nHANDLER debug\n  localhost ok: two\n"
        ),
        "{text}"
    );
}

#[test]
fn an_unknown_handler_ends_the_run_with_a_suggestion() {
    let site = "
- hosts: localhost
  gather_facts: false
  vars: {wanted: restart wbe}
  handlers:
    - name: restart web
      debug: msg=x
  tasks:
    - command: 'true'
      notify: '{{ wanted }}'
    - debug: msg=never
";
    let (text, outcome) = Case::new(site).outcome();
    assert_eq!(outcome.exit, crate::diag::ExitCode::Error);
    assert!(!text.contains("never"), "{text}");
    assert!(text.contains("there is no handler named `restart wbe`, and none listens for it"), "{text}");
    assert!(text.contains("did you mean `restart web`?"), "{text}");
}
