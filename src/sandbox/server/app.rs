//! What every request handler shares.

use std::path::PathBuf;
use std::sync::Arc;

use super::config::Config;
use super::faults::Faults;
use super::log::RequestLog;
use crate::sandbox::access::{Sealer, Throttle};
use crate::sandbox::clock::Clock;
use crate::sandbox::error::SandboxError;
use crate::sandbox::oci::BlobFiles;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::{Store, StoreError, meta};

/// A running sandbox.
#[derive(Debug)]
pub struct App {
    /// The domain state.
    pub store: Store,
    /// The state folder.
    pub state: PathBuf,
    /// Quay's switches.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// The server's key at work.
    pub sealer: Sealer,
    /// Bad sign-in attempts.
    pub throttle: Throttle,
    /// The bytes of blobs and uploads.
    pub files: BlobFiles,
    /// What was asked.
    pub log: RequestLog,
    /// What is to go wrong.
    pub faults: Faults,
    /// `https` or `http`.
    pub scheme: &'static str,
    /// Host and port by which the server calls itself.
    pub host: String,
}

impl App {
    /// Opens the state. `host` is used where the settings name none.
    pub fn open(config: &Config, host: String) -> Result<Arc<Self>, SandboxError> {
        let store = Store::open(&config.state, config.clock.clone())?;
        let key = store.write_blocking::<_, StoreError>(meta::key)?;
        let files = BlobFiles::open(&config.state)
            .map_err(|source| SandboxError::File { path: config.state.clone(), source })?;
        Ok(Arc::new(Self {
            store,
            sealer: Sealer::new(&key),
            throttle: Throttle::default(),
            files,
            log: RequestLog::open(&config.state.join("requests.jsonl"))?,
            state: config.state.clone(),
            host: config.settings.server_hostname.clone().unwrap_or(host),
            settings: config.settings.clone(),
            clock: config.clock.clone(),
            faults: Faults::default(),
            scheme: if config.tls.is_some() { "https" } else { "http" },
        }))
    }

    /// `scheme://host:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}
