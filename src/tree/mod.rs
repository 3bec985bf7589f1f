//! Where playbooks, roles and their files are read from: the disk, and the collection built into the binary.
//!
//! Files of the built-in collection have paths under [`EMBEDDED_ROOT`], which no real file can have. Whoever reads a
//! controller's file for a task (a role's tasks, `template` and `copy` sources, file lookups) asks [`Files`], so that the
//! built-in roles work without being unpacked. Nothing here knows what the files mean.

mod collection;
mod files;
mod path;

pub use collection::COLLECTION;
pub use files::{Disk, EMBEDDED_ROOT, EmbeddedFile, FileKind, Files, WithEmbedded, display_name};
pub use path::{absolute, clean, resolve};
