//! The agent as the runner uses it: another user on this machine, by the programs that make one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::harness::{BINARY, quaymaster};

/// Folders that every user can enter, with a copy of the binary that every user may run.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("qm-agent").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = folder.path().join("quaymaster");
    fs::copy(BINARY, &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_task_runs_as_another_user_and_leaves_nothing_running() {
    let folder = open_folder();
    let playbook = r#"
- hosts: localhost
  gather_facts: false
  become: true
  become_user: nobody
  become_method: su
  tasks:
    - command: id -un
      register: who
    - assert: {that: who.stdout == 'nobody'}
    - copy: {content: "of nobody\n", dest: "{{ out }}/mine", mode: "0600"}
    - command: cat {{ out }}/mine
      register: content
    - assert: {that: content.stdout == 'of nobody'}
    - command: id -un
      become: false
      register: own
    - assert: {that: own.stdout != 'nobody'}
"#;
    fs::write(folder.path().join("site.yml"), playbook).unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o777)).unwrap();
    let output = Command::new(folder.path().join("quaymaster"))
        .args(["play", "site.yml", "-e", &format!("out={}", out.display())])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let left = Command::new("pgrep").args(["-a", "-f", "agent serve"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&left.stdout).contains(folder.path().to_str().unwrap()), "{left:?}");
}

#[test]
fn a_user_that_cannot_be_had_fails_the_task_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let playbook = "
- hosts: localhost
  gather_facts: false
  tasks:
    - {ping: , become: true, become_user: no-such-user, become_method: su, ignore_errors: true}
    - {ping: , become: true, become_user: nobody, become_exe: /nowhere/sudo, ignore_errors: true}
    - {ping: , become: true, become_user: nobody, become_method: runas, ignore_errors: true}
";
    fs::write(folder.path().join("site.yml"), playbook).unwrap();
    let output = quaymaster(folder.path()).args(["play", "site.yml"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    for part in [
        "cannot become `no-such-user` with `su`: there is no such user",
        "cannot become `nobody`: there is no `/nowhere/sudo` on the host",
        "the become method `runas` is not supported",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(output.status.success(), "{text}");
}
