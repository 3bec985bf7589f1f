//! One entry of a tree, as one side tells the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::modules) enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Link,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::modules) struct Entry {
    /// Path from the top of the tree; empty for the top itself.
    pub(in crate::modules) path: String,
    /// What it is.
    pub(in crate::modules) kind: EntryKind,
    /// Bytes.
    pub(in crate::modules) size: u64,
    /// Time of the last change, in seconds since 1970.
    pub(in crate::modules) time: i64,
    /// Permission bits.
    pub(in crate::modules) mode: u32,
    /// The owner's name.
    pub(in crate::modules) owner: String,
    /// The group's name.
    pub(in crate::modules) group: String,
    /// What a link points to.
    pub(in crate::modules) target: Option<String>,
    /// SHA-1 of a file, where contents are compared by it.
    pub(in crate::modules) checksum: Option<String>,
}
