//! The system's `ssh`, for what libssh2 cannot do: one master process holds the connection, and each command is a client of
//! it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::askpass::AskPass;
use super::child;
use super::error::TransportError;
use super::process::{BoxFuture, ExitStatus, Process, Transport};
use super::spec::{ConnectionSpec, HostKeyChecking};
use super::ssh::Settings;

/// A host over the system's `ssh`.
#[derive(Debug)]
pub(super) struct OpenSsh {
    spec: ConnectionSpec,
    program: PathBuf,
    options: Vec<String>,
    description: String,
    /// Why libssh2 does not do it.
    because: Option<String>,
    timeout: Duration,
    master: Mutex<Option<Master>>,
}

/// The process that holds the connection. It ends when this is dropped.
#[derive(Debug)]
struct Master {
    child: Child,
    /// Holds the control socket.
    folder: TempDir,
    said: Arc<std::sync::Mutex<Vec<u8>>>,
}

/// How much of its messages is kept.
const SAID: usize = 4096;

impl Master {
    fn socket(&self) -> PathBuf {
        self.folder.path().join("c")
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None)) && self.socket().exists()
    }

    fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            end(pid);
        }
    }
}

/// Ends the master. It may miss a signal that comes just before it begins to wait, so it is told again.
fn end(pid: Pid) {
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if pidfd_send_signal(&process, Signal::TERM).is_err() {
        return;
    }
    std::thread::spawn(move || {
        for signal in [Signal::TERM, Signal::KILL] {
            std::thread::sleep(Duration::from_millis(500));
            // an error says that it is gone
            if pidfd_send_signal(&process, signal).is_err() {
                break;
            }
        }
    });
}

impl OpenSsh {
    pub(super) fn new(
        spec: &ConnectionSpec,
        settings: &Settings,
        because: Option<String>,
    ) -> Result<Self, TransportError> {
        let program = spec.ssh_executable.clone().unwrap_or_else(|| PathBuf::from("ssh"));
        if spec.address.starts_with('-') || spec.address.is_empty() {
            return Err(TransportError::Unsupported { what: format!("`{}` is no host", spec.address) });
        }
        Ok(Self {
            program,
            options: options(spec, settings),
            description: settings.describe(),
            because,
            timeout: settings.timeout(),
            master: Mutex::default(),
            spec: spec.clone(),
        })
    }

    fn command(&self, socket: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-o").arg(format!("ControlPath={}", socket.display())).args(&self.options);
        match &self.spec.agent_socket {
            Some(socket) => command.env("SSH_AUTH_SOCK", socket),
            None => command.env_remove("SSH_AUTH_SOCK"),
        };
        command
    }

    fn cannot(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
        TransportError::Connect { host: self.description.clone(), source: source.into() }
    }

    fn not_there(&self, error: &std::io::Error) -> TransportError {
        let program = self.program.display();
        match &self.because {
            Some(because) if error.kind() == std::io::ErrorKind::NotFound => TransportError::Unsupported {
                what: format!("{}: {because} needs the system's `{program}`, which is not there", self.description),
            },
            _ => self.cannot(format!("cannot run `{program}`: {error}")),
        }
    }

    /// The control socket of a living master.
    async fn socket(&self) -> Result<PathBuf, TransportError> {
        let mut slot = self.master.lock().await;
        if let Some(master) = slot.as_mut()
            && master.is_alive()
        {
            return Ok(master.socket());
        }
        *slot = None;
        let master = self.master().await?;
        let socket = master.socket();
        *slot = Some(master);
        Ok(socket)
    }

    async fn master(&self) -> Result<Master, TransportError> {
        // the path of a socket has room for a hundred characters
        let folder = tempfile::Builder::new()
            .prefix("qm-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in("/tmp")
            .map_err(|error| self.cannot(error))?;
        let mut command = self.command(&folder.path().join("c"));
        command.args(["-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-N", "-T"]);
        let asks = self.ask_pass(folder.path()).await?;
        match &asks {
            Some(asks) => {
                command.args(["-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1"]);
                command.env("SSH_ASKPASS", &asks.script).env("SSH_ASKPASS_REQUIRE", "force");
            }
            None => {
                command.args(["-o", "BatchMode=yes"]);
            }
        }
        command.args(&self.spec.ssh_args).arg("--").arg(&self.spec.address);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| self.not_there(&error))?;
        let said = Arc::new(std::sync::Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(listen(stderr, Arc::clone(&said)));
        }
        let mut master = Master { child, folder, said };
        let deadline = Instant::now() + self.timeout;
        loop {
            if master.socket().exists() {
                return Ok(master);
            }
            if let Ok(Some(_)) = master.child.try_wait() {
                // its last words may still be on their way
                tokio::time::sleep(Duration::from_millis(20)).await;
                return Err(self.refusal(&master.said()));
            }
            if Instant::now() >= deadline {
                return Err(self.cannot(format!("no answer within {} s", self.timeout.as_secs_f32())));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn ask_pass(&self, folder: &Path) -> Result<Option<AskPass>, TransportError> {
        let (password, passphrase) = (&self.spec.password, &self.spec.private_key_passphrase);
        if password.is_none() && passphrase.is_none() {
            return Ok(None);
        }
        let version = Command::new(&self.program)
            .arg("-V")
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| self.not_there(&error))?;
        let version = String::from_utf8_lossy(&version.stderr).into_owned();
        if !takes_helper(&version) {
            let what = format!("{}: passwords need OpenSSH 8.4, this is {}", self.description, version.trim());
            return Err(TransportError::Unsupported { what });
        }
        AskPass::make(folder, password.as_ref(), passphrase.as_ref())
            .map(Some)
            .map_err(|error| self.cannot(format!("cannot pass on the password: {error}")))
    }

    /// What `ssh` said, as the error it means.
    fn refusal(&self, said: &str) -> TransportError {
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.last().copied().unwrap_or("ssh ended without a word").to_owned();
        let host = self.description.clone();
        if let Some(denied) = lines.iter().find(|line| line.contains("Permission denied")) {
            let user = self.spec.user.clone().unwrap_or_default();
            return TransportError::Authentication { host, user, tried: (*denied).to_owned() };
        }
        if said.contains("Host key verification failed") || said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            let telling: Vec<&str> = lines.into_iter().filter(|line| !line.starts_with('@')).collect();
            return TransportError::HostKey { host, reason: telling.join(" ") };
        }
        self.cannot(last)
    }

    async fn run(&self, line: &str) -> Result<Process, TransportError> {
        let socket = self.socket().await?;
        let mut command = self.command(&socket);
        command.args(["-o", "ControlMaster=no", "-o", "BatchMode=yes", "-T"]);
        command.args(&self.spec.ssh_args).arg("--").arg(&self.spec.address).arg(line);
        let host = self.description.clone();
        let judge = move |status: ExitStatus| match status {
            // a client's own failure and a command's own 255 look alike, but without its master there was a failure
            ExitStatus::Code(255) if !socket.exists() => {
                Err(TransportError::Broken { host, source: "the master connection of ssh ended".into() })
            }
            status => Ok(status),
        };
        child::start(command, self.description.clone(), Box::new(judge)).map_err(|error| self.not_there(&error))
    }
}

/// The words that master and clients share. The first of several counts, so these stand before the user's.
fn options(spec: &ConnectionSpec, settings: &Settings) -> Vec<String> {
    let mut options = Vec::new();
    let mut give = |text: String| options.extend(["-o".to_owned(), text]);
    give(format!(
        "StrictHostKeyChecking={}",
        match settings.host_key_checking() {
            HostKeyChecking::Strict => "yes",
            HostKeyChecking::AcceptNew => "accept-new",
            HostKeyChecking::Off => "no",
        }
    ));
    if let Some(port) = spec.port {
        give(format!("Port={port}"));
    }
    if let Some(user) = &spec.user {
        give(format!("User={user}"));
    }
    if let Some(key) = &spec.private_key_file {
        give(format!("IdentityFile=\"{}\"", key.display()));
    }
    give(format!("ConnectTimeout={}", settings.timeout().as_secs().max(1)));
    if let Some((interval, count)) = settings.questions() {
        give(format!("ServerAliveInterval={}", interval.as_secs()));
        give(format!("ServerAliveCountMax={count}"));
    }
    options
}

/// Keeps the end of what the master says.
async fn listen(mut stderr: tokio::process::ChildStderr, said: Arc<std::sync::Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        said.extend(buffer.get(..count).unwrap_or_default());
        let surplus = said.len().saturating_sub(SAID);
        said.drain(..surplus);
    }
}

/// Whether this version lets a helper answer where there may be a terminal: from 8.4 on.
fn takes_helper(version: &str) -> bool {
    let number = version.strip_prefix("OpenSSH_").unwrap_or_default();
    let number: String = number.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let (major, minor) = number.split_once('.').unwrap_or((&number, "0"));
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0)) >= (8, 4)
}

impl Transport for OpenSsh {
    fn connect(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.socket().await.map(drop) })
    }

    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Process, TransportError>> {
        Box::pin(self.run(command))
    }

    fn describe(&self) -> String {
        match &self.because {
            Some(because) => format!("ssh to {} (by the system's ssh, for {because})", self.description),
            None => format!("ssh to {} (by the system's ssh)", self.description),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert!(takes_helper("OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17"));
        assert!(takes_helper("OpenSSH_8.4p1"));
        assert!(takes_helper("OpenSSH_10.0p2"));
        assert!(!takes_helper("OpenSSH_8.0p1, OpenSSL 1.1.1k"));
        assert!(!takes_helper("dropbear"));
    }
}
