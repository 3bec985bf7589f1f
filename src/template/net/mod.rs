//! Addresses of networks and network cards: plain arithmetic, without filters' arguments.

mod address;
mod mac;
mod network;
mod ranges;

pub(crate) use address::Address;
pub(crate) use mac::Mac;
pub(crate) use network::{Network, merge, span};
pub(crate) use ranges::{is_global, is_link_local, is_loopback, is_multicast, is_private, is_reachable, is_reserved};
