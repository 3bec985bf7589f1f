//! The runner's side of an agent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufWriter};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::becoming::Become;
use super::binary::Binaries;
use super::frame::{self, FrameError};
use super::handshake::{self, StartError, Started, Told};
use super::message::{BecomeRequest, Hidden, PROTOCOL, RunRequest, ToAgent, ToRunner, WireJob};
use super::relay;
use super::script::Script;
use super::streams::{Incoming, PIECE, Streams};
use super::wire::{ClosedVault, WireFailure, WireOutcome, WireValue};
use crate::diag::with_causes;
use crate::modules::{ModuleError, Outcome, RunMode};
use crate::transport::{Process, Transport};
use crate::value::{Redactor, Value};

/// How often the agent is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// An agent that has said nothing for so long is taken for dead.
const SILENCE: Duration = Duration::from_secs(70);

/// Messages that may wait to be sent.
const WAITING: usize = 64;

/// Why an agent did not do what it was asked for.
#[derive(Debug, Error)]
pub enum AgentError {
    /// The connection ended.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The agent could not do it.
    #[error("{0}")]
    Refused(String),
    /// A value cannot travel.
    #[error(transparent)]
    Value(#[from] ClosedVault),
    /// A local file cannot be read or written.
    #[error("cannot use `{path}`")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No agent could be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// One run of a module.
#[derive(Debug)]
pub struct Call<'a> {
    /// The module's full name.
    pub module: &'a str,
    /// Its rendered options.
    pub args: &'a Value,
    /// Check mode, diff, verbosity.
    pub mode: RunMode,
    /// The task's `environment`.
    pub environment: Vec<(String, String)>,
    /// The folder that relative paths start from; `None`: the user's home.
    pub working_dir: Option<PathBuf>,
    /// Where it is to run in the background: what the job is found by, and how long it may take.
    pub job: Option<(String, Duration)>,
}

/// An agent that runs on a host. Cloning shares it; it ends with the last clone.
#[derive(Clone, Debug)]
pub struct RemoteAgent {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    send: mpsc::Sender<ToAgent>,
    streams: Arc<Streams<ToAgent>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    next: AtomicU64,
    lost: Mutex<Option<String>>,
    heard: AtomicBool,
    /// Whether it runs as root.
    root: bool,
    /// Where secrets are registered that modules learned.
    redactor: Redactor,
    told: Told,
    _end: DropGuard,
}

/// What the agent says to one request.
#[derive(Debug)]
enum Answer {
    Done(Result<Box<WireOutcome>, WireFailure>),
    Stored(String),
    Became,
    Failed(String),
}

impl RemoteAgent {
    /// Starts an agent behind a transport, and brings the binary there where it is not yet. `folders`: where it may be kept,
    /// before the usual places; `beside`: a binary that is known to lie on the host.
    ///
    /// # Errors
    /// The host cannot be reached, or cannot run the agent.
    pub async fn start(
        transport: &dyn Transport,
        binaries: &Binaries,
        folders: &[String],
        beside: Option<&Path>,
        limit: Duration,
        redactor: Redactor,
    ) -> Result<Self, StartError> {
        let digests = binaries.digests()?;
        let script = Script { binaries: &digests, folders, beside: beside.and_then(Path::to_str) };
        let process = transport.start(&script.command_line()).await?;
        let started = handshake::start(process, binaries, limit).await?;
        Self::open(started, limit, redactor).await
    }

    /// Starts an agent on this very machine as another user.
    ///
    /// # Errors
    /// The user cannot be had.
    pub async fn start_here_as(
        other: &Become,
        program: &Path,
        folders: &[String],
        limit: Duration,
        redactor: Redactor,
    ) -> Result<Self, StartError> {
        let binaries = Binaries::new(program, None)?;
        Self::open(relay::start_as(other, folders, program, &binaries).await?, limit, redactor).await
    }

    async fn open(started: Started, limit: Duration, redactor: Redactor) -> Result<Self, StartError> {
        let Started { mut input, output, told, process } = started;
        let hello = tokio::time::timeout(limit, frame::read::<ToRunner>(&mut input)).await;
        let root = match hello {
            Ok(Ok(Some(ToRunner::Hello { protocol: PROTOCOL, user, .. }))) => user == 0,
            Ok(Ok(None)) => return Err(StartError::Ended { told: told.text() }),
            Ok(_) => return Err(StartError::Version),
            Err(_) => return Err(StartError::Slow(limit, told.text())),
        };
        let (send, waiting) = mpsc::channel(WAITING);
        let end = CancellationToken::new();
        let shared = Arc::new(Shared {
            streams: Streams::new(send.clone()),
            send,
            waiting: Mutex::default(),
            next: AtomicU64::new(1),
            lost: Mutex::default(),
            heard: AtomicBool::new(true),
            root,
            redactor,
            told,
            _end: end.clone().drop_guard(),
        });
        // the tasks hold no more than a weak reference, so that the agent ends with its last user
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            let write = write(output, waiting);
            let read = read(&mut input, &weak);
            let heartbeat = heartbeat(&weak);
            let reason = tokio::select! {
                () = end.cancelled() => None,
                error = write => error.err().map(|error| with_causes(&error)),
                ended = read => Some(match ended {
                    Ok(()) => String::new(),
                    Err(error) => with_causes(&error),
                }),
                () = heartbeat => Some("it does not answer any more".to_owned()),
            };
            if let Some(shared) = weak.upgrade() {
                shared.lose(reason.unwrap_or_default());
            }
            drop(input);
            wind_down(process).await;
        });
        Ok(Self { shared })
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether it is the user already that would be become: root needs no program to be root, and many hosts have none.
    #[must_use]
    pub fn is_already(&self, other: &Become) -> bool {
        self.shared.root && other.user == "root" && other.executable.is_none() && other.flags.is_none()
    }

    /// Runs a module to its end. When the token fires, the module is told to end early, and its answer is still waited for.
    ///
    /// # Errors
    /// The connection was lost; a failure of the module is the inner error.
    pub async fn run(
        &self,
        call: Call<'_>,
        cancel: &CancellationToken,
    ) -> Result<Result<Outcome, ModuleError>, AgentError> {
        let id = self.shared.number();
        let request = RunRequest {
            id,
            module: call.module.to_owned(),
            args: WireValue::try_from(call.args)?,
            check: call.mode.check,
            diff: call.mode.diff,
            verbosity: call.mode.verbosity,
            environment: call.environment,
            working_dir: call.working_dir,
            job: call.job.map(|(id, limit)| WireJob { id, limit }),
        };
        let answer = self.shared.ask(id, ToAgent::Run(Box::new(request)));
        tokio::pin!(answer);
        let answer = tokio::select! {
            // the request goes out before its cancellation
            biased;
            answer = &mut answer => answer,
            () = cancel.cancelled() => {
                // an agent that is gone gives no answer either, and that is what is told
                let _ = self.shared.send.send(ToAgent::Cancel { id }).await;
                answer.await
            }
        };
        match answer? {
            Answer::Done(Ok(outcome)) => Ok(Ok((*outcome).into())),
            Answer::Done(Err(failure)) => Ok(Err(failure.into())),
            Answer::Failed(message) => Err(AgentError::Refused(message)),
            other => Err(unexpected(&other)),
        }
    }

    /// Brings a file to the host. Gives back its path there; it stays until [`RemoteAgent::forget`].
    ///
    /// # Errors
    /// The file cannot be read here or written there, or the connection was lost.
    pub async fn put(&self, path: &Path) -> Result<String, AgentError> {
        let failed = |source| AgentError::File { path: path.display().to_string(), source };
        let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
        let id = self.shared.number();
        let outgoing = self.shared.streams.outgoing(id);
        // the agent must know of the stream before the first piece of it comes
        let answer = self.shared.request(id, ToAgent::Put { id }).await?;
        let stored = self.shared.answer(answer);
        let send = async {
            let mut piece = vec![0; PIECE * 8];
            loop {
                match file.read(&mut piece).await.map_err(failed)? {
                    0 => break,
                    count => outgoing
                        .send(piece.get(..count).unwrap_or_default())
                        .await
                        .map_err(|_| AgentError::Lost(self.shared.reason()))?,
                }
            }
            outgoing.end().await.map_err(|_| AgentError::Lost(self.shared.reason()))
        };
        tokio::pin!(stored);
        // where the host cannot take the file it says so before the end of it
        let answer = tokio::select! {
            answer = &mut stored => answer?,
            sent = send => {
                sent?;
                stored.await?
            }
        };
        match answer {
            Answer::Stored(path) => Ok(path),
            Answer::Failed(message) => Err(AgentError::Refused(message)),
            other => Err(unexpected(&other)),
        }
    }

    /// A file that was put is not needed any more.
    pub async fn forget(&self, path: String) {
        // where the connection is gone, the agent has removed it
        let _ = self.shared.send.send(ToAgent::Forget { path }).await;
    }

    /// Brings a file from the host.
    ///
    /// # Errors
    /// The file cannot be read there or written here, or the connection was lost.
    pub async fn get(&self, path: &str, into: &mut (impl AsyncWrite + Unpin)) -> Result<(), AgentError> {
        let id = self.shared.number();
        let mut incoming = self.shared.streams.incoming(id);
        let failed = self.shared.ask(id, ToAgent::Get { id, path: path.to_owned() });
        let receive = async {
            while let Some(bytes) = incoming.next().await.map_err(|_| AgentError::Lost(self.shared.reason()))? {
                into.write_all(&bytes)
                    .await
                    .map_err(|source| AgentError::File { path: format!("the copy of {path}"), source })?;
            }
            Ok(())
        };
        let ended = tokio::select! {
            received = receive => received,
            answer = failed => match answer? {
                Answer::Failed(message) => Err(AgentError::Refused(message)),
                other => Err(unexpected(&other)),
            },
        };
        self.shared.waiting().remove(&id);
        ended
    }

    /// An agent of another user on the same host.
    ///
    /// # Errors
    /// The user cannot be had, or the connection was lost.
    pub async fn become_user(&self, other: &Become, folders: &[String], limit: Duration) -> Result<Self, AgentError> {
        let id = self.shared.number();
        let request = BecomeRequest {
            method: other.method.clone(),
            user: other.user.clone(),
            password: other.password.as_ref().map(|password| Hidden(password.expose().to_owned())),
            executable: other.executable.clone(),
            flags: other.flags.clone(),
            folders: folders.to_vec(),
        };
        let (incoming, outgoing) = (self.shared.streams.incoming(id), self.shared.streams.outgoing(id));
        match self.shared.ask(id, ToAgent::Become { id, request: Box::new(request) }).await? {
            Answer::Became => {}
            Answer::Failed(message) => return Err(AgentError::Refused(message)),
            other => return Err(unexpected(&other)),
        }
        let (near, far) = tokio::io::duplex(PIECE * 2);
        let (input, output) = tokio::io::split(near);
        let (mut from_us, to_us) = tokio::io::split(far);
        let parent = self.clone();
        tokio::spawn(async move {
            let out = async {
                let mut piece = vec![0; PIECE];
                while let Ok(count @ 1..) = from_us.read(&mut piece).await {
                    if outgoing.send(piece.get(..count).unwrap_or_default()).await.is_err() {
                        break;
                    }
                }
                // a parent that is lost needs no end
                let _ = outgoing.end().await;
            };
            tokio::join!(out, feed(incoming, to_us));
            // the way to the other user's agent leads through this one
            drop(parent);
        });
        let process = Process {
            stdin: None,
            stdout: None,
            stderr: None,
            exit: Box::pin(async { Ok(crate::transport::ExitStatus::Unknown) }),
        };
        let started =
            Started { input: Box::new(input), output: Box::new(output), told: self.shared.told.clone(), process };
        Ok(Self::open(started, limit, self.shared.redactor.clone()).await?)
    }
}

/// Writes what arrives into a stream.
async fn feed(mut incoming: Incoming<ToAgent>, mut output: impl AsyncWrite + Unpin) {
    while let Ok(Some(bytes)) = incoming.next().await {
        if output.write_all(&bytes).await.is_err() {
            break;
        }
    }
    // whoever reads it sees its end
    let _ = output.shutdown().await;
}

impl Shared {
    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reason(&self) -> String {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.clone().unwrap_or_else(|| "it ended".to_owned())
    }

    async fn ask(&self, id: u64, message: ToAgent) -> Result<Answer, AgentError> {
        let answer = self.request(id, message).await?;
        self.answer(answer).await
    }

    async fn answer(&self, answer: oneshot::Receiver<Answer>) -> Result<Answer, AgentError> {
        answer.await.map_err(|_| AgentError::Lost(self.reason()))
    }

    /// Sends a request; its answer comes to the receiver.
    async fn request(&self, id: u64, message: ToAgent) -> Result<oneshot::Receiver<Answer>, AgentError> {
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(id, sender);
        // the connection may have ended before the request was noted
        if self.lost.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            self.waiting().remove(&id);
            return Err(AgentError::Lost(self.reason()));
        }
        if self.send.send(message).await.is_err() {
            return Err(AgentError::Lost(self.reason()));
        }
        Ok(answer)
    }

    fn take(&self, message: ToRunner) {
        self.heard.store(true, Ordering::Relaxed);
        let (id, answer) = match message {
            ToRunner::Piece(piece) => return self.streams.arrived(piece),
            ToRunner::Hello { .. } | ToRunner::Pong => return,
            ToRunner::Done { id, result, secrets } => {
                for secret in &secrets {
                    self.redactor.register(secret);
                }
                (id, Answer::Done(result))
            }
            ToRunner::Stored { id, path } => (id, Answer::Stored(path)),
            ToRunner::Became { id } => (id, Answer::Became),
            ToRunner::Failed { id, message } => (id, Answer::Failed(message)),
        };
        if let Some(waiting) = self.waiting().remove(&id) {
            // nobody may wait any more, as after a timeout
            let _ = waiting.send(answer);
        }
    }

    fn lose(&self, reason: String) {
        let told = self.told.text();
        let reason = [reason, told].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        let reason = if reason.is_empty() { "the agent ended".to_owned() } else { reason };
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.waiting().clear();
        self.streams.close();
    }
}

async fn read(input: &mut (impl AsyncRead + Unpin), shared: &std::sync::Weak<Shared>) -> Result<(), FrameError> {
    while let Some(message) = frame::read(input).await? {
        let Some(shared) = shared.upgrade() else { break };
        shared.take(message);
    }
    Ok(())
}

async fn write(output: impl AsyncWrite + Unpin, mut waiting: mpsc::Receiver<ToAgent>) -> Result<(), FrameError> {
    let mut output = BufWriter::new(output);
    while let Some(message) = waiting.recv().await {
        frame::write(&mut output, &message).await?;
        if waiting.is_empty() {
            output.flush().await.map_err(FrameError::Stream)?;
        }
    }
    Ok(())
}

/// Ends when the agent has been silent for too long.
async fn heartbeat(shared: &std::sync::Weak<Shared>) {
    let mut silent = Duration::ZERO;
    while silent < SILENCE {
        tokio::time::sleep(HEARTBEAT).await;
        let Some(shared) = shared.upgrade() else { return std::future::pending().await };
        silent = if shared.heard.swap(false, Ordering::Relaxed) { Duration::ZERO } else { silent + HEARTBEAT };
        // where there is no room to ask, more than this waits for the agent
        let _ = shared.send.try_send(ToAgent::Ping);
    }
}

/// Lets a process whose input has ended end by itself, for a while.
async fn wind_down(process: Process) {
    // dropped with the process, which ends it
    let _ = tokio::time::timeout(Duration::from_secs(6), process.exit).await;
}

fn unexpected(answer: &Answer) -> AgentError {
    AgentError::Refused(format!("the agent answered with something else: {answer:?}"))
}
