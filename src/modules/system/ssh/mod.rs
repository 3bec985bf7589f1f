//! Keys that SSH trusts.

mod authorized_key;
mod known_hosts;
mod public_key;

pub use authorized_key::{AuthorizedKey, AuthorizedKeyState};
pub use known_hosts::{KnownHosts, KnownHostsState};
