//! Services, under whichever init system the host has.

mod init_script;
mod openrc;
mod service;
mod service_facts;
mod service_manager;
mod systemctl;
mod systemd_service;
mod sysvinit;
mod unit;

pub use service::Service;
pub use service_facts::ServiceFacts;
pub use systemd_service::SystemdService;
pub use sysvinit::Sysvinit;
pub use unit::UnitState;
