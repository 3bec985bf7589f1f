//! What a sandbox is started with.

use std::path::PathBuf;

use crate::sandbox::clock::Clock;
use crate::sandbox::settings::Settings;

/// A certificate chain and its key, PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a sandbox is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that holds `quay.db`, `blobs/` and `requests.jsonl`; made if absent.
    pub state: PathBuf,
    /// Quay's switches.
    pub settings: Settings,
    /// TLS, if the sandbox is to speak it.
    pub tls: Option<TlsFiles>,
    /// The time.
    pub clock: Clock,
}

impl Config {
    /// A sandbox with default settings and the system's time.
    pub fn new(state: impl Into<PathBuf>) -> Self {
        Self { state: state.into(), settings: Settings::default(), tls: None, clock: Clock::default() }
    }
}
