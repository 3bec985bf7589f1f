//! Modules that templates name, and defaults of modules.

use super::harness::Case;

#[test]
fn a_template_can_name_the_module() {
    let site = "
- hosts: localhost
  gather_facts: false
  vars: {show: debug, run: command, words: {msg: from args}}
  module_defaults: {debug: {msg: default}}
  tasks:
    - action: '{{ show }} msg=text'
    - action: '{{ show }}'
    - action: {module: '{{ show }}', msg: mapping}
    - local_action: '{{ show }} msg=local'
    - action: '{{ show }}'
      args: '{{ words }}'
    - action: '{{ run }} echo {{ item }} chdir=/'
      loop: [x]
      register: ran
    - debug: msg='{{ ran.results[0].stdout }}'
    - {action: '{{ show }}sy msg=x', ignore_errors: true}
    - {action: '{{ show }} colour=red', ignore_errors: true}
    - {action: '{{ \"include\" }}_tasks x.yml', ignore_errors: true}
";
    let text = Case::new(site).run();
    let shown: Vec<&str> = text.lines().filter_map(|line| line.split(" ok: ").nth(1)).collect();
    assert_eq!(shown, ["text", "default", "mapping", "local", "from args", "x"], "{text}");
    assert!(text.contains("TASK debug\n  localhost ok: text"), "{text}");
    assert!(text.contains("failed: there is no module `debugsy`"), "{text}");
    assert!(text.contains("unknown option `colour`") || text.contains("`colour`"), "{text}");
    assert!(text.contains("`include_tasks` cannot be named by a template"), "{text}");
}

#[test]
fn inner_defaults_replace_outer_ones_of_the_same_module() {
    let site = "
- hosts: localhost
  gather_facts: false
  module_defaults:
    shell: {chdir: /usr, stdin: play}
  tasks:
    - shell: pwd; cat
      register: outer
    - block:
        - shell: pwd; cat
          register: inner
      module_defaults:
        ansible.builtin.shell: {stdin: block}
    - debug: msg='{{ outer.stdout_lines }} {{ inner.stdout_lines[1] }} {{ inner.stdout_lines[0] != \"/usr\" }}'
";
    let text = Case::new(site).run();
    assert!(text.contains("ok: ['/usr', 'play'] block True"), "{text}");
}
