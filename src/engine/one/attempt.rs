//! One try of a task's module, ended early when its time is up or the run is interrupted.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::background::Background;
use super::keywords::Rendered;
use super::one::One;
use crate::agent::crash;
use crate::engine::target::{Request, Target, TargetError};
use crate::modules::{ControllerCtx, Ctx, Effect, ModuleDef, ModuleError, Outcome, Runner, table};
use crate::template::Scope as _;
use crate::value::Value;

/// How long a module that was told to end may take to do so before it is left behind.
const GRACE: Duration = Duration::from_secs(5);

/// How a try ended.
pub(super) enum Try {
    Done(Outcome, Vec<Effect>),
    Failed(ModuleError),
    Unreachable(String),
    TimedOut(Duration),
}

/// A controller action's function.
type Controller = fn(&Value, &mut ControllerCtx<'_>) -> Result<(Outcome, Vec<Effect>), ModuleError>;

impl One {
    /// Runs the module once.
    pub(super) async fn attempt(&self, module: &'static ModuleDef, args: &Value, keywords: &Rendered) -> Try {
        let cancel = self.env.cancel.child_token();
        let mut request = Request {
            module,
            args: args.clone(),
            mode: keywords.mode,
            environment: keywords.environment.clone(),
            working_dir: self.scope.playbook_dir().to_path_buf(),
            cancel: cancel.clone(),
            job: None,
        };
        let target = self.env.targets.find(&keywords.wanted);
        let limit = keywords.timeout;
        let deals_with_jobs = keywords.background.is_some() || module.name == "async_status";
        if deals_with_jobs && let Err(error) = self.name_async_dir(&mut request) {
            return Try::Failed(error);
        }
        if let Some(background) = keywords.background {
            let run = self.behind(background, request, target, &cancel);
            return hide_command(guarded(run, &cancel, limit).await, args);
        }
        match module.runner {
            Runner::Host(_) => {
                let run = async {
                    match target.run(request).await {
                        Ok(outcome) => Try::Done(outcome, Vec::new()),
                        Err(error) => from_error(error),
                    }
                };
                hide_command(guarded(run, &cancel, limit).await, args)
            }
            Runner::Controller(run) => guarded(self.beside(run, request, target), &cancel, limit).await,
            Runner::Engine => Try::Failed(ModuleError::new(format!("`{}` cannot be a task here", module.name))),
        }
    }

    /// Starts the module in the background and, where the task polls, waits for it.
    async fn behind(
        &self,
        background: Background,
        request: Request,
        target: Arc<dyn Target>,
        cancel: &CancellationToken,
    ) -> Try {
        let module = request.module;
        if !module.background {
            let message = format!("`{}` cannot run in the background: it does not support `async`", module.name);
            return Try::Failed(ModuleError::new(message));
        }
        let like = request.clone();
        let request = Request { job: Some(background.job()), ..request };
        let started = match module.runner {
            Runner::Controller(run) => self.beside(run, request, Arc::clone(&target)).await,
            _ => match target.run(request).await {
                Ok(outcome) => Try::Done(outcome, Vec::new()),
                Err(error) => from_error(error),
            },
        };
        match started {
            Try::Done(outcome, _) if !background.poll.is_zero() => {
                self.follow(background, outcome, target, &like, cancel).await
            }
            other => other,
        }
    }

    /// Runs a controller action on a thread of its own. Where the request is for a job, its part on the host is started in the
    /// background.
    async fn beside(&self, run: Controller, request: Request, target: Arc<dyn Target>) -> Try {
        let env = Arc::clone(&self.env);
        let scope = Arc::clone(&self.scope);
        let host = Arc::clone(self.host.name());
        let runtime = tokio::runtime::Handle::current();
        let nested = request.job.clone();
        let work = tokio::task::spawn_blocking(move || {
            let services = env.targets.controller_services();
            let mut ctx = Ctx::new(request.mode, services, env.templar.redactor().clone(), request.cancel, runtime);
            ctx.environment = request.environment;
            ctx.working_dir = request.working_dir;
            let mut unreachable = None;
            let mut run_module = |name: &str, args: &Value, ctx: &mut Ctx| {
                let module = table::find(name)
                    .or_else(|| table::internal(name))
                    .ok_or_else(|| ModuleError::new(format!("there is no module `{name}`")))?;
                let request = Request {
                    module,
                    args: args.clone(),
                    mode: ctx.mode,
                    environment: ctx.environment.clone(),
                    working_dir: ctx.working_dir.clone(),
                    cancel: ctx.cancel.clone(),
                    job: nested.clone(),
                };
                let result = target.run_nested(request, ctx);
                result.map_err(|error| match error {
                    TargetError::Module(error) => error,
                    TargetError::Unreachable(message) => {
                        unreachable = Some(message.clone());
                        ModuleError::new(message)
                    }
                })
            };
            let search_path = |kind: &str| scope.search_path(kind);
            let mut controller = ControllerCtx {
                templar: &env.templar,
                scope: scope.as_ref(),
                ctx: &mut ctx,
                files: env.loader.files().as_ref(),
                search_path: &search_path,
                run_module: &mut run_module,
                host: &host,
            };
            let result = run(&request.args, &mut controller);
            match (result, unreachable) {
                (Ok((outcome, effects)), _) => Try::Done(outcome, effects),
                (Err(_), Some(message)) if !request.module.outlives => Try::Unreachable(message),
                (Err(error), _) => Try::Failed(error),
            }
        });
        work.await.unwrap_or_else(|error| Try::Failed(ModuleError::new(crash(error))))
    }
}

/// Hides the command line that a module returns where its options held a secret: split into words, the secret would not be
/// found by its text.
fn hide_command(mut ended: Try, args: &Value) -> Try {
    let values = match &mut ended {
        Try::Done(outcome, _) => &mut outcome.values,
        Try::Failed(error) => &mut error.values,
        Try::Unreachable(_) | Try::TimedOut(_) => return ended,
    };
    if let Some(command) = values.get_mut("cmd").filter(|_| args.holds_secret()) {
        *command = std::mem::replace(command, Value::Null).into_secret();
    }
    ended
}

fn from_error(error: TargetError) -> Try {
    match error {
        TargetError::Module(error) => Try::Failed(error),
        TargetError::Unreachable(message) => Try::Unreachable(message),
    }
}

/// Waits for a try, for its time to be up, or for the run to be interrupted.
async fn guarded(run: impl Future<Output = Try>, cancel: &CancellationToken, limit: Option<Duration>) -> Try {
    tokio::pin!(run);
    let interrupted = || Try::Failed(ModuleError::new("interrupted"));
    let time_is_up = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        ended = &mut run => ended,
        () = cancel.cancelled() => tokio::time::timeout(GRACE, run).await.unwrap_or_else(|_| interrupted()),
        () = time_is_up => {
            cancel.cancel();
            // its result comes too late to count
            drop(tokio::time::timeout(GRACE, run).await);
            Try::TimedOut(limit.unwrap_or_default())
        }
    }
}
