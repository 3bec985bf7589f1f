//! Where the text that is being read stands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::playbook::model::{Play, Role};
use crate::value::{Map, Value};

/// The role around a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleHome {
    /// The name, with its collection where it has one.
    pub name: Arc<str>,
    /// The name without a collection.
    pub short_name: Arc<str>,
    /// The role's folder.
    pub path: PathBuf,
}

/// How near to the task a variable stands; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VarsRank {
    /// A role's defaults.
    Defaults,
    /// A play's variables and variable files.
    Play,
    /// A role's variables.
    Role,
    /// Variables of blocks, imports and tasks, and what the engine knows when it loads an include.
    Task,
    /// The parameters and variables of one use of a role.
    Params,
}

/// Where a file of tasks, a role or a playbook is read: its folders, its role, and the variables that names of static
/// imports may use.
#[derive(Clone, Debug)]
pub struct LoadContext {
    /// The folder of the playbook.
    pub play_dir: PathBuf,
    /// The folder of the file being read.
    pub dir: PathBuf,
    /// The role around it.
    pub role: Option<RoleHome>,
    /// Whether handlers are being read.
    pub handlers: bool,
    /// Collections in which short names of roles and modules are looked for.
    pub collections: Vec<String>,
    /// `module_defaults` of everything around, for the check of missing options.
    pub module_defaults: Vec<Value>,
    /// Whether what is read may never be reached: a condition or a rescue stands around it. Problems that only matter when
    /// it is reached are warnings then.
    pub conditional: bool,
    vars: Vec<(VarsRank, Arc<Map>)>,
}

impl LoadContext {
    /// The top of a playbook in this folder.
    #[must_use]
    pub fn new(play_dir: impl Into<PathBuf>) -> Self {
        let play_dir = play_dir.into();
        Self {
            dir: play_dir.clone(),
            play_dir,
            role: None,
            handlers: false,
            collections: Vec::new(),
            module_defaults: Vec::new(),
            conditional: false,
            vars: Vec::new(),
        }
    }

    /// Inside a play.
    #[must_use]
    pub fn in_play(play: &Play) -> Self {
        let mut context = Self::new(&play.dir);
        context.collections.clone_from(&play.keywords.collections);
        context.module_defaults.clone_from(&play.keywords.module_defaults);
        context.with_vars(VarsRank::Play, play.keywords.vars.clone())
    }

    /// Inside a role that is loaded already.
    #[must_use]
    pub fn in_role(&self, role: &Role) -> Self {
        let home = RoleHome { name: role.name.clone(), short_name: role.short_name.clone(), path: role.path.clone() };
        let mut context = self
            .at_role(home, role.collections.clone())
            .with_vars(VarsRank::Defaults, role.defaults.clone())
            .with_vars(VarsRank::Role, role.vars.clone())
            .with_vars(VarsRank::Params, role.params.clone())
            .with_vars(VarsRank::Params, role.keywords.vars.clone());
        context.module_defaults.extend(role.keywords.module_defaults.iter().cloned());
        context
    }

    /// Inside a role's folder.
    pub(super) fn at_role(&self, home: RoleHome, collections: Vec<String>) -> Self {
        let mut context = self.clone();
        context.dir = home.path.join("tasks");
        context.role = Some(home);
        context.collections = collections;
        context
    }

    /// The same, reading files of this folder.
    #[must_use]
    pub fn from_dir(&self, dir: &Path) -> Self {
        Self { dir: dir.to_owned(), ..self.clone() }
    }

    /// The same, with further variables.
    #[must_use]
    pub fn with_vars(&self, rank: VarsRank, vars: Map) -> Self {
        let mut context = self.clone();
        if !vars.is_empty() {
            context.vars.push((rank, Arc::new(vars)));
        }
        context
    }

    /// The same, for handlers.
    #[must_use]
    pub fn for_handlers(&self) -> Self {
        Self { handlers: true, ..self.clone() }
    }

    /// `tasks` or `handlers`.
    pub(super) fn task_folder(&self) -> &'static str {
        if self.handlers { "handlers" } else { "tasks" }
    }

    /// The variables known here, those of the command line over all others.
    pub(super) fn variables(&self, extra: &Map) -> Map {
        let mut layers: Vec<&(VarsRank, Arc<Map>)> = self.vars.iter().collect();
        layers.sort_by_key(|(rank, _)| *rank); // stable: of one rank the inner one wins
        let mut out = Map::new();
        for (_, layer) in layers {
            out.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        out.extend(extra.iter().map(|(key, value)| (key.clone(), value.clone())));
        let mut magic = |name: &str, text: &str| {
            out.insert(name.into(), Value::data(text));
        };
        magic("playbook_dir", &self.play_dir.to_string_lossy());
        if let Some(role) = &self.role {
            magic("role_path", &role.path.to_string_lossy());
            magic("role_name", &role.short_name);
            magic("ansible_role_name", &role.name);
        }
        out
    }
}
