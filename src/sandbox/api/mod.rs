//! The handlers of Quay's API, one file for each family of endpoints, and the table that finds them.

mod accounts;
mod scopes;
mod table;
mod views;

mod applications;
mod oauth;
mod organization;
mod permissions;
mod prototypes;
mod repositories;
mod robots;
mod session;
mod superuser_users;
mod teams;
mod user;

pub use table::{covered, handler};
