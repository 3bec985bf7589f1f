//! SSH as a transport: sessions of libssh2, or the system's `ssh` where a server turns out to need it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot};

use super::super::error::TransportError;
use super::super::openssh::OpenSsh;
use super::super::process::{BoxFuture, Process, Transport};
use super::super::spec::{ConnectionSpec, Kind};
use super::choose::choose;
use super::connect::Failure;
use super::mailbox::{Request, StartError};
use super::settings::Settings;
use super::thread::Handle;

/// How much longer than its own time limit the thread of a session is waited for: an agent or a resolver may hang.
const GRACE: Duration = Duration::from_secs(5);

/// A host over libssh2.
#[derive(Debug)]
pub(in super::super) struct Ssh {
    spec: ConnectionSpec,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// More than one where the server allows a session too few channels.
    sessions: Vec<Arc<Handle>>,
    instead: Option<Arc<OpenSsh>>,
}

/// Reads the configuration and chooses who does it.
pub(in super::super) fn open(spec: &ConnectionSpec) -> Result<Arc<dyn Transport>, TransportError> {
    let settings = Settings::of(spec)?;
    Ok(match choose(spec, &settings)? {
        (Kind::OpenSsh, because) => Arc::new(OpenSsh::new(spec, &settings, because)?),
        _ => Arc::new(Ssh { spec: spec.clone(), settings, state: Mutex::default() }),
    })
}

impl Ssh {
    /// Connects once more. `None` if the system's `ssh` has to do it.
    async fn another(&self, state: &mut State) -> Result<Option<Arc<Handle>>, TransportError> {
        let host = || self.settings.describe();
        let (handle, ready) = Handle::spawn(self.settings.clone())
            .map_err(|error| TransportError::Connect { host: host(), source: error.into() })?;
        let outcome = tokio::time::timeout(self.settings.timeout + GRACE, ready).await;
        match outcome {
            Ok(Ok(Ok(()))) => {
                let handle = Arc::new(handle);
                state.sessions.push(Arc::clone(&handle));
                Ok(Some(handle))
            }
            Ok(Ok(Err(Failure::Transport(error)))) => Err(error),
            Ok(Ok(Err(Failure::NeedsOpenSsh(reason)))) => {
                state.instead = Some(Arc::new(OpenSsh::new(&self.spec, &self.settings, Some(reason))?));
                Ok(None)
            }
            Ok(Err(_)) => Err(TransportError::Connect { host: host(), source: "its thread failed".into() }),
            Err(_) => Err(TransportError::Connect {
                host: host(),
                source: "no answer in time (from the resolver or the SSH agent)".into(),
            }),
        }
    }

    /// A session that lives, or a new one.
    async fn session(&self) -> Result<Session, TransportError> {
        let mut state = self.state.lock().await;
        if let Some(instead) = &state.instead {
            return Ok(Session::OpenSsh(Arc::clone(instead)));
        }
        state.sessions.retain(|session| !session.is_dead());
        if !state.sessions.is_empty() {
            return Ok(Session::Own(state.sessions.clone()));
        }
        match self.another(&mut state).await? {
            Some(handle) => Ok(Session::Own(vec![handle])),
            None => Ok(state.instead.clone().map_or(Session::Own(Vec::new()), Session::OpenSsh)),
        }
    }

    async fn run(&self, command: &str) -> Result<Process, TransportError> {
        // once more if the connection turns out to be gone before anything was asked of it
        let mut refused = None;
        for _ in 0..2 {
            let sessions = match self.session().await? {
                Session::OpenSsh(instead) => return instead.start(command).await,
                Session::Own(sessions) => sessions,
            };
            for session in &sessions {
                match ask(session, command).await {
                    Ok(process) => return Ok(process),
                    Err(StartError::Refused(reason) | StartError::Gone(reason)) => refused = Some(reason),
                    Err(error) => return Err(self.failed(error)),
                }
            }
            if sessions.iter().all(|session| session.is_dead()) {
                continue;
            }
            // the sessions are full
            let added = self.another(&mut *self.state.lock().await).await?;
            let Some(session) = added else { continue };
            return ask(&session, command).await.map_err(|error| self.failed(error));
        }
        Err(self.failed(StartError::Denied(refused.unwrap_or_default())))
    }

    fn failed(&self, error: StartError) -> TransportError {
        let host = self.settings.describe();
        match error {
            StartError::Refused(reason) | StartError::Denied(reason) => {
                TransportError::Connect { host, source: format!("it starts no command: {reason}").into() }
            }
            StartError::Gone(reason) | StartError::Broken(reason) => {
                TransportError::Broken { host, source: reason.into() }
            }
        }
    }
}

enum Session {
    Own(Vec<Arc<Handle>>),
    OpenSsh(Arc<OpenSsh>),
}

async fn ask(session: &Handle, command: &str) -> Result<Process, StartError> {
    let (reply, answer) = oneshot::channel();
    session.post(Request::Start { command: command.to_owned(), reply });
    answer.await.unwrap_or_else(|_| Err(StartError::Gone("the session is at its end".to_owned())))
}

impl Transport for Ssh {
    fn connect(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            match self.session().await? {
                Session::Own(_) => Ok(()),
                Session::OpenSsh(instead) => instead.connect().await,
            }
        })
    }

    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Process, TransportError>> {
        Box::pin(self.run(command))
    }

    fn describe(&self) -> String {
        format!("ssh to {}", self.settings.describe())
    }
}
