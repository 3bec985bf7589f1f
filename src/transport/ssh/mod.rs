//! SSH by libssh2, configured as OpenSSH is.
//!
//! What libssh2 cannot do goes to the system's `ssh` by itself: see `choose`, and [`connect`] for what only a handshake
//! tells (no algorithm in common). Differences to `ssh` that remain:
//!
//! - Where nothing else is set, a server that says nothing for half a minute is asked, and given up after two.
//! - `StrictHostKeyChecking no` takes unknown keys and does not write them down.
//! - A known host that shows a key of another kind only is refused, also with `accept-new`.
//! - `GSSAPIAuthentication`, where a distribution sets it for everybody, does not count.
//! - `RequiredRSASize`, `PubkeyAcceptedAlgorithms` and `RekeyLimit` have no effect, `SendEnv` sends nothing.
//! - A server that ends a command without telling its exit status is taken to have said 0: libssh2 cannot tell.

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
