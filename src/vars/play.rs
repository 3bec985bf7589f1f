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
    /// Roles that the play lists, imports or has included so far.
    roles: RwLock<Vec<Arc<Role>>>,
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
            imports(step, &mut roles);
        }
        let listed = play.roles.len();
        let public = roles.iter().enumerate().filter(|(at, role)| *at < listed || role.public);
        Self {
            name,
            dir,
            vars: play.keywords.vars.clone(),
            prompts,
            exported: RwLock::new(public.map(|(_, role)| Arc::clone(role)).collect()),
            roles: RwLock::new(roles),
            members: RwLock::default(),
        }
    }

    /// A role has been included: its name is shown, and where it is public the rest of the play sees its variables.
    pub fn include(&self, role: &Arc<Role>) {
        if role.public {
            self.exported.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(role));
        }
        self.roles.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(role));
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
            "ansible_play_role_names" | "role_names" => self.role_names(true, false),
            "ansible_dependent_role_names" => self.role_names(false, true),
            "ansible_role_names" => self.role_names(true, true),
            _ => return None,
        })
    }

    /// Names of the roles themselves, one for each use, or of their dependencies, or each name once of both.
    fn role_names(&self, own: bool, dependent: bool) -> Value {
        fn collect(role: &Role, out: &mut Vec<Arc<str>>) {
            for dependency in &role.dependencies {
                collect(dependency, out);
                out.push(Arc::clone(&dependency.name));
            }
        }
        let roles = self.roles.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<Arc<str>> = Vec::new();
        if dependent {
            for role in roles.iter() {
                collect(role, &mut names);
            }
        }
        if own {
            names.extend(roles.iter().map(|role| Arc::clone(&role.name)));
        }
        if dependent {
            let mut seen = std::collections::HashSet::new();
            names.retain(|name| seen.insert(Arc::clone(name)));
        }
        texts(&names)
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

/// Adds the roles that a step imports.
fn imports(step: &Step, out: &mut Vec<Arc<Role>>) {
    let Step::Block(block) = step else { return };
    let Block { block, rescue, always, role, .. } = block.as_ref();
    out.extend(role.iter().cloned());
    for step in block.iter().chain(rescue).chain(always) {
        imports(step, out);
    }
}
