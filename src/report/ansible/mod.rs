//! Reports in the line formats of Ansible's own callbacks, for people and scripts that read those: `default`, and `minimal`
//! and `oneline`, which the `ansible` command uses.

mod colours;
mod default;
mod diff;
mod dump;
mod minimal;
mod options;
mod recap;
mod result;

pub use default::DefaultCallback;
pub use dump::{python_json, python_json_nice};
pub use minimal::{AdHocCallback, AdHocForm};
pub use options::{CallbackOptions, ResultFormat};
