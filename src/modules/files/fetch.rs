//! `fetch`, the host's part: a part of a file, with the file's checksum.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use base64::Engine as _;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Content, FileKind};
use crate::modules::outcome::Outcome;

/// Bytes that are handed over in one go.
const PIECE: u64 = 8 * 1024 * 1024;

/// Returns what a path is, and a piece of the file there. Not for playbooks: `fetch` uses it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPiece {
    /// The file.
    src: String,
    /// SHA-1 of the file that the controller has; nothing of an equal one is returned.
    known: Option<String>,
    /// Where the piece begins. What the path is, is told with the first piece.
    #[serde(default)]
    offset: u64,
}

impl Action for ReadPiece {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let path = ctx.resolve(&self.src);
        let mut outcome = Outcome::ok();
        if self.offset == 0 {
            let kind = match ctx.meta_following(&path)?.map(|meta| meta.kind) {
                None => "absent",
                Some(FileKind::Directory) => "directory",
                Some(_) => "file",
            };
            outcome = outcome.with("state", kind);
            if kind != "file" {
                return Ok(outcome);
            }
            let content = match Content::of_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Ok(outcome.with("state", "unreadable"));
                }
                content => {
                    content.map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?
                }
            };
            outcome = outcome.with("checksum", content.sha1());
            if self.known.as_deref() == Some(content.sha1()) {
                return Ok(outcome);
            }
        }
        let mut piece = Vec::new();
        let read = File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(PIECE).read_to_end(&mut piece)
        });
        read.map_err(|error| ModuleError::because(format!("cannot read `{}`", path.display()), error))?;
        Ok(outcome.with("content", base64::engine::general_purpose::STANDARD.encode(piece)))
    }
}
