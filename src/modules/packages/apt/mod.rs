//! `apt`, through `apt-get`, `apt-cache` and `dpkg`: each change is first simulated, so that check mode tells what would happen
//! and a run that would change nothing is none.

mod cache;
mod deb;
mod installed;
mod options;
mod policy_rc_d;
mod spec;
#[cfg(test)]
mod tests;
mod transaction;

pub(in crate::modules::packages) use cache::{AptFolders, update_cache};
pub use options::Apt;
