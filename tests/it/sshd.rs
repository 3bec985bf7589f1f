//! An OpenSSH server on the loopback, with keys, home folder and settings of its own, for tests of everything that goes over
//! SSH.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use quaymaster::transport::{ConnectionSpec, HostKeyChecking};

/// A server that runs until it is dropped. In `home()` lies what a user has who may log in: `.ssh/id_ed25519`, which the
/// server accepts, and `.ssh/known_hosts` with the server's keys.
pub struct Sshd {
    folder: tempfile::TempDir,
    child: Child,
    /// `127.0.0.1` or another loopback address.
    pub address: String,
    pub port: u16,
}

impl Sshd {
    /// A server with further lines in its `sshd_config`; `{folder}` in them is its folder. As the first of a keyword counts
    /// and these lines come first, they may replace the usual ones.
    pub fn start(lines: &[&str]) -> Self {
        Self::start_on("127.0.0.1", lines)
    }

    /// One on another address: all of 127.0.0.0/8 is this machine, so these are different hosts.
    pub fn start_on(address: &str, lines: &[&str]) -> Self {
        let mut folder = tempfile::Builder::new().prefix("qm-sshd-").tempdir().unwrap();
        let home = folder.path().join("home/.ssh");
        fs::create_dir_all(&home).unwrap();
        for kind in ["ed25519", "ecdsa"] {
            keygen(&folder.path().join(format!("host_{kind}")), &["-t", kind]);
        }
        keygen(&home.join("id_ed25519"), &["-t", "ed25519"]);
        fs::copy(home.join("id_ed25519.pub"), folder.path().join("authorized_keys")).unwrap();
        if is_root() {
            // its place for dropping privileges, which its package makes at boot
            fs::create_dir_all("/run/sshd").unwrap();
        }
        for _ in 0..5 {
            let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
            let own = format!("ListenAddress {address}:{port}\n{CONFIG}");
            let config = [lines, &[own.as_str()]].concat().join("\n");
            let config = config.replace("{folder}", folder.path().to_str().unwrap());
            fs::write(folder.path().join("sshd_config"), config).unwrap();
            let log = fs::File::create(folder.path().join("log")).unwrap();
            let child = Command::new("/usr/sbin/sshd")
                .args(["-D", "-e", "-f"])
                .arg(folder.path().join("sshd_config"))
                .stdin(Stdio::null())
                .stderr(log)
                .spawn()
                .expect("sshd is installed by scripts/test-deps.sh");
            let mut server = Self { folder, child, address: address.to_owned(), port };
            if server.answers() {
                server.remember();
                return server;
            }
            // another process may have taken the port
            eprintln!("{}", server.log());
            folder = std::mem::replace(&mut server.folder, tempfile::tempdir().unwrap());
        }
        panic!("sshd did not start");
    }

    fn answers(&mut self) -> bool {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until && self.child.try_wait().unwrap().is_none() {
            if let Ok(mut socket) = TcpStream::connect((self.address.as_str(), self.port)) {
                let mut banner = [0; 4];
                let _ = socket.set_read_timeout(Some(Duration::from_secs(5)));
                return socket.read_exact(&mut banner).is_ok() && &banner == b"SSH-";
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn remember(&self) {
        for kind in ["ed25519", "ecdsa"] {
            self.append("home/.ssh/known_hosts", &format!("{} {}", self.known_name(), self.host_key(kind)));
        }
    }

    /// `ssh-ed25519 AAAA…`.
    pub fn host_key(&self, kind: &str) -> String {
        let line = fs::read_to_string(self.path(&format!("host_{kind}.pub"))).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// How the server stands in `known_hosts`.
    pub fn known_name(&self) -> String {
        format!("[{}]:{}", self.address, self.port)
    }

    /// A path in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The home folder of who connects.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file in the server's folder.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Adds a line to a file in the server's folder.
    pub fn append(&self, name: &str, line: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        writeln!(file, "{line}").unwrap();
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The way to it.
    pub fn spec(&self) -> ConnectionSpec {
        ConnectionSpec {
            name: "web1".to_owned(),
            address: self.address.clone(),
            port: Some(self.port),
            user: Some(user()),
            host_key_checking: HostKeyChecking::Strict,
            timeout: Duration::from_secs(20),
            home: Some(self.home()),
            ..ConnectionSpec::default()
        }
    }

    /// Makes a key in the server's folder that the server accepts.
    pub fn accepted_key(&self, name: &str, args: &[&str]) -> PathBuf {
        let path = self.path(name);
        keygen(&path, args);
        self.append("authorized_keys", fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap().trim());
        path
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- sshd's log\n{}", self.log());
        }
    }
}

/// Every connection is welcome, since tests make many at once.
const CONFIG: &str = "HostKey {folder}/host_ed25519
HostKey {folder}/host_ecdsa
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 1000
MaxSessions 50
PrintMotd no
LogLevel VERBOSE
";

/// `ssh-keygen` without a passphrase, unless `-N` says so.
pub fn keygen(path: &Path, args: &[&str]) {
    let passphrase: &[&str] = if args.contains(&"-N") { &[] } else { &["-N", ""] };
    let status = Command::new("ssh-keygen").args(["-q", "-f"]).arg(path).args(passphrase).args(args).status().unwrap();
    assert!(status.success());
}

/// The user who runs the tests.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn is_root() -> bool {
    user() == "root"
}

/// An SSH agent that runs until it is dropped.
pub struct Agent {
    child: Child,
    folder: tempfile::TempDir,
}

impl Agent {
    pub fn start(keys: &[&Path]) -> Self {
        let folder = tempfile::Builder::new().prefix("qm-agent-").tempdir().unwrap();
        let socket = folder.path().join("s");
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let agent = Self { child, folder };
        for key in keys {
            fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
            let status = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", agent.socket()).status();
            assert!(status.unwrap().success());
        }
        agent
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
