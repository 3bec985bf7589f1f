//! Modules for the operating system: accounts, services, facts, cron.

mod accounts;
mod config_file;
mod cron;
mod crontab;
mod facts;
mod firewall;
mod kernel;
mod locale;
mod ping;
mod presence;
mod services;
mod setup;
mod ssh;

pub use accounts::{Getent, GroupModule, GroupState, UserModule, UserState};
pub use cron::{Cron, CronState, SpecialTime};
pub use firewall::{Firewalld, FirewalldState, Iptables, IptablesState};
pub use kernel::{Modprobe, ModprobeState, Mount, MountFacts, MountState, Sysctl, SysctlState};
pub use locale::{
    Alternatives, AlternativesState, Hostname, HostnameState, LocaleGen, LocaleGenState, Timezone, TimezoneState,
};
pub use ping::Ping;
pub use services::{Service, ServiceFacts, SystemdService, Sysvinit, UnitState};
pub use setup::Setup;
pub use ssh::{AuthorizedKey, AuthorizedKeyState, KnownHosts, KnownHostsState};
