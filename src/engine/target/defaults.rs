//! What counts for connections and other users where neither variables nor keywords say.

use std::path::PathBuf;
use std::time::Duration;

use crate::transport::HostKeyChecking;
use crate::value::Secret;

/// What counts for connections and other users where neither variables nor keywords say: the command line, settings, and
/// Ansible's own defaults.
#[derive(Clone, Debug)]
pub struct ConnectionDefaults {
    /// `-c`.
    pub connection: Option<String>,
    /// `-u`, `remote_user`.
    pub user: Option<String>,
    /// `-k`.
    pub password: Option<Secret>,
    /// `--private-key`.
    pub private_key_file: Option<PathBuf>,
    /// `--ssh-common-args` and `--ssh-extra-args`, in words.
    pub ssh_args: Vec<String>,
    /// `host_key_checking`.
    pub host_key_checking: HostKeyChecking,
    /// `-T`.
    pub timeout: Duration,
    /// `--become-method`.
    pub become_method: String,
    /// `--become-user`.
    pub become_user: String,
    /// `-K`.
    pub become_password: Option<Secret>,
    /// `--agent-dir`: the binaries for other architectures.
    pub agent_dir: Option<PathBuf>,
    /// The home folder of whoever runs quaymaster.
    pub home: Option<PathBuf>,
    /// `SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
}

impl Default for ConnectionDefaults {
    fn default() -> Self {
        Self {
            connection: None,
            user: None,
            password: None,
            private_key_file: None,
            ssh_args: Vec::new(),
            host_key_checking: HostKeyChecking::Strict,
            timeout: Duration::from_secs(10),
            become_method: "sudo".to_owned(),
            become_user: "root".to_owned(),
            become_password: None,
            agent_dir: None,
            home: None,
            agent_socket: None,
        }
    }
}
