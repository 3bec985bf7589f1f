//! What a task brings into its scope, the same on every host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::role::{RoleFrame, extend};
use crate::tree::absolute;
use crate::value::{Map, Value};

/// The variables of a task that do not depend on the host. Shared by all hosts that it runs on.
#[derive(Clone, Debug, Default)]
pub struct TaskVars {
    /// `vars` of the task over those of the blocks and static imports around it.
    pub vars: Map,
    /// `vars` of dynamic includes around it, the innermost first.
    pub includes: Vec<Arc<Map>>,
    /// The role that it belongs to.
    pub role: Option<Arc<RoleFrame>>,
    /// The folder of the file that it stands in.
    pub dir: PathBuf,
    /// The value of `environment`.
    pub environment: Vec<Value>,
}

impl TaskVars {
    /// Folders in which a relative file of a kind (`files`, `templates`, `vars`) is looked for, best first: those of the
    /// roles around the task, then of the file that it stands in, then of the playbook.
    #[must_use]
    pub fn search_path(&self, kind: &str, playbook_dir: &Path) -> Vec<PathBuf> {
        let mut out: Vec<PathBuf> = Vec::new();
        for base in self.bases(playbook_dir) {
            for folder in [base.join(kind), base] {
                if !out.contains(&folder) {
                    out.push(folder);
                }
            }
        }
        out
    }

    /// The value of `ansible_search_path`.
    #[must_use]
    pub fn bases(&self, playbook_dir: &Path) -> Vec<PathBuf> {
        let roles = self.role.iter().flat_map(|frame| frame.chain()).map(|role| role.path.clone());
        let mut out: Vec<PathBuf> = Vec::new();
        for base in roles.chain([self.dir.clone(), playbook_dir.to_path_buf()]) {
            if base.as_os_str().is_empty() {
                continue;
            }
            // what is found there is told with its whole path, whatever folder quaymaster was started in
            let base = absolute(&base);
            if !out.contains(&base) {
                out.push(base);
            }
        }
        out
    }

    pub(super) fn include_param(&self, name: &str) -> Option<&Value> {
        self.includes.iter().find_map(|layer| layer.get(name))
    }

    pub(super) fn names(&self, out: &mut Vec<String>) {
        extend(out, &self.vars);
        for layer in &self.includes {
            extend(out, layer);
        }
        if let Some(role) = &self.role {
            role.names(out);
        }
    }
}
