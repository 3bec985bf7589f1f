//! The domain state: one SQLite file, and typed functions for everything that is kept in it.
//!
//! Every function takes a [`Db`], which is one transaction with its time. Nothing here knows of HTTP, of who may do what, or
//! of Quay's messages.

mod db;
mod error;
mod types;

pub mod accounts;
pub mod app_tokens;
pub mod applications;
pub mod blobs;
pub mod immutability;
pub mod logs;
pub mod manifests;
pub mod meta;
pub mod oauth;
pub mod permissions;
pub mod policies;
pub mod prototypes;
pub mod quotas;
pub mod repositories;
pub mod robots;
pub mod secrets;
pub mod sessions;
pub mod tags;
pub mod teams;

pub use accounts::Account;
pub use db::{Db, Store};
pub use error::StoreError;
pub use prototypes::Grantee;
pub use types::{
    AccountId, AccountKind, ApplicationId, LimitKind, ManifestId, OauthTokenId, PrototypeId, QuotaId, QuotaLimitId,
    RepositoryId, RepositoryKind, RepositoryRole, RepositoryState, TagId, TeamId, TeamRole, Visibility,
};
