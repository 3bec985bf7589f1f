//! Modules that run beside the engine: they need variables, templates or the controller's files.

mod assert;
mod copy;
mod debug;
mod fail;
mod find_file;
mod install;
mod set_fact;
mod template;

pub use assert::Assert;
pub use copy::Copy;
pub use debug::Debug;
pub use fail::Fail;
pub use set_fact::SetFact;
pub use template::Template;
