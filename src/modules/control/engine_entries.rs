//! What the loader and the engine carry out themselves. The entries are here for their names, options and documentation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::Value;

/// What `meta` is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the option's documentation names them all")]
pub enum MetaAction {
    ClearFacts,
    ClearHostErrors,
    EndBatch,
    EndHost,
    EndPlay,
    EndRole,
    FlushHandlers,
    Noop,
    RefreshInventory,
    ResetConnection,
}

macro_rules! entry {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "the loader reads the options; this is their documentation")]
        pub struct $name {
            $($(#[$field_meta])* $field: $type,)*
        }
    };
}

entry! {
    /// Steers the run itself.
    Meta {
        /// What to do: run the handlers notified so far (`flush_handlers`), end the play for this host (`end_host`), for all
        /// hosts (`end_play`) or for this batch (`end_batch`), leave the role (`end_role`), forget facts (`clear_facts`) or
        /// failures (`clear_host_errors`), read the inventory again (`refresh_inventory`), open the connection anew
        /// (`reset_connection`), or nothing (`noop`).
        free_form: MetaAction,
    }
}

entry! {
    /// Runs the tasks of another file, read when this task is reached. Loops, conditions and variables of the task decide
    /// which file it is, and how often.
    IncludeTasks {
        /// The file, relative to the file of this task. May stand directly behind the module's name.
        file: String,
        /// Keywords (`tags`, `when`, `become` …) for each of the included tasks.
        apply: Option<Value>,
    }
}

entry! {
    /// Takes in the tasks of another file when the playbook is loaded. Keywords of this task go to each of them.
    ImportTasks {
        /// The file, relative to the file of this task. May stand directly behind the module's name.
        file: String,
    }
}

fn yes() -> bool {
    true
}

fn main_file() -> String {
    "main".to_owned()
}

entry! {
    /// Runs a role when this task is reached.
    IncludeRole {
        /// The role's name or path.
        #[serde(alias = "role")]
        #[schemars(extend("x-aliases" = ["role"]))]
        name: String,
        /// Keywords (`tags`, `when`, `become` …) for each of the role's tasks.
        apply: Option<Value>,
        /// The file in the role's `tasks`.
        #[serde(default = "main_file")]
        tasks_from: String,
        /// The file in the role's `vars`.
        #[serde(default = "main_file")]
        vars_from: String,
        /// The file in the role's `defaults`.
        #[serde(default = "main_file")]
        defaults_from: String,
        /// The file in the role's `handlers`.
        #[serde(default = "main_file")]
        handlers_from: String,
        /// Run the role although it ran before with the same parameters.
        #[serde(default = "yes")]
        allow_duplicates: bool,
        /// Keep the role's defaults and variables visible for the tasks after it.
        #[serde(default)]
        public: bool,
        /// Check the parameters against the role's `argument_specs`.
        #[serde(default = "yes")]
        rolespec_validate: bool,
    }
}

entry! {
    /// Takes in a role's tasks when the playbook is loaded.
    ImportRole {
        /// The role's name or path.
        #[serde(alias = "role")]
        #[schemars(extend("x-aliases" = ["role"]))]
        name: String,
        /// The file in the role's `tasks`.
        #[serde(default = "main_file")]
        tasks_from: String,
        /// The file in the role's `vars`.
        #[serde(default = "main_file")]
        vars_from: String,
        /// The file in the role's `defaults`.
        #[serde(default = "main_file")]
        defaults_from: String,
        /// The file in the role's `handlers`.
        #[serde(default = "main_file")]
        handlers_from: String,
        /// Run the role although it ran before with the same parameters.
        #[serde(default = "yes")]
        allow_duplicates: bool,
        /// Keep the role's defaults and variables visible for the rest of the play.
        #[serde(default = "yes")]
        public: bool,
        /// Check the parameters against the role's `argument_specs`.
        #[serde(default = "yes")]
        rolespec_validate: bool,
    }
}

entry! {
    /// Takes in the plays of another playbook. Stands among the plays, not among tasks.
    ImportPlaybook {
        /// The playbook, relative to this one, or `collection.name.playbook`. May stand directly behind the module's name.
        file: String,
    }
}
