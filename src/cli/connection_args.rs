//! How hosts are reached, and as whom: the options that all commands share which run tasks, over the configuration.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::config::Config;
use super::terminal::ask_secret;
use crate::engine::ConnectionDefaults;
use crate::transport::HostKeyChecking;
use crate::value::Secret;
use crate::value::split_words;

/// Options about connections and other users.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ConnectionArgs {
    /// The connection of hosts that say none: `ssh`, `openssh`, `local`, `podman`, `docker`
    #[arg(short, long, help_heading = "Connection")]
    connection: Option<String>,
    /// Log in as this user
    #[arg(short, long = "user", value_name = "REMOTE_USER", help_heading = "Connection")]
    user: Option<String>,
    /// Log in with this private key
    #[arg(long, visible_alias = "key-file", value_name = "FILE", help_heading = "Connection")]
    private_key: Option<PathBuf>,
    /// Seconds that connecting may take
    #[arg(short = 'T', long, help_heading = "Connection")]
    timeout: Option<u64>,
    /// Ask for the password to log in with
    #[arg(short = 'k', long, help_heading = "Connection")]
    ask_pass: bool,
    /// A file with the password to log in with
    #[arg(long, visible_alias = "conn-pass-file", value_name = "FILE", help_heading = "Connection")]
    connection_password_file: Option<PathBuf>,
    /// Arguments for ssh, such as `-o ProxyJump=…`
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection")]
    ssh_common_args: Option<String>,
    /// Further arguments for ssh
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection")]
    ssh_extra_args: Option<String>,
    /// Taken for compatibility: files travel over the connection itself
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection", hide = true)]
    scp_extra_args: Option<String>,
    /// Taken for compatibility: files travel over the connection itself
    #[arg(long, allow_hyphen_values = true, help_heading = "Connection", hide = true)]
    sftp_extra_args: Option<String>,
    /// Folder with binaries for hosts of other architectures, as `quaymaster-ARCHITECTURE`
    #[arg(long, value_name = "DIR", help_heading = "Connection")]
    agent_dir: Option<PathBuf>,

    /// Become another user
    #[arg(short = 'b', long = "become", help_heading = "Other users")]
    pub(super) r#become: bool,
    /// How to become another user: `sudo`, `su`, `doas`
    #[arg(long, help_heading = "Other users")]
    become_method: Option<String>,
    /// The user to become
    #[arg(long, help_heading = "Other users")]
    become_user: Option<String>,
    /// Ask for the password to become another user with
    #[arg(short = 'K', long, help_heading = "Other users")]
    ask_become_pass: bool,
    /// A file with the password to become another user with
    #[arg(long, visible_alias = "become-pass-file", value_name = "FILE", help_heading = "Other users")]
    become_password_file: Option<PathBuf>,
}

/// What the configuration says about connections.
pub(super) fn from_config(
    config: &Config,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<ConnectionDefaults> {
    let text = |name| config.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let base = ConnectionDefaults::default();
    let checking = match config.switch("HOST_KEY_CHECKING")? {
        Some(false) => HostKeyChecking::Off,
        _ => HostKeyChecking::Strict,
    };
    Ok(ConnectionDefaults {
        // `smart` and `ssh` are what happens anyway, and they shall not keep this machine from being local
        connection: text("DEFAULT_TRANSPORT").filter(|name| !matches!(name.as_str(), "ssh" | "smart")),
        user: text("DEFAULT_REMOTE_USER"),
        private_key_file: config.path("DEFAULT_PRIVATE_KEY_FILE"),
        host_key_checking: checking,
        timeout: config.number("DEFAULT_TIMEOUT")?.map_or(base.timeout, Duration::from_secs),
        become_method: text("DEFAULT_BECOME_METHOD").unwrap_or(base.become_method),
        become_user: text("DEFAULT_BECOME_USER").unwrap_or(base.become_user),
        password: password_file(config.path("CONNECTION_PASSWORD_FILE").as_deref())?,
        become_password: password_file(config.path("BECOME_PASSWORD_FILE").as_deref())?,
        home: environment.get("HOME").map(PathBuf::from),
        agent_socket: environment.get("SSH_AUTH_SOCK").map(PathBuf::from),
        ..ConnectionDefaults::default()
    })
}

impl ConnectionArgs {
    /// Lays the command line over what the configuration says, and asks for passwords.
    pub(super) fn apply(self, base: ConnectionDefaults) -> anyhow::Result<ConnectionDefaults> {
        let mut ssh_args = base.ssh_args;
        for (name, text) in [("--ssh-common-args", &self.ssh_common_args), ("--ssh-extra-args", &self.ssh_extra_args)] {
            if let Some(text) = text {
                ssh_args.extend(split_words(text).with_context(|| format!("cannot split `{name}` into words"))?);
            }
        }
        let password = password_file(self.connection_password_file.as_deref())?.or(base.password);
        let become_password = password_file(self.become_password_file.as_deref())?.or(base.become_password);
        let password = if self.ask_pass { Some(ask("SSH password: ")?) } else { password };
        let become_password = if self.ask_become_pass {
            let question =
                if self.ask_pass { "BECOME password[defaults to SSH password]: " } else { "BECOME password: " };
            Some(ask(question)?).filter(|word| !word.expose().is_empty()).or_else(|| password.clone())
        } else {
            become_password
        };
        Ok(ConnectionDefaults {
            connection: self.connection.or(base.connection),
            user: self.user.or(base.user),
            password,
            private_key_file: self.private_key.or(base.private_key_file),
            ssh_args,
            timeout: self.timeout.map_or(base.timeout, Duration::from_secs),
            become_method: self.become_method.unwrap_or(base.become_method),
            become_user: self.become_user.unwrap_or(base.become_user),
            become_password,
            agent_dir: self.agent_dir.or(base.agent_dir),
            ..base
        })
    }
}

/// The first line of a file.
fn password_file(path: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let Some(path) = path else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the password in `{}`", path.display()))?;
    Ok(text.lines().next().map(|line| Secret::new(line.trim_end())))
}

fn ask(question: &str) -> anyhow::Result<Secret> {
    ask_secret(question).with_context(|| format!("cannot ask for the {}", question.trim_end_matches(": ")))
}
