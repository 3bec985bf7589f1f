//! The kernel: settings, modules, mounts.

mod fstab;
mod modprobe;
mod mount;
mod mount_facts;
pub(in crate::modules::system) mod mount_table;
mod sysctl;

pub use modprobe::{Modprobe, ModprobeState};
pub use mount::{Mount, MountState};
pub use mount_facts::MountFacts;
pub use sysctl::{Sysctl, SysctlState};
