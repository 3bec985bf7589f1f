//! Whole systems to run playbooks in: Debian with systemd, sshd, sudo and cron, each in a container of its own.
//!
//! The system is made once with `debootstrap` and kept under `target/test-hosts`; no registry is needed. What a test does
//! to a [`Host`] is gone when the host is dropped, so modules may be let loose on users, services and kernel settings.
//! `scripts/test-deps.sh` installs what this needs. Without it the tests fail; they are never skipped.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::harness::{BINARY, root};

/// What the system has beside the essential packages. A change makes a new image.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,openssh-server,sudo,cron,python3-minimal,python3-apt,iptables,ufw,kmod,\
                        procps,acl,libcap2-bin,at,locales,iproute2,debconf,e2fsprogs,fish,tcsh";
/// Debian's release.
const SUITE: &str = "bookworm";
/// Containers of ours carry this label, with the number of the test process that started them.
const LABEL: &str = "quaymaster.test";

/// Root of the host may do what is the host's alone: mount, filter packets, run services. What there is only one of on the
/// whole machine is out of its reach: clock, kernel modules, disks, and kernel settings beyond those of its own network
/// ([`Host::own_network_settings`]). Never make this `--privileged`.
const RIGHTS: [&str; 9] = [
    "--systemd=always",
    "--cap-add",
    "ALL",
    "--cap-drop",
    "SYS_TIME,SYS_MODULE",
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
];

/// A running system.
pub struct Host {
    name: String,
}

/// One task's result.
#[derive(Debug)]
pub struct Done {
    /// `ok`, `changed`, `skipped`, `failed` …
    pub status: String,
    /// What `register` would hold.
    pub result: Json,
}

/// What [`Host::keeps`] saw.
#[derive(Debug)]
pub struct Kept {
    /// The result of the run that changed something.
    pub result: Json,
    /// What the look at the host showed afterwards.
    pub seen: String,
}

impl Host {
    /// Starts a fresh Debian and waits until its services are up.
    pub fn debian() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let engine = Engine::get();
        let name = format!("qm-test-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let label = format!("{LABEL}={}", std::process::id());
        let binary = format!("{BINARY}:/usr/local/bin/quaymaster:ro");
        let mut arguments =
            vec!["run", "-d", "--name", &name, "--hostname", "testhost", "--label", &label, "-v", &binary];
        arguments.extend(RIGHTS);
        arguments.push(&engine.image);
        engine.ok(&arguments);
        let host = Self { name };
        let began = Instant::now();
        loop {
            let state = host.output("systemctl is-system-running", "");
            match String::from_utf8_lossy(&state.stdout).trim() {
                "running" => return host,
                "degraded" => panic!("a service failed at boot:\n{}", host.sh("systemctl --failed")),
                _ if began.elapsed() > Duration::from_secs(90) => panic!("the system does not come up: {state:?}"),
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Lets the host change the settings of its own network under `/proc/sys/net`.
    pub fn own_network_settings(&self) {
        self.sh("mount --bind /proc/sys/net /proc/sys/net && mount -o remount,bind,rw /proc/sys/net");
    }

    /// The container's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes it down, and up again with `start`.
    pub fn stop(&self) {
        Engine::get().ok(&["stop", "-t", "0", &self.name]);
    }

    /// Brings it up again.
    pub fn start(&self) {
        Engine::get().ok(&["start", &self.name]);
    }

    /// Its address on this machine's network.
    pub fn address(&self) -> String {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        Engine::get().ok(&["inspect", "--format", format, &self.name]).trim().to_owned()
    }

    /// The environment in which the engine's command finds the hosts.
    pub fn engine() -> [(&'static str, PathBuf); 2] {
        let folder = &Engine::get().folder;
        [("CONTAINERS_CONF", folder.join("containers.conf")), ("CONTAINERS_STORAGE_CONF", folder.join("storage.conf"))]
    }

    /// What a shell command in the host gives.
    pub fn output(&self, script: &str, stdin: &str) -> Output {
        let mut command = Engine::get().podman(&["exec", "-i", &self.name, "sh", "-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The text that a shell command in the host prints; it must succeed.
    pub fn sh(&self, script: &str) -> String {
        let output = self.output(script, "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{script}: {}\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let output = self.output(&format!("cat > '{path}'"), text);
        assert!(output.status.success(), "{path}: {output:?}");
    }

    /// Runs tasks, each given as YAML of one line (`user: {name: x}`, `user: {name: x}, check_mode: true`), and gives their
    /// results in order. A task that fails does not end the run.
    pub fn tasks(&self, tasks: &[&str]) -> Vec<Done> {
        let mut play = "- hosts: localhost\n  gather_facts: false\n  ignore_errors: true\n  tasks:\n".to_owned();
        for task in tasks {
            play.extend(["    - {", task, "}\n"]);
        }
        let output =
            self.output("cat > /root/play.yml; cd /root && quaymaster play play.yml --diff --output json", &play);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let done: Vec<Done> = events
            .filter_map(|event| {
                let result = &event["event"]["task_done"]["result"];
                let status = result["status"].as_str()?.to_owned();
                Some(Done { status, result: result["result"].clone() })
            })
            .collect();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(done.len(), tasks.len(), "not every task has a result:\n{play}\n{text}\n{told}");
        done
    }

    /// Runs one task, which must not fail.
    pub fn task(&self, task: &str) -> Done {
        let done = self.tasks(&[task]).remove(0);
        assert_ne!(done.status, "failed", "{task}: {}", done.result["msg"]);
        done
    }

    /// The message of a task that must fail.
    pub fn fails(&self, task: &str) -> String {
        let done = self.tasks(&[task]).remove(0);
        assert_eq!(done.result["failed"], true, "{task}: {done:?}");
        done.result["msg"].as_str().unwrap_or_default().to_owned()
    }

    /// Proves that a module keeps its promises: check mode foresees a change and changes nothing that `look` (a shell
    /// command) shows, the real run changes something, and then neither the real run nor check mode finds more to do.
    pub fn keeps(&self, task: &str, look: &str) -> Kept {
        let look = format!("shell: {}", serde_json::to_string(look).unwrap());
        // what an agent has done, this very process finds done
        let check = format!("{task}, check_mode: true, connection: agent");
        let there = format!("{task}, connection: agent");
        let done = self.tasks(&[&look, &check, &look, &there, &look, task, &check, &look]);
        let seen = |at: usize| done[at].result["stdout"].as_str().unwrap_or_default().to_owned();
        let expected = |at: usize, status: &str, what: &str| {
            assert_eq!(done[at].status, status, "{task}: {what}: {:#}", done[at].result);
        };
        expected(1, "changed", "check mode foresees nothing");
        expected(3, "changed", "nothing changed");
        expected(5, "ok", "not idempotent");
        expected(6, "ok", "check mode wants more");
        assert_eq!(seen(0), seen(2), "{task}: check mode changed something");
        assert_eq!(seen(4), seen(7), "{task}: the second run changed something");
        Kept { result: done[3].result.clone(), seen: seen(4) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = Engine::get().podman(&["rm", "-f", "-t", "0", &self.name]).output();
    }
}

/// podman with storage and settings of our own.
struct Engine {
    folder: PathBuf,
    image: String,
}

impl Engine {
    fn get() -> &'static Self {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(Self::set_up)
    }

    fn set_up() -> Self {
        let folder = root().join("target/test-hosts");
        fs::create_dir_all(&folder).unwrap();
        // other test processes wait here for the image
        let lock = fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let id = stamp(&format!("{SUITE} {PACKAGES}"));
        let engine = Self { folder, image: format!("localhost/quaymaster-test-debian:{id}") };
        engine.configure();
        engine.end_leftovers();
        if !engine.podman(&["image", "exists", &engine.image]).status().unwrap().success() {
            let archive = engine.archive(&id);
            let change = "CMD [\"/sbin/init\"]";
            engine.ok(&["import", "--change", change, archive.to_str().unwrap(), &engine.image]);
        }
        engine
    }

    fn configure(&self) {
        let folder = self.folder.display();
        // state of running containers must not outlive the machine's own run
        let run = format!("/run/quaymaster-test-{}", stamp(&folder.to_string()));
        let containers = format!(
            "[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\ntmp_dir = \"{run}/tmp\"\n\
             [containers]\ndefault_ulimits = [\"nofile=1024:4096\", \"nproc=1024:4096\"]\n"
        );
        // overlays cannot be stacked, as they would be where the tests themselves run in a container
        let filesystem = Command::new("stat").args(["-f", "-c", "%T"]).arg(&self.folder).output().unwrap();
        let driver = if filesystem.stdout.starts_with(b"overlay") { "vfs" } else { "overlay" };
        let storage = format!(
            "[storage]\ndriver = \"{driver}\"\ngraphroot = \"{folder}/storage\"\nrunroot = \"{run}/containers\"\n"
        );
        fs::write(self.folder.join("containers.conf"), containers).unwrap();
        fs::write(self.folder.join("storage.conf"), storage).unwrap();
    }

    /// Ends the containers of test processes that were killed.
    fn end_leftovers(&self) {
        let format = format!("{{{{.Names}}}} {{{{index .Labels \"{LABEL}\"}}}}");
        for line in self.ok(&["ps", "-a", "--filter", &format!("label={LABEL}"), "--format", &format]).lines() {
            if let Some((name, process)) = line.split_once(' ')
                && !Path::new("/proc").join(process).exists()
            {
                self.ok(&["rm", "-f", "-t", "0", name]);
            }
        }
    }

    /// The system as an archive, made on first use.
    fn archive(&self, id: &str) -> PathBuf {
        let archive = self.folder.join(format!("debian-{id}.tar"));
        if archive.exists() {
            return archive;
        }
        let temp = tempfile::tempdir_in(&self.folder).unwrap();
        let system = temp.path().join("root");
        let mirror = std::env::var("DEBIAN_MIRROR").unwrap_or_else(|_| "http://deb.debian.org/debian".to_owned());
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.args(["--variant=minbase", &format!("--include={PACKAGES}"), SUITE]).arg(&system).arg(mirror);
        debootstrap.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        success(&mut debootstrap);
        for folder in ["var/cache/apt/archives", "var/lib/apt/lists"] {
            fs::remove_dir_all(system.join(folder)).unwrap();
        }
        // a name per container, no waiting for a network that is there already
        let _ = fs::remove_file(system.join("etc/hostname"));
        let partial = temp.path().join("archive.tar");
        success(Command::new("tar").arg("-C").arg(&system).arg("-cf").arg(&partial).arg("."));
        fs::rename(&partial, &archive).unwrap();
        archive
    }

    fn podman(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command
            .args(arguments)
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("CONTAINERS_CONF", self.folder.join("containers.conf"))
            .env("CONTAINERS_STORAGE_CONF", self.folder.join("storage.conf"));
        command
    }

    fn ok(&self, arguments: &[&str]) -> String {
        success(&mut self.podman(arguments))
    }
}

fn success(command: &mut Command) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().unwrap_or_else(|error| panic!("{program} cannot be run ({error}); see scripts/test-deps.sh"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// A short name for a text, the same in every run.
fn stamp(text: &str) -> String {
    use sha1::{Digest as _, Sha1};
    let digest = Sha1::digest(text);
    u64::from_be_bytes(digest[..8].try_into().unwrap()).to_string()
}
