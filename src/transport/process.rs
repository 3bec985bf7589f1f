//! A command that runs on a host.

use std::future::Future;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

use super::error::TransportError;

/// A future of an object-safe trait.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a command on a host ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// With an exit status.
    Code(i32),
    /// By a signal, with its name or number.
    Signal(String),
    /// The connection ended before the command did, or did not tell.
    Unknown,
}

/// A command that runs on a host. Dropping it closes its input and, as far as the transport can, ends it.
pub struct Process {
    /// Its standard input; shut down or dropped, it is at its end. `None` once taken.
    pub stdin: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Its standard output. `None` once taken.
    pub stdout: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// Its standard error. `None` once taken.
    pub stderr: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// Resolves when it has ended.
    pub exit: Pin<Box<dyn Future<Output = Result<ExitStatus, TransportError>> + Send>>,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").finish_non_exhaustive()
    }
}

/// A connection to one host as one user. It may be opened with the first command and is closed when dropped.
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// Connects where that has not been done, so that what is wrong is known before anything is asked of the host.
    fn connect(&self) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Starts a command line, which the login shell of the remote user reads.
    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Process, TransportError>>;

    /// For messages: `ssh to web1 (root@10.0.0.9:22)`.
    fn describe(&self) -> String;
}
