//! The variables of a host from inventory, `group_vars` and `host_vars`, laid over each other as Ansible documents it.

use std::sync::Arc;

use super::model::{ALL, Inventory};
use super::vars_folder::{Entity, VarsFolder};
use crate::diag::{Diagnostic, Diagnostics};
use crate::value::Map;

impl Inventory {
    /// The variables of a host, as written. From the weakest to the strongest: of the groups from inventory files; from
    /// `group_vars/all` beside the inventory and beside the playbooks; from `group_vars` of the other groups beside both; of
    /// the host from inventory files; from `host_vars` beside both.
    ///
    /// # Errors
    /// Where one of the files is not valid.
    pub fn host_variables(
        &self,
        host: &str,
        playbooks: &[Arc<VarsFolder>],
        warnings: &mut Diagnostics,
    ) -> Result<Map, Box<Diagnostic>> {
        let mut vars = Map::new();
        let mut lay = |over: &Map| vars.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
        let groups = self.groups_of(host);
        for group in &groups {
            lay(&group.vars);
        }
        let (all, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| &*group.name == ALL);
        for part in [all, others] {
            for folder in self.folders.iter().chain(playbooks) {
                for group in &part {
                    lay(&*folder.variables(Entity::Group, &group.name, warnings)?);
                }
            }
        }
        if let Some(host) = self.host(host) {
            lay(&host.vars);
        }
        for folder in self.folders.iter().chain(playbooks) {
            lay(&*folder.variables(Entity::Host, host, warnings)?);
        }
        Ok(vars)
    }

    /// Reads every variables file of the known hosts and groups, so that what is wrong in them is found before the run. An
    /// encrypted one that cannot be opened is passed over: it matters only when a task needs its host.
    pub fn check_variables(&self, playbooks: &[Arc<VarsFolder>], diagnostics: &mut Diagnostics) {
        for folder in self.folders.iter().chain(playbooks) {
            let groups = self.groups.keys().map(|name| (Entity::Group, name.as_ref()));
            let hosts = self.hosts.keys().map(|name| (Entity::Host, name.as_str()));
            for (entity, name) in groups.chain(hosts) {
                if let Err(error) = folder.variables(entity, name, diagnostics)
                    && error.code.0 != "vault"
                {
                    diagnostics.push(*error);
                }
            }
        }
    }
}
