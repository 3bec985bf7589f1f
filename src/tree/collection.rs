//! The built-in collection `quaymaster.quay`: the project's own playbooks and roles, built into the binary.

use super::files::EmbeddedFile;

/// Its files, sorted by path (`build.rs` lists them).
pub static COLLECTION: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/collection.rs"));
