//! Runs plays: walks their tasks over the hosts, carries out what modules return, and tells everything as events.
//!
//! A play's tasks run in lock-step: a task runs on all hosts that are still in the play (as many at once as `forks` allows)
//! before the next one begins; or, by another [`strategy`], each host goes through the play for itself, as a set of one. Blocks and includes are walked as the tree that they are, with the set of hosts that is in
//! them ([`walk`]); hosts that fail leave the set, and a `rescue` section takes them back in. One task on one host is
//! [`one`]; where its module runs is decided by [`target`].

mod apply;
mod batch;
mod defaults;
mod env;
mod fanout;
mod frame;
mod gather;
mod handlers;
mod include;
mod meta;
mod one;
mod outcome;
mod play;
mod problem;
mod prompts;
mod run;
mod schedule;
mod shown;
mod stats;
mod step;
mod strategy;
mod target;
mod walk;

pub use defaults::{Defaults, Gathering};
pub use run::{InventorySource, Prompter, Question, Run, RunOutcome, run};
pub use target::ConnectionDefaults;

#[cfg(test)]
mod tests;
