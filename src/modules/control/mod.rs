//! Modules that run beside the engine: they need variables, templates or the controller's files.

mod add_host;
mod argument_spec;
mod assert;
mod copy;
mod debug;
mod engine_entries;
mod fail;
mod find_file;
mod group_by;
mod include_vars;
mod install;
mod pause;
mod set_fact;
mod set_stats;
mod template;
mod uri;
mod validate_argument_spec;

pub use add_host::AddHost;
pub use assert::Assert;
pub use copy::Copy;
pub use debug::Debug;
pub use engine_entries::{ImportPlaybook, ImportRole, ImportTasks, IncludeRole, IncludeTasks, Meta, MetaAction};
pub use fail::Fail;
pub use group_by::GroupBy;
pub use include_vars::IncludeVars;
pub use pause::Pause;
pub use set_fact::SetFact;
pub use set_stats::SetStats;
pub use template::Template;
pub use uri::Uri;
pub use validate_argument_spec::ValidateArgumentSpec;
