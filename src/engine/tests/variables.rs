//! Precedence and magic variables.

use super::harness::Case;

fn said(text: &str) -> Vec<&str> {
    let said = text.lines().filter_map(|line| line.split_once(" ok: ")).map(|(_, said)| said);
    said.filter(|said| *said != "All items completed").collect()
}

/// Every level sets `v` and one further name, from which all higher levels are left out: `l3` is set up to level 3.
#[test]
fn each_level_wins_over_those_below_it() {
    let levels = |from: usize, text: &str| -> String {
        (from..=22).map(|level| format!("l{level}: {text}\n")).collect::<Vec<_>>().concat()
    };
    let indented = |from: usize, text: &str, by: usize| -> String {
        levels(from, text).lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<Vec<_>>().concat()
    };
    let site = format!(
        "
- hosts: h
  gather_facts: false
  vars:
{play}  vars_files: [vf.yml]
  roles:
    - role: r
{params}",
        play = indented(12, "play vars", 4),
        params = indented(20, "role params", 6),
    );
    let tasks = format!(
        "
- block:
    - debug: msg=\"{{{{ l2 }}}}; {{{{ l3 }}}}; {{{{ l6 }}}}; {{{{ l8 }}}}; {{{{ l9 }}}}; {{{{ l10 }}}}\"
    - debug: msg=\"{{{{ l12 }}}}; {{{{ l14 }}}}; {{{{ l15 }}}}; {{{{ l16 }}}}; {{{{ l17 }}}}\"
      vars:
{task}    - include_vars: iv.yml
    - debug: msg=\"{{{{ l17 }}}}; {{{{ l18 }}}}\"
      vars:
{task}    - set_fact:
{set}    - debug: msg=\"{{{{ l18 }}}}; {{{{ l19 }}}}; {{{{ l20 }}}}\"
    - include_tasks: inc.yml
      vars:
{include}  vars:
{block}",
        task = indented(17, "task vars", 8),
        set = indented(19, "set_fact", 8),
        include = indented(21, "include params", 8),
        block = indented(16, "block vars", 4),
    );
    let mut case = Case::new(&site)
        .file("roles/r/defaults/main.yml", &levels(2, "role defaults"))
        .file("roles/r/vars/main.yml", &levels(15, "role vars"))
        .file("roles/r/vars/iv.yml", &levels(18, "include_vars"))
        .file("roles/r/tasks/main.yml", &tasks)
        .file("roles/r/tasks/inc.yml", "- debug: msg=\"{{ l20 }}; {{ l21 }}; {{ l22 }}\"\n")
        .file("vf.yml", &levels(14, "vars_files"))
        .file("group_vars/all.yml", &levels(4, "group_vars/all"))
        .file("group_vars/g.yml", &levels(6, "group_vars/g"))
        .file("host_vars/h.yml", &levels(9, "host_vars"))
        .extra("l22", "extra vars");
    let inline = (8..=22).map(|level| format!("l{level}='inventory host'")).collect::<Vec<_>>().join(" ");
    case = case.hosts(&format!("[g]\nh {inline}\n[g:vars]\nl3='inventory group'\n"));
    let text = case.run();
    assert_eq!(
        said(&text),
        [
            "role defaults; inventory group; group_vars/g; inventory host; host_vars; host_vars",
            "play vars; vars_files; role vars; block vars; task vars",
            "task vars; include_vars",
            "include_vars; set_fact; role params",
            "role params; include params; extra vars",
        ],
        "{text}"
    );
}

#[test]
fn magic_variables_tell_of_the_run_the_play_and_the_host() {
    let site = "
- name: a play
  hosts: web
  gather_facts: false
  vars: {lazy: '{{ later }}', mine: play}
  tasks:
    - debug: msg=\"{{ inventory_hostname }} {{ inventory_hostname_short }} {{ group_names | join(',') }}\"
    - debug: msg=\"{{ groups.all | join(',') }} {{ groups['db'] | join(',') }} {{ groups.ungrouped | length }}\"
    - debug: msg=\"{{ lazy }} {{ hostvars['d'].size + 1 }} {{ hostvars.d.double }} {{ hostvars.d.mine | default('not the play') }}\"
      vars: {later: now}
    - debug: msg=\"{{ ansible_play_name }} {{ ansible_check_mode }} {{ ansible_run_tags }} {{ ansible_version.major }}\"
    - set_fact: {seen: '{{ inventory_hostname }}'}
    - debug: msg=\"{{ hostvars['w1.example'].seen }} {{ playbook_dir == dir }}\"
    - debug: msg=\"{{ vars['seen'] }} {{ role_path is defined }} {{ environment }}\"
      environment: {A: b}
";
    let mut case = Case::new(site).hosts("[web]\nw1.example\n[db]\nd size=4 double='{{ size * 2 }}'");
    let dir = case.dir().canonicalize().unwrap();
    case = case.extra("dir", dir.to_str().unwrap());
    let text = case.run();
    assert_eq!(
        said(&text),
        [
            "w1.example w1 web",
            "w1.example,d d 0",
            "now 5 8 not the play",
            "a play False ['all'] 2",
            "w1.example True",
            "w1.example False [{'A': 'b'}]",
        ],
        "{text}"
    );
}

#[test]
fn vars_files_take_the_first_that_exists_for_each_host() {
    let site = "
- hosts: all
  gather_facts: false
  vars_files:
    - ['{{ inventory_hostname }}.yml', other.yml]
    - '{{ not_there_yet }}.yml'
  tasks:
    - debug: msg='{{ v }}'
";
    let case = Case::new(site).file("a.yml", "v: of a\n").file("vars/other.yml", "v: of others\n");
    assert_eq!(said(&case.hosts("a\nb").run()), ["of a", "of others"]);
    let site = "
- hosts: localhost
  gather_facts: false
  vars: {which: nothing}
  vars_files: ['{{ which }}.yml']
  tasks:
    - debug: msg=x
";
    let text = Case::new(site).run();
    assert!(text.contains("failed: variables file not found: nothing.yml\n"), "{text}");
    assert!(text.contains("vars_files: ['{{ which }}.yml']"), "{text}");
}

#[test]
fn facts_of_a_task_belong_to_its_host_to_all_or_to_another() {
    let site = "
- hosts: all
  gather_facts: false
  tasks:
    - set_fact: {one: '{{ inventory_hostname }}'}
      run_once: true
    - set_fact: {other: 'from {{ inventory_hostname }}'}
      delegate_to: a
      delegate_facts: true
      when: inventory_hostname == 'b'
    - set_fact: {list: '{{ list | default([]) + [item] }}', cacheable: true}
      loop: [1, 2]
    - debug: msg=\"{{ one }} {{ other | default('-') }} {{ list }} {{ ansible_facts.list }}\"
    - meta: clear_facts
    - debug: msg=\"{{ list }} {{ ansible_facts }}\"
";
    let text = Case::new(site).hosts("a\nb").run();
    assert_eq!(said(&text), ["a from b [1, 2] [1, 2]", "a - [1, 2] [1, 2]", "[1, 2] {}", "[1, 2] {}"], "{text}");
}

#[test]
fn added_hosts_and_groups_are_there_for_later_plays() {
    let site = "
- hosts: a
  gather_facts: false
  tasks:
    - add_host: {name: 'new{{ item }}', groups: fresh, size: '{{ item }}', ansible_connection: local}
      loop: [1, 2]
      register: added
    - group_by: {key: 'is_{{ inventory_hostname }}', parents: kinds}
    - debug: msg=\"{{ added.changed }} {{ groups.fresh }} {{ groups.kinds }} {{ group_names }}\"
- hosts: fresh:kinds
  gather_facts: false
  tasks:
    - debug: msg=\"{{ inventory_hostname }} {{ size | default('-') }}\"
";
    let text = Case::new(site).hosts("a\nb").run();
    assert_eq!(said(&text), ["True ['new1', 'new2'] ['a'] ['is_a', 'kinds']", "new1 1", "new2 2", "a -"], "{text}");
}
