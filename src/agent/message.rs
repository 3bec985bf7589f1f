//! What runner and agent say to each other.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::wire::{WireFailure, WireOutcome, WireValue};

/// Both sides come from one binary; the number catches one that was left behind under the wrong name.
pub(super) const PROTOCOL: u32 = 1;

/// From the runner.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToAgent {
    /// Run a module.
    Run(Box<RunRequest>),
    /// End what runs under this number early.
    Cancel { id: u64 },
    /// A file follows as [`Piece`]s under this number; it is kept in a file of the agent's own until [`ToAgent::Forget`].
    Put { id: u64 },
    /// Send a file as [`Piece`]s under this number.
    Get { id: u64, path: String },
    /// A file that was put is not needed any more.
    Forget { path: String },
    /// Start an agent as another user; its stream of bytes travels as [`Piece`]s under this number.
    Become { id: u64, request: Box<BecomeRequest> },
    /// Part of a stream.
    Piece(Piece),
    /// Are you there?
    Ping,
}

/// From the agent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToRunner {
    /// The first message.
    Hello { protocol: u32, user: u32, pid: u32 },
    /// A module has ended. `secrets`: what it learned and nobody may see.
    Done { id: u64, result: Result<Box<WireOutcome>, WireFailure>, secrets: Vec<String> },
    /// A file was put here.
    Stored { id: u64, path: String },
    /// The agent of another user is ready.
    Became { id: u64 },
    /// A request other than that for a module failed.
    Failed { id: u64, message: String },
    /// Part of a stream.
    Piece(Piece),
    /// I am here.
    Pong,
}

/// Part of a stream in either direction.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Piece {
    /// Bytes, no more than the other side has room for.
    Data {
        id: u64,
        #[serde(with = "bytes")]
        bytes: Vec<u8>,
    },
    /// The other side has room for so many more.
    Room { id: u64, bytes: u32 },
    /// There are no more bytes.
    End { id: u64 },
}

/// One run of a module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub(super) id: u64,
    pub(super) module: String,
    pub(super) args: WireValue,
    pub(super) check: bool,
    pub(super) diff: bool,
    pub(super) verbosity: u8,
    pub(super) environment: Vec<(String, String)>,
    /// The folder that relative paths start from, where it is not the user's home.
    pub(super) working_dir: Option<PathBuf>,
    pub(super) job: Option<WireJob>,
}

/// The module is to run in the background.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireJob {
    pub(super) id: String,
    pub(super) limit: Duration,
}

/// Another user to be.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BecomeRequest {
    pub(super) method: String,
    pub(super) user: String,
    pub(super) password: Option<Hidden>,
    pub(super) executable: Option<String>,
    pub(super) flags: Option<String>,
    pub(super) folders: Vec<String>,
}

/// A secret on its way to the agent; its debug form tells nothing.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Hidden(pub(super) String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::value::REDACTED)
    }
}

impl From<Piece> for ToAgent {
    fn from(piece: Piece) -> Self {
        Self::Piece(piece)
    }
}

impl From<Piece> for ToRunner {
    fn from(piece: Piece) -> Self {
        Self::Piece(piece)
    }
}

/// A vector of bytes as one block, not as a list of numbers.
mod bytes {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Block;
        impl Visitor<'_> for Block {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Block)
    }
}
