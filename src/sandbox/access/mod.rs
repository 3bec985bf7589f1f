//! Who sends a request, and what they may do: Quay's scopes, roles, teams and superusers.

mod credentials;
mod identity;
mod passwords;
mod permissions;
mod sealer;
mod throttle;

pub(crate) use credentials::check_user;
pub use credentials::{CredentialError, RegistryIdentity, check_registry};
pub use identity::{Identity, Via};
pub use passwords::{hash_password, is_acceptable_password, verify_password};
pub use permissions::Access;
pub use sealer::Sealer;
pub use throttle::Throttle;
