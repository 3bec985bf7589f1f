//! Plays, blocks, tasks, handlers and roles as loaded, before any host is looked at.

use std::path::PathBuf;
use std::sync::Arc;

use super::keywords::{Keywords, LoopControl};
use crate::diag::Span;
use crate::modules::ModuleDef;
use crate::value::{Map, Text, Value};
use crate::yaml::Node;

/// A number that names a task for the whole run (dynamic includes draw further ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// A playbook file with its plays in order; `import_playbook` entries are already replaced by the plays they import.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// The path as the user gave it.
    pub path: PathBuf,
    /// The plays.
    pub plays: Vec<Arc<Play>>,
}

/// A play.
#[derive(Clone, Debug)]
pub struct Play {
    /// `hosts`, a pattern or a list of patterns, possibly templates.
    pub hosts: Value,
    /// Shared keywords (`become`, `vars`, `environment`, `tags` …). A play has no `when` of its own: the conditions here come
    /// from `import_playbook` and hold for the gathering of facts too.
    pub keywords: Keywords,
    /// The folder of the playbook file that the play stands in.
    pub dir: PathBuf,
    /// `vars_files`, each a path or a list of which the first that exists is taken.
    pub vars_files: Vec<Value>,
    /// `vars_prompt`.
    pub vars_prompt: Vec<VarsPrompt>,
    /// `gather_facts`.
    pub gather_facts: Option<Value>,
    /// `gather_subset`.
    pub gather_subset: Option<Value>,
    /// `gather_timeout`.
    pub gather_timeout: Option<Value>,
    /// `fact_path`.
    pub fact_path: Option<Value>,
    /// `strategy`.
    pub strategy: Option<Value>,
    /// `serial`: a number, a percentage or a list of them.
    pub serial: Option<Value>,
    /// `max_fail_percentage`.
    pub max_fail_percentage: Option<Value>,
    /// `order` of hosts.
    pub order: Option<Value>,
    /// `force_handlers`.
    pub force_handlers: Option<Value>,
    /// `pre_tasks`.
    pub pre_tasks: Vec<Step>,
    /// `roles` as listed; each one's dependencies are inside it ([`Role::block`] gives both in the order they run).
    pub roles: Vec<Arc<Role>>,
    /// `tasks`.
    pub tasks: Vec<Step>,
    /// `post_tasks`.
    pub post_tasks: Vec<Step>,
    /// `handlers` of the play itself; those of roles are in [`Role::handlers`].
    pub handlers: Vec<Handler>,
    /// Where the play starts.
    pub span: Span,
}

/// One entry of `vars_prompt`.
#[derive(Clone, Debug)]
pub struct VarsPrompt {
    /// The variable.
    pub name: Arc<str>,
    /// The question.
    pub prompt: Option<Value>,
    /// The answer when none is given.
    pub default: Option<Value>,
    /// Whether the answer is hidden (true where not given).
    pub private: bool,
    /// Whether to ask twice.
    pub confirm: bool,
    /// `unsafe`: the answer is never a template.
    pub is_unsafe: bool,
    /// `encrypt`: how the answer is hashed.
    pub encrypt: Option<String>,
    /// `salt` of the hash.
    pub salt: Option<String>,
    /// `salt_size`, where the salt is drawn.
    pub salt_size: Option<u32>,
    /// Where it stands.
    pub span: Span,
}

/// A step of a list of tasks.
#[derive(Clone, Debug)]
pub enum Step {
    /// A task.
    Task(Arc<Task>),
    /// A block; a static import is one too, with the keywords of the import.
    Block(Arc<Block>),
}

/// A block with its sections.
#[derive(Clone, Debug)]
pub struct Block {
    /// Shared keywords.
    pub keywords: Keywords,
    /// `block`.
    pub block: Vec<Step>,
    /// `rescue`.
    pub rescue: Vec<Step>,
    /// `always`.
    pub always: Vec<Step>,
    /// The role whose tasks these are: set on the block that a role becomes ([`Role::block`]). `import_role` is a block with
    /// the keywords of the task around such a block.
    pub role: Option<Arc<Role>>,
    /// Where it starts.
    pub span: Span,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// Shared keywords as written on the task.
    pub keywords: Keywords,
    /// What it does.
    pub action: Action,
    /// `loop` or `with_*`.
    pub looping: Option<LoopSource>,
    /// `loop_control`.
    pub loop_control: LoopControl,
    /// `register`.
    pub register: Option<Arc<str>>,
    /// `until` conditions.
    pub until: Vec<Value>,
    /// `retries`.
    pub retries: Option<Value>,
    /// `delay`, in seconds.
    pub delay: Option<Value>,
    /// `failed_when` conditions (all must hold); `None` where not given.
    pub failed_when: Option<Vec<Value>>,
    /// `changed_when` conditions.
    pub changed_when: Option<Vec<Value>>,
    /// `async`, in seconds.
    pub r#async: Option<Value>,
    /// `poll`, in seconds.
    pub poll: Option<Value>,
    /// The folder of the file it stands in; relative includes start there.
    pub dir: PathBuf,
    /// Where it starts.
    pub span: Span,
}

/// What a task does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Runs a module.
    Module {
        /// The module.
        module: &'static ModuleDef,
        /// The name as written.
        name: Arc<str>,
        /// Its options, free-form text already parsed, `args` merged under them. Mostly a mapping; a template of a mapping
        /// where the user wrote one.
        args: Value,
        /// Where the module's name stands.
        span: Span,
    },
    /// Runs a module whose name is a template.
    Named(Arc<Named>),
    /// Reads further tasks, a role or variables when it is reached.
    Include(Include),
    /// `meta`, with what is asked (`flush_handlers`, `end_play` …), checked at loading.
    Meta(Arc<str>),
}

/// A module that is only known when the task is reached: `action: "{{ name }} a=b"`.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name, a template.
    pub name: Value,
    /// What stands beside it.
    pub(super) body: NamedBody,
    /// `args`.
    pub(super) args: Option<Node>,
    /// Where short names are looked for.
    pub(super) collections: Vec<String>,
    /// Where the name stands.
    pub span: Span,
}

/// What stands beside the name of a module that is a template.
#[derive(Clone, Debug)]
pub(super) enum NamedBody {
    /// Free-form text.
    Text(Text),
    /// A mapping.
    Entries(Node),
}

/// A dynamic include.
#[derive(Clone, Debug)]
pub struct Include {
    /// Of what.
    pub kind: IncludeKind,
    /// The action's name as written.
    pub name: Arc<str>,
    /// All options as written (`file`, `name`, `tasks_from`, `public`, `apply` …), possibly templates.
    pub args: Map,
    /// `apply`: keywords for all included tasks.
    pub apply: Option<Box<Keywords>>,
    /// Where the module's name stands.
    pub span: Span,
}

/// What is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeKind {
    /// `include_tasks`.
    Tasks,
    /// `include_role`.
    Role,
}

/// Where a loop's items come from.
#[derive(Clone, Debug)]
pub enum LoopSource {
    /// `loop`: a list or a template of one.
    Loop(Value),
    /// `with_<lookup>`: the lookup's name and its terms.
    With(Arc<str>, Value),
}

/// A handler: a task with further names. A handlers file may include others, so a handler may also be a block from a static
/// import or a dynamic include.
#[derive(Clone, Debug)]
pub struct Handler {
    /// The task.
    pub task: Arc<Task>,
    /// `listen`.
    pub listen: Vec<Value>,
    /// The role that it comes from.
    pub role: Option<Arc<str>>,
    /// Keywords inherited from blocks and imports around it.
    pub outer: Arc<Keywords>,
}

/// A role as loaded for one use of it.
#[derive(Clone, Debug)]
pub struct Role {
    /// The name as `ansible_role_name` gives it, with the collection where it has one.
    pub name: Arc<str>,
    /// The name without a collection, as `role_name` gives it.
    pub short_name: Arc<str>,
    /// Names this use of the role: two uses with the same text are the same use (same folder, parameters, variables,
    /// conditions, tags and files), of which a host runs only the first unless `allow_duplicates` is set.
    pub identity: Arc<str>,
    /// Its folder.
    pub path: PathBuf,
    /// Keywords of the use (`tags`, `when`, `vars` given beside `role:`).
    pub keywords: Keywords,
    /// Parameters given directly beside `role:` (role params, high precedence).
    pub params: Map,
    /// `defaults/main`.
    pub defaults: Map,
    /// `vars/main`.
    pub vars: Map,
    /// `tasks/main`, or what `tasks_from` names.
    pub tasks: Vec<Step>,
    /// `handlers/main`.
    pub handlers: Vec<Handler>,
    /// `meta/main`'s `dependencies`, each loaded.
    pub dependencies: Vec<Arc<Role>>,
    /// `meta/main`'s `allow_duplicates`; true for `import_role` and `include_role` unless they say otherwise.
    pub allow_duplicates: bool,
    /// The collections in which this role's short names are looked for.
    pub collections: Vec<String>,
    /// `public` of `import_role`/`include_role`: its defaults and vars stay visible to the rest of the play.
    pub public: bool,
    /// Where the use stands.
    pub span: Span,
}
