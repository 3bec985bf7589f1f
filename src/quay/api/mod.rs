//! The endpoints as typed calls, one file for each kind of thing.

mod access;
mod applications;
mod oauth;
mod organizations;
mod permissions;
mod prototypes;
mod repositories;
mod robots;
mod tags;
mod teams;
mod users;

pub use access::{PasswordCheck, Verified};
pub use oauth::TokenGrant;
pub use repositories::Star;
pub use robots::RobotName;
pub use tags::TagQuery;
