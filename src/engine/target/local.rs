//! This machine: modules run in this very process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::target::{Job, Request, Target, TargetError};
use crate::agent::{JobRequest, launch};
use crate::modules::commands::JobFile;
use crate::modules::{Ctx, HostServices, ModuleDef, ModuleError, Outcome, Runner, table};
use crate::value::{Redactor, Value, to_json};

/// This machine.
pub(super) struct Local {
    services: Arc<HostServices>,
    redactor: Redactor,
}

impl Local {
    pub(super) fn new(services: Arc<HostServices>, redactor: Redactor) -> Self {
        Self { services, redactor }
    }

    fn ctx(&self, request: &Request) -> Ctx {
        let (services, redactor) = (Arc::clone(&self.services), self.redactor.clone());
        let mut ctx = Ctx::new(request.mode, services, redactor, request.cancel.clone(), Handle::current());
        ctx.environment.clone_from(&request.environment);
        ctx.working_dir.clone_from(&request.working_dir);
        ctx
    }

    /// The module runs in a process of its own.
    fn launch(&self, request: &Request, job: &Job) -> Result<Outcome, ModuleError> {
        let program =
            self.services.program().ok_or_else(|| ModuleError::new("there is no program to start jobs with"))?;
        let file = JobFile::of(&job.id, &self.ctx(request))?;
        let sent = JobRequest {
            id: job.id.clone(),
            file: file.path().to_owned(),
            module: match table::internal(request.module.name) {
                Some(_) => request.module.name.to_owned(),
                None => format!("{}.{}", request.module.collection, request.module.name),
            },
            args: to_json(&request.args),
            check: request.mode.check,
            diff: request.mode.diff,
            verbosity: request.mode.verbosity,
            environment: request.environment.clone(),
            working_dir: request.working_dir.clone(),
            limit: job.limit.as_secs_f64(),
            secret: request.args.holds_secret(),
        };
        launch(program, &file, &sent)?;
        Ok(Outcome::changed(true)
            .with("ansible_job_id", file.id())
            .with("results_file", file.path().display().to_string())
            .with("started", true)
            .with("finished", false))
    }
}

impl Target for Local {
    fn run(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Outcome, TargetError>> + Send + '_>> {
        Box::pin(async move {
            let mut ctx = self.ctx(&request);
            let work = tokio::task::spawn_blocking(move || call(request.module, &request.args, &mut ctx));
            work.await.unwrap_or_else(|error| Err(ModuleError::new(crash_message(error)))).map_err(TargetError::Module)
        })
    }

    fn start(&self, request: &Request, job: &Job) -> Result<Outcome, TargetError> {
        self.launch(request, job).map_err(TargetError::Module)
    }

    fn run_nested(&self, module: &'static ModuleDef, args: &Value, ctx: &mut Ctx) -> Result<Outcome, TargetError> {
        call(module, args, ctx).map_err(TargetError::Module)
    }
}

fn call(module: &ModuleDef, args: &Value, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    match module.runner {
        Runner::Host(run) => run(args, ctx),
        Runner::Controller(_) | Runner::Engine => {
            Err(ModuleError::new(format!("`{}` is no module that a host runs", module.name)))
        }
    }
}

/// What a panic said. It is a bug of the module, and only its task fails.
pub(in crate::engine) fn crash_message(error: tokio::task::JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else { return "the module was stopped".to_owned() };
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("the module crashed, which is a bug in quaymaster: {text}")
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::modules::{Action, RunMode};

    #[derive(Deserialize, JsonSchema)]
    struct Crash {}

    impl Action for Crash {
        fn run(&self, _: &mut Ctx) -> Result<Outcome, ModuleError> {
            panic!("boom {}", 1)
        }
    }

    static CRASH: ModuleDef = ModuleDef::action::<Crash>("test", "crash");

    #[tokio::test]
    async fn a_crash_of_a_module_is_its_failure() {
        let local = Local::new(Arc::default(), Redactor::new());
        let request = Request {
            module: &CRASH,
            args: Value::empty_map(),
            mode: RunMode::default(),
            environment: std::collections::BTreeMap::new(),
            working_dir: ".".into(),
            cancel: CancellationToken::new(),
        };
        let Err(TargetError::Module(error)) = local.run(request).await else { panic!("it did not fail") };
        assert_eq!(error.message, "the module crashed, which is a bug in quaymaster: boom 1");
    }
}
