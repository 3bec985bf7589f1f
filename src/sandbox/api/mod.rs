//! The handlers of Quay's API, one file for each family of endpoints, and the table that finds them.

mod accounts;
mod scopes;
mod table;
mod views;

mod app_tokens;
mod applications;
mod logs;
mod manifests;
mod oauth;
mod organization;
mod permissions;
mod policies;
mod prototypes;
mod quotas;
mod registry;
mod repositories;
mod robots;
mod search;
mod session;
mod superuser_users;
mod tags;
mod teams;
mod user;

pub use table::{covered, handler};
