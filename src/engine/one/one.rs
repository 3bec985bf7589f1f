//! One task on one host, from its loop to its result.

use std::sync::Arc;

use crate::diag::Span;
use crate::engine::env::Env;
use crate::engine::frame::Prepared;
use crate::engine::outcome::HostDone;
use crate::engine::problem::Problem;
use crate::playbook::Action;
use crate::value::Value;
use crate::vars::{HostVars, TaskScope};

/// One task that is about to run on one host.
pub(in crate::engine) struct One {
    pub(in crate::engine) env: Arc<Env>,
    pub(in crate::engine) prepared: Arc<Prepared>,
    pub(in crate::engine) host: Arc<HostVars>,
    /// The variables; shared with the thread that a controller action runs on, and changed only between runs.
    pub(in crate::engine) scope: Arc<TaskScope>,
    /// The task's number in the stream of events.
    pub(in crate::engine) number: u64,
}

impl One {
    /// Runs it.
    pub(in crate::engine) async fn run(mut self) -> HostDone {
        match self.loop_items() {
            Ok(None) => HostDone { whole: self.once(None).await, items: None },
            Ok(Some(items)) => self.looped(&items).await,
            // a condition may still rule the task out
            Err(problem) => HostDone { whole: self.once(Some(problem)).await, items: None },
        }
    }

    /// Where the task's action is named.
    pub(super) fn action_span(&self) -> Span {
        match &self.prepared.task.action {
            Action::Module { span, .. } => *span,
            Action::Named(named) => named.span,
            Action::Include(include) => include.span,
            Action::Meta(_) => self.prepared.task.span,
        }
    }

    /// Renders a value; a failure points at it, or at the task.
    pub(super) fn render(&self, value: &Value) -> Result<Value, Problem> {
        let place = crate::engine::problem::span_of(value).or(Some(self.prepared.task.span));
        self.env.templar.render(value, self.scope.as_ref()).map_err(|error| self.env.template_problem(&error, place))
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Value) -> Result<bool, Problem> {
        let place = crate::engine::problem::span_of(condition).or(Some(self.prepared.task.span));
        self.env
            .templar
            .condition(condition, self.scope.as_ref())
            .map_err(|error| self.env.template_problem(&error, place))
    }

    /// The first of some conditions that does not hold.
    pub(super) fn first_false<'c>(&self, conditions: &'c [Value]) -> Result<Option<&'c Value>, Problem> {
        for condition in conditions {
            if !self.holds(condition)? {
                return Ok(Some(condition));
            }
        }
        Ok(None)
    }

    /// Sets a name in the task's own scope.
    pub(super) fn set_local(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.scope).set_local(name, value);
    }
}
