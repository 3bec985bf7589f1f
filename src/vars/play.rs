//! What a play brings into the scope of its tasks.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::role::{exported, exported_default, extend, names};
use super::run::texts;
use crate::playbook::{Block, Play, Role, Step};
use crate::value::{Map, Value};

/// The variables of a play.
#[derive(Debug)]
pub struct PlayVars {
    /// The play's name as shown.
    pub name: String,
    /// The folder of the playbook, absolute.
    pub dir: PathBuf,
    /// `vars`.
    pub vars: Map,
    /// Answers to `vars_prompt`.
    pub prompts: Map,
    /// Roles whose variables and defaults the whole play sees, in the order they came.
    exported: RwLock<Vec<Arc<Role>>>,
    names: RoleNames,
    members: RwLock<Members>,
}

/// The hosts of a play, as its magic variables show them: lists of names.
#[derive(Clone, Debug)]
pub struct Members {
    /// `ansible_play_hosts_all`.
    pub all: Value,
    /// `ansible_play_hosts`: those that have not failed.
    pub active: Value,
    /// `ansible_play_batch`, and `play_hosts`.
    pub batch: Value,
}

#[derive(Debug)]
struct RoleNames {
    listed: Value,
    dependent: Value,
    all: Value,
}

impl Default for Members {
    fn default() -> Self {
        let empty = || Value::list(Vec::new());
        Self { all: empty(), active: empty(), batch: empty() }
    }
}

impl PlayVars {
    /// The variables of a play whose playbook is in `dir`.
    #[must_use]
    pub fn new(play: &Play, name: String, dir: PathBuf, prompts: Map) -> Self {
        let mut roles = play.roles.clone();
        for step in play.pre_tasks.iter().chain(&play.tasks).chain(&play.post_tasks) {
            public_imports(step, &mut roles);
        }
        Self {
            name,
            dir,
            vars: play.keywords.vars.clone(),
            prompts,
            exported: RwLock::new(roles),
            names: RoleNames::new(&play.roles),
            members: RwLock::default(),
        }
    }

    /// Lets the rest of the play see a role's variables and defaults.
    pub fn export(&self, role: Arc<Role>) {
        self.exported.write().unwrap_or_else(PoisonError::into_inner).push(role);
    }

    /// Says which hosts take part.
    pub fn set_members(&self, members: Members) {
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = members;
    }

    /// A magic variable of the play.
    pub(super) fn magic(&self, name: &str) -> Option<Value> {
        let members = || self.members.read().unwrap_or_else(PoisonError::into_inner);
        Some(match name {
            "playbook_dir" => Value::data(self.dir.display().to_string()),
            "ansible_play_name" => Value::data(self.name.as_str()),
            "ansible_play_hosts_all" => members().all.clone(),
            "ansible_play_hosts" => members().active.clone(),
            "ansible_play_batch" | "play_hosts" => members().batch.clone(),
            "ansible_play_role_names" | "role_names" => self.names.listed.clone(),
            "ansible_dependent_role_names" => self.names.dependent.clone(),
            "ansible_role_names" => self.names.all.clone(),
            _ => return None,
        })
    }

    /// `vars` and the answers to `vars_prompt`.
    pub(super) fn var(&self, name: &str) -> Option<Value> {
        self.prompts.get(name).or_else(|| self.vars.get(name)).cloned()
    }

    pub(super) fn exported(&self, name: &str) -> Option<Value> {
        let roles = self.exported.read().unwrap_or_else(PoisonError::into_inner);
        roles.iter().rev().find_map(|role| exported(role, name)).cloned()
    }

    pub(super) fn exported_default(&self, name: &str) -> Option<Value> {
        let roles = self.exported.read().unwrap_or_else(PoisonError::into_inner);
        roles.iter().rev().find_map(|role| exported_default(role, name)).cloned()
    }

    pub(super) fn names(&self, out: &mut Vec<String>) {
        extend(out, &self.vars);
        extend(out, &self.prompts);
        for role in self.exported.read().unwrap_or_else(PoisonError::into_inner).iter() {
            names(role, out);
        }
    }
}

impl RoleNames {
    fn new(roles: &[Arc<Role>]) -> Self {
        fn collect(role: &Role, out: &mut Vec<Arc<str>>) {
            for dependency in &role.dependencies {
                collect(dependency, out);
                if !out.contains(&dependency.name) {
                    out.push(Arc::clone(&dependency.name));
                }
            }
        }
        let listed: Vec<Arc<str>> = roles.iter().map(|role| Arc::clone(&role.name)).collect();
        let mut dependent = Vec::new();
        for role in roles {
            collect(role, &mut dependent);
        }
        let mut all = dependent.clone();
        for name in &listed {
            if !all.contains(name) {
                all.push(Arc::clone(name));
            }
        }
        Self { listed: texts(&listed), dependent: texts(&dependent), all: texts(&all) }
    }
}

/// Adds the public roles that a step imports.
fn public_imports(step: &Step, out: &mut Vec<Arc<Role>>) {
    let Step::Block(block) = step else { return };
    let Block { block, rescue, always, role, .. } = block.as_ref();
    out.extend(role.iter().filter(|role| role.public).cloned());
    for step in block.iter().chain(rescue).chain(always) {
        public_imports(step, out);
    }
}
