//! Ways to a host, against real servers: authentication, known hosts, configuration, commands.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quaymaster::transport::{ConnectionSpec, ExitStatus, HostKeyChecking, Kind, Transport, TransportError, open};
use quaymaster::value::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::sshd::{Agent, Sshd, is_root, keygen, user};

/// What a command said and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn run(transport: &Arc<dyn Transport>, command: &str, input: &str) -> Result<Done, TransportError> {
    let mut process = transport.start(command).await?;
    let mut stdin = process.stdin.take().unwrap();
    let (mut out, mut err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let feed = async {
        // a command need not read its input
        let _ = stdin.write_all(input.as_bytes()).await;
        let _ = stdin.shutdown().await;
    };
    let (status, ..) = tokio::join!(process.exit, out.read_to_end(&mut stdout), err.read_to_end(&mut stderr), feed);
    Ok(Done { status: status?, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() })
}

/// An error with all its causes.
pub fn whole(error: &TransportError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

async fn says_hello(spec: &ConnectionSpec) -> Result<(), TransportError> {
    let done = run(&open(spec)?, "echo hello", "").await?;
    assert_eq!(done.stdout, "hello\n");
    Ok(())
}

async fn refused(spec: &ConnectionSpec) -> String {
    whole(&says_hello(spec).await.expect_err("it was accepted"))
}

fn with_key(server: &Sshd, key: &Path, passphrase: Option<&str>) -> ConnectionSpec {
    ConnectionSpec {
        private_key_file: Some(key.to_owned()),
        private_key_passphrase: passphrase.map(Secret::new),
        ..server.spec()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_every_kind() {
    let server = Sshd::start(&[]);
    says_hello(&server.spec()).await.unwrap();
    for (name, args) in [
        ("rsa", &["-t", "rsa", "-b", "2048"][..]),
        ("rsa_pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ("rsa_pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "secret"]),
        ("ecdsa", &["-t", "ecdsa", "-b", "384"]),
        ("ecdsa_pem", &["-t", "ecdsa", "-m", "PEM"]),
        ("sealed", &["-t", "ed25519", "-N", "secret"]),
        ("sealed_rsa", &["-t", "rsa", "-b", "2048", "-N", "secret"]),
    ] {
        let key = server.accepted_key(name, args);
        let passphrase = args.contains(&"-N").then_some("secret");
        says_hello(&with_key(&server, &key, passphrase))
            .await
            .unwrap_or_else(|error| panic!("{name}: {}", whole(&error)));
    }
    let error = refused(&with_key(&server, &server.path("sealed"), Some("wrong"))).await;
    assert!(error.contains("sealed: it cannot be decrypted with the given passphrase"), "{error}");
    let error = refused(&with_key(&server, &server.path("sealed"), None)).await;
    assert!(error.contains("sealed: it is encrypted, and no passphrase was given"), "{error}");
    let error = refused(&with_key(&server, &server.path("none"), None)).await;
    assert!(error.contains("none: No such file") && error.contains("the server offers publickey"), "{error}");
    let stranger = server.path("stranger");
    keygen(&stranger, &["-t", "ed25519"]);
    let error = refused(&with_key(&server, &stranger, None)).await;
    assert!(error.starts_with("web1 (") && error.contains("stranger: not accepted"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_an_agent_holds() {
    let server = Sshd::start(&[]);
    let keys = ["rsa", "ed25519"].map(|kind| server.accepted_key(&format!("key_{kind}"), &["-t", kind]));
    for key in &keys {
        let agent = Agent::start(&[key]);
        fs::remove_file(key).unwrap();
        let mut spec = ConnectionSpec { agent_socket: Some(agent.socket()), ..server.spec() };
        fs::rename(server.path("home/.ssh/id_ed25519"), server.path("away")).unwrap();
        says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
        spec.ssh_args = vec!["-oIdentitiesOnly=yes".to_owned()];
        assert!(refused(&spec).await.contains("the server offers publickey"));
        // the public half names the agent's key
        spec.private_key_file = Some(key.clone());
        says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
        spec.agent_socket = Some(server.path("no-agent"));
        assert!(refused(&spec).await.contains("no-agent"));
        fs::rename(server.path("away"), server.path("home/.ssh/id_ed25519")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_users() {
    let server = Sshd::start(&["TrustedUserCAKeys {folder}/authority.pub"]);
    let authority = server.path("authority");
    keygen(&authority, &["-t", "ed25519"]);
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = server.path(&format!("user_{kind}"));
        keygen(&key, &["-t", kind]);
        assert!(refused(&with_key(&server, &key, None)).await.contains("not accepted"));
        let signed = Command::new("ssh-keygen")
            .args(["-q", "-I", "test", "-n", &user(), "-s"])
            .arg(&authority)
            .arg(server.path(&format!("user_{kind}.pub")))
            .status();
        assert!(signed.unwrap().success());
        says_hello(&with_key(&server, &key, None)).await.unwrap_or_else(|error| panic!("{kind}: {}", whole(&error)));
        // under another name it has to be said
        let (own, other) = (server.path(&format!("user_{kind}-cert.pub")), server.path(&format!("other_{kind}")));
        fs::rename(own, &other).unwrap();
        let mut spec = with_key(&server, &key, None);
        spec.ssh_args = vec!["-o".to_owned(), format!("CertificateFile={}", other.display())];
        says_hello(&spec).await.unwrap_or_else(|error| panic!("{kind}: {}", whole(&error)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_unknown_and_changed_hosts() {
    let server = Sshd::start(&[]);
    let known = "home/.ssh/known_hosts";
    let text = fs::read_to_string(server.path(known)).unwrap();

    // only the second kind is known: the server is asked for that
    server.write(known, text.lines().nth(1).unwrap());
    says_hello(&server.spec()).await.unwrap();

    server.write(known, &text);
    assert!(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(server.path(known)).status().unwrap().success());
    assert!(!fs::read_to_string(server.path(known)).unwrap().contains("127.0.0.1"));
    says_hello(&server.spec()).await.unwrap();

    server.write(known, "# nothing\n");
    let error = refused(&server.spec()).await;
    let fingerprint = Command::new("ssh-keygen").arg("-lf").arg(server.path("host_ed25519.pub")).output().unwrap();
    let fingerprint = String::from_utf8(fingerprint.stdout).unwrap().split(' ').nth(1).unwrap().to_owned();
    assert!(
        error.contains(&fingerprint) && error.contains("accept-new") && error.contains(&server.known_name()),
        "{error}"
    );
    assert_eq!(fs::read_to_string(server.path(known)).unwrap(), "# nothing\n");

    let off = ConnectionSpec { host_key_checking: HostKeyChecking::Off, ..server.spec() };
    says_hello(&off).await.unwrap();
    assert_eq!(fs::read_to_string(server.path(known)).unwrap(), "# nothing\n");

    fs::remove_file(server.path(known)).unwrap();
    let accept = ConnectionSpec { host_key_checking: HostKeyChecking::AcceptNew, ..server.spec() };
    says_hello(&accept).await.unwrap();
    says_hello(&server.spec()).await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(server.path(known)).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let stranger = server.path("stranger");
    keygen(&stranger, &["-t", "ed25519"]);
    let stranger = fs::read_to_string(server.path("stranger.pub")).unwrap();
    server.write(known, &format!("# head\n{} {stranger}", server.known_name()));
    for spec in [&server.spec(), &accept] {
        let error = refused(spec).await;
        assert!(error.contains("known_hosts:2 has another key") && error.contains("ssh-keygen -R"), "{error}");
    }
    says_hello(&off).await.unwrap();

    server.append(known, &format!("@revoked * {}", server.host_key("ed25519")));
    assert!(refused(&off).await.contains("known_hosts:3 revokes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_the_configuration() {
    let server = Sshd::start(&[]);
    let key = server.accepted_key("special", &["-t", "ed25519"]);
    fs::remove_file(server.path("home/.ssh/id_ed25519")).unwrap();
    server.write(
        "home/.ssh/config",
        &format!(
            "Include conf.d/*\nHost *\n User nobody\n Port 1\n IdentitiesOnly yes\n UserKnownHostsFile ~/.ssh/known_hosts\n\
             # {}\n",
            key.display()
        ),
    );
    fs::create_dir(server.path("home/.ssh/conf.d")).unwrap();
    server.write(
        "home/.ssh/conf.d/web",
        &format!(
            "Host web !web9\n HostName {}\n Port {}\n User {}\n IdentityFile ~/../%n-key\n",
            server.address,
            server.port,
            user()
        ),
    );
    fs::rename(&key, server.path("web-key")).unwrap();
    let spec = ConnectionSpec { address: "web".to_owned(), port: None, user: None, ..server.spec() };
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    assert_eq!(open(&spec).unwrap().describe(), format!("ssh to web1 ({}@{}:{})", user(), server.address, server.port));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_command_and_through_other_hosts() {
    let near = Sshd::start_on("127.0.0.2", &[]);
    let middle = Sshd::start_on("127.0.0.3", &[]);
    let far = Sshd::start_on("127.0.0.4", &[]);
    let home = far.home();
    for other in [&near, &middle] {
        other.append("authorized_keys", fs::read_to_string(home.join(".ssh/id_ed25519.pub")).unwrap().trim());
        let known = fs::read_to_string(other.path("home/.ssh/known_hosts")).unwrap();
        far.append("home/.ssh/known_hosts", known.trim());
    }
    let hop = |server: &Sshd| format!("{}@{}:{}", user(), server.address, server.port);
    let mut spec = far.spec();
    spec.ssh_args = vec!["-J".to_owned(), hop(&near)];
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    let accepted = |server: &Sshd| server.log().matches("Accepted publickey").count();
    assert_eq!((accepted(&near), accepted(&middle), accepted(&far)), (1, 0, 1));

    spec.ssh_args = vec![format!("-oProxyJump={},{}", hop(&near), hop(&middle))];
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    assert_eq!((accepted(&near), accepted(&middle), accepted(&far)), (2, 1, 2));

    spec.port = Some(1);
    let error = refused(&spec).await;
    assert!(error.contains("the jump host cannot reach it"), "{error}");

    let command = format!(
        "ssh -F none -i {0}/.ssh/id_ed25519 -o UserKnownHostsFile={0}/.ssh/known_hosts -p {1} -W %h:%p {2}@{3}",
        home.display(),
        near.port,
        user(),
        near.address
    );
    spec = far.spec();
    spec.ssh_args = vec!["-o".to_owned(), format!("ProxyCommand={command}")];
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    assert_eq!(accepted(&near), 4);
    spec.ssh_args = vec!["-o".to_owned(), "ProxyCommand=echo the proxy is closed >&2; exit 1".to_owned()];
    let error = refused(&spec).await;
    assert!(error.contains("the proxy is closed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_end_as_they_do() {
    let server = Sshd::start(&["Banner {folder}/banner"]);
    server.write("banner", &"Authorised use only!\nSSH-2.0-fake\n".repeat(50));
    let transport = open(&server.spec()).unwrap();
    transport.connect().await.unwrap();
    let done = run(&transport, "cat; echo error >&2; exit 7", "in\0put").await.unwrap();
    let expected = Done { status: ExitStatus::Code(7), stdout: "in\0put".to_owned(), stderr: "error\n".to_owned() };
    assert_eq!(done, expected);
    let status = async |command: &'static str| run(&transport, command, "").await.unwrap().status;
    assert_eq!(status("kill -TERM $$").await, ExitStatus::Signal("TERM".to_owned()));
    assert_eq!(status("exit 255").await, ExitStatus::Code(255));
    assert_eq!(status("no-such-command-here").await, ExitStatus::Code(127));
    assert_eq!(status("true").await, ExitStatus::Code(0));
    // it closes its outputs and goes on
    let file = server.path("written");
    let late = format!("exec >&- 2>&-; cat > {}; sleep 0.3; exit 5", file.display());
    assert_eq!(run(&transport, &late, "late").await.unwrap().status, ExitStatus::Code(5));
    assert_eq!(fs::read_to_string(file).unwrap(), "late");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_run_beside_each_other() {
    let server = Sshd::start(&[]);
    let transport = open(&server.spec()).unwrap();
    let start = Instant::now();
    let sleeper = {
        let transport = Arc::clone(&transport);
        tokio::spawn(async move { run(&transport, "sleep 30", "").await })
    };
    let runs: Vec<_> = (0..20)
        .map(|number| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move { run(&transport, &format!("cat; echo {number}"), "x").await.unwrap().stdout })
        })
        .collect();
    for (number, run) in runs.into_iter().enumerate() {
        assert_eq!(run.await.unwrap(), format!("x{number}\n"));
    }
    assert!(start.elapsed() < Duration::from_secs(25), "the sleeper held the others up");
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);
    sleeper.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_goes_both_ways_while_another_command_answers() {
    const SIZE: usize = 64 * 1024 * 1024;
    let server = Sshd::start(&[]);
    let transport = open(&server.spec()).unwrap();
    let mut echo = transport.start("cat").await.unwrap();
    let (mut to_echo, mut from_echo) = (echo.stdin.take().unwrap(), echo.stdout.take().unwrap());
    let mut process = transport.start("cat").await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    let writer = tokio::spawn(async move {
        let block: Vec<u8> = (0..=250).cycle().take(64 * 1024).collect();
        for _ in 0..SIZE / block.len() {
            stdin.write_all(&block).await.unwrap();
        }
        stdin.shutdown().await.unwrap();
    });
    // nobody reads yet: the writer must come to a stand, and the other channel must not
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!writer.is_finished());
    to_echo.write_all(b"ping").await.unwrap();
    let mut answer = [0; 4];
    tokio::time::timeout(Duration::from_secs(20), from_echo.read_exact(&mut answer)).await.unwrap().unwrap();
    let start = Instant::now();
    let (mut seen, mut buffer) = (0, vec![0; 100_000]);
    loop {
        let count = stdout.read(&mut buffer).await.unwrap();
        if count == 0 {
            break;
        }
        for (at, byte) in buffer[..count].iter().enumerate() {
            assert_eq!(usize::from(*byte), (seen + at) % (64 * 1024) % 251);
        }
        seen += count;
    }
    writer.await.unwrap();
    assert_eq!((seen, process.exit.await.unwrap()), (SIZE, ExitStatus::Code(0)));
    println!("64 MiB through cat and back: {:.1?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_allows_one_session() {
    let server = Sshd::start(&["MaxSessions 1"]);
    let transport = open(&server.spec()).unwrap();
    let mut first = transport.start("cat").await.unwrap();
    assert_eq!(run(&transport, "echo second", "").await.unwrap().stdout, "second\n");
    drop(first.stdin.take());
    assert_eq!(first.exit.await.unwrap(), ExitStatus::Code(0));
    assert_eq!(server.log().matches("Accepted publickey").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords() {
    let Some(account) = Account::add("Pass word\"'$1") else { return };
    let server = Sshd::start(&["UsePAM yes", "PasswordAuthentication yes"]);
    let asking = Sshd::start(&["UsePAM yes", "KbdInteractiveAuthentication yes"]);
    for server in [&server, &asking] {
        fs::remove_file(server.path("home/.ssh/id_ed25519")).unwrap();
        let mut spec = server.spec();
        spec.user = Some(account.name.clone());
        assert!(refused(&spec).await.contains("no password was given"));
        spec.password = Some(Secret::new("wrong"));
        let error = refused(&spec).await;
        assert!(error.contains(": not accepted") && !error.contains("wrong"), "{error}");
        spec.password = Some(Secret::new(account.password));
        says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));

        // nobody knows who gets it
        let known = fs::read_to_string(server.path("home/.ssh/known_hosts")).unwrap();
        keygen(&server.path("stranger"), &["-t", "ed25519"]);
        let stranger = fs::read_to_string(server.path("stranger.pub")).unwrap();
        server.write("home/.ssh/known_hosts", &format!("{} {stranger}", server.known_name()));
        spec.host_key_checking = HostKeyChecking::Off;
        assert!(refused(&spec).await.contains("not with a host whose key has changed"));
        server.write("home/.ssh/known_hosts", &known);

        spec.kind = Kind::OpenSsh;
        spec.ssh_args = openssh_args(server);
        says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
        spec.password = Some(Secret::new("wrong"));
        assert!(refused(&spec).await.contains("Permission denied"));
    }
}

/// A user of this machine with a password, for as long as it lives.
struct Account {
    name: String,
    password: &'static str,
}

impl Account {
    fn add(password: &'static str) -> Option<Self> {
        if !is_root() {
            eprintln!("not root: passwords are not tested");
            return None;
        }
        let name = format!("qmtest{}", std::process::id());
        let added = Command::new("useradd").args(["-M", "-d", "/", "-s", "/bin/sh", &name]).status().unwrap();
        assert!(added.success());
        let account = Self { name, password };
        let mut child = Command::new("chpasswd").stdin(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), format!("{}:{password}\n", account.name).as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
        Some(account)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg(&self.name).stderr(std::process::Stdio::null()).status();
    }
}

/// The system's `ssh` takes its home folder from the table of users, so it is told where the test's files are.
fn openssh_args(server: &Sshd) -> Vec<String> {
    let known = server.path("home/.ssh/known_hosts");
    vec!["-F".to_owned(), "none".to_owned(), format!("-oUserKnownHostsFile={}", known.display())]
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_systems_ssh() {
    let server = Sshd::start(&[]);
    let mut spec = with_key(&server, &server.path("home/.ssh/id_ed25519"), None);
    spec.kind = Kind::OpenSsh;
    spec.ssh_args = openssh_args(&server);
    let transport = open(&spec).unwrap();
    transport.connect().await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    let done = run(&transport, "cat; echo error >&2; exit 7", "input").await.unwrap();
    let expected = Done { status: ExitStatus::Code(7), stdout: "input".to_owned(), stderr: "error\n".to_owned() };
    assert_eq!(done, expected);
    let (slow, quick) = tokio::join!(run(&transport, "sleep 1; echo a", ""), run(&transport, "echo b", ""));
    assert_eq!((slow.unwrap().stdout, quick.unwrap().stdout), ("a\n".to_owned(), "b\n".to_owned()));
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);
    drop(transport);
    let until = Instant::now() + Duration::from_secs(10);
    while !server.log().contains("Disconnected from") && !server.log().contains("Connection closed") {
        assert!(Instant::now() < until, "the master lives on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // chosen by itself where libssh2 cannot do it, and told why
    spec.kind = Kind::Ssh;
    spec.ssh_args.extend(["-o".to_owned(), "ForwardAgent=yes".to_owned()]);
    assert!(open(&spec).unwrap().describe().contains("`forwardagent yes`"));
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    spec.ssh_executable = Some("/no/ssh".into());
    assert!(refused(&spec).await.contains("needs the system's `/no/ssh`, which is not there"));
    spec.ssh_executable = None;
    spec.port = Some(1);
    assert!(refused(&spec).await.contains("Connection refused"));
    spec.port = Some(server.port);
    server.write("home/.ssh/known_hosts", "");
    let error = refused(&spec).await;
    assert!(error.contains("is not trusted") && error.contains("Host key verification failed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_other_algorithms() {
    let server = Sshd::start(&["KexAlgorithms sntrup761x25519-sha512@openssh.com"]);
    let mut spec = with_key(&server, &server.path("home/.ssh/id_ed25519"), None);
    spec.ssh_args = openssh_args(&server);
    says_hello(&spec).await.unwrap_or_else(|error| panic!("{}", whole(&error)));

    let server = Sshd::start(&["Ciphers aes128-ctr", "MACs hmac-sha2-256"]);
    let mut spec = server.spec();
    says_hello(&spec).await.unwrap();
    spec.ssh_args = vec!["-oCiphers=aes128-ctr,aes256-ctr".to_owned(), "-C".to_owned()];
    says_hello(&spec).await.unwrap();
    assert!(!open(&spec).unwrap().describe().contains("system"));
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine() {
    let transport = open(&ConnectionSpec { kind: Kind::Local, ..ConnectionSpec::default() }).unwrap();
    let done = run(&transport, "cat; echo error >&2; exit 7", "input").await.unwrap();
    let expected = Done { status: ExitStatus::Code(7), stdout: "input".to_owned(), stderr: "error\n".to_owned() };
    assert_eq!(done, expected);
    assert_eq!(run(&transport, "kill -9 $$", "").await.unwrap().status, ExitStatus::Signal("KILL".to_owned()));
    // what it started ends with it
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("pid");
    let process = transport.start(&format!("sleep 100 & echo $! > {}; wait", mark.display())).await.unwrap();
    let pid = loop {
        match fs::read_to_string(&mark) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    drop(process);
    let gone = || fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(10);
    while !gone() {
        assert!(Instant::now() < until, "{pid} lives on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A container whose files are this machine's, so that no image is needed.
struct Container {
    folder: tempfile::TempDir,
    name: String,
}

impl Container {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let container = Self { folder, name: format!("qm-transport-{}", std::process::id()) };
        // the usual limits cannot be raised on every machine
        let (settings, engine) = (container.folder.path().join("containers.conf"), container.engine());
        fs::write(&settings, "[engine]\ncgroup_manager = \"cgroupfs\"\n[containers]\ndefault_ulimits = []\n").unwrap();
        fs::write(&engine, format!("#!/bin/sh\nCONTAINERS_CONF={} exec podman \"$@\"\n", settings.display())).unwrap();
        fs::set_permissions(&engine, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let started = container.podman(&[
            "run",
            "-d",
            "--name",
            &container.name,
            "--network=none",
            "--rootfs",
            "/:O",
            "sleep",
            "1000",
        ]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        container
    }

    fn engine(&self) -> std::path::PathBuf {
        self.folder.path().join("engine")
    }

    fn podman(&self, args: &[&str]) -> std::process::Output {
        Command::new(self.engine()).args(args).output().unwrap()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.podman(&["rm", "--force", "--time", "0", &self.name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container() {
    let container = Container::start();
    let mut spec = ConnectionSpec {
        kind: Kind::Container(container.engine().display().to_string()),
        address: container.name.clone(),
        ..ConnectionSpec::default()
    };
    let transport = open(&spec).unwrap();
    transport.connect().await.unwrap_or_else(|error| panic!("{}", whole(&error)));
    let done = run(&transport, "cat; echo error >&2; exit 7", "input").await.unwrap();
    let expected = Done { status: ExitStatus::Code(7), stdout: "input".to_owned(), stderr: "error\n".to_owned() };
    assert_eq!(done, expected);
    spec.user = Some("nobody".to_owned());
    assert_eq!(run(&open(&spec).unwrap(), "id -un", "").await.unwrap().stdout, "nobody\n");
    container.podman(&["stop", "--time", "0", &container.name]);
    assert!(whole(&transport.connect().await.unwrap_err()).ends_with("it does not run"));
    spec.address = "qm-no-such-container".to_owned();
    assert!(whole(&says_hello(&spec).await.unwrap_err()).contains("qm-no-such-container"));
    spec.kind = Kind::Container("/no/engine".to_owned());
    assert!(whole(&says_hello(&spec).await.unwrap_err()).contains("cannot run `/no/engine`"));
}
