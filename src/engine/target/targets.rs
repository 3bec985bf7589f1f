//! Which place a task's module runs in.

use std::sync::Arc;

use super::become_user;
use super::local::Local;
use super::target::{Target, TargetError};
use crate::modules::{HostServices, ModuleError};
use crate::value::Redactor;
use crate::vars::is_local_name;

/// The places there are.
pub(in crate::engine) struct Targets {
    services: Arc<HostServices>,
    local: Arc<dyn Target>,
}

/// Where a task wants its module to run.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Wanted {
    /// The host, or the one delegated to.
    pub(in crate::engine) host: Arc<str>,
    /// `ansible_connection` or the keyword `connection`.
    pub(in crate::engine) connection: Option<String>,
    /// The user to become, where `become` is on.
    pub(in crate::engine) become_user: Option<String>,
}

impl Targets {
    /// With this machine alone.
    pub(in crate::engine) fn new(services: Arc<HostServices>, redactor: Redactor) -> Self {
        Self { local: Arc::new(Local::new(Arc::clone(&services), redactor)), services }
    }

    /// What controller actions share: this machine's services.
    pub(in crate::engine) fn controller_services(&self) -> Arc<HostServices> {
        Arc::clone(&self.services)
    }

    /// The place that a task wants.
    pub(in crate::engine) fn find(&self, wanted: &Wanted) -> Result<Arc<dyn Target>, TargetError> {
        let local = match wanted.connection.as_deref() {
            Some("local" | "ansible.builtin.local") => true,
            Some(_) => false,
            None => is_local_name(&wanted.host),
        };
        if !local {
            let connection = wanted.connection.as_deref().unwrap_or("ssh");
            return Err(TargetError::Unreachable(format!(
                "cannot reach `{}`: connection `{connection}` is not supported yet, only hosts with \
                 `ansible_connection: local` are",
                wanted.host
            )));
        }
        if let Some(user) = &wanted.become_user {
            become_user::check(user).map_err(|reason| TargetError::Module(ModuleError::new(reason)))?;
        }
        Ok(Arc::clone(&self.local))
    }
}
