//! Which place a task's module runs in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::defaults::ConnectionDefaults;
use super::local::Local;
use super::remote::{Common, Host, Remote};
use super::target::Target;
use super::users::is_own;
use crate::agent::Become;
use crate::modules::HostServices;
use crate::transport::{ConnectionSpec, Kind};
use crate::value::Redactor;

/// The places there are.
pub(in crate::engine) struct Targets {
    services: Arc<HostServices>,
    local: Arc<dyn Target>,
    defaults: ConnectionDefaults,
    common: Arc<Common>,
    hosts: Mutex<HashMap<ConnectionSpec, Arc<Host>>>,
}

/// Where a task wants its module to run.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Wanted {
    /// The way to the host.
    pub(in crate::engine) spec: ConnectionSpec,
    /// The user to become, where `become` is on.
    pub(in crate::engine) r#become: Option<Become>,
    /// In an agent even where it is this machine and this user.
    pub(in crate::engine) apart: bool,
    /// Folders for the agent, before the usual ones.
    pub(in crate::engine) folders: Vec<String>,
}

impl Targets {
    /// With this machine alone at first.
    pub(in crate::engine) fn new(
        services: Arc<HostServices>,
        redactor: Redactor,
        defaults: ConnectionDefaults,
    ) -> Self {
        let common = Common {
            program: services.program().map(ToOwned::to_owned),
            agent_dir: defaults.agent_dir.clone(),
            redactor: redactor.clone(),
            binaries: OnceCell::new(),
        };
        Self {
            local: Arc::new(Local::new(Arc::clone(&services), redactor)),
            services,
            defaults,
            common: Arc::new(common),
            hosts: Mutex::default(),
        }
    }

    /// What controller actions share: this machine's services.
    pub(in crate::engine) fn controller_services(&self) -> Arc<HostServices> {
        Arc::clone(&self.services)
    }

    /// What counts where nothing else says.
    pub(in crate::engine) fn defaults(&self) -> &ConnectionDefaults {
        &self.defaults
    }

    /// The place that a task wants. Nothing is connected before a module runs there.
    pub(in crate::engine) fn find(&self, wanted: &Wanted) -> Arc<dyn Target> {
        let here = wanted.spec.kind == Kind::Local;
        let other = wanted.r#become.as_ref().filter(|other| !here || !is_own(&other.user));
        if here && !wanted.apart && other.is_none() {
            return Arc::clone(&self.local);
        }
        Arc::new(Remote::new(self.host(wanted), other.cloned()))
    }

    /// Closes the connection of a host, so that the next task makes a new one.
    pub(in crate::engine) async fn reset(&self, wanted: &Wanted) {
        let host = self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted.spec).cloned();
        if let Some(host) = host {
            host.reset().await;
        }
    }

    fn host(&self, wanted: &Wanted) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Host::new(wanted.spec.clone(), wanted.folders.clone(), Arc::clone(&self.common)));
        Arc::clone(hosts.entry(wanted.spec.clone()).or_insert_with(make))
    }
}
