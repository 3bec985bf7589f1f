//! The walk through the tree of a play's blocks with the set of hosts that is in them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::batch::{Batch, HostSet, Status};
use super::frame::{Frame, Prepared};
use super::problem::span_of;
use crate::event::TaskKind;
use crate::playbook::{Action, Block, Role, Step, Task, split_tags};
use crate::value::{Value, python_str};

/// A step of the walk; boxed, since blocks and includes nest.
pub(super) type Walk<'w> = Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

impl Batch {
    /// Runs steps in order; each on those of the hosts that are still running.
    pub(super) fn run_steps<'w>(&'w self, steps: &'w [Step], frame: &'w Frame, hosts: &'w [usize]) -> Walk<'w> {
        Box::pin(async move {
            for step in steps {
                let running = self.running(hosts);
                if running.is_empty() {
                    return;
                }
                match step {
                    Step::Task(task) => self.run_task(task, frame, &running).await,
                    Step::Block(block) => self.run_block(block, frame, &running).await,
                }
            }
        })
    }

    async fn run_block(&self, block: &Block, outer: &Frame, hosts: &[usize]) {
        let frame = outer.enter(block);
        let hosts = match &block.role {
            Some(role) => self.entering(role, hosts),
            None => hosts.to_vec(),
        };
        let inner = Frame { rescued: frame.rescued || !block.rescue.is_empty(), ..frame.clone() };
        self.run_steps(&block.block, &inner, &hosts).await;
        if !block.rescue.is_empty() && !self.env.is_halted() {
            let failed = self.take_care(&hosts);
            self.mark(&failed, Status::Running);
            self.run_steps(&block.rescue, &frame, &failed).await;
        }
        if !block.always.is_empty() && !self.env.is_halted() {
            let failed = self.take_care(&hosts);
            self.mark(&failed, Status::Finishing);
            self.run_steps(&block.always, &frame, &hosts).await;
            let failed = self.filter(&failed, |state| state.status.runs());
            self.mark(&failed, Status::Failed);
        }
        if let Some(role) = &block.role {
            self.leaving(role, &hosts);
        }
    }

    /// Those of some hosts that failed and that a section now takes care of; those that fail again do so here.
    fn take_care(&self, hosts: &[usize]) -> HostSet {
        let failed = self.failed(hosts);
        failed
            .into_iter()
            .filter(|host| self.with(*host, |state| !std::mem::take(&mut state.fails_again)) == Some(true))
            .collect()
    }

    /// Those of some hosts that have not run this use of a role before.
    fn entering(&self, role: &Role, hosts: &[usize]) -> HostSet {
        if role.allow_duplicates {
            return hosts.to_vec();
        }
        self.filter(hosts, |state| state.roles.get(&role.identity) != Some(&true))
    }

    /// The end of a role: it is over for the hosts of which a task ran, and `end_role` has had its effect.
    fn leaving(&self, role: &Role, hosts: &[usize]) {
        let mut states = self.states();
        for host in hosts {
            if let Some(state) = states.get_mut(*host) {
                state.role_ended = false;
                if let Some(over) = state.roles.get_mut(&role.identity) {
                    *over = true;
                }
            }
        }
    }

    /// Runs a task on hosts, if its tags and `--start-at-task` let it.
    pub(super) async fn run_task(&self, task: &Arc<Task>, frame: &Frame, hosts: &[usize]) {
        let prepared = frame.prepare(task);
        if !self.has_started(&prepared) || !self.is_selected(&prepared) || !self.is_confirmed(&prepared, hosts) {
            return;
        }
        self.run_prepared(Arc::new(prepared), hosts).await;
    }

    /// Runs a task on hosts.
    pub(super) async fn run_prepared(&self, prepared: Arc<Prepared>, hosts: &[usize]) {
        match &prepared.task.action {
            Action::Module { .. } | Action::Named(_) | Action::Include(_) => self.fan_out(&prepared, hosts).await,
            Action::Meta(what) => self.run_meta(&prepared, what, hosts).await,
        }
    }

    /// Whether the task with which the run is to begin has been met.
    fn has_started(&self, prepared: &Prepared) -> bool {
        let mut start_at = self.env.start_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(wanted) = start_at.as_ref() else { return true };
        let name = self.task_name(prepared, None);
        let bare = prepared.task.keywords.name.as_ref().map(python_str).unwrap_or_default();
        let fits = |name: &str| {
            name == wanted || globset::Glob::new(wanted).is_ok_and(|glob| glob.compile_matcher().is_match(name))
        };
        let met = fits(&name) || fits(&bare);
        if met {
            *start_at = None;
        }
        met
    }

    /// Whether `--tags` and `--skip-tags` let a task run. Handlers run whenever they are notified.
    pub(super) fn is_selected(&self, prepared: &Prepared) -> bool {
        if prepared.frame.kind == TaskKind::Handler {
            return true;
        }
        let mut tags = Vec::new();
        for tag in &prepared.keywords.tags {
            let tag = match tag {
                Value::Str(text) if !text.is_template() => tag.clone(),
                _ => match self.render_once(prepared, tag) {
                    Some(tag) => tag,
                    None => continue,
                },
            };
            match &tag {
                Value::List(list) => tags.extend(list.iter().flat_map(|tag| split_tags(&python_str(tag)))),
                tag => tags.extend(split_tags(&python_str(tag))),
            }
        }
        self.env.tags.selects(&tags)
    }

    /// Renders what is the same on all hosts; what cannot be rendered is told as a warning.
    fn render_once(&self, prepared: &Prepared, value: &Value) -> Option<Value> {
        let rendered = self.scope(None, &prepared.vars).and_then(|scope| {
            let place = span_of(value).or(Some(prepared.task.span));
            self.env.templar.render(value, &scope).map_err(|error| self.env.template_problem(&error, place))
        });
        rendered.map_err(|problem| self.env.warn(problem.diagnostic.unwrap_or(problem.message))).ok()
    }
}
