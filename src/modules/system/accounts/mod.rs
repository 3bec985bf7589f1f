//! Users, groups, and what the account databases say.

mod getent;
mod group;
mod home;
mod ssh_key;
mod user;
mod user_command;
mod user_state;

pub use getent::Getent;
pub use group::{GroupModule, GroupState};
pub use user::UserModule;
pub use user_state::UserState;
