//! What keeps the sandbox from starting or running.

use std::path::PathBuf;

use super::store::StoreError;

/// A failure of the server as a whole; failures of single requests become answers.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The settings document is not valid.
    #[error("the settings are not valid")]
    Settings(#[source] serde_yaml::Error),
    /// A duration in the settings is not valid.
    #[error("`{text}` is not a duration such as `2w`")]
    Duration {
        /// What stands there.
        text: String,
    },
    /// The state cannot be opened.
    #[error("the state cannot be opened")]
    Store(#[from] StoreError),
    /// A file or folder cannot be read or made.
    #[error("`{}` cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A certificate or key file holds none.
    #[error("`{}` holds no usable certificate or key", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate and key do not go together.
    #[error("the certificate and key cannot be used")]
    Tls(#[source] rustls::Error),
    /// The listening socket is unusable.
    #[error("the listening socket cannot be used")]
    Socket(#[source] std::io::Error),
}
