//! Another host, or another user on this one: modules run in an agent there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use super::bring::{Brought, bring, bring_all};
use super::raw::{self, RAW};
use super::target::{Request, Target, TargetError};
use crate::agent::{AgentError, Become, Binaries, BinaryError, Call, RemoteAgent, StartError};
use crate::diag::with_causes;
use crate::modules::files::CONTENT_NEEDED;
use crate::modules::{Ctx, ModuleError, Outcome};
use crate::transport::{BoxFuture, ConnectionSpec, Kind, Transport, TransportError, open};
use crate::value::{Redactor, Value};

/// How long the binary may take on its way.
const START: Duration = Duration::from_mins(2);

/// What all hosts share.
#[derive(Debug)]
pub(super) struct Common {
    /// The own binary.
    pub(super) program: Option<PathBuf>,
    /// Binaries for other architectures.
    pub(super) agent_dir: Option<PathBuf>,
    pub(super) redactor: Redactor,
    pub(super) binaries: OnceCell<Arc<Binaries>>,
}

/// A host and the agents on it: one for the user who logs in, and one for each that it becomes.
#[derive(Debug)]
pub(super) struct Host {
    spec: ConnectionSpec,
    /// Folders for the agent, before the usual ones.
    folders: Vec<String>,
    common: Arc<Common>,
    transport: Mutex<Option<Arc<dyn Transport>>>,
    base: Mutex<Option<RemoteAgent>>,
    users: Mutex<HashMap<Become, RemoteAgent>>,
}

/// A host as one user.
#[derive(Debug)]
pub(super) struct Remote {
    host: Arc<Host>,
    other: Option<Become>,
}

impl Remote {
    pub(super) fn new(host: Arc<Host>, other: Option<Become>) -> Self {
        Self { host, other }
    }
}

impl Host {
    pub(super) fn new(spec: ConnectionSpec, folders: Vec<String>, common: Arc<Common>) -> Self {
        Self { spec, folders, common, transport: Mutex::default(), base: Mutex::default(), users: Mutex::default() }
    }

    /// Closes the connection, so that the next task makes a new one.
    pub(super) async fn reset(&self) {
        self.users.lock().await.clear();
        *self.base.lock().await = None;
        *self.transport.lock().await = None;
    }

    fn program(&self) -> Result<&Path, TargetError> {
        let missing = || TargetError::Module(ModuleError::new("the binary of quaymaster itself cannot be found"));
        self.common.program.as_deref().ok_or_else(missing)
    }

    /// The connection, made where there is none.
    async fn transport(&self) -> Result<Arc<dyn Transport>, TargetError> {
        let mut known = self.transport.lock().await;
        if let Some(transport) = known.as_ref() {
            return Ok(Arc::clone(transport));
        }
        let transport = open(&self.spec).map_err(|error| unreachable(&error))?;
        transport.connect().await.map_err(|error| unreachable(&error))?;
        *known = Some(Arc::clone(&transport));
        Ok(transport)
    }

    /// The agent of the user who logs in.
    async fn base(&self) -> Result<RemoteAgent, TargetError> {
        let mut base = self.base.lock().await;
        if let Some(found) = base.as_ref() {
            if !found.is_lost() {
                return Ok(found.clone());
            }
            // what ended the agent may have ended the connection
            *self.transport.lock().await = None;
        }
        let transport = self.transport().await?;
        let binaries = self.common.binaries.get_or_try_init(|| self.binaries()).await?;
        let redactor = self.common.redactor.clone();
        let beside = if self.spec.kind == Kind::Local { Some(self.program()?) } else { None };
        let agent = RemoteAgent::start(transport.as_ref(), binaries, &self.folders, beside, START, redactor)
            .await
            .map_err(|error| self.not_started(error))?;
        *base = Some(agent.clone());
        Ok(agent)
    }

    async fn binaries(&self) -> Result<Arc<Binaries>, TargetError> {
        let (program, folder) = (self.program()?.to_owned(), self.common.agent_dir.clone());
        let read = tokio::task::spawn_blocking(move || -> Result<Binaries, BinaryError> {
            Binaries::new(&program, folder.as_deref())
        });
        match read.await {
            Ok(Ok(binaries)) => Ok(Arc::new(binaries)),
            Ok(Err(error)) => Err(TargetError::Module(ModuleError::because("no host can be worked on", error))),
            Err(error) => Err(TargetError::Module(ModuleError::new(crate::agent::crash(error)))),
        }
    }

    /// The agent of a user.
    async fn agent(&self, other: Option<&Become>) -> Result<RemoteAgent, TargetError> {
        let Some(other) = other else { return self.base().await };
        let mut users = self.users.lock().await;
        if let Some(found) = users.get(other).filter(|agent| !agent.is_lost()) {
            return Ok(found.clone());
        }
        let agent = if self.spec.kind == Kind::Local {
            let redactor = self.common.redactor.clone();
            RemoteAgent::start_here_as(other, self.program()?, &self.folders, START, redactor)
                .await
                .map_err(|error| self.not_started(error))?
        } else {
            let base = self.base().await?;
            if base.is_already(other) {
                return Ok(base);
            }
            base.become_user(other, &self.folders, START).await.map_err(|error| self.failed(error))?
        };
        users.insert(other.clone(), agent.clone());
        Ok(agent)
    }

    fn not_started(&self, error: StartError) -> TargetError {
        match error {
            // the host is there, the user is not
            StartError::Become(message) => TargetError::Module(ModuleError::new(message)),
            other => TargetError::Unreachable(format!("cannot work on `{}`: {}", self.spec.name, with_causes(&other))),
        }
    }

    fn failed(&self, error: AgentError) -> TargetError {
        match error {
            AgentError::Lost(_) => TargetError::Unreachable(format!("`{}`: {}", self.spec.name, with_causes(&error))),
            AgentError::Start(error) => self.not_started(error),
            other => TargetError::Module(ModuleError::new(with_causes(&other))),
        }
    }
}

impl Target for Remote {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<Outcome, TargetError>> {
        Box::pin(async move {
            if request.module.name == RAW && self.other.is_none() && request.job.is_none() {
                return raw::run(self.host.transport().await?.as_ref(), &request).await;
            }
            let agent = self.host.agent(self.other.as_ref()).await?;
            match bring(&agent, &request).await.map_err(|error| self.host.failed(error))? {
                Brought::Ready(args, sent) => self.call(&agent, &request, &args, sent).await,
                Brought::IfNeeded(args) => match self.call(&agent, &request, &args, Vec::new()).await {
                    Err(TargetError::Module(error)) if error.values.contains_key(CONTENT_NEEDED) => {
                        let (args, sent) =
                            bring_all(&agent, &request).await.map_err(|error| self.host.failed(error))?;
                        self.call(&agent, &request, &args, sent).await
                    }
                    other => other,
                },
            }
        })
    }

    fn run_nested(&self, request: Request, ctx: &mut Ctx) -> Result<Outcome, TargetError> {
        ctx.runtime.clone().block_on(self.run(request))
    }
}

impl Remote {
    async fn call(
        &self,
        agent: &RemoteAgent,
        request: &Request,
        args: &Value,
        sent: Vec<String>,
    ) -> Result<Outcome, TargetError> {
        let name = request.name();
        let call = Call {
            module: &name,
            args,
            mode: request.mode,
            environment: request.environment.clone().into_iter().collect(),
            // another user on this machine starts from where this one is, a login from its home
            working_dir: (self.host.spec.kind == Kind::Local).then(|| request.working_dir.clone()),
            job: request.job.as_ref().map(|job| (job.id.clone(), job.limit)),
        };
        let ended = agent.run(call, &request.cancel).await;
        // a job reads its files later; they go with the agent's folder
        if request.job.is_none() {
            for path in sent {
                agent.forget(path).await;
            }
        }
        ended.map_err(|error| self.host.failed(error))?.map_err(TargetError::Module)
    }
}

fn unreachable(error: &TransportError) -> TargetError {
    TargetError::Unreachable(with_causes(error))
}
