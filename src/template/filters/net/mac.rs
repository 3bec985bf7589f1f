//! Addresses of network cards.

use rand::RngExt as _;

use super::query::Subject;
use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::net::Mac;
use crate::template::python_random::PythonRandom;

fn hardware(run: &Run<'_, '_>, item: &Item, query: Option<Item>) -> Outcome {
    let query = super::address::text(run, query)?;
    let text = run.display(item)?;
    let Some(mac) = Mac::parse(&text) else {
        return match query.as_str() {
            "" | "bool" => Ok(Item::NULL),
            _ => Err(Fault::new(format!("not a hardware address: {text}"))),
        };
    };
    Ok(match query.as_str() {
        "" => item.clone(),
        "bare" => Item::text(mac.groups(12, "").to_uppercase()),
        "bool" => Item::from(true),
        "cisco" => Item::text(mac.groups(4, ".")),
        "eui48" | "win" => Item::text(mac.groups(2, "-").to_uppercase()),
        "int" => Item::int(mac.0),
        "linux" => Item::text(mac.groups(2, ":")),
        "pgsql" | "postgresql" | "psql" => Item::text(mac.groups(6, ":")),
        "unix" => Item::text(mac.bytes().map(|byte| format!("{byte:x}")).join(":")),
        other => {
            let forms =
                ["bare", "bool", "cisco", "eui48", "int", "linux", "pgsql", "postgresql", "psql", "unix", "win"];
            let help = crate::diag::did_you_mean(other, forms);
            return Err(Fault::new(format!("unknown filter type: {other}")).help(help));
        }
    })
}

/// `ansible.utils.hwaddr(query='')`: another form of a card's address, or whether it is one.
pub(crate) fn hwaddr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query, _alias] = args.bind(["query", "alias"])?;
    hardware(run, item, query)
}

/// `ansible.utils.macaddr(query='')`: the same.
pub(crate) fn macaddr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query] = args.bind(["query"])?;
    hardware(run, item, query)
}

/// `ansible.utils.slaac(query)`: the address that a card gives itself in a network of version 6, or `false`.
pub(crate) fn slaac(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [query] = args.bind(["query"])?;
    let mac = Mac::parse(&super::address::text(run, query)?);
    let network = Subject::read(&run.plain(item)?, None).map(|subject| subject.network).filter(|found| found.ip.v6);
    let (Some(mac), Some(network)) = (mac, network) else { return Ok(Item::from(false)) };
    let own = network.network();
    let found = own.value.checked_add(u128::from(mac.interface_id())).and_then(|value| own.with(value));
    Ok(found.map_or(Item::from(false), |address| Item::text(address.to_string())))
}

/// `community.general.random_mac(seed=None)`: a prefix of one to five bytes made a whole address.
pub(crate) fn random_mac(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [seed] = args.bind(["seed"])?;
    let Some(prefix) = item.as_str() else {
        return Err(Fault::new(format!("it takes the start of an address, not '{}'", item.type_name())));
    };
    let prefix = prefix.to_lowercase();
    let parts: Vec<&str> = prefix.split(':').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.len() > 5 {
        return Err(Fault::new("it takes the first one to five bytes of an address with `:` between them"));
    }
    if let Some(odd) = parts.iter().find(|part| part.len() != 2 || !part.chars().all(|c| c.is_ascii_hexdigit())) {
        return Err(Fault::new(format!("`{odd}` is no byte in hexadecimal")));
    }
    // a number of five digits in hexadecimal and more: its last ones fill up the rest
    let (low, high) = (68_719_476_736_u128, 1_099_511_627_775_u128);
    let drawn = match seed {
        Some(seed) if !seed.is_null() => {
            let mut random = match crate::template::eval::Number::of(&seed) {
                Some(crate::template::eval::Number::Int(number)) => PythonRandom::seeded_by_number(number),
                _ => PythonRandom::seeded_by_text(&run.display(&required(Some(seed), "seed")?)?),
            };
            low + random.below(high - low + 1)
        }
        _ => rand::rng().random_range(low..=high),
    };
    let digits = format!("{drawn:x}");
    let mut out = parts.join(":");
    let missing = 6 - parts.len();
    for index in 0..missing {
        out.push(':');
        out.push_str(digits.get(index * 2..index * 2 + 2).unwrap_or("00"));
    }
    Ok(Item::text(out))
}
