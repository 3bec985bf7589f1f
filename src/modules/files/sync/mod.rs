//! `synchronize` without rsync: what the two sides share. One side lists its tree; the other compares the list with its own,
//! says which contents it lacks, and makes everything else so.

mod apply;
mod entry;
mod list;

pub use apply::SyncApply;
pub(in crate::modules) use apply::{Compared, SyncOptions};
pub(in crate::modules) use entry::{Entry, EntryKind};
pub use list::SyncList;
pub(in crate::modules) use list::{ListOptions, list_tree};
