//! Quay from outside: the contract that client and sandbox share, and the client.

mod api;
mod call;
mod client;
pub mod concurrent;
pub mod contract;
mod error;
mod options;
mod pages;
mod registry;
mod request_log;
#[cfg(test)]
pub(crate) mod script;
mod server;
mod session;
#[cfg(test)]
mod tests;
pub mod tls;

pub use api::{PasswordCheck, RobotName, Star, TagQuery, TokenGrant, Verified};
pub use client::Client;
pub use error::{Authenticated, QuayError, Refusal};
pub use options::{ClientOptions, Identity, RetryPolicy};
pub use registry::{QuayPool, Registry, RepositoryName};
pub use request_log::{RequestCount, RequestLog};
pub use server::{ServerUrl, ServerUrlError};
pub use tls::{TlsError, Trust};
