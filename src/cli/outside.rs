//! What templates reach of the world: what modules reach too, and the settings of the run.

use super::config::Config;
use crate::modules::LookupServices;
use crate::template::{Fetch, Outside, Plugin};
use crate::value::{Value, from_json};

/// Services for lookups, and the configuration.
pub(super) struct World {
    services: LookupServices,
    config: Config,
}

impl World {
    /// Both of them.
    pub(super) fn new(services: LookupServices, config: Config) -> Self {
        Self { services, config }
    }
}

impl Outside for World {
    fn fetch(&self, fetch: &Fetch) -> Result<String, String> {
        self.services.fetch(fetch)
    }

    fn setting(&self, name: &str, plugin: Option<&Plugin>) -> Option<(Value, String)> {
        // plug-ins have no options of their own here
        let setting =
            Config::setting(name).filter(|setting| plugin.is_none() && !setting.name.starts_with("CALLBACK_"))?;
        let (value, origin) = self.config.value(setting);
        Some((from_json(value), origin))
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        self.services.user_name(uid)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.services.group_name(gid)
    }
}
