//! What modules do to the host, in one place: paths, accounts, modes, files, processes, requests. All of it hangs off
//! [`Ctx`](super::Ctx).

mod accounts;
mod attributes;
mod brought;
mod content;
mod flags;
mod glob;
mod http;
mod meta;
mod mode;
mod output_lines;
mod paths;
mod process;
mod shadow;
mod target;
mod terminal;
mod tools;

pub use accounts::{Group, User};
pub(in crate::modules) use attributes::file_options;
pub use attributes::{Attributes, Ownership};
pub use brought::Brought;
pub use content::{Content, digest_file, hex, sha1_hex};
pub use glob::glob;
pub use http::{Answer, Follow, HttpError, HttpSettings, Request, masked_url};
pub use meta::{FileKind, FileMeta};
pub use mode::{Mode, ModeError, SourceMode, show_mode};
pub use output_lines::lines;
pub use paths::normalized;
pub use process::{Output, Process, ProcessError};
pub use shadow::Shadow;
pub use target::{FileState, TargetFile, ownership_diff};
pub use terminal::{Answerer, Conversation, Reply, Talk};
