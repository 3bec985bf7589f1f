//! SSH by libssh2, configured as OpenSSH is.

mod algorithms;
mod arguments;
mod auth;
mod channel;
mod choose;
mod config;
mod connect;
mod host_key;
mod keys;
mod known_hosts;
mod mailbox;
mod pipe;
mod pump;
mod settings;
mod thread;
mod transport;
mod wake;
mod words;

pub(super) use settings::Settings;
pub(super) use transport::open;
