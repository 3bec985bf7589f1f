//! The agent: does on its host what the runner asks for, until the connection ends, and leaves nothing running.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufWriter};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::binary::Binaries;
use super::files;
use super::frame::{self, FrameError};
use super::launch::{NewJob, start_job};
use super::message::{BecomeRequest, PROTOCOL, RunRequest, ToAgent, ToRunner};
use super::relay;
use super::script::{CLOSE, OPEN};
use super::streams::Streams;
use super::wire::{WireFailure, WireOutcome};
use crate::modules::{Ctx, HostServices, ModuleError, Outcome, RunMode, Runner, table};
use crate::value::{Redactor, Value};

/// The runner asks from time to time whether the agent is there. One that has heard nothing for so long is alone.
const SILENCE: Duration = Duration::from_mins(3);

/// How long modules that were told to end may take to do so.
const GRACE: Duration = Duration::from_secs(5);

/// Messages that may wait to be sent.
const WAITING: usize = 64;

/// What an agent works with.
#[derive(Debug)]
pub struct Agent {
    /// Clients, caches and the environment that all modules share.
    pub services: Arc<HostServices>,
    /// The agent's own binary, to become other users with.
    pub program: PathBuf,
    /// The folder that relative paths start from.
    pub home: PathBuf,
}

/// What the handlers share.
pub(super) struct Shared {
    agent: Agent,
    pub(super) send: mpsc::Sender<ToRunner>,
    pub(super) streams: Arc<Streams<ToRunner>>,
    running: Mutex<HashMap<u64, CancellationToken>>,
    cancel: CancellationToken,
    tasks: TaskTracker,
    pub(super) kept: files::Kept,
}

impl Agent {
    /// Serves one runner.
    ///
    /// # Errors
    /// The stream is out of step: nothing that comes can be trusted.
    pub async fn serve(
        self,
        mut input: impl AsyncRead + Send + Unpin,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(), FrameError> {
        let (send, waiting) = mpsc::channel(WAITING);
        let writer = tokio::spawn(write(output, waiting));
        let shared = Arc::new(Shared {
            kept: files::Kept::beside(&self.program),
            agent: self,
            streams: Streams::new(send.clone()),
            send,
            running: Mutex::default(),
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        shared
            .say(ToRunner::Hello {
                protocol: PROTOCOL,
                user: rustix::process::geteuid().as_raw(),
                pid: std::process::id(),
            })
            .await;
        let ended = loop {
            match tokio::time::timeout(SILENCE, frame::read(&mut input)).await {
                Ok(Ok(Some(message))) => shared.take(message).await,
                Ok(Ok(None)) | Err(_) => break Ok(()),
                Ok(Err(error)) => break Err(error),
            }
        };
        shared.cancel.cancel();
        shared.streams.close();
        shared.tasks.close();
        // what does not end in time ends with the process
        let _ = tokio::time::timeout(GRACE, shared.tasks.wait()).await;
        drop(shared);
        writer.abort();
        ended
    }
}

impl Shared {
    pub(super) async fn say(&self, message: ToRunner) {
        // a runner that is gone is noticed by the reader
        let _ = self.send.send(message).await;
    }

    async fn take(self: &Arc<Self>, message: ToAgent) {
        match message {
            ToAgent::Ping => self.say(ToRunner::Pong).await,
            ToAgent::Piece(piece) => self.streams.arrived(piece),
            ToAgent::Cancel { id } => {
                if let Some(cancel) = self.running().get(&id) {
                    cancel.cancel();
                }
            }
            ToAgent::Run(request) => {
                let cancel = self.cancel.child_token();
                self.running().insert(request.id, cancel.clone());
                let shared = Arc::clone(self);
                self.tasks.spawn(async move { shared.run(*request, cancel).await });
            }
            ToAgent::Put { id } => {
                let (shared, incoming) = (Arc::clone(self), self.streams.incoming(id));
                self.tasks.spawn(async move { files::put(&shared, id, incoming).await });
            }
            ToAgent::Get { id, path } => {
                let (shared, outgoing) = (Arc::clone(self), self.streams.outgoing(id));
                self.tasks.spawn(async move { files::get(&shared, id, &path, outgoing).await });
            }
            ToAgent::Forget { path } => self.kept.forget(&path),
            ToAgent::Become { id, request } => {
                let cancel = self.cancel.clone();
                let (incoming, outgoing) = (self.streams.incoming(id), self.streams.outgoing(id));
                let shared = Arc::clone(self);
                self.tasks.spawn(async move {
                    let work = shared.become_user(id, &request, incoming, outgoing);
                    tokio::select! {
                        () = work => {}
                        () = cancel.cancelled() => {}
                    }
                });
            }
        }
    }

    async fn become_user(
        &self,
        id: u64,
        request: &BecomeRequest,
        incoming: super::streams::Incoming<ToRunner>,
        outgoing: super::streams::Outgoing<ToRunner>,
    ) {
        let program = &self.agent.program;
        let started = match Binaries::new(program, None) {
            Ok(binaries) => relay::start(request, program, &binaries).await,
            Err(error) => Err(error.into()),
        };
        match started {
            Ok(started) => {
                self.say(ToRunner::Became { id }).await;
                relay::pump(started, incoming, outgoing).await;
            }
            Err(error) => self.say(ToRunner::Failed { id, message: error.to_string() }).await,
        }
    }

    async fn run(&self, request: RunRequest, cancel: CancellationToken) {
        let id = request.id;
        let redactor = Redactor::new();
        let mode = RunMode { check: request.check, diff: request.diff, verbosity: request.verbosity };
        let runtime = tokio::runtime::Handle::current();
        let mut ctx = Ctx::new(mode, Arc::clone(&self.agent.services), redactor.clone(), cancel, runtime);
        ctx.environment = request.environment.into_iter().collect::<BTreeMap<_, _>>();
        ctx.working_dir = request.working_dir.clone().unwrap_or_else(|| self.agent.home.clone());
        let work = tokio::task::spawn_blocking(move || {
            let args = Value::from(request.args);
            match request.job {
                Some(job) => {
                    let job = NewJob { id: &job.id, limit: job.limit, module: &request.module, args: &args };
                    start_job(job, &ctx)
                }
                None => call(&request.module, &args, &mut ctx),
            }
        });
        let ended = work.await.unwrap_or_else(|error| Err(ModuleError::new(crash(error))));
        let result = match ended.as_ref().map(WireOutcome::try_from) {
            Ok(Ok(outcome)) => Ok(Box::new(outcome)),
            Ok(Err(error)) => Err(WireFailure::from(&ModuleError::because("cannot send the result", error))),
            Err(error) => Err(WireFailure::from(error)),
        };
        self.running().remove(&id);
        let secrets = redactor.known().iter().map(ToString::to_string).collect();
        self.say(ToRunner::Done { id, result, secrets }).await;
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a module by its name.
fn call(name: &str, args: &Value, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    match table::find(name).or_else(|| table::internal(name)).map(|module| module.runner) {
        Some(Runner::Host(run)) => run(args, ctx),
        _ => Err(ModuleError::new(format!("`{name}` is no module that a host runs"))),
    }
}

/// What a panic said. It is a bug of the module, and only its task fails.
#[must_use]
pub fn crash(error: tokio::task::JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "the module was stopped".to_owned() };
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("the module crashed, which is a bug in quaymaster: {text}")
}

/// Says that the agent is ready, then sends what waits.
async fn write(output: impl AsyncWrite + Unpin, mut waiting: mpsc::Receiver<ToRunner>) -> Result<(), FrameError> {
    let mut output = BufWriter::new(output);
    output.write_all(format!("{OPEN}ready{}", char::from(CLOSE)).as_bytes()).await.map_err(FrameError::Stream)?;
    while let Some(message) = waiting.recv().await {
        frame::write(&mut output, &message).await?;
        if waiting.is_empty() {
            output.flush().await.map_err(FrameError::Stream)?;
        }
    }
    Ok(())
}

/// What the agent prints instead when its binary is not the one that was sent.
#[must_use]
pub fn say_damaged() -> String {
    format!("{OPEN}damaged{}", char::from(CLOSE))
}
