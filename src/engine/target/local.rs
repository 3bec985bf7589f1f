//! This machine: modules run in this very process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::target::{Request, Target, TargetError};
use crate::agent::{NewJob, crash, start_job};
use crate::modules::{Ctx, HostServices, ModuleError, Outcome, Runner};
use crate::value::Redactor;

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
}

impl Target for Local {
    fn run(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Outcome, TargetError>> + Send + '_>> {
        Box::pin(async move {
            let mut ctx = self.ctx(&request);
            let work = tokio::task::spawn_blocking(move || call(&request, &mut ctx));
            work.await.unwrap_or_else(|error| Err(ModuleError::new(crash(error)))).map_err(TargetError::Module)
        })
    }

    fn run_nested(&self, request: Request, ctx: &mut Ctx) -> Result<Outcome, TargetError> {
        call(&request, ctx).map_err(TargetError::Module)
    }
}

fn call(request: &Request, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
    if let Some(job) = &request.job {
        let new = NewJob { id: &job.id, limit: job.limit, module: &request.name(), args: &request.args };
        return start_job(new, ctx);
    }
    match request.module.runner {
        Runner::Host(run) => run(&request.args, ctx),
        Runner::Controller(_) | Runner::Engine => {
            Err(ModuleError::new(format!("`{}` is no module that a host runs", request.module.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::modules::{Action, ModuleDef, RunMode};
    use crate::value::Value;

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
            job: None,
        };
        let Err(TargetError::Module(error)) = local.run(request).await else { panic!("it did not fail") };
        assert_eq!(error.message, "the module crashed, which is a bug in quaymaster: boom 1");
    }
}
