//! Filters on addresses: those of `ansible.utils`.

mod address;
mod cut;
mod mac;
mod query;
mod subnets;

pub(super) use address::{ipaddr, ipv4, ipv6, ipwrap};
pub(super) use cut::{ip4_hex, ipcut, ipmath, ipv6form, usable_range};
pub(super) use mac::{hwaddr, macaddr, random_mac, slaac};
pub(super) use subnets::{
    cidr_merge, ipsubnet, network_in_network, network_in_usable, next_nth_usable, nthhost, previous_nth_usable,
    reduce_on_network,
};
