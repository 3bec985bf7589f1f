//! What tasks ask of the thread of a session.

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::super::process::Process;
use super::wake::Wake;

/// Why a session cannot start something.
#[derive(Debug)]
pub(super) enum StartError {
    /// The server gives this session no further channel.
    Refused(String),
    /// It refuses this command, or this machine has no means left for it.
    Denied(String),
    /// The session is at its end and the command has not been sent.
    Gone(String),
    /// The connection broke; whether the command has begun is unknown.
    Broken(String),
}

/// One request, with where its answer goes.
#[derive(Debug)]
pub(super) enum Request {
    Start {
        command: String,
        reply: oneshot::Sender<Result<Process, StartError>>,
    },
    /// A socket to an address that the host can reach.
    Tunnel {
        host: String,
        port: u16,
        reply: oneshot::Sender<Result<UnixStream, StartError>>,
    },
}

impl Request {
    pub(super) fn refuse(self, error: StartError) {
        match self {
            Self::Start { reply, .. } => drop(reply.send(Err(error))),
            Self::Tunnel { reply, .. } => drop(reply.send(Err(error))),
        }
    }

    /// Nobody waits for the answer any more.
    pub(super) fn is_forgotten(&self) -> bool {
        match self {
            Self::Start { reply, .. } => reply.is_closed(),
            Self::Tunnel { reply, .. } => reply.is_closed(),
        }
    }
}

/// Shared by the thread and everyone who uses its session.
#[derive(Debug)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    pub(super) wake: Arc<Wake>,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<Request>,
    /// Whoever opened the session wants it no more.
    closing: bool,
    /// Why the thread has ended.
    dead: Option<String>,
}

impl Mailbox {
    pub(super) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { state: Mutex::default(), wake: Arc::new(Wake::new()?) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for something; one who asks a session that has ended is told so.
    pub(super) fn post(&self, request: Request) {
        let mut state = self.lock();
        if let Some(reason) = state.dead.clone() {
            drop(state);
            request.refuse(StartError::Gone(reason));
            return;
        }
        state.requests.push_back(request);
        drop(state);
        self.wake.wake();
    }

    pub(super) fn take(&self) -> Option<Request> {
        self.lock().requests.pop_front()
    }

    /// Ends the session.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.wake.wake();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    pub(super) fn is_dead(&self) -> bool {
        self.lock().dead.is_some()
    }

    /// The thread's last word.
    pub(super) fn bury(&self, reason: &str) {
        let mut state = self.lock();
        state.dead = Some(reason.to_owned());
        let requests = std::mem::take(&mut state.requests);
        drop(state);
        for request in requests {
            request.refuse(StartError::Gone(reason.to_owned()));
        }
    }
}
