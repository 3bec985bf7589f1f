//! Whole systems as hosts over SSH: passwords, other users, odd shells and homes.

use std::fs;
use std::time::{Duration, Instant};

use super::harness::quaymaster;
use super::hosts::Host;
use super::remote::Played;

/// A system with users of all kinds, and a folder to play from.
struct Site {
    host: Host,
    folder: tempfile::TempDir,
}

/// `admin` may become anybody with a password, `free` without one, `term` only with a terminal, `nobody2` nobody. The others are
/// at home in odd places.
const USERS: &str = r#"
set -e
for user in admin free term nobody2 chatty; do useradd -m -s /bin/bash $user; done
useradd -m -s /usr/bin/fish fish
useradd -m -s /bin/tcsh tcsh
useradd -m -s /bin/dash dash
for user in root admin free term nobody2 chatty fish tcsh dash; do echo "$user:pass-$user"; done | chpasswd
cat > /etc/sudoers.d/test <<'END'
admin ALL=(ALL) ALL
free ALL=(ALL) NOPASSWD: ALL
Defaults:term requiretty
term ALL=(ALL) NOPASSWD: ALL
END
chmod 0440 /etc/sudoers.d/test
echo 'PermitRootLogin yes' >> /etc/ssh/sshd_config
echo 'Banner /etc/motd' >> /etc/ssh/sshd_config
printf 'Welcome!\nReady? need x86_64 gzip\n' > /etc/motd
printf 'echo "hello from bashrc"; echo "and to stderr" >&2\n' | tee /home/chatty/.bashrc >> /home/chatty/.profile
chmod 0555 /home/dash; chown root /home/dash
systemctl restart ssh
"#;

impl Site {
    fn new() -> Self {
        let site = Self { host: Host::debian(), folder: tempfile::tempdir().unwrap() };
        site.host.sh(USERS);
        site
    }

    /// Plays tasks as a user who logs in with a password.
    fn play(&self, user: &str, tasks: &str, args: &[&str]) -> Played {
        let playbook = format!("- hosts: far\n  gather_facts: false\n  tasks:\n{tasks}");
        fs::write(self.folder.path().join("site.yml"), playbook).unwrap();
        let inventory = format!(
            "far ansible_host={} ansible_user={user} ansible_password=pass-{user} ansible_host_key_checking=accept-new\n",
            self.host.address()
        );
        fs::write(self.folder.path().join("hosts"), inventory).unwrap();
        let mut command = quaymaster(self.folder.path());
        command.args(["play", "-i", "hosts", "site.yml", "--output", "ansible"]).args(args);
        Played::of(&mut command)
    }
}

const WHO: &str = "    - command: id -un\n      register: who\n    - debug: {msg: \"I am {{ who.stdout }}.\"}\n";

#[test]
fn other_users_and_what_keeps_from_them() {
    let site = Site::new();
    let root = ["-b"];
    site.play("free", WHO, &[]).good().says("I am free.");
    site.play("free", WHO, &root).good().says("I am root.");
    site.play("free", WHO, &["-b", "--become-user", "admin"]).good().says("I am admin.");
    site.play("term", WHO, &root).good().says("I am root.");
    site.play("root", WHO, &root).good().says("I am root.");
    site.play("admin", WHO, &["-b", "-e", "ansible_become_password=pass-admin"]).good().says("I am root.");
    let su = ["-b", "--become-method", "su", "-e", "ansible_become_password=pass-root"];
    site.play("nobody2", WHO, &su).good().says("I am root.");

    // a password on the terminal comes from the file as well
    fs::write(site.folder.path().join("word"), "pass-admin\n").unwrap();
    site.play("admin", WHO, &["-b", "--become-password-file", "word"]).good().says("I am root.");

    let fails = |user: &str, args: &[&str], words: &str| {
        let played = site.play(user, WHO, args);
        assert_eq!(played.code, Some(2), "{}", played.text);
        assert!(!played.text.contains("wrong-word"), "{}", played.text);
        played.says(words);
    };
    fails("admin", &["-b", "-e", "ansible_become_password=wrong-word"], "the password is wrong");
    fails("admin", &["-b"], "it needs a password: give one with `ansible_become_password` or `-K`");
    fails("nobody2", &["-b", "-e", "ansible_become_password=pass-nobody2"], "cannot become `root` with `sudo`");
    fails(
        "nobody2",
        &["-b", "--become-method", "su", "-e", "ansible_become_password=wrong-word"],
        "the password is wrong",
    );
    fails("free", &["-b", "--become-user", "no-such-user"], "cannot become `no-such-user` with `sudo`");
    fails("free", &["-b", "--become-method", "doas"], "there is no `doas` on the host");

    let wrong = site.play("free", WHO, &["-e", "ansible_password=wrong-word"]);
    assert_eq!(wrong.code, Some(4), "{}", wrong.text);
    wrong.says("UNREACHABLE!");
    assert_eq!(site.host.sh("pgrep -f '[a]gent serve' || echo none").trim(), "none");
}

#[test]
fn odd_shells_and_homes() {
    let site = Site::new();
    let works = "    - copy: {content: \"of {{ ansible_user }}\", dest: \"/tmp/of-{{ ansible_user }}\"}\n    \
                 - shell: cat /tmp/of-{{ ansible_user }}; echo\n      register: got\n    \
                 - assert: {that: \"got.stdout == 'of ' ~ ansible_user\"}\n";
    for user in ["fish", "tcsh", "chatty", "dash"] {
        site.play(user, works, &[]).good();
    }
    // a home that cannot be written to and one that runs nothing: the binary lies elsewhere
    assert_eq!(
        site.host.sh("ls /home/dash/.cache 2>/dev/null; ls -d /var/tmp/quaymaster-$(id -u dash)").lines().count(),
        1
    );
    site.host.sh("mount -t tmpfs -o noexec,mode=0777 none /home/free && chown free /home/free");
    site.play("free", works, &[]).good();
    // tools that are not there
    site.host.sh("mv /usr/bin/sha256sum /root/; mv /usr/bin/gzip /root/; rm -rf /var/tmp/quaymaster-* /home/*/.cache");
    site.play("fish", works, &[]).good();
    // no folder for it
    site.host.sh(
        "mv /root/gzip /usr/bin/; for d in /var/tmp /tmp /dev/shm; do mount -t tmpfs -o noexec,mode=1777 none $d; done",
    );
    let nowhere = site.play("free", WHO, &[]);
    assert_eq!(nowhere.code, Some(4), "{}", nowhere.text);
    nowhere.says("no folder of the host can hold the agent and run it; name one with `ansible_remote_tmp`");
    site.host.sh("mkdir -p /opt/free && chown free /opt/free");
    site.play("free", WHO, &["-e", "ansible_remote_tmp=/opt/free/agent"]).good().says("I am free.");
    // a disk that is full
    site.host.sh("mkdir /opt/small && mount -t tmpfs -o size=1m,mode=0700 none /opt/small && chown fish /opt/small && umount /dev/shm /tmp /var/tmp /home/free");
    site.host.sh("rm -rf /home/fish/.cache /var/tmp/quaymaster-* /tmp/quaymaster-* /dev/shm/quaymaster-*");
    let full = site.play("fish", WHO, &["-e", "ansible_remote_tmp=/opt/small"]);
    assert_eq!(full.code, Some(4), "{}", full.text);
    full.says("the agent could not be written to `/opt/small`").says("No space left");
    // raw needs no agent at all
    site.play(
        "fish",
        "    - raw: echo here\n      register: raw\n    - assert: {that: \"'here' in raw.stdout\"}\n",
        &["-e", "ansible_remote_tmp=/opt/small"],
    )
    .good();
}

#[test]
fn a_container_is_a_host() {
    let site = Site::new();
    fs::write(site.folder.path().join("site.yml"), format!("- hosts: far\n  gather_facts: false\n  tasks:\n{WHO}"))
        .unwrap();
    let connection = format!("far ansible_connection=podman ansible_host={}\n", site.host.name());
    fs::write(site.folder.path().join("hosts"), connection).unwrap();
    let play = |args: &[&str]| {
        let mut command = quaymaster(site.folder.path());
        command.args(["play", "-i", "hosts", "site.yml", "--output", "ansible"]).args(args).envs(Host::engine());
        Played::of(&mut command)
    };
    play(&[]).good().says("I am root.");
    play(&["-u", "free"]).good().says("I am free.");
    play(&["-u", "free", "-b"]).good().says("I am root.");
    play(&["-e", "ansible_host=no-such-container"]).says("UNREACHABLE!").says("no such container");
}

#[test]
fn a_host_that_goes_down_and_comes_back() {
    let host = Host::debian();
    let folder = tempfile::tempdir().unwrap();
    let connection = format!("far ansible_connection=podman ansible_host={}\n", host.name());
    fs::write(folder.path().join("hosts"), connection).unwrap();
    let play = |tasks: &str| {
        let playbook = format!("- hosts: far\n  gather_facts: false\n  tasks:\n{tasks}");
        fs::write(folder.path().join("site.yml"), playbook).unwrap();
        let mut command = quaymaster(folder.path());
        command.args(["play", "-i", "hosts", "site.yml", "--output", "ansible"]).envs(Host::engine());
        Played::of(&mut command)
    };
    let boot = "ps -o lstart= -p 1";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // what the host's own firmware would do
            let until = Instant::now() + Duration::from_mins(1);
            while !host.output("test -e /going-down", "").status.success() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(200));
            }
            host.stop();
            std::thread::sleep(Duration::from_secs(3));
            host.start();
        });
        let tasks = format!(
            "    - ping:\n    - reboot: {{reboot_command: touch /going-down, boot_time_command: {boot}, reboot_timeout: 120}}\n      \
             register: rebooted\n    - assert: {{that: rebooted.rebooted and rebooted is changed}}\n    - command: systemctl \
             is-system-running --wait\n"
        );
        play(&tasks).good();
    });
    host.stop();
    let gone = play("    - wait_for_connection: {timeout: 2, sleep: 1}\n      ignore_errors: true\n");
    gone.good().says("timed out waiting for ping module test").says("...ignoring");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(3));
            host.start();
        });
        play("    - wait_for_connection: {timeout: 60}\n    - ping:\n").good();
    });
}
