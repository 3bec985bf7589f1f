//! Facts about this host, one file per kind, all read from `/proc`, `/sys`, `/etc` and system calls: no process is started
//! but for executable local facts.

mod collect;
mod devices;
mod distribution;
mod dmi;
mod hardware;
mod local;
mod names;
mod netlink;
mod network;
mod platform;
mod read;
mod software;
mod time;
mod user;
mod virtualization;

pub(super) use collect::{Facts, Request, gather};
pub(super) use names::chosen;
