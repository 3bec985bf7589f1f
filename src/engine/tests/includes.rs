//! Dynamic includes and roles.

use super::harness::Case;

fn said(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once(" ok: ")).map(|(_, said)| said).collect()
}

#[test]
fn hosts_that_include_the_same_run_it_together() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - include_tasks: '{{ file }}.yml'
      loop: [1, 2]
      loop_control: {loop_var: n}
      vars: {given: 'g{{ n }}'}
";
    let case = Case::new(site)
        .file("x.yml", "- debug: msg='x {{ n }} {{ given }}'\n")
        .file("y.yml", "- debug: msg='y {{ n }}'\n");
    assert_eq!(
        case.hosts("a file=x\nb file=y\nc file=x").run(),
        "PLAY all: a b c
TASK include_tasks
  - a ok (1)
  - a ok (2)
  - b ok (1)
  - b ok (2)
  - c ok (1)
  - c ok (2)
  a ok: All items completed
  b ok: All items completed
  c ok: All items completed
TASK debug
  a ok: x 1 g1
  c ok: x 1 g1
TASK debug
  a ok: x 2 g2
  c ok: x 2 g2
TASK debug
  b ok: y 1
TASK debug
  b ok: y 2
RECAP a ok=4 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP b ok=4 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
RECAP c ok=4 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
EXIT 0
"
    );
}

#[test]
fn a_failure_inside_an_include_reaches_the_rescue_around_it() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - block:
        - include_tasks: broken.yml
      rescue:
        - debug: msg='rescued {{ ansible_failed_result.msg }}'
    - block:
        - include_tasks: missing-{{ 1 + 1 }}.yml
      rescue:
        - debug: msg='{{ ansible_failed_result.msg }}'
    - debug: msg=on
";
    let text = Case::new(site).file("broken.yml", "- fail: msg=inside\n- debug: msg=never\n").run();
    assert_eq!(said(&text), ["rescued inside", "there is no task file `missing-2.yml`", "on"], "{text}");
    assert!(text.contains("failed: there is no task file `missing-2.yml`"), "{text}");
}

#[test]
fn a_role_runs_once_for_each_distinct_use() {
    let site = "
- hosts: localhost
  gather_facts: false
  roles:
    - one
    - two
    - {role: one, with: two}
    - one
  tasks:
    - include_role: {name: one}
    - include_role: {name: one, allow_duplicates: false}
    - include_role: {name: one, allow_duplicates: false}
      vars: {with: its own}
    - debug: msg=\"{{ ansible_play_role_names | join(' ') }}, {{ ansible_dependent_role_names | join(' ') }}\"
";
    let case = Case::new(site)
        .file("roles/one/tasks/main.yml", "- debug: msg=\"one {{ with | default('alone') }}\"\n")
        .file("roles/two/meta/main.yml", "dependencies: [one]\n")
        .file("roles/two/tasks/main.yml", "- debug: msg=two\n");
    assert_eq!(
        said(&case.run()),
        ["one alone", "two", "one two", "one alone", "one its own", "one two one one one one one, one"]
    );
}

#[test]
fn include_role_shows_its_variables_only_where_it_is_public() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - include_role: {name: r, tasks_from: other}
    - debug: msg=\"{{ d | default('no default') }} {{ v | default('no var') }}\"
    - include_role: {name: r, public: true, apply: {vars: {applied: yes}}}
    - debug: msg=\"{{ d | default('no default') }} {{ v | default('no var') }}\"
";
    let case = Case::new(site)
        .file("roles/r/defaults/main.yml", "d: default\n")
        .file("roles/r/vars/main.yml", "v: var\n")
        .file("roles/r/tasks/main.yml", "- debug: msg=\"{{ role_name }} {{ d }} {{ v }} {{ applied }}\"\n")
        .file("roles/r/tasks/other.yml", "- include_role: {name: inner}\n")
        .file("roles/inner/tasks/main.yml", "- debug: msg=\"{{ d }} in {{ ansible_parent_role_names[0] }}\"\n");
    assert_eq!(said(&case.run()), ["default in r", "no default no var", "r default var True", "default var"]);
}
