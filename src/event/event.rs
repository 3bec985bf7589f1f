//! What can happen in a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing that happened. Everything in it is already redacted: it may be shown and stored as it is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Event {
    /// Position in the stream, from 0 without gaps.
    pub seq: u64,
    /// Seconds since the run began.
    pub elapsed: f64,
    /// What happened.
    #[serde(rename = "event")]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants' documentation names their fields")]
pub enum EventKind {
    /// The run begins.
    RunStarted { version: u32, started: String, playbooks: Vec<String>, check: bool, diff: bool },
    /// A play begins with its hosts.
    PlayStarted { name: String, hosts: Vec<String>, location: Option<String> },
    /// A play has no hosts to work on.
    PlaySkipped { name: String, reason: String },
    /// A task begins on at least one host.
    TaskStarted { task: u64, name: String, action: String, kind: TaskKind, hosts: usize, location: Option<String> },
    /// One item of a loop ended on a host.
    ItemDone {
        task: u64,
        host: String,
        #[serde(default)]
        delegated_to: Option<String>,
        result: ItemResult,
    },
    /// The task ended on a host (of a loop: all items).
    TaskDone { task: u64, host: String, delegated_to: Option<String>, ignored: bool, result: ItemResult },
    /// A try of `until` was in vain and another follows.
    Retrying {
        task: u64,
        host: String,
        #[serde(default)]
        delegated_to: Option<String>,
        attempt: u32,
        left: u32,
        result: ItemResult,
    },
    /// What a dynamic include names has been read and runs next on these hosts; `label` is the loop's item.
    Included { task: u64, what: String, hosts: Vec<String>, label: Option<String> },
    /// A handler was notified for a host.
    HandlerNotified { handler: String, host: String },
    /// Something the user should know that stops nothing.
    Warning { message: String },
    /// Something went wrong outside any host's task (an include that cannot be read).
    Error { message: String },
    /// The user interrupted; running tasks are being ended.
    Interrupted,
    /// The run ended.
    RunEnded { stats: BTreeMap<String, HostStats>, custom_stats: serde_json::Value, exit_code: u8 },
}

/// What role a task has.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A task of the play.
    Task,
    /// A handler.
    Handler,
    /// The gathering of facts before a play.
    Setup,
}

/// How a task or item ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Nothing had to be changed.
    Ok,
    /// Something was changed.
    Changed,
    /// A condition ruled it out.
    Skipped,
    /// It failed.
    Failed,
    /// The host could not be reached.
    Unreachable,
}

/// The result of a task or of one loop item.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct ItemResult {
    /// How it ended.
    pub status: TaskStatus,
    /// The loop item's label.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// Ansible's `msg`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub msg: Option<String>,
    /// A rendered diagnostic with source line and caret, where the playbook's text is the cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diagnostic: Option<String>,
    /// All return values, as a later task would see them in `register`; `censored` alone for `no_log`.
    pub result: serde_json::Value,
    /// Diffs as unified text, without colours.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub diff: Vec<String>,
    /// Warnings of the module.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A host's counts.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct HostStats {
    /// Tasks that ended well, the changed ones among them.
    pub ok: u32,
    /// Tasks that changed something.
    pub changed: u32,
    /// 1 when the host could not be reached.
    pub unreachable: u32,
    /// Failed tasks that were neither rescued nor ignored.
    pub failed: u32,
    /// Skipped tasks.
    pub skipped: u32,
    /// Failures that a `rescue` section took over.
    pub rescued: u32,
    /// Failures that `ignore_errors` passed over.
    pub ignored: u32,
}
