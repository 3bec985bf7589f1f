//! What is wrong with a playbook, and how it is told.

use super::support::{messages, rendered};

fn tasks(text: &str) -> String {
    format!("- hosts: all\n  tasks:\n    {}\n", text.replace('\n', "\n    "))
}

#[test]
fn all_problems_come_at_once() {
    let text = rendered(
        "
- hosts: all
  taks: []
  become: maybe
  tasks:
    - meta: flush_handler
    - meta: noop
      whn: x
    - import_tasks: nowhere.yml
    - name: nothing
",
    );
    assert_eq!(
        text,
        "\
error[unknown-keyword]: `taks` is not a keyword of a play
 --> site.yml:3:3
  |
3 |   taks: []
  |   ^^^^
  |
  = help: did you mean `tasks`?
error[wrong-type]: `become` takes a truth value, not the text `maybe`
 --> site.yml:4:11
  |
4 |   become: maybe
  |           ^^^^^
error[wrong-choice]: `meta` knows no `flush_handler`
 --> site.yml:6:13
  |
6 |     - meta: flush_handler
  |             ^^^^^^^^^^^^^
  |
  = help: did you mean `flush_handlers`?
error[unknown-keyword]: `whn` is not a keyword of a task
 --> site.yml:8:7
  |
8 |       whn: x
  |       ^^^
  |
  = help: did you mean `when`?
error[missing-file]: there is no task file `nowhere.yml`
 --> site.yml:9:21
  |
9 |     - import_tasks: nowhere.yml
  |                     ^^^^^^^^^^^
  |
  = help: looked for `nowhere.yml`
error[no-module]: this task names no module
  --> site.yml:10:7
   |
10 |     - name: nothing
   |       ^^^^^^^^^^^^^
   |
   = help: a task has one key that is a module's name, such as `copy` or `command`"
    );
}

#[test]
fn each_slip_has_its_own_message() {
    let cases = [
        ("- meta: noop\n  import_tasks: x.yml", "conflicting action statements: meta, import_tasks"),
        ("- includ_tasks: x.yml", "there is no module `includ_tasks`"),
        ("- subversion: dest=x", "the module `ansible.builtin.subversion` is not built into quaymaster"),
        ("- seboolean: name=x", "the module `ansible.posix.seboolean` is not built into quaymaster"),
        ("- acme.tools.thing: {}", "the module `acme.tools.thing` is not built into quaymaster"),
        ("- include: x.yml", "`include` was removed from Ansible"),
        ("- import_playbook: x.yml", "`import_playbook` is no task"),
        ("- meta: noop\n  register: a-b", "`a-b` is not a name that a variable can have"),
        ("- meta: noop\n  loop_control: {loop_var: 1x}", "`1x` is not a name that a variable can have"),
        ("- meta: noop\n  loop_control: {lable: x}", "`lable` is not a keyword of `loop_control`"),
        ("- meta: noop\n  with_items: [1]\n  loop: [2]", "a task has one loop, and this is a second one"),
        ("- meta: noop\n  vars: [1]", "`vars` must be a mapping of variables, not a list"),
        ("- meta: noop\n  vars: {a-b: 1}", "`a-b` is not a name that a variable can have"),
        ("- meta: noop\n  retries: many", "`retries` takes a number, not the text `many`"),
        ("- meta: end_role", "`end_role` can only be asked for by a role's tasks"),
        ("- import_tasks: {file: x.yml, apply: {}}", "`import_tasks` has no option `apply`"),
        ("- include_tasks: site.yml\n  become: yes", "`become` is not a keyword of `include_tasks`"),
        ("- include_tasks:\n    apply: {becme: yes}\n    file: site.yml", "`becme` is not a keyword of `apply`"),
        ("- include_role: {tasks_from: x}", "`include_role` needs the `name` of a role"),
        ("- include_role: {name: nothere}", "there is no role `nothere`"),
        ("- block: []\n  register: x", "`register` is not a keyword of a block"),
        ("- rescue: []", "`rescue` and `always` need a `block` beside them"),
        ("- meta: noop\n  notify: restart", "no handler is called `restart`"),
        ("- just text", "a task must be a mapping, not the text `just text`"),
        ("- local_action: {a: b}", "`local_action` names no `module`"),
        ("- meta: noop\n  action: meta noop", "conflicting action statements: meta, meta"),
    ];
    for (text, wanted) in cases {
        let found = messages(&[("site.yml", &tasks(text))]);
        assert!(found.iter().any(|message| message == wanted), "{text}\nwanted: {wanted}\nfound: {found:#?}");
    }
}

#[test]
fn a_modules_options_are_checked() {
    let cases = [
        ("- tempalte: {src: a, dest: b}", "there is no module `tempalte`"),
        ("- ansible.builtin.coppy: {}", "there is no module `ansible.builtin.coppy`"),
        ("- debug: msg=x\n  copy: dest=x", "conflicting action statements: debug, copy"),
        ("- file: {pth: /x}", "`file` has no option `pth`"),
        (
            "- file: {path: /x, state: presnt}",
            "option `state` of `file` takes one of `absent`, `directory`, `file`, `hard`, `link`, `touch`, not the text `presnt`",
        ),
        (
            "- ansible.builtin.file: path=/x recurse=maybe",
            "option `recurse` of `ansible.builtin.file` takes a truth value (yes or no), not the text `maybe`",
        ),
        ("- file: {state: absent}", "`file` needs the option `path`"),
        ("- file: [a]", "`file` takes a mapping of options or a text, not a list"),
        ("- file: hello path=/x", "`file` takes options, and `hello` is none"),
        ("- command: echo \"a", "the options of `command` cannot be split: a double quote is never closed"),
        ("- copy: {src: nowhere.txt, dest: /x}", "there is no file `nowhere.txt` for `copy`"),
        ("- template: src=nowhere.j2 dest=/x", "there is no file `nowhere.j2` for `template`"),
        ("- debug: msg=x\n  args: {vra: y}", "`debug` has no option `vra`"),
        ("- include_vars: nowhere.yml", "there is no file `nowhere.yml` for `include_vars`"),
    ];
    for (text, wanted) in cases {
        let found = messages(&[("site.yml", &tasks(text))]);
        assert!(found.iter().any(|message| message == wanted), "{text}\nwanted: {wanted}\nfound: {found:#?}");
    }
}

#[test]
fn plays_have_their_own_slips() {
    let cases = [
        ("- tasks: []", "this play has no `hosts`"),
        ("- hosts: []", "`hosts` is empty"),
        ("- hosts: {a: b}", "`hosts` takes a pattern or a list of patterns, not a mapping"),
        ("- hosts: all\n  when: x", "`when` is not a keyword of a play"),
        (
            "- hosts: all\n  order: sortd",
            "`order` takes one of `inventory`, `reverse_inventory`, `reverse_sorted`, `shuffle`, `sorted`",
        ),
        ("- hosts: all\n  vars_files: nowhere.yml", "there is no variables file `nowhere.yml`"),
        ("- hosts: all\n  roles: [nothere]", "there is no role `nothere`"),
        ("- hosts: all\n  roles: [{x: 1}]", "this role has no `role` that names it"),
        ("- hosts: all\n  roles: [[a]]", "a role is a name or a mapping with `role`, not a list"),
        ("- hosts: all\n  vars_prompt: [{prompt: x}]", "an entry of `vars_prompt` needs the `name` of a variable"),
        ("- import_playbook: nowhere.yml", "there is no playbook `nowhere.yml`"),
        ("- import_playbook: site.yml", "this import never ends"),
        ("- import_playbook: nowhere.yml\n  hosts: all", "`hosts` is not a keyword of `import_playbook`"),
        ("hosts: all", "a playbook is a list of plays, not a mapping"),
        ("", "the playbook `site.yml` is empty"),
        ("[]", "the playbook `site.yml` has no plays"),
        ("- hosts: all\n  tasks: {a: b}", "`tasks` must be a list, not a mapping"),
        (
            "- hosts: all\n  handlers:\n    - block: [{block: []}]",
            "a block inside a block of handlers is not supported",
        ),
        ("- hosts: all\n  tasks: [{block: }]", "`block` must be a list, not nothing"),
        ("- hosts: all\n  handlers:\n    - include_role: {name: x}", "`include_role` cannot be a handler"),
    ];
    for (text, wanted) in cases {
        let found = messages(&[("site.yml", text)]);
        assert!(found.iter().any(|message| message == wanted), "{text}\nwanted: {wanted}\nfound: {found:#?}");
    }
}

#[test]
fn circles_are_named_with_their_chain() {
    let found = messages(&[
        ("site.yml", "- hosts: all\n  roles: [a]\n"),
        ("roles/a/meta/main.yml", "dependencies: [b]\n"),
        ("roles/b/meta/main.yml", "dependencies: [a]\n"),
    ]);
    assert_eq!(found, ["the role `a` needs itself"]);
    let found = messages(&[
        ("site.yml", "- hosts: all\n  tasks:\n    - import_tasks: a.yml\n"),
        ("a.yml", "- import_tasks: b.yml\n"),
        ("b.yml", "- import_tasks: a.yml\n"),
    ]);
    assert_eq!(found, ["this import never ends"]);
}

#[test]
fn handlers_that_may_come_later_are_not_missed() {
    // a role that is included by name is looked into, and its handlers count
    let found = messages(&[
        (
            "site.yml",
            "- hosts: all\n  tasks:\n    - include_role: {name: r}\n    - meta: noop\n      notify: [here, \"r : here\", gone]\n",
        ),
        ("roles/r/handlers/main.yml", "- name: here\n  meta: noop\n"),
    ]);
    assert_eq!(found, ["no handler is called `gone`"]);
}

#[test]
fn a_word_of_free_form_text_has_its_own_place() {
    let text = rendered("- hosts: all\n  tasks:\n    - include_role: name=site tasks_form='x y'\n");
    assert!(
        text.contains(
            "\
error[unknown-option]: `include_role` has no option `tasks_form`
 --> site.yml:3:31
  |
3 |     - include_role: name=site tasks_form='x y'
  |                               ^^^^^^^^^^
  |
  = help: did you mean `tasks_from`?"
        ),
        "{text}"
    );
}

#[test]
fn a_module_of_a_library_folder_is_named_as_such() {
    let found = messages(&[
        ("site.yml", "- hosts: all\n  roles: [r]\n"),
        ("roles/r/tasks/main.yml", "- own_thing: {}\n"),
        ("roles/r/library/own_thing.py", "from ansible.module_utils.basic import AnsibleModule\n"),
    ]);
    let [message] = &found[..] else { panic!("{found:?}") };
    assert!(
        message.starts_with("the module `own_thing` cannot be run: it needs Ansible's own Python library"),
        "{message}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever is written, the loader answers with a playbook or with problems, each with a message.
    #[test]
    fn no_text_makes_the_loader_panic(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "- hosts: all", "  tasks:", "    - debug: msg=x", "    - block:", "      - command: \"a", "      when: x", "  roles: [r]",
                "    - include_tasks: site.yml", "    - import_role: {name: r}", "  vars: {a: 1}", "- import_playbook: x", "  name: 'é'",
                "    - copy: src=a b=\"{{ x", "      loop: {}", "      notify: [[x]]", "      args: 5", "    -", "    - action: {}", "  hosts:",
                "      vars: {? [a] : b}", "  vars_files: [[1], a]", "      with_items:", "      tags: {}", "  handlers: [x]", "      apply: {when: }",
            ]),
            0..12,
        )
    ) {
        let text = lines.join("\n");
        let loader = super::support::loader(&[("site.yml", &text), ("roles/r/tasks/main.yml", "- import_role: {name: r}\n")], &[]);
        if let Err(problems) = loader.load_playbook("site.yml") {
            proptest::prop_assert!(!problems.is_empty());
            proptest::prop_assert!(problems.iter().all(|problem| !problem.message.is_empty()));
            let shown = super::support::shown(&loader, &problems);
            proptest::prop_assert!(!shown.contains("not recorded"), "{}", shown);
        }
    }
}
