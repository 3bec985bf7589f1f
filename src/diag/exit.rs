//! The exit codes, which are ansible-playbook's where it has one for the case.

/// How a command ended, as its exit status says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything was done, or there was nothing to do.
    Success,
    /// The command could not do its work: an error outside any host's tasks.
    Error,
    /// At least one host had a failed task; of the pruner, at least one tag could not be removed.
    HostsFailed,
    /// A playbook, variable file or inventory is not valid; nothing was touched. ansible-playbook says 4 here, which it also
    /// says of hosts that it cannot reach; the two are told apart here.
    Invalid,
    /// At least one host could not be reached, whether or not others failed.
    HostsUnreachable,
    /// The command line itself is wrong.
    Usage,
    /// A limit that the user set stopped the command before it changed anything.
    Stopped,
    /// The user interrupted the run.
    Interrupted,
    /// A bug in quaymaster.
    Bug,
}

impl ExitCode {
    /// The number that the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::HostsFailed => 2,
            Self::Invalid => 3,
            Self::HostsUnreachable => 4,
            Self::Usage => 5,
            Self::Stopped => 6,
            Self::Interrupted => 130,
            Self::Bug => 250,
        }
    }
}
