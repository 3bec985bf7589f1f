//! A registry as a run sees it: one client for each identity, and lists that are read once.
//!
//! A call with a bearer token costs a real Quay most of a second, so tasks share what was read. That is sound under two
//! conditions, and the cache holds itself to them:
//! - it lives as long as one run, never longer;
//! - everything that this process writes goes through [`Registry`], which forgets or mends what a write touches, for all
//!   identities.
//!
//! What somebody else changes during the run may be missed until the next run, as with any tool that reads before it writes.

mod cache;
mod pool;
mod reads;
mod writes;

pub use pool::{QuayPool, Registry};
pub use writes::RepositoryName;
