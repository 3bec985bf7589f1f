//! What registered results hold, and what conditions make of them.

use super::harness::Case;

fn said(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once(" ok: ")).map(|(_, said)| said).collect()
}

#[test]
fn loops_register_the_results_of_their_items() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - command: test {{ item }} != 2
      loop: [1, 2, 3]
      loop_control: {index_var: i, label: 'no. {{ item }}', extended: true}
      when: item != 3
      ignore_errors: true
      register: r
    - debug: msg=\"{{ r.failed }} {{ r.changed }} {{ r.msg }} {{ r.results | map(attribute='rc', default='-') | list }}\"
    - debug: msg=\"{{ r.results[1].i }} {{ r.results[1].ansible_loop.last }} {{ r.results[2].skip_reason }} {{ r.results[2].false_condition }}\"
    - debug: msg='{{ item }}'
      loop: '{{ [] }}'
      register: empty
    - debug: msg='{{ empty.skipped }} {{ empty.results }}'
    - debug: msg='{{ x }}'
      loop: [1, 2, 3]
      loop_control: {loop_var: x, break_when: x == 2}
      register: cut
    - debug: msg='{{ cut.results | length }} {{ cut.results[0].ansible_loop_var }}'
    - debug: msg='{{ item }}'
      with_items: [[1, 2], 3]
";
    assert_eq!(
        Case::new(site).run(),
        "PLAY localhost: localhost
TASK command
  - localhost changed (no. 1): 
  - localhost failed (no. 2): non-zero return code
  - localhost skipped (no. 3)
  localhost failed: One or more items failed (ignored)
TASK debug
  localhost ok: True True One or more items failed [0, 1, '-']
TASK debug
  localhost ok: 1 False Conditional result was False item != 3
TASK debug
  localhost skipped
TASK debug
  localhost ok: True []
TASK debug
  - localhost ok (1): 1
  - localhost ok (2): 2
  localhost ok: All items completed
TASK debug
  localhost ok: 2 x
TASK debug
  - localhost ok (1): 1
  - localhost ok (2): 2
  - localhost ok (3): 3
  localhost ok: All items completed
RECAP localhost ok=7 changed=1 unreachable=0 failed=0 skipped=1 rescued=0 ignored=1
EXIT 0
"
    );
}

#[test]
fn until_tries_again_and_conditions_judge_each_try() {
    let site = "
- hosts: localhost
  gather_facts: false
  tasks:
    - shell: echo >> count; test $(wc -l < count) -ge 3
      register: r
      until: r is success
      retries: 5
      delay: 0
      changed_when: r.rc == 7
    - debug: msg='{{ r.attempts }} {{ r.changed }}'
    - command: 'false'
      retries: 1
      delay: 0
      ignore_errors: true
      register: r
    - debug: msg='{{ r.attempts }} {{ r.failed }}'
    - command: 'false'
      failed_when: [r.rc == 1, \"'x' in r.stdout\"]
      register: r
    - debug: msg='{{ r.failed }} {{ r.failed_when_result }} {{ r.stderr_lines }}'
    - command: 'true'
      failed_when: r.rc == 0
      register: r
      ignore_errors: true
";
    assert_eq!(
        Case::new(site).run(),
        "PLAY localhost: localhost
TASK shell
  localhost retrying: 1 tried, 5 left
  localhost retrying: 2 tried, 4 left
  localhost ok: 
TASK debug
  localhost ok: 3 False
TASK command
  localhost retrying: 1 tried, 1 left
  localhost failed: non-zero return code (ignored)
TASK debug
  localhost ok: 1 True
TASK command
  localhost changed: non-zero return code
TASK debug
  localhost ok: False False []
TASK command
  localhost failed:  (ignored)
RECAP localhost ok=7 changed=3 unreachable=0 failed=0 skipped=0 rescued=0 ignored=2
EXIT 0
"
    );
}

#[test]
fn keywords_reach_the_module() {
    let site = "
- hosts: localhost
  gather_facts: false
  environment: {A: play, B: play}
  module_defaults:
    ansible.builtin.command: {chdir: /}
  vars:
    options: {msg: from a variable}
    unset: '{{ omit }}'
  tasks:
    - command: pwd
      register: r
    - debug: msg='{{ r.stdout }}'
    - shell: echo $A $B $C
      environment: {B: task, C: '{{ 1 + 1 }}'}
      register: r
    - debug: msg='{{ r.stdout }}'
    - debug: '{{ options }}'
    - debug: msg='{{ unset | default(\"left out\") }}'
    - copy: {content: x, dest: made, mode: '{{ unset }}'}
      check_mode: true
      register: r
    - stat: {path: made}
      register: s
    - debug: msg='{{ r.changed }} {{ s.stat.exists }}'
    - command: sleep 9
      timeout: 1
      ignore_errors: true
      register: r
    - debug: msg='{{ r.timedout.period }} {{ r.msg }}'
";
    let text = Case::new(site).run();
    assert_eq!(
        said(&text),
        ["/", "play task 2", "from a variable", "Hello world!", "True False", "1 Timed out after 1 second(s)."],
        "{text}"
    );
}

#[test]
fn statistics_are_gathered_for_the_end() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - set_stats: {data: {n: 1}}
    - set_stats: {data: {own: 2}, per_host: true}
";
    let text = Case::new(site).hosts("a\nb").run();
    assert!(text.contains("STATS {\"_run\":{\"n\":2},\"a\":{\"own\":2},\"b\":{\"own\":2}}"), "{text}");
}
