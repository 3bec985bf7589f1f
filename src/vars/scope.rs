//! The variables of one task on one host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frame::TaskVars;
use super::host::HostVars;
use super::magic;
use super::play::PlayVars;
use super::role::extend;
use super::run::RunVars;
use crate::template::Scope;
use crate::value::{Key, Map, Value};

/// The variables of one task on one host: references to shared layers, and the few names that only this task has. Cheap to
/// make and to clone. A name is looked up from the highest precedence down:
///
/// 1. what the running task itself has set: loop variables, the result so far;
/// 2. magic variables;
/// 3. extra variables;
/// 4. parameters of includes, then of roles;
/// 5. `set_fact` and registered results, then `include_vars`;
/// 6. variables of the task and the blocks around it;
/// 7. variables of the role, then those that the play's roles export;
/// 8. `vars_files`, answers to `vars_prompt`, `vars` of the play;
/// 9. facts;
/// 10. the host's variables (`host_vars`, inventory), its groups' variables (`group_vars`, inventory);
/// 11. defaults of the role, then those that the play's roles export.
#[derive(Clone, Debug)]
pub struct TaskScope {
    pub(super) run: Arc<RunVars>,
    pub(super) play: Option<Arc<PlayVars>>,
    pub(super) vars_files: Arc<[Arc<Map>]>,
    pub(super) host: Option<Arc<HostVars>>,
    pub(super) task: Arc<TaskVars>,
    pub(super) delegate: Option<Arc<HostVars>>,
    local: Map,
}

impl TaskScope {
    /// A scope of a run before any play.
    #[must_use]
    pub fn new(run: Arc<RunVars>) -> Self {
        Self {
            run,
            play: None,
            vars_files: Arc::default(),
            host: None,
            task: Arc::default(),
            delegate: None,
            local: Map::new(),
        }
    }

    /// Within a play.
    #[must_use]
    pub fn in_play(mut self, play: Arc<PlayVars>, vars_files: Arc<[Arc<Map>]>) -> Self {
        self.play = Some(play);
        self.vars_files = vars_files;
        self
    }

    /// On a host.
    #[must_use]
    pub fn on_host(mut self, host: Arc<HostVars>) -> Self {
        self.host = Some(host);
        self
    }

    /// In a task.
    #[must_use]
    pub fn in_task(mut self, task: Arc<TaskVars>) -> Self {
        self.task = task;
        self
    }

    /// Says which host does the task's work in place of its own.
    pub fn set_delegate(&mut self, host: Option<Arc<HostVars>>) {
        self.delegate = host;
    }

    /// The host that does the task's work in place of its own.
    #[must_use]
    pub fn delegate(&self) -> Option<&Arc<HostVars>> {
        self.delegate.as_ref()
    }

    /// The same task and play on another host, without what the task itself has set.
    pub(super) fn seen_from(&self, host: &Arc<HostVars>) -> Self {
        Self { host: Some(Arc::clone(host)), delegate: None, local: Map::new(), ..self.clone() }
    }

    /// Sets a name that only this task sees, over everything else.
    pub fn set_local(&mut self, name: impl Into<Key>, value: Value) {
        self.local.insert(name.into(), value);
    }

    /// Such a name's value.
    #[must_use]
    pub fn local(&self, name: &str) -> Option<&Value> {
        self.local.get(name)
    }

    /// The host.
    #[must_use]
    pub fn host_vars(&self) -> Option<&Arc<HostVars>> {
        self.host.as_ref()
    }

    /// What the task brings.
    #[must_use]
    pub fn task_vars(&self) -> &Arc<TaskVars> {
        &self.task
    }

    /// The folder of the playbook.
    #[must_use]
    pub fn playbook_dir(&self) -> &Path {
        self.play.as_ref().map_or(Path::new("."), |play| &play.dir)
    }

    /// All variables as one mapping, unrendered.
    #[must_use]
    pub fn everything(&self) -> Map {
        magic::everything(self)
    }

    fn task_layers(&self, name: &str) -> Option<Value> {
        self.task
            .vars
            .get(name)
            .or_else(|| self.task.role.as_ref()?.var(name))
            .cloned()
            .or_else(|| self.play.as_ref()?.exported(name))
    }

    fn play_layers(&self, name: &str) -> Option<Value> {
        let file = self.vars_files.iter().find_map(|layer| layer.get(name));
        file.cloned().or_else(|| self.play.as_ref()?.var(name))
    }

    fn default(&self, name: &str) -> Option<Value> {
        let role = self.task.role.as_ref().and_then(|role| role.default(name));
        role.cloned().or_else(|| self.play.as_ref()?.exported_default(name))
    }
}

impl Scope for TaskScope {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.local.get(name) {
            return Some(value.clone());
        }
        if let Some(value) = magic::magic(self, name) {
            return Some(value);
        }
        if let Some(value) = self
            .run
            .extra
            .get(name)
            .or_else(|| self.task.include_param(name))
            .or_else(|| self.task.role.as_ref()?.param(name))
        {
            return Some(value.clone());
        }
        let host = self.host.as_ref();
        host.and_then(|host| host.get_high(name))
            .or_else(|| self.task_layers(name))
            .or_else(|| self.play_layers(name))
            .or_else(|| host?.get_low(name))
            .or_else(|| self.default(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        extend(&mut names, &self.local);
        names.extend(magic::NAMES.iter().filter(|name| magic::magic(self, name).is_some()).map(|n| (*n).to_owned()));
        if self.host.is_some() {
            names.push("ansible_facts".to_owned());
        }
        extend(&mut names, &self.run.extra);
        self.task.names(&mut names);
        for layer in self.vars_files.iter() {
            extend(&mut names, layer);
        }
        if let Some(host) = &self.host {
            host.names(&mut names);
        }
        if let Some(play) = &self.play {
            play.names(&mut names);
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn search_path(&self, kind: &str) -> Vec<PathBuf> {
        self.task.search_path(kind, self.playbook_dir())
    }

    fn hosts(&self) -> Vec<String> {
        self.run.hosts.names().iter().map(ToString::to_string).collect()
    }

    fn has_hosts(&self) -> bool {
        true
    }

    /// Another host's variables do not hold those of the play and its roles, as in Ansible.
    fn host(&self, name: &str) -> Option<Box<dyn Scope + '_>> {
        // an invalid file of variables was reported when the play began
        let host = self.run.hosts.find(name).ok().flatten()?;
        Some(Box::new(Self::new(Arc::clone(&self.run)).on_host(host)))
    }
}
