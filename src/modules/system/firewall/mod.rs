//! Packet filters.

mod firewalld;
mod iptables;
mod iptables_rule;

pub use firewalld::{Firewalld, FirewalldState};
pub use iptables::{Iptables, IptablesState};
