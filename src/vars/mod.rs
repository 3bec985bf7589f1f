//! Variables: where a name's value comes from for one task on one host.
//!
//! Ansible documents 22 levels of precedence. They are kept as layers that a [`TaskScope`] asks in order, highest first; maps
//! are never merged, so that a task on ten thousand hosts costs no copies. What lives per host (facts, `set_fact`, registered
//! results, `include_vars`) is in [`HostVars`], what a role brings in [`RoleFrame`], what the play brings in [`PlayVars`].

mod fact_cache;
mod facts;
mod frame;
mod host;
mod hosts;
mod magic;
mod play;
mod role;
mod run;
mod scope;
mod vars_files;

pub use fact_cache::{FactCache, FactCacheError};
pub use facts::{FACT_PREFIX, FactPolicy, GATHERED, namespaced};
pub use frame::TaskVars;
pub use host::{HostVars, Membership};
pub use hosts::{Hosts, is_local_name};
pub use play::{Members, PlayVars};
pub use role::RoleFrame;
pub use run::{LANGUAGE_VERSION, RunVars, Settings};
pub use scope::TaskScope;
pub use vars_files::{VarsFileError, VarsFiles};
