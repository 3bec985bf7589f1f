//! Networks in networks.

use super::address::text;
use super::query::Subject;
use crate::template::eval::{Args, Run, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::net::{Network, merge, span};
use crate::value::Value;

fn subject(run: &Run<'_, '_>, item: &Item) -> Outcome<Option<Network>> {
    Ok(Subject::read(&run.plain(item)?, None).map(|subject| subject.network))
}

/// `ansible.utils.ipsubnet(query='', index=None)`: the network, how many of a size it has, one of those, or which one a
/// network is.
pub(crate) fn ipsubnet(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query, index] = args.bind(["query", "index"])?;
    let Some(network) = subject(run, item)?.map(Network::cidr) else { return Ok(Item::from(false)) };
    let query = text(run, query)?;
    let index = index.filter(|index| !index.is_null()).map(|index| int_of(&index)).transpose()?;
    if query.is_empty() {
        return Ok(Item::text(network.to_string()));
    }
    let width = network.ip.width();
    if !query.chars().all(|c| c.is_ascii_digit()) {
        return position(network, &query);
    }
    let Some(prefix) = query.parse::<u32>().ok().filter(|prefix| *prefix <= width) else {
        return Ok(Item::from(false));
    };
    if network.size() == 1 {
        return larger(network, prefix, index);
    }
    let Some(more) = prefix.checked_sub(network.prefix) else {
        return match index {
            None => Err(Fault::new(format!("the network is smaller than one of /{prefix}"))),
            // the collection answers this one so, bits of hosts and all
            Some(0) => Ok(Item::text(Network { prefix, ..network }.to_string())),
            Some(_) => Ok(Item::from(false)),
        };
    };
    let count = i128::try_from(1_u128.checked_shl(more).unwrap_or(u128::MAX)).unwrap_or(i128::MAX);
    let Some(index) = index else { return Ok(Item::text(count.to_string())) };
    let index = if index < 0 { index.saturating_add(count) } else { index };
    let Some(index) = u128::try_from(index).ok().filter(|index| i128::try_from(*index).is_ok_and(|i| i < count)) else {
        return Ok(Item::from(false));
    };
    let offset = index.checked_shl(width - prefix).unwrap_or(0);
    let ip = network.ip.with(network.ip.value | offset).unwrap_or(network.ip);
    Ok(Item::text(Network { ip, prefix }.to_string()))
}

/// The networks that an address lies in, from one of a size down.
fn larger(network: Network, prefix: u32, index: Option<i128>) -> Outcome {
    let index = index.unwrap_or(0);
    let count = i128::from(network.prefix - prefix);
    let place = if index < 0 { index + count } else { index };
    match u32::try_from(place).ok().filter(|place| i128::from(*place) < count) {
        Some(place) => Ok(Item::text(Network { prefix: prefix + place, ..network }.cidr().to_string())),
        None => {
            Err(Fault::new(format!("the address lies in {count} networks from /{prefix} on, {index} is none of them")))
        }
    }
}

/// Which one of its size a network is within another.
fn position(network: Network, outer: &str) -> Outcome {
    let Some(outer) = Subject::read(&Value::data(outer), None).map(|subject| subject.network.cidr()) else {
        return Err(Fault::new(format!("a subnet or address is needed, and `{outer}` is none")));
    };
    if !outer.contains(network) {
        return Err(Fault::new(format!("{network} is not in the subnet {outer}")));
    }
    let inside = network.ip.value & outer.hostmask().value;
    let number = inside.checked_shr(network.ip.width() - network.prefix).unwrap_or(0);
    Ok(Item::text(number.saturating_add(1).to_string()))
}

/// `ansible.utils.nthhost(query)`: the address at a place in the network, or `false`.
pub(crate) fn nthhost(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query] = args.bind(["query"])?;
    let index = text(run, query)?;
    let found = subject(run, item)?.and_then(|network| network.nth(index.trim().parse().ok()?));
    Ok(found.map_or(Item::from(false), |address| Item::text(address.to_string())))
}

fn usable_at(run: &Run<'_, '_>, item: &Item, args: Args, forward: bool) -> Outcome {
    let [offset] = args.bind(["offset"])?;
    let offset = int_of(&required(offset, "offset")?)?;
    let Some(network) = subject(run, item)? else { return Ok(Item::from(false)) };
    let network = if network.is_strict() { network.cidr() } else { network };
    let Some((first, last)) = network.usable() else { return Ok(Item::NULL) };
    let found = network.ip.plus(if forward { offset } else { offset.saturating_neg() });
    Ok(match found.filter(|found| *found >= first && *found <= last) {
        Some(found) => Item::text(found.to_string()),
        None => Item::NULL,
    })
}

/// `ansible.utils.next_nth_usable(offset)`: the address so many further on, if a host may have it.
pub(crate) fn next_nth_usable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    usable_at(run, item, args, true)
}

/// `ansible.utils.previous_nth_usable(offset)`: the address so many before.
pub(crate) fn previous_nth_usable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    usable_at(run, item, args, false)
}

/// The first and the last number of what a value names; zero of what is no address. Two addresses alone count as the first,
/// which has no broadcast address.
fn range(run: &Run<'_, '_>, item: &Item, usable: bool) -> Outcome<(u128, u128)> {
    let Some(network) = subject(run, item)?.map(Network::cidr) else { return Ok((0, 0)) };
    let ends = if usable { network.usable() } else { None };
    Ok(match ends {
        Some((first, last)) => (first.value, last.value),
        None if network.size() > 2 => (network.network().value, network.last().value),
        None => (network.network().value, network.network().value),
    })
}

fn lies_in(run: &Run<'_, '_>, item: &Item, args: Args, usable: bool) -> Outcome {
    let [test] = args.bind(["test"])?;
    let (first, last) = range(run, item, usable)?;
    let (low, high) = range(run, &required(test, "test")?, false)?;
    Ok(Item::from(first <= low && low <= last && first <= high && high <= last))
}

/// `ansible.utils.network_in_network(test)`: whether an address or network lies in the network.
pub(crate) fn network_in_network(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    lies_in(run, item, args, false)
}

/// `ansible.utils.network_in_usable(test)`: whether it lies in the part that hosts may use.
pub(crate) fn network_in_usable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    lies_in(run, item, args, true)
}

/// `ansible.utils.reduce_on_network(network)`: those of a list that lie in a network.
pub(crate) fn reduce_on_network(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [network] = args.bind(["network"])?;
    let (first, last) = range(run, &required(network, "network")?, false)?;
    let mut kept = Vec::new();
    for item in run.iterate(item)? {
        let (low, high) = range(run, &item, false)?;
        if first <= low && low <= last && first <= high && high <= last {
            kept.push(item);
        }
    }
    Ok(Item::list(kept))
}

/// `ansible.utils.cidr_merge(action='merge')`: the fewest networks that make up a list, or with `span` the one around it.
pub(crate) fn cidr_merge(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [action] = args.bind(["action"])?;
    let action = action.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "merge".to_owned());
    let mut networks = Vec::new();
    for item in run.iterate(item)? {
        let name = run.display(&item)?;
        networks.push(Network::parse(&name).ok_or_else(|| Fault::new(format!("`{name}` is no address or network")))?);
    }
    match (action.as_str(), &networks[..]) {
        ("merge", networks) => {
            Ok(Item::list(merge(networks).into_iter().map(|network| Item::text(network.to_string())).collect()))
        }
        ("span", []) => Ok(Item::NULL),
        ("span", [one]) => Ok(Item::text(one.to_string())),
        ("span", networks) => span(networks)
            .map(|network| Item::text(network.to_string()))
            .ok_or_else(|| Fault::new("addresses of version 4 and 6 have nothing in common")),
        (other, _) => Err(Fault::new(format!("action `{other}` is neither merge nor span"))),
    }
}
