//! What good playbooks become.

use super::support::{load, loader, shown};
use crate::playbook::{Action, Block, Role, Step, Task};
use crate::value::Value;

/// The names of tasks in the order they run, blocks indented.
fn outline(steps: &[Step]) -> Vec<String> {
    fn block(block: &Block, depth: usize, out: &mut Vec<String>) {
        let name = block.role.as_ref().map_or("block".to_owned(), |role| format!("role {}", role.name));
        out.push(format!("{}{name}", "  ".repeat(depth)));
        for step in block.block.iter().chain(&block.rescue).chain(&block.always) {
            walk(step, depth + 1, out);
        }
    }
    fn walk(step: &Step, depth: usize, out: &mut Vec<String>) {
        match step {
            Step::Task(task) => out.push(format!("{}{}", "  ".repeat(depth), title(task))),
            Step::Block(inner) => block(inner, depth, out),
        }
    }
    let mut out = Vec::new();
    for step in steps {
        walk(step, 0, &mut out);
    }
    out
}

fn title(task: &Task) -> String {
    let name = task.keywords.name.as_ref().and_then(Value::as_str).map(str::to_owned);
    name.unwrap_or_else(|| match &task.action {
        Action::Meta(asked) => format!("meta {asked}"),
        Action::Module { name, .. } => name.to_string(),
        Action::Include(include) => format!("{:?}", include.kind),
        Action::Named(named) => crate::value::python_str(&named.name),
    })
}

#[test]
fn tasks_blocks_and_imports_keep_their_order() {
    let playbook = load(&[
        (
            "site.yml",
            "
- hosts: all
  pre_tasks:
    - meta: noop
  tasks:
    - name: first
      meta: noop
    - block:
        - import_tasks: tasks/more.yml
      rescue:
        - name: saved
          meta: noop
      always:
        - name: last
          action: meta noop
",
        ),
        ("tasks/more.yml", "- name: more\n  meta: noop\n- import_tasks: deeper.yml\n"),
        ("tasks/deeper.yml", "- name: deep\n  ansible.builtin.meta: noop\n"),
    ]);
    let play = &playbook.plays[0];
    assert_eq!(outline(&play.pre_tasks), ["meta noop"]);
    assert_eq!(
        outline(&play.tasks),
        ["first", "block", "  block", "    more", "    block", "      deep", "  saved", "  last"]
    );
}

#[test]
fn roles_bring_their_dependencies_and_files() {
    let playbook = load(&[
        (
            "site.yml",
            "
- hosts: all
  roles:
    - base
    - role: web
      http_port: 80
      tags: [a, b]
      vars: {x: 1}
",
        ),
        ("roles/base/tasks/main.yml", "- name: base task\n  meta: noop\n"),
        ("roles/web/meta/main.yml", "dependencies:\n  - {role: base, level: 2}\nallow_duplicates: yes\n"),
        ("roles/web/defaults/main/a.yml", "a: 1\nb: 1\n"),
        ("roles/web/defaults/main/b.yml", "b: 2\n"),
        ("roles/web/vars/main.yaml", "c: 3\n"),
        ("roles/web/tasks/main.yml", "- import_tasks: sub/x.yml\n"),
        ("roles/web/tasks/sub/x.yml", "- import_tasks: y.yml\n"),
        ("roles/web/tasks/sub/y.yml", "- name: y\n  meta: noop\n- import_tasks: z.yml\n"),
        ("roles/web/tasks/z.yml", "- name: z\n  meta: noop\n"),
        ("roles/web/handlers/main.yml", "- name: restart\n  listen: [web, all web]\n  meta: noop\n"),
    ]);
    let play = &playbook.plays[0];
    assert_eq!(
        outline(&play.main_steps()),
        [
            "role base",
            "  base task",
            "role web",
            "  role base",
            "    base task",
            "  block",
            "    block",
            "      y",
            "      block",
            "        z"
        ]
    );
    let web: &Role = &play.roles[1];
    assert!(web.allow_duplicates);
    assert_eq!(web.params.get("http_port"), Some(&Value::Int(80)));
    assert_eq!(web.defaults.get("b"), Some(&Value::Int(2)));
    assert_eq!(web.vars.get("c"), Some(&Value::Int(3)));
    assert_eq!(web.keywords.tags.len(), 2);
    assert_ne!(web.dependencies[0].identity, play.roles[0].identity, "other parameters are another use");
    let handlers = play.bound_handlers();
    assert_eq!(handlers.len(), 1);
    assert_eq!(handlers[0].handler.role.as_deref(), Some("web"));
}

#[test]
fn the_same_use_of_a_role_has_the_same_identity() {
    let playbook = load(&[
        ("site.yml", "- hosts: all\n  roles: [base, base, {role: base, tags: x}]\n"),
        ("roles/base/tasks/main.yml", "[]\n"),
    ]);
    let roles = &playbook.plays[0].roles;
    assert_eq!(roles[0].identity, roles[1].identity);
    assert_ne!(roles[0].identity, roles[2].identity);
}

#[test]
fn imported_playbooks_get_vars_conditions_and_tags() {
    let playbook = load(&[
        ("site.yml", "- import_playbook: sub/web.yml\n  vars: {a: 2}\n  when: go\n  tags: deploy\n"),
        ("sub/web.yml", "- hosts: web\n  vars: {a: 1, b: 1}\n  tags: web\n  roles: [r]\n"),
        ("sub/roles/r/tasks/main.yml", "- meta: noop\n"),
    ]);
    let play = &playbook.plays[0];
    assert_eq!(play.keywords.vars.get("a"), Some(&Value::Int(2)));
    assert_eq!(play.keywords.vars.get("b"), Some(&Value::Int(1)));
    assert_eq!(play.keywords.when.len(), 1);
    assert_eq!(play.keywords.tags.iter().filter_map(Value::as_str).collect::<Vec<_>>(), ["web", "deploy"]);
    assert_eq!(play.dir, std::path::Path::new("sub"));
}

#[test]
fn collections_roles_are_found_by_their_full_name() {
    let playbook = load(&[
        (
            "site.yml",
            "- hosts: all\n  roles: [acme.tools.base]\n- hosts: all\n  collections: [acme.tools]\n  roles: [base]\n",
        ),
        ("/etc/collections/ansible_collections/acme/tools/roles/base/tasks/main.yml", "- meta: noop\n"),
    ]);
    for play in &playbook.plays {
        assert_eq!(&*play.roles[0].name, "acme.tools.base");
        assert_eq!(&*play.roles[0].short_name, "base");
    }
}

#[test]
fn a_role_may_be_used_inside_itself_with_another_entry_point() {
    let playbook = load(&[
        ("site.yml", "- hosts: all\n  roles: [a]\n"),
        ("roles/a/tasks/main.yml", "- import_role: {name: a, tasks_from: other}\n"),
        ("roles/a/tasks/other.yml", "- name: other\n  meta: noop\n"),
    ]);
    assert_eq!(outline(&playbook.plays[0].main_steps()), ["role a", "  block", "    role a", "      other"]);
}

#[test]
fn a_task_file_that_includes_itself_is_read_once() {
    load(&[
        ("site.yml", "- hosts: all\n  tasks:\n    - include_tasks: again.yml\n"),
        ("again.yml", "- include_tasks: again.yml\n  when: more\n"),
    ]);
}

#[test]
fn what_may_never_be_reached_is_a_warning() {
    let loader = loader(
        &[
            (
                "site.yml",
                "
- hosts: all
  tasks:
    - include_tasks: other.yml
      when: debian
    - copy: {src: nowhere, dest: /x}
      ignore_errors: yes
    - block:
        - include_role: {name: gone}
      rescue:
        - meta: noop
",
            ),
            ("other.yml", "- subversion: dest=x\n"),
        ],
        &[],
    );
    let playbook = loader.load_playbook("site.yml").unwrap();
    assert_eq!(outline(&playbook.plays[0].tasks), ["Tasks", "copy", "block", "  Role", "  meta noop"]);
    let warnings: Vec<String> = loader.take_warnings().into_iter().map(|warning| warning.message).collect();
    assert_eq!(
        warnings,
        [
            "there is no file `nowhere` for `copy`",
            "there is no role `gone`",
            "the module `ansible.builtin.subversion` is not built into quaymaster"
        ]
    );
    assert!(loader.take_warnings().is_empty());
}

#[test]
fn a_module_that_is_not_built_in_fails_when_it_is_reached() {
    let loader = loader(
        &[("site.yml", "- hosts: all\n  tasks:\n    - community.general.ufw: {state: enabled}\n      when: ubuntu\n")],
        &[],
    );
    let playbook = loader.load_playbook("site.yml").unwrap();
    let warnings = shown(&loader, &loader.take_warnings());
    assert!(warnings.starts_with("warning[unsupported-module]: the module `community.general.ufw` is"), "{warnings}");
    let Step::Task(task) = &playbook.plays[0].tasks[0] else { panic!("a task") };
    let Action::Module { module, name, args, .. } = &task.action else { panic!("a module") };
    assert_eq!(&**name, "community.general.ufw");
    let crate::modules::Runner::Host(run) = module.runner else { panic!("runs on the host") };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut ctx = crate::modules::Ctx::new(
        crate::modules::RunMode::default(),
        std::sync::Arc::default(),
        crate::value::Redactor::new(),
        tokio_util::sync::CancellationToken::new(),
        runtime.handle().clone(),
    );
    let error = run(args, &mut ctx).unwrap_err();
    assert_eq!(error.message, "the module `community.general.ufw` is not built into quaymaster");
}

#[test]
fn options_come_in_every_form() {
    let playbook = load(&[
        (
            "site.yml",
            r#"
- hosts: all
  module_defaults:
    file: {path: /tmp}
  tasks:
    - command: make  install chdir=/tmp
      args: {creates: /x}
    - shell: |
        set -e
        echo "a=b"
    - action: file dest=/x state=touch
    - local_action: {module: file, name: /y}
    - file: {state: absent}
    - copy: src=there.txt dest=/x
    - copy: {src: anywhere, dest: /x, remote_src: yes}
    - set_fact: {anything: 1, goes: here}
"#,
        ),
        ("files/there.txt", "x"),
    ]);
    let tasks: Vec<_> = playbook.plays[0]
        .tasks
        .iter()
        .map(|step| match step {
            Step::Task(task) => task.clone(),
            Step::Block(_) => panic!("no blocks here"),
        })
        .collect();
    let args: Vec<String> = tasks
        .iter()
        .map(|task| match &task.action {
            Action::Module { args, .. } => crate::value::to_json(args).to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        args[..5],
        [
            r#"{"creates":"/x","chdir":"/tmp","cmd":"make  install"}"#,
            r#"{"cmd":"set -e\necho \"a=b\"\n"}"#,
            r#"{"path":"/x","state":"touch"}"#,
            r#"{"path":"/y"}"#,
            r#"{"state":"absent"}"#,
        ]
    );
    assert_eq!(tasks[3].keywords.delegate_to.as_ref().and_then(Value::as_str), Some("localhost"));
}

#[test]
fn a_roles_argument_specification_becomes_its_first_task() {
    let spec = "argument_specs:\n  main:\n    short_description: the web server\n    options:\n      port: {type: int, required: yes}\n";
    let playbook = load(&[
        (
            "site.yml",
            "- hosts: all\n  roles: [{role: web, http_port: 80}]\n  tasks:\n    - import_role: {name: web, rolespec_validate: no}\n    - import_role: {name: web, tasks_from: other}\n",
        ),
        ("roles/web/meta/argument_specs.yml", spec),
        ("roles/web/tasks/main.yml", "- name: own\n  meta: noop\n"),
        ("roles/web/tasks/other.yml", "- name: other\n  meta: noop\n"),
    ]);
    let play = &playbook.plays[0];
    assert_eq!(
        outline(&play.main_steps()),
        [
            "role web",
            "  Validating arguments against arg spec 'main' - the web server",
            "  own",
            "block",
            "  role web",
            "    own",
            "block",
            "  role web",
            "    other"
        ]
    );
    let Step::Task(task) = &play.roles[0].tasks[0] else { panic!("a task comes first") };
    let Action::Module { args, .. } = &task.action else { panic!("a module's task") };
    let args = crate::value::to_json(args);
    assert_eq!(args["provided_arguments"]["http_port"], 80);
    assert_eq!(args["validate_args_context"]["argument_spec_name"], "main");
}

#[test]
fn handlers_come_from_blocks_and_imports_with_their_keywords() {
    let playbook = load(&[
        (
            "site.yml",
            "
- hosts: all
  handlers:
    - block:
        - name: one
          meta: noop
        - import_tasks: more.yml
          when: inner
      when: outer
    - name: dynamic
      include_tasks: more.yml
  tasks:
    - meta: noop
      notify: [one, two, topic, dynamic]
",
        ),
        ("more.yml", "- name: two\n  listen: topic\n  meta: noop\n"),
    ]);
    let handlers = playbook.plays[0].bound_handlers();
    let names: Vec<String> = handlers.iter().map(|bound| title(&bound.handler.task)).collect();
    assert_eq!(names, ["one", "two", "dynamic"]);
    let conditions: Vec<&str> = handlers[1].handler.outer.when.iter().filter_map(Value::as_str).collect();
    assert_eq!(conditions, ["outer", "inner"]);
    assert_eq!(handlers[1].handler.listen.len(), 1);
}

#[test]
fn dependencies_may_be_written_as_requirements() {
    let playbook = load(&[
        ("site.yml", "- hosts: all\n  roles: [a]\n"),
        ("roles/a/meta/main.yml", "dependencies:\n  - {src: 'https://example.org/x/b.git', version: v1}\n  - src: c\n"),
        ("roles/b/tasks/main.yml", "- meta: noop\n"),
        ("roles/c/tasks/main.yml", "- meta: noop\n"),
    ]);
    let names: Vec<&str> = playbook.plays[0].roles[0].dependencies.iter().map(|role| &*role.name).collect();
    assert_eq!(names, ["b", "c"]);
}
