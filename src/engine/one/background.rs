//! `async` and `poll`: a module that runs in the background, and the wait for it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::attempt::Try;
use super::one::One;
use crate::engine::target::{Job, Request, Target, TargetError};
use crate::modules::commands::ASYNC_DIR;
use crate::modules::{ModuleError, Outcome, RunMode, table};
use crate::template::Scope as _;
use crate::value::{Key, Map, Value, is_truthy, python_str};

/// What a task wants of the background.
#[derive(Clone, Copy, Debug)]
pub(super) struct Background {
    /// `async`: how long it may take.
    pub(super) limit: Duration,
    /// `poll`: how long to wait between looks; not to wait at all where it is nothing.
    pub(super) poll: Duration,
}

impl Background {
    /// How long Ansible waits between looks when a task does not say.
    pub(super) const POLL: Duration = Duration::from_secs(15);

    /// How much longer than its limit a job may run.
    const GRACE: Duration = Duration::from_secs(2);

    /// A job for it.
    pub(super) fn job(self) -> Job {
        Job {
            id: format!("j{}.{}", rand::random_range(0..1_000_000_000_000_u64), std::process::id()),
            // whoever waits for it gives it up at the limit; the job itself ends a little later, so that it is always the wait
            // that tells
            limit: self.limit + Self::GRACE,
        }
    }
}

impl One {
    /// Lays the folder of jobs that variables name into the environment of what deals with jobs.
    pub(super) fn name_async_dir(&self, request: &mut Request) -> Result<(), ModuleError> {
        if request.environment.contains_key(ASYNC_DIR) {
            return Ok(());
        }
        let Some(folder) = self.scope.get("ansible_async_dir") else { return Ok(()) };
        let folder = self.render(&folder).map_err(|problem| {
            ModuleError::new(format!("`ansible_async_dir` cannot be rendered: {}", problem.message))
        })?;
        request.environment.insert(ASYNC_DIR.to_owned(), python_str(&folder));
        Ok(())
    }

    /// Looks at a job until it has ended or its time is up.
    pub(super) async fn follow(
        &self,
        background: Background,
        started: Outcome,
        target: Arc<dyn Target>,
        like: &Request,
        cancel: &CancellationToken,
    ) -> Try {
        let Some(id) = started.values.get("ansible_job_id").cloned() else { return Try::Done(started, Vec::new()) };
        let Some(module) = table::find("ansible.builtin.async_status") else {
            return Try::Failed(ModuleError::new("`async_status` is not there"));
        };
        let ask = |mode: &str| Request {
            module,
            args: Value::map([("jid", id.clone()), ("mode", Value::data(mode))].map(|(k, v)| (Key::from(k), v)).into()),
            // looking at a job changes nothing, in check mode or not
            mode: RunMode { check: false, ..like.mode },
            cancel: cancel.clone(),
            ..like.clone()
        };
        let mut left = background.limit;
        let mut last = Map::new();
        while !left.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(background.poll) => {}
                () = cancel.cancelled() => return Try::Failed(ModuleError::new("interrupted")),
            }
            let outcome = match target.run(ask("status")).await {
                Ok(outcome) => outcome,
                Err(TargetError::Module(error)) => return Try::Failed(error),
                Err(TargetError::Unreachable(message)) => return Try::Unreachable(message),
            };
            if outcome.values.get("finished").is_some_and(is_truthy) {
                // what is left behind harms nobody
                drop(target.run(ask("cleanup")).await);
                return Try::Done(outcome, Vec::new());
            }
            last = outcome.values;
            left = left.saturating_sub(background.poll);
        }
        let seconds = background.limit.as_secs_f64();
        Try::Failed(
            ModuleError::new(format!("async task did not complete within the requested time - {seconds}s"))
                .with("async_result", Value::map(last)),
        )
    }
}
