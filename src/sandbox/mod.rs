//! A server that answers Quay's API, and an OCI registry, from one SQLite file and a blob folder.
//!
//! It exists so that playbooks can be rehearsed, taught and tested where no Quay can be had. Its answers are judged by
//! recorded exchanges of a real Quay (`tests/it/sandbox_replay.rs`); what it does not know better it answers with 501 and
//! the endpoint's name (`docs/sandbox-coverage.md`). It is never to be presented as Quay.
//!
//! `store` keeps the domain state and knows nothing of HTTP; `server` listens, logs and injects faults. Of the rest of
//! quaymaster it uses only `quay::contract`, never the client that it is there to test.

mod clock;
mod error;
mod fill;
mod names;
mod new_repository;
mod seed;
mod settings;
mod tiny_image;

pub mod access;
pub mod api;
pub mod http;
pub mod oci;
pub mod schema;
pub mod server;
pub mod store;

pub use clock::Clock;
pub use error::SandboxError;
pub use fill::{Fill, fill};
pub use seed::{Seed, seed};
pub use settings::{AuthenticationType, RegistryState, Settings, seconds};
