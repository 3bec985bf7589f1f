//! `--list-tasks` and its like, in ansible-playbook's words (compared with ansible-core 2.19).

use super::support::load;
use crate::playbook::{Listing, Play, TagFilter, split_tags};
use crate::template::Templar;
use crate::value::{Map, Redactor};
use crate::vault::VaultSecrets;

const FILES: &[(&str, &str)] = &[
    (
        "site.yml",
        r#"
- hosts: [all, "!x"]
  tags: [p1]
  pre_tasks:
    - meta: noop
  roles:
    - role: web
      tags: r
  tasks:
    - name: named {{ x }}
      meta: noop
      tags: [a, "b,c"]
    - block:
        - name: in block
          meta: noop
        - block:
          - meta: noop
          tags: inner
      rescue:
        - name: in rescue
          meta: noop
      always:
        - name: in always
          meta: noop
      tags: [blk]
    - import_tasks: more.yml
      tags: imp, ort
    - include_tasks: more.yml
    - ansible.builtin.include_role: {name: base}
    - import_role: {name: base}
    - name: never run
      meta: noop
      tags: never
- name: second
  hosts: localhost
  tasks: []
"#,
    ),
    ("more.yml", "- name: more\n  meta: noop\n"),
    ("roles/web/tasks/main.yml", "- meta: noop\n- name: webtask\n  meta: noop\n"),
    ("roles/web/meta/main.yml", "dependencies: [{role: base, tags: dep}]\n"),
    ("roles/base/tasks/main.yml", "- name: basetask\n  meta: noop\n"),
];

fn listed(tasks: bool, tags: bool, hosts: bool, filter: &TagFilter) -> String {
    listed_of(FILES, tasks, tags, hosts, filter)
}

fn listed_of(files: &[(&str, &str)], tasks: bool, tags: bool, hosts: bool, filter: &TagFilter) -> String {
    let playbook = load(files);
    let templar = Templar::new(VaultSecrets::default(), Redactor::new());
    let one = |_: &Play| vec!["localhost".to_owned()];
    let listing =
        Listing { tasks, tags, hosts: hosts.then_some(&one), filter, extra_vars: &Map::new(), templar: &templar };
    listing.text("site.yml", &playbook)
}

#[test]
fn tasks_are_listed_with_their_tags() {
    assert_eq!(
        listed(true, false, false, &TagFilter::default()),
        "
playbook: site.yml

  play #1 (all,!x): all,!x\tTAGS: [p1]
    tasks:
      meta\tTAGS: [p1]
      base : basetask\tTAGS: [dep, p1, r]
      meta\tTAGS: [p1, r]
      web : webtask\tTAGS: [p1, r]
      named {{ x }}\tTAGS: [a, b,c, p1]
      in block\tTAGS: [blk, p1]
      meta\tTAGS: [blk, inner, p1]
      more\tTAGS: [imp, ort, p1]
      include_tasks\tTAGS: [p1]
      ansible.builtin.include_role\tTAGS: [p1]
      base : basetask\tTAGS: [p1]

  play #2 (localhost): second\tTAGS: []
    tasks:
"
    );
}

#[test]
fn tags_and_hosts_are_listed_together() {
    let filter = TagFilter::new(split_tags("imp,r"), Vec::new());
    assert_eq!(
        listed(true, true, true, &filter),
        "
playbook: site.yml

  play #1 (all,!x): all,!x\tTAGS: [p1]
    pattern: ['all', '!x']
    hosts (1):
      localhost
    tasks:
      base : basetask\tTAGS: [dep, p1, r]
      meta\tTAGS: [p1, r]
      web : webtask\tTAGS: [p1, r]
      more\tTAGS: [imp, ort, p1]
      TASK TAGS: [dep, imp, ort, p1, r]

  play #2 (localhost): second\tTAGS: []
    pattern: ['localhost']
    hosts (1):
      localhost
    tasks:
      TASK TAGS: []
"
    );
}

#[test]
fn all_tags_are_listed_with_never_among_them() {
    let text = listed(false, true, false, &TagFilter::everything());
    assert!(text.contains("\n      TASK TAGS: [a, b,c, blk, dep, imp, inner, never, ort, p1, r]\n"), "{text}");
}

#[test]
fn patterns_and_names_are_rendered_as_far_as_they_can_be() {
    let text = r#"
- name: "on {{ kind }}"
  hosts: ["{{ kind | default('x') }}", "{{ other | default('db') }}:!{{ host_only.name }}"]
  vars: {kind: web}
  roles: [outer]
- hosts: "{{ nobody | default(omit) }}"
  tasks: []
"#;
    let files = [
        ("site.yml", text),
        ("roles/outer/tasks/main.yml", "- name: the inner\n  include_role: {name: inner}\n- meta: noop\n"),
        ("roles/inner/tasks/main.yml", "[]\n"),
    ];
    let out = listed_of(&files, true, false, false, &TagFilter::default());
    assert_eq!(
        out,
        "
playbook: site.yml

  play #1 ({{ kind | default('x') }},{{ other | default('db') }}:!{{ host_only.name }}): on web\tTAGS: []
    tasks:
      the inner\tTAGS: []
      meta\tTAGS: []

  play #2 (): \tTAGS: []
    tasks:
"
    );
}
