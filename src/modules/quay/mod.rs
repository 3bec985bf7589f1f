//! Modules for a Quay registry's objects. Their names, options and return values are those of the collection
//! `infra.quay_configuration`, so that playbooks written for it run unchanged.

mod api_token;
mod application;
mod connect;
mod default_perm;
mod duration;
mod first_user;
mod foreseen;
mod names;
mod options;
mod organization;
mod prune;
mod repository;
mod robot;
mod secret_file;
mod tag;
mod team;
mod token_check;
mod user;

pub use api_token::QuayApiToken;
pub use application::QuayApplication;
pub use default_perm::QuayDefaultPerm;
pub use first_user::QuayFirstUser;
pub use organization::QuayOrganization;
pub use prune::QuayPrune;
pub use repository::QuayRepository;
pub use robot::QuayRobot;
pub use tag::QuayTag;
pub use team::QuayTeam;
pub use user::QuayUser;
