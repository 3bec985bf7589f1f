//! Making a connection: the way to the server, the handshake, the server's key, the user's authentication.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ssh2::{ErrorCode, MethodType, Session};
use tokio::sync::oneshot;

use super::super::error::TransportError;
use super::algorithms;
use super::auth;
use super::host_key;
use super::mailbox::{Request, StartError};
use super::pump::KeepAlive;
use super::settings::{Family, Hop, Proxy, Settings};
use super::thread::Handle;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Failure {
    Transport(TransportError),
    /// Only the system's `ssh` can talk to this server: why.
    NeedsOpenSsh(String),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// What the session's bytes go over.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    /// To a proxy's command or through another session.
    Unix(UnixStream),
}

impl Socket {
    pub(super) fn shut(&self) {
        let _ = match self {
            Self::Tcp(socket) => socket.shutdown(Shutdown::Both),
            Self::Unix(socket) => socket.shutdown(Shutdown::Both),
        };
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// A connection that is ready for commands.
pub(super) struct Link {
    pub(super) session: Session,
    pub(super) socket: Arc<Socket>,
    /// For messages.
    pub(super) host: String,
    pub(super) keep_alive: KeepAlive,
    /// What lies between; it ends with the connection.
    between: Between,
}

enum Between {
    Nothing,
    Command(ProxyCommand),
    Session(#[expect(dead_code, reason = "held so that the session to the jump host lives")] Handle),
}

impl Link {
    /// A reason with what a proxy said.
    pub(super) fn explain(&self, reason: &str) -> String {
        self.between.explain(reason)
    }
}

impl Between {
    fn explain(&self, reason: &str) -> String {
        match self {
            Self::Command(command) => command.explain(reason),
            Self::Nothing | Self::Session(_) => reason.to_owned(),
        }
    }
}

/// A moment until which everything has to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    whole: Duration,
}

impl Deadline {
    pub(super) fn after(whole: Duration) -> Self {
        Self { at: Instant::now() + whole, whole }
    }

    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Lets libssh2's next call last no longer. Zero would mean for ever.
    pub(super) fn hold(&self, session: &Session) {
        let left = self.left().as_millis().clamp(1, u128::from(u32::MAX));
        session.set_timeout(u32::try_from(left).unwrap_or(u32::MAX));
    }

    fn text(&self) -> String {
        format!("no answer within {} s", self.whole.as_secs_f32())
    }
}

/// Connects and authenticates; this blocks, for no longer than the settings allow.
pub(super) fn establish(settings: &Settings) -> Result<Link, Failure> {
    let deadline = Deadline::after(settings.timeout);
    let (socket, between) = socket(settings, deadline)?;
    let socket = Arc::new(socket);
    let session = handshake(settings, &socket, deadline).map_err(|failure| with_proxy(failure, &between))?;
    let trust = host_key::check(&session, settings)?;
    auth::authenticate(&session, settings, trust, deadline)?;
    session.set_timeout(0);
    Ok(Link { session, socket, host: settings.describe(), keep_alive: settings.keep_alive, between })
}

fn cannot(settings: &Settings, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::Connect { host: settings.describe(), source: source.into() }
}

/// What a proxy's command said is the better reason.
fn with_proxy(failure: Failure, between: &Between) -> Failure {
    match failure {
        Failure::Transport(TransportError::Connect { host, source }) => {
            let source = between.explain(&source.to_string()).into();
            TransportError::Connect { host, source }.into()
        }
        other => other,
    }
}

fn socket(settings: &Settings, deadline: Deadline) -> Result<(Socket, Between), Failure> {
    match &settings.proxy {
        Proxy::Direct => {
            let socket = tcp(settings, deadline).map_err(|error| cannot(settings, error))?;
            Ok((Socket::Tcp(socket), Between::Nothing))
        }
        Proxy::Command(command) => {
            let (socket, child) = ProxyCommand::start(command)
                .map_err(|error| cannot(settings, format!("cannot run ProxyCommand `{command}`: {error}")))?;
            Ok((Socket::Unix(socket), Between::Command(child)))
        }
        Proxy::Jump(hops) => {
            let (socket, handle) = jump(settings, hops, deadline)?;
            Ok((Socket::Unix(socket), Between::Session(handle)))
        }
    }
}

/// Tries every address of the host, the time shared among those that are left.
fn tcp(settings: &Settings, deadline: Deadline) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = (settings.host.as_str(), settings.port)
        .to_socket_addrs()
        .map_err(|error| io::Error::other(format!("the name {} cannot be resolved: {error}", settings.host)))?
        .filter(|address| match settings.family {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        })
        .collect();
    let mut last = io::Error::other(format!("{} has no address of the wanted kind", settings.host));
    for (at, address) in addresses.iter().enumerate() {
        let share = deadline.left() / u32::try_from(addresses.len() - at).unwrap_or(1);
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, share) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                rustix::net::sockopt::set_socket_keepalive(&socket, true)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                last = io::Error::other(format!("{address}: {}", deadline.text()));
            }
            Err(error) => last = io::Error::other(format!("{address}: {error}")),
        }
    }
    Err(last)
}

fn handshake(settings: &Settings, socket: &Arc<Socket>, deadline: Deadline) -> Result<Session, Failure> {
    let mut session = Session::new().map_err(|error| cannot(settings, error))?;
    session.set_compress(settings.compression);
    for (method, list) in algorithms::preferences(&session, settings)? {
        session.method_pref(method, &list).map_err(|error| cannot(settings, error))?;
    }
    session.set_tcp_stream(Arc::clone(socket));
    deadline.hold(&session);
    match session.handshake() {
        Ok(()) => Ok(session),
        Err(error) if matches!(error.code(), ErrorCode::Session(-5 | -8)) => {
            Err(Failure::NeedsOpenSsh(format!("no algorithm in common with the server: {}", error.message())))
        }
        Err(error) => Err(cannot(settings, told(&error, deadline)).into()),
    }
}

/// libssh2's error in words.
pub(super) fn told(error: &ssh2::Error, deadline: Deadline) -> String {
    match error.code() {
        _ if deadline.is_over() => deadline.text(),
        ErrorCode::Session(-9) => deadline.text(),
        ErrorCode::Session(-13 | -43) => "the server closed the connection".to_owned(),
        ErrorCode::Session(-2) => "what answers there is no SSH server".to_owned(),
        _ => error.message().to_owned(),
    }
}

/// The names of libssh2's kinds of methods as `method_pref` wants them.
pub(super) type Preferences = Vec<(MethodType, String)>;

fn jump(settings: &Settings, hops: &[Hop], deadline: Deadline) -> Result<(UnixStream, Handle), Failure> {
    let Some(near) = settings.hop(hops)? else { return Err(cannot(settings, "ProxyJump names no host").into()) };
    if let Some(reason) = super::choose::unable(&near)? {
        return Err(Failure::NeedsOpenSsh(reason));
    }
    // the way through ends with the whole, however much of it the jump took
    let near = Settings { timeout: deadline.left(), ..near };
    let (handle, ready) = Handle::spawn(near).map_err(|error| cannot(settings, error))?;
    match ready.blocking_recv() {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => return Err(failure),
        Err(_) => return Err(cannot(settings, "the connection to the jump host ended").into()),
    }
    let (reply, answer) = oneshot::channel();
    handle.post(Request::Tunnel { host: settings.host.clone(), port: settings.port, reply });
    match answer.blocking_recv() {
        Ok(Ok(socket)) => Ok((socket, handle)),
        Ok(Err(
            StartError::Refused(reason)
            | StartError::Denied(reason)
            | StartError::Gone(reason)
            | StartError::Broken(reason),
        )) => Err(cannot(settings, format!("the jump host cannot reach it: {reason}")).into()),
        Err(_) => Err(cannot(settings, "the connection to the jump host ended").into()),
    }
}

/// The child process of `ProxyCommand`.
struct ProxyCommand {
    child: Child,
    stderr: Option<UnixStream>,
}

impl ProxyCommand {
    fn start(command: &str) -> io::Result<(UnixStream, Self)> {
        let (here, there) = UnixStream::pair()?;
        // a socket that is not read holds nobody up: what does not fit is not sent
        let (stderr, stderr_there) = UnixStream::pair()?;
        stderr.set_nonblocking(true)?;
        let output = there.try_clone()?;
        let child = Command::new("/bin/sh")
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::from(OwnedFd::from(there)))
            .stdout(Stdio::from(OwnedFd::from(output)))
            .stderr(Stdio::from(OwnedFd::from(stderr_there)))
            .spawn()?;
        Ok((here, Self { child, stderr: Some(stderr) }))
    }

    fn explain(&self, reason: &str) -> String {
        let mut text = [0; 1024];
        let count = self.stderr.as_ref().map_or(0, |mut stderr| io::Read::read(&mut stderr, &mut text).unwrap_or(0));
        let said = String::from_utf8_lossy(text.get(..count).unwrap_or_default());
        let said = said.trim();
        if said.is_empty() { reason.to_owned() } else { format!("{reason}; ProxyCommand said: {said}") }
    }
}

impl Drop for ProxyCommand {
    fn drop(&mut self) {
        self.stderr = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
