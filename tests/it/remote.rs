//! Plays over SSH: the modules run in an agent on the host, and do there what they do here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::harness::{BINARY, quaymaster};
use crate::sshd::{Sshd, user};

/// Where agents are kept between tests: bringing the binary is a test of its own.
pub fn agents() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agents");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A playbook's folder and the server that its hosts are on.
pub struct Site {
    pub server: Sshd,
    pub folder: tempfile::TempDir,
}

impl Site {
    /// With hosts `web1` and `web2` on one server.
    pub fn new(lines: &[&str]) -> Self {
        let site = Self { server: Sshd::start(lines), folder: tempfile::tempdir().unwrap() };
        let inventory = format!(
            "[web]\nweb1\nweb2\n\n[all:vars]\nansible_host={}\nansible_port={}\nansible_user={}\nansible_remote_tmp={}\n\
             out={}\n",
            site.server.address,
            site.server.port,
            user(),
            agents().display(),
            site.out().display(),
        );
        site.write("hosts", &inventory);
        fs::create_dir(site.out()).unwrap();
        site
    }

    /// A folder "on the host".
    pub fn out(&self) -> PathBuf {
        self.server.path("out")
    }

    /// Writes a file beside the playbook.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Plays a playbook.
    pub fn play(&self, playbook: &str, args: &[&str]) -> Played {
        self.write("site.yml", playbook);
        let output = self.command(args).output().unwrap();
        Played::new(&output)
    }

    /// The command that plays `site.yml`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = quaymaster(self.folder.path());
        command.env("HOME", self.server.home());
        command.args(["play", "-i", "hosts", "site.yml", "--output", "ansible"]).args(args);
        command
    }
}

/// What came of a play.
pub struct Played {
    pub text: String,
    pub code: Option<i32>,
}

impl Played {
    /// Of a command.
    pub fn of(command: &mut Command) -> Self {
        Self::new(&command.output().unwrap())
    }

    fn new(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Self { text, code: output.status.code() }
    }

    /// That it went well on all hosts.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.text);
        self
    }

    /// That it contains some words.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.text.contains(words), "no `{words}` in\n{}", self.text);
        self
    }

    /// How many changes a host's line of the recap tells.
    #[track_caller]
    pub fn changes(&self, host: &str) -> usize {
        let line = self.text.lines().rfind(|line| line.starts_with(host) && line.contains("changed="));
        let line = line.unwrap_or_else(|| panic!("{}", self.text));
        let count = line.split("changed=").nth(1).unwrap().split_whitespace().next().unwrap();
        count.parse().unwrap()
    }
}

/// That no agent of a server's connections is left. The connection's end reaches the agent a moment after the play's.
#[track_caller]
pub fn nothing_is_left(site: &Site) {
    let address = "SSH_CONNECTION=127.0.0.1";
    let port = format!(" {}", site.server.port);
    let mut left = Vec::new();
    for _ in 0..100 {
        left = processes().into_iter().filter(|(_, env)| env.contains(address) && env.contains(&port)).collect();
        if left.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("still there: {:?}", left.iter().map(|(pid, _)| pid).collect::<Vec<_>>());
}

/// Process ids and environments.
fn processes() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if pid.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(environment) = fs::read(entry.path().join("environ"))
        {
            found.push((pid, String::from_utf8_lossy(&environment).replace('\0', "\n")));
        }
    }
    found
}

const STATE: &str = r#"
- hosts: web1
  tasks:
    - assert: {that: ansible_facts.hostname is defined and ansible_facts.env.SSH_CONNECTION is defined}
    - file: {path: "{{ out }}/dir/sub", state: directory, mode: "0750"}
    - copy: {content: "port={{ 8000 + 443 }}\n", dest: "{{ out }}/dir/env", mode: "0600"}
    - copy: {src: small.txt, dest: "{{ out }}/dir/", mode: "0640"}
    - copy: {src: big.bin, dest: "{{ out }}/dir/big.bin", mode: "0644"}
    - copy: {src: tree/, dest: "{{ out }}/tree/", mode: "0644", directory_mode: "0755"}
    - template: {src: app.j2, dest: "{{ out }}/app.conf", mode: "0644"}
    - lineinfile: {path: "{{ out }}/hosts", line: "127.0.0.1 app", create: true, mode: "0644"}
    - blockinfile: {path: "{{ out }}/block", block: "a\nb", create: true, mode: "0644"}
    - replace: {path: "{{ out }}/app.conf", regexp: 'not there', replace: x}
    - assemble: {src: parts, dest: "{{ out }}/whole", remote_src: false, mode: "0644"}
    - unarchive: {src: pack.tar.gz, dest: "{{ out }}/tree"}
    - synchronize: {src: tree/, dest: "{{ out }}/synced"}
    - ini_file: {path: "{{ out }}/my.ini", section: a, option: b, value: c, mode: "0644"}
    - file: {src: app.conf, dest: "{{ out }}/link", state: link}
"#;

fn with_files(site: &Site) {
    site.write("files/small.txt", "small\n");
    site.write("files/big.bin", &"0123456789abcdef".repeat(20_000));
    for n in 0..40 {
        site.write(&format!("files/tree/{}/{n}.txt", n % 4), &format!("file {n}\n"));
    }
    site.write("files/parts/1", "one\n");
    site.write("files/parts/2", "two\n");
    site.write("templates/app.j2", "host {{ inventory_hostname }} of {{ groups.web | length }}\n");
    site.write("packed/in-the-pack", "packed\n");
    let folder = site.folder.path();
    let status = Command::new("tar")
        .args(["-czf", "files/pack.tar.gz", "-C", "packed", "in-the-pack"])
        .current_dir(folder)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn what_is_declared_is_made_once() {
    let site = Site::new(&[]);
    with_files(&site);
    let predicted = site.play(STATE, &["--check"]);
    assert!(predicted.text.contains("changed="), "{}", predicted.text);
    assert_eq!(fs::read_dir(site.out()).unwrap().count(), 0, "check mode made something:\n{}", predicted.text);
    let first = site.play(STATE, &["--diff"]).good();
    assert_eq!(first.changes("web1"), 13, "{}", first.text);
    let second = site.play(STATE, &[]).good();
    assert_eq!(second.changes("web1"), 0, "{}", second.text);
    let read = |name: &str| fs::read_to_string(site.out().join(name)).unwrap();
    assert_eq!(read("app.conf"), "host web1 of 2\n");
    assert_eq!(read("dir/big.bin").len(), 320_000);
    assert_eq!(read("tree/3/39.txt"), "file 39\n");
    assert_eq!(read("tree/in-the-pack"), "packed\n");
    assert_eq!(read("whole"), "one\ntwo\n");
    assert_eq!(read("synced/1/1.txt"), "file 1\n");
    nothing_is_left(&site);
}

#[test]
fn what_is_asked_is_answered() {
    let site = Site::new(&[]);
    site.write("scripts/hello.sh", "#!/bin/sh\necho \"hello $1 from $SSH_CONNECTION\"\n");
    site.play(
        r#"
- hosts: web
  gather_facts: false
  tasks:
    - ping:
    - command: printenv SSH_CONNECTION
      register: connection
    - assert: {that: connection.stdout is search('127.0.0.1')}
    - shell: pwd; echo $WORD >&2; exit 3
      environment: {WORD: "a b"}
      register: shell
      failed_when: shell.rc != 3
      changed_when: false
    - assert: {that: shell.stderr == 'a b'}
    - raw: printf '%s' "$SSH_CONNECTION"; exit 2
      register: raw
      failed_when: raw.rc != 2
    - assert: {that: "'127.0.0.1' in raw.stdout"}
    - script: scripts/hello.sh "big world"
      register: script
    - assert: {that: script.stdout is match('hello big world from 127.0.0.1')}
    - copy: {content: "of {{ inventory_hostname }}", dest: "{{ out }}/{{ inventory_hostname }}"}
    - slurp: {src: "{{ out }}/{{ inventory_hostname }}"}
      register: slurped
    - fetch: {src: "{{ out }}/{{ inventory_hostname }}", dest: fetched/}
    - assert:
        that: slurped.content | b64decode == lookup('file', playbook_dir ~ '/fetched/' ~ inventory_hostname ~ out ~ '/' ~ inventory_hostname)
    - stat: {path: "{{ out }}/nothing"}
      register: nothing
    - find: {paths: "{{ out }}", patterns: 'web*'}
      register: found
    - assert: {that: not nothing.stat.exists and found.matched >= 1}
    - tempfile: {state: file, path: "{{ out }}", prefix: tmp}
      register: temp
    - file: {path: "{{ temp.path }}", state: absent}
    - getent: {database: passwd, key: root}
    - assert: {that: "getent_passwd.root[1] == '0'"}
    - command: printenv SSH_CONNECTION
      delegate_to: localhost
      register: here
      failed_when: here.rc == 0
    - command: echo once {{ inventory_hostname }}
      run_once: true
      register: once
    - assert: {that: once.stdout == 'once web1'}
"#,
        &[],
    )
    .good();
    nothing_is_left(&site);
}

#[test]
fn a_job_in_the_background_outlives_the_task() {
    let site = Site::new(&[]);
    site.play(
        r#"
- hosts: web1
  gather_facts: false
  environment: {ANSIBLE_ASYNC_DIR: "{{ out }}/jobs"}
  tasks:
    - command: sh -c 'sleep 1; echo done'
      async: 30
      poll: 0
      register: job
    - meta: reset_connection
    - async_status: {jid: "{{ job.ansible_job_id }}"}
      register: ended
      until: ended is finished
      retries: 40
      delay: 1
    - assert: {that: ended.stdout == 'done'}
    - command: sleep 0.2
      async: 10
      poll: 1
"#,
        &[],
    )
    .good();
}

#[test]
fn a_failure_tells_what_it_tells_here() {
    let site = Site::new(&[]);
    let text = |connection: &str| {
        let playbook = format!(
            r#"
- hosts: web1
  gather_facts: false
  ignore_errors: true
  tasks:
    - copy: {{content: x, dest: /nonexistent/folder/file}}
    - command: /nonexistent/program
    - file: {{path: /proc/nothing, state: directory}}
    - command: "false"
    - assert: {{that: false}}
    - debug: {{msg: "{{{{ nothing }}}}"}}
{connection}"#
        );
        let text = site.play(&playbook, &["-e", "x=1"]).good().text;
        text.lines().filter(|line| line.starts_with("fatal") || line.contains("\"msg\"")).collect::<Vec<_>>().join("\n")
    };
    let strip = |text: String| -> String {
        let times = regex::Regex::new(r#""(start|end|delta)": "[^"]*""#).unwrap();
        times.replace_all(&text, "").into_owned()
    };
    assert_eq!(strip(text("")), strip(text("  connection: local\n")));
}

#[test]
fn the_binary_is_brought_once_and_kept_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new(&[]);
    let kept = site.server.path("kept");
    let folder = format!("ansible_remote_tmp={}", kept.display());
    let playbook = "- hosts: web\n  gather_facts: false\n  tasks:\n    - ping:\n";
    site.play(playbook, &["-e", &folder]).good();
    let files: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::metadata(&files[0]).unwrap().len(), fs::metadata(BINARY).unwrap().len());
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    let stamp = fs::metadata(&files[0]).unwrap().modified().unwrap();
    site.play(playbook, &["-e", &folder]).good();
    assert_eq!(fs::metadata(&files[0]).unwrap().modified().unwrap(), stamp);
    nothing_is_left(&site);
}

#[test]
fn hosts_that_cannot_be_reached_do_not_hold_others_back() {
    let site = Site::new(&[]);
    site.write(
        "hosts",
        &(fs::read_to_string(site.folder.path().join("hosts")).unwrap()
            + "\n[bad]\nnobody ansible_host=127.0.0.1 ansible_port=1\nstranger ansible_user=no-such-user\n"),
    );
    let played =
        site.play("- hosts: web,bad\n  gather_facts: false\n  tasks:\n    - ping:\n    - command: 'true'\n", &[]);
    assert_eq!(played.code, Some(4), "{}", played.text);
    let played = played.says("fatal: [nobody]: UNREACHABLE!").says("fatal: [stranger]: UNREACHABLE!");
    let recap: Vec<_> = played.text.lines().filter(|line| line.contains("unreachable=1")).collect();
    assert_eq!(recap.len(), 2, "{}", played.text);
    let played = played.says("Connection refused").says("no-such-user");
    assert!(played.text.lines().filter(|line| line.contains("ok=2 ")).count() == 2, "{}", played.text);
}

#[test]
fn an_interrupt_ends_what_runs_on_the_host() {
    let site = Site::new(&[]);
    let mark = site.out().join("mark");
    site.write(
        "site.yml",
        &format!("- hosts: web1\n  gather_facts: false\n  tasks:\n    - shell: touch {}; sleep 300\n", mark.display()),
    );
    let mut child = site.command(&[]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while !mark.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(mark.exists());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nothing_is_left(&site);
}

#[test]
fn a_runner_that_is_killed_leaves_nothing_running() {
    let site = Site::new(&[]);
    let mark = site.out().join("mark");
    site.write(
        "site.yml",
        &format!("- hosts: web1\n  gather_facts: false\n  tasks:\n    - shell: touch {}; sleep 300\n", mark.display()),
    );
    let mut child = site.command(&[]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while !mark.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&site);
}
