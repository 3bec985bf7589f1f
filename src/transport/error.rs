//! Why a host cannot be reached.

use std::error::Error;

use thiserror::Error;

/// Why a host cannot be reached, or a command cannot be started there.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the variants' documentation names their fields")]
pub enum TransportError {
    /// The connection could not be made: refused, no route, no such name, no answer in time.
    #[error("cannot connect to {host}")]
    Connect { host: String, source: Box<dyn Error + Send + Sync> },
    /// The host's key is not the one that is known, or none is known.
    #[error("the key of {host} is not trusted: {reason}")]
    HostKey { host: String, reason: String },
    /// No way of authentication was accepted; `tried` tells which, and what came of each.
    #[error("{host} did not accept user `{user}`: {tried}")]
    Authentication { host: String, user: String, tried: String },
    /// The connection broke.
    #[error("the connection to {host} broke")]
    Broken { host: String, source: Box<dyn Error + Send + Sync> },
    /// A file of settings or a key cannot be read or used.
    #[error("cannot use `{path}`")]
    File { path: String, source: Box<dyn Error + Send + Sync> },
    /// Something that this transport cannot do.
    #[error("{what}")]
    Unsupported { what: String },
}
