//! Modules that users bring: files in the `library` folder of a role or playbook, in any language, called through Ansible's
//! documented interface.

mod answer;
mod kind;
mod run;
mod task;

pub use kind::{CustomKind, Refusal};
pub(in crate::modules) use run::RunCustom;
pub use task::{CUSTOM_FILE, CustomModule};
