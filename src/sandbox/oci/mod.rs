//! The OCI registry under `/v2/`: the distribution specification 1.1 with Quay's answers where Quay says more or other.
//!
//! Blobs lie in the state folder by digest, shared between repositories; who may read which is in the store. A token from
//! `/v2/auth` (`token_service`) says what its holder may do with which repository, and is believed until it ends.

mod blob_files;
mod blobs;
mod catalog;
mod context;
mod credentials;
mod dispatch;
mod document;
mod error;
mod jwt;
mod labels;
mod manifests;
mod names;
mod quota;
mod referrers;
mod route;
mod token_service;
mod uploads;

pub use blob_files::BlobFiles;
pub use dispatch::router;
