//! Templates in playbooks: names that need them, and slips in them.

use super::support::{load, loader, messages, rendered, shown};
use crate::playbook::Step;

#[test]
fn names_of_imports_may_use_what_is_known_before_the_run() {
    let files = [
        (
            "site.yml",
            r#"
- hosts: all
  vars: {what: "{{ kind }}_{{ level }}"}
  vars_files: [levels.yml]
  tasks:
    - import_tasks: "{{ what }}.yml"
      vars: {kind: web}
    - import_role: {name: "{{ kind }}"}
  roles:
    - "{{ kind }}"
"#,
        ),
        ("levels.yml", "level: two\n"),
        ("web_two.yml", "- meta: noop\n"),
        ("roles/base/tasks/main.yml", "- import_tasks: '{{ role_name }}-{{ own }}.yml'\n"),
        ("roles/base/vars/main.yml", "own: o\n"),
        ("roles/base/tasks/base-o.yml", "- meta: noop\n"),
    ];
    let loader = loader(&files, &[("kind", "base")]);
    // the command line's `kind` wins over the task's
    let problems = loader.load_playbook("site.yml").unwrap_err();
    assert_eq!(problems.len(), 1, "{}", shown(&loader, &problems));
    assert_eq!(problems[0].message, "there is no task file `base_two.yml`");
    assert_eq!(problems[0].help[0], "looked for `base_two.yml`");
}

#[test]
fn names_that_need_facts_are_explained() {
    let text = rendered("- hosts: all\n  tasks:\n    - import_tasks: \"{{ ansible_os_family }}.yml\"\n");
    assert!(text.contains("cannot work out `{{ ansible_os_family }}.yml`"), "{text}");
    assert!(text.contains("no facts and no host variables"), "{text}");
}

#[test]
fn slips_are_shown_where_they_stand() {
    let text = rendered(
        r#"
- hosts: all
  tasks:
    - debug:
        msg: "hello {{ name | uper }} and {{ more"
    - debug: msg="{{ x | defalt(1) }}"
      when: a ==
      vars:
        deep: [{x: "{% if %}"}]
    - assert: {that: ["a and"]}
    - debug: {var: "x["}
"#,
    );
    let codes = text.lines().filter(|line| line.starts_with("error[template-syntax]")).count();
    assert_eq!(codes, 6, "{text}");
    assert!(text.contains("7 |       when: a ==\n"), "{text}");
}

#[test]
fn braces_in_a_condition_are_a_warning() {
    let loader = loader(
        &[(
            "site.yml",
            "- hosts: all\n  tasks:\n    - meta: noop\n      when: \"{{ x }}\"\n    - meta: noop\n      when: y == '{{ z }}'\n",
        )],
        &[],
    );
    assert!(loader.load_playbook("site.yml").is_ok());
    let warnings = loader.take_warnings();
    let helps: Vec<&str> = warnings.iter().map(|warning| warning.help[0].as_str()).collect();
    assert_eq!(helps, ["write `x`", "write variables by their names alone"]);
}

#[test]
fn template_files_are_checked_too() {
    let found = messages(&[
        (
            "site.yml",
            "- hosts: all\n  tasks:\n    - template: {src: a.j2, dest: /x}\n    - template: {src: b.j2, dest: /x}\n",
        ),
        ("templates/a.j2", "{% if x %}\n"),
        ("templates/b.j2", "{{ x }}\n"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_loop_names_a_lookup_that_exists() {
    load(&[(
        "site.yml",
        "- hosts: all\n  tasks:\n    - debug:\n      with_items: [1]\n    - debug:\n      with_ansible.builtin.dict: {a: 1}\n",
    )]);
    let found = messages(&[("site.yml", "- hosts: all\n  tasks:\n    - debug:\n      with_item: [1]\n")]);
    assert_eq!(found, ["there is no lookup `item`"]);
}

#[test]
fn blocks_pass_their_variables_to_imports() {
    let playbook = load(&[
        (
            "site.yml",
            "- hosts: all\n  tasks:\n    - block:\n        - import_tasks: '{{ x }}.yml'\n      vars: {x: a}\n",
        ),
        ("a.yml", "- meta: noop\n"),
    ]);
    assert!(matches!(playbook.plays[0].tasks[0], Step::Block(_)));
}

#[test]
fn an_unknown_filter_that_may_not_be_reached_is_a_warning() {
    let task = |text: &str| format!("- hosts: all\n  tasks:\n    - debug:\n        msg: \"{text}\"\n");
    for text in ["{% if x %}{{ y | a.b.c }}{% endif %}", "{{ y | a.b.c if x else 1 }}"] {
        let loader = loader(&[("site.yml", &task(text))], &[]);
        loader.load_playbook("site.yml").unwrap();
        let warnings = shown(&loader, &loader.take_warnings());
        assert!(warnings.starts_with("warning[template-syntax]: there is no filter `a.b.c`"), "{warnings}");
    }
    let both = task("{% if x is nosuch %}{{ y | a.b.c }}{% endif %}");
    assert_eq!(messages(&[("site.yml", &both)]), ["there is no test `nosuch`"]);
}
