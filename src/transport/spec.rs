//! What is known about the way to a host, from variables, keywords, the command line and settings.

use std::path::PathBuf;
use std::time::Duration;

use crate::value::Secret;

/// Which transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// This machine.
    Local,
    /// SSH: by libssh2, or by the system's `ssh` where the configuration asks for what libssh2 cannot do.
    #[default]
    Ssh,
    /// The system's `ssh` with a control master.
    OpenSsh,
    /// Into a running container, with this engine's command (`podman`, `docker`).
    Container(String),
}

/// What to do about the key of a host that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostKeyChecking {
    /// Refuse it, as one that has changed.
    #[default]
    Strict,
    /// Take it and remember it; one that has changed is still refused.
    AcceptNew,
    /// Take any key.
    Off,
}

/// The way to a host. Two tasks with equal specifications share a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionSpec {
    /// Which transport.
    pub kind: Kind,
    /// The host's name in the inventory, for messages.
    pub name: String,
    /// Address, name or container (`ansible_host`).
    pub address: String,
    /// `ansible_port`.
    pub port: Option<u16>,
    /// `ansible_user`, `remote_user`, `-u`.
    pub user: Option<String>,
    /// `ansible_password`, `ansible_ssh_pass`, `-k`.
    pub password: Option<Secret>,
    /// `ansible_ssh_private_key_file`, `--private-key`.
    pub private_key_file: Option<PathBuf>,
    /// `ansible_ssh_private_key_passphrase`.
    pub private_key_passphrase: Option<Secret>,
    /// `ansible_ssh_common_args` and `ansible_ssh_extra_args`, split into words.
    pub ssh_args: Vec<String>,
    /// `ansible_ssh_executable`: the system's `ssh`.
    pub ssh_executable: Option<PathBuf>,
    /// `host_key_checking`, `ansible_ssh_host_key_checking`.
    pub host_key_checking: HostKeyChecking,
    /// How long connecting may take.
    pub timeout: Duration,
    /// The home folder of the user who runs quaymaster: `~/.ssh` is in it.
    pub home: Option<PathBuf>,
    /// `SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
}
