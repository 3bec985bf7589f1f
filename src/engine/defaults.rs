//! What holds where neither playbook nor inventory says otherwise: choices of the configuration and the command line.

use std::time::Duration;

use super::target::ConnectionDefaults;

/// Whether plays gather facts that do not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gathering {
    /// Unless they say no.
    #[default]
    Implicit,
    /// Only if they say yes.
    Explicit,
    /// Unless they say no, for hosts of which no facts are known yet.
    Smart,
}

impl Gathering {
    /// Reads the setting `gathering`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "implicit" => Some(Self::Implicit),
            "explicit" => Some(Self::Explicit),
            "smart" => Some(Self::Smart),
            _ => None,
        }
    }
}

/// What holds where nothing else is said.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// How hosts are reached, and as whom.
    pub connection: ConnectionDefaults,
    /// `gather_facts`
    pub gathering: Gathering,
    /// `any_errors_fatal`
    pub any_errors_fatal: bool,
    /// `timeout` of tasks
    pub task_timeout: Option<Duration>,
    /// `strategy` of plays
    pub strategy: Option<String>,
}
