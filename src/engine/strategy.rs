//! Strategies: whether the hosts of a batch go through the play in step or each for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::batch::{Batch, HostSet};
use super::frame::{Frame, Prepared};
use super::walk::Walk;
use crate::playbook::TaskId;

/// How the hosts of a batch go through a play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Strategy {
    /// A task runs on all hosts before the next one begins.
    #[default]
    Linear,
    /// Each host goes through the play for itself; of all hosts, `forks` work at a time.
    Free,
    /// Each host goes through the play for itself, and `forks` of them from its begin to its end.
    HostPinned,
}

impl Strategy {
    /// The strategy of a name, or why there is none.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        match name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name) {
            "linear" => Ok(Self::Linear),
            "free" => Ok(Self::Free),
            "host_pinned" => Ok(Self::HostPinned),
            "debug" => Err("the strategy `debug` is not supported: there is no interactive debugger".to_owned()),
            _ => Err(format!("there is no strategy `{name}`: it is one of `linear`, `free`, `host_pinned`")),
        }
    }

    /// Whether a task runs on all hosts before the next one begins.
    pub(super) fn is_in_step(self) -> bool {
        self == Self::Linear
    }
}

/// Who may work, where hosts do not go in step.
#[derive(Debug)]
pub(super) struct Turns {
    forks: Arc<Semaphore>,
    /// `throttle` of single tasks.
    throttled: Mutex<HashMap<TaskId, Arc<Semaphore>>>,
    /// The numbers that tasks have in the stream of events: the same for all hosts that come to the same task for the same
    /// time.
    numbers: Mutex<HashMap<(TaskId, u32), u64>>,
}

/// The right to work, until dropped.
pub(super) type Turn = Vec<OwnedSemaphorePermit>;

impl Turns {
    pub(super) fn new(forks: usize) -> Self {
        Self { forks: Arc::new(Semaphore::new(forks.max(1))), throttled: Mutex::default(), numbers: Mutex::default() }
    }

    /// Waits for a host's turn to work at a task.
    pub(super) async fn next(&self, task: TaskId, throttle: Option<usize>) -> Turn {
        let mut turn = Turn::new();
        let throttled = throttle.map(|width| {
            let mut known = self.throttled.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(task).or_insert_with(|| Arc::new(Semaphore::new(width))))
        });
        // the narrower gate first, so that a host that waits there does not keep others from working
        for gate in throttled.into_iter().chain([Arc::clone(&self.forks)]) {
            // the gates are never closed
            turn.extend(gate.acquire_owned().await.ok());
        }
        turn
    }
}

impl Batch {
    /// Runs the play as its strategy says.
    pub(super) async fn run_by_strategy(&self, frame: &Frame) {
        let everyone = self.everyone();
        let width = match self.settings.strategy {
            Strategy::Linear => return self.run_sections(frame, &everyone).await,
            Strategy::Free => everyone.len(),
            Strategy::HostPinned => self.env.vars.settings.forks.max(1),
        };
        if self.settings.max_fail_percentage.is_some() {
            self.env
                .warn_once("`max_fail_percentage` has no effect with a strategy in which each host goes for itself");
        }
        let mut waiting = everyone.into_iter();
        let mut going = FuturesUnordered::new();
        loop {
            while going.len() < width
                && let Some(host) = waiting.next()
            {
                going.push(self.run_alone(frame, host));
            }
            if going.next().await.is_none() {
                return;
            }
        }
    }

    /// One host goes through the play for itself.
    fn run_alone<'w>(&'w self, frame: &'w Frame, host: usize) -> Walk<'w> {
        Box::pin(async move { self.run_sections(frame, &HostSet::from([host])).await })
    }

    /// The number of a task that some hosts begin, and whether it is to be told that it begins.
    pub(super) fn number(&self, prepared: &Prepared, hosts: &[usize]) -> (u64, bool) {
        let (Some(first), false) = (hosts.first(), self.settings.strategy.is_in_step()) else {
            return (self.env.next_task(), true);
        };
        let task = prepared.task.id;
        let time = self.with(*first, |state| {
            let times = state.begun.entry(task).or_insert(0);
            *times += 1;
            *times
        });
        let mut numbers = self.turns.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = false;
        let number = *numbers.entry((task, time.unwrap_or(0))).or_insert_with(|| {
            new = true;
            self.env.next_task()
        });
        (number, new)
    }
}

#[cfg(test)]
mod tests {
    use super::Strategy;

    #[test]
    fn strategies_have_short_and_full_names() {
        assert_eq!(Strategy::parse("ansible.builtin.free"), Ok(Strategy::Free));
        assert_eq!(Strategy::parse("host_pinned"), Ok(Strategy::HostPinned));
        assert!(Strategy::parse("debug").unwrap_err().contains("debugger"));
        assert!(Strategy::parse("mitogen_linear").unwrap_err().contains("mitogen_linear"));
    }
}
