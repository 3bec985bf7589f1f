//! Tests of addresses: those of `ansible.utils`. What is no address fails them; that is no error.

use std::net::ToSocketAddrs as _;

use crate::template::eval::{Args, Run, required};
use crate::template::fault::Outcome;
use crate::template::item::Item;
use crate::template::net::{Address, Network, is_global, is_loopback, is_multicast, is_private, is_reserved};
use crate::template::regex::{Flags, Regex};

fn text(run: &Run<'_, '_>, item: &Item) -> Outcome<String> {
    run.display(item)
}

fn address(run: &Run<'_, '_>, item: &Item, args: Args, holds: impl Fn(Address) -> bool) -> Outcome<bool> {
    args.none()?;
    Ok(Address::parse(&text(run, item)?).is_some_and(holds))
}

/// A network without bits of a host.
fn strict(text: &str) -> Option<Network> {
    Network::parse(text).filter(|network| network.is_strict())
}

fn network(run: &Run<'_, '_>, item: &Item, args: Args, holds: impl Fn(Network) -> bool) -> Outcome<bool> {
    args.none()?;
    Ok(strict(&text(run, item)?).is_some_and(holds))
}

/// `ip`: an address or network.
pub(super) fn ip(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    network(run, item, args, |_| true)
}

/// `ipv4`: an address or network of version 4.
pub(super) fn ipv4(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    network(run, item, args, |network| !network.ip.v6)
}

/// `ipv6`: an address or network of version 6.
pub(super) fn ipv6(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    network(run, item, args, |network| network.ip.v6)
}

/// `ip_address`: an address.
pub(super) fn ip_address(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |_| true)
}

/// `ipv4_address`.
pub(super) fn ipv4_address(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| !address.v6)
}

/// `ipv6_address`.
pub(super) fn ipv6_address(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| address.v6)
}

/// `ipv4_hostmask`: `0.0.0.255`.
pub(super) fn ipv4_hostmask(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let mask = text(run, item)?;
    Ok(strict(&format!("10.0.0.0/{mask}")).is_some_and(|network| network.hostmask().to_string() == mask))
}

/// `ipv4_netmask`: `255.255.255.0`.
pub(super) fn ipv4_netmask(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [_mask] = args.bind(["mask"])?;
    let mask = text(run, item)?;
    Ok(strict(&format!("10.0.0.0/{mask}")).is_some_and(|network| network.netmask().to_string() == mask))
}

/// `ipv6_ipv4_mapped`: `::ffff:1.2.3.4`.
pub(super) fn ipv4_mapped(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| address.v6 && address.value >> 32 == 0xffff)
}

/// `ipv6_sixtofour`: an address in `2002::/16`.
pub(super) fn sixtofour(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| address.v6 && address.value >> 112 == 0x2002)
}

/// `ipv6_teredo`: an address in `2001::/32`.
pub(super) fn teredo(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| address.v6 && address.value >> 96 == 0x2001_0000)
}

/// `loopback`.
pub(super) fn loopback(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, is_loopback)
}

/// `multicast`.
pub(super) fn multicast(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, is_multicast)
}

/// The address of version 4 that one of version 6 stands for.
fn unmapped(address: Address) -> Address {
    let mapped = address.v6 && address.value >> 32 == 0xffff;
    if mapped { Address { v6: false, value: address.value & u128::from(u32::MAX) } } else { address }
}

/// `private`.
pub(super) fn private(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| is_private(unmapped(address)))
}

/// `public`.
pub(super) fn public(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| is_global(unmapped(address)))
}

/// `reserved`.
pub(super) fn reserved(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, is_reserved)
}

/// `unspecified`: `0.0.0.0` and `::`.
pub(super) fn unspecified(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    address(run, item, args, |address| address.value == 0)
}

/// `mac`: the address of a network card.
pub(super) fn mac(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let forms = r"(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{12})$";
    let flags = Flags { ignore_case: true, ..Flags::default() };
    Regex::new(forms, flags)?.matches_at_start(&text(run, item)?)
}

/// `resolvable`: a name that the system finds an address for.
pub(super) fn resolvable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    args.none()?;
    let host = text(run, item)?;
    Ok((host.as_str(), 0_u16).to_socket_addrs().is_ok_and(|mut found| found.next().is_some()))
}

fn within(inner: &str, outer: &str) -> bool {
    matches!((strict(inner), strict(outer)), (Some(inner), Some(outer)) if outer.contains(inner))
}

/// `in_network(network)`, `subnet_of(network)`.
pub(super) fn in_network(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [network] = args.bind(["network"])?;
    Ok(within(&text(run, item)?, &text(run, &required(network, "network")?)?))
}

/// `supernet_of(network)`.
pub(super) fn supernet_of(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    let [network] = args.bind(["network_b"])?;
    Ok(within(&text(run, &required(network, "network_b")?)?, &text(run, item)?))
}

fn count_in(run: &Run<'_, '_>, item: &Item, args: Args) -> Outcome<usize> {
    let [networks] = args.bind(["networks"])?;
    let inner = text(run, item)?;
    let mut count = 0;
    for network in run.iterate(&required(networks, "networks")?)? {
        count += usize::from(within(&inner, &text(run, &network)?));
    }
    Ok(count)
}

/// `in_any_network(networks)`.
pub(super) fn in_any_network(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(count_in(run, item, args)? > 0)
}

/// `in_one_network(networks)`.
pub(super) fn in_one_network(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome<bool> {
    Ok(count_in(run, item, args)? == 1)
}
