//! `unarchive` and `archive`. They work with the host's `tar`, `unzip`, `zip` and compressors, as Ansible does: `extra_opts` are
//! options of those programs, and `tar --diff` is what tells whether an archive is unpacked already.

mod archive;
mod kind;
mod sources;
mod tar;
mod unarchive;
mod zip;

pub use archive::{Archive, ArchiveState};
pub use unarchive::{UnpackOnHost, UnpackState};
