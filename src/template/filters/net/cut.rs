//! Other forms and parts of addresses.

use super::query::number;
use crate::template::eval::{Args, Number, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::net::{Address, Network};
use crate::value::{Key, Map, Value};

/// So many addresses are written out at most.
const MOST: u128 = 1 << 17;

fn address(run: &Run<'_, '_>, item: &Item) -> Outcome<Address> {
    let text = run.display(item)?;
    Address::parse(&text).ok_or_else(|| no_address(&text))
}

fn no_address(text: &str) -> Fault {
    Fault::new(format!("`{text}` is no IP address"))
}

fn whole(item: Option<Item>, name: &str) -> Outcome<i128> {
    let item = required(item, name)?;
    match (Number::of(&item), item.as_str().map(|text| text.trim().parse())) {
        (Some(Number::Int(number)), _) | (None, Some(Ok(number))) => Ok(number),
        _ => Err(Fault::new(format!("`{name}` is an integer, not '{}'", item.type_name()))),
    }
}

/// `ansible.utils.ipmath(amount)`: the address so many further on.
pub(crate) fn ipmath(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [amount] = args.bind(["amount"])?;
    let amount = whole(amount, "amount")?;
    let text = run.display(item)?;
    let address = Network::parse(&text).ok_or_else(|| no_address(&text))?.ip;
    let found = address.plus(amount).ok_or_else(|| Fault::new("there is no address that far"))?;
    Ok(Item::text(found.to_string()))
}

/// `ansible.utils.ip4_hex(delimiter='')`.
pub(crate) fn ip4_hex(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [delimiter] = args.bind(["delimiter"])?;
    let delimiter = delimiter.map(|item| run.display(&item)).transpose()?.unwrap_or_default();
    let address = address(run, item)?;
    if address.v6 {
        return Err(Fault::new("it takes an address of version 4"));
    }
    Ok(Item::text(address.bytes().map(|byte| format!("{byte:02x}")).join(&delimiter)))
}

/// `ansible.utils.ipcut(amount)`: so many bits from the start, or from the end where the number is negative.
pub(crate) fn ipcut(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [amount] = args.bind(["amount"])?;
    let amount = whole(amount, "amount")?;
    let address = address(run, item)?;
    let bits = if address.v6 { format!("{:0128b}", address.value) } else { format!("{:032b}", address.value) };
    let count = usize::try_from(amount.unsigned_abs()).unwrap_or(usize::MAX).min(bits.len());
    let kept = if amount < 0 { bits.get(bits.len() - count..) } else { bits.get(..count) };
    let kept = kept.unwrap_or("").as_bytes();
    let groups = kept
        .chunks(if address.v6 { 16 } else { 8 })
        .map(|group| group.iter().fold(0_u32, |value, bit| value << 1 | u32::from(*bit == b'1')));
    Ok(Item::text(if address.v6 {
        groups.map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":")
    } else {
        groups.map(|group| group.to_string()).collect::<Vec<_>>().join(".")
    }))
}

/// `ansible.utils.ipv6form(format)`: `compress`, `expand` or `x509`.
pub(crate) fn ipv6form(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [format] = args.bind(["format"])?;
    let format = run.display(&required(format, "format")?)?;
    let text = run.display(item)?;
    let address = Address::parse(&text).ok_or_else(|| no_address(&text))?;
    Ok(Item::text(match format.as_str() {
        "compress" => address.compressed(),
        "expand" => address.exploded(),
        "x509" if !address.v6 => return Err(Fault::new("`x509` is a form of addresses of version 6")),
        "x509" => address.groups().map(|group| format!("{group:x}")).join(":"),
        other => return Err(Fault::new(format!("format `{other}` is none of compress, expand, x509"))),
    }))
}

/// `ansible.utils.usable_range`: all addresses of a network and how many they are.
pub(crate) fn usable_range(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let text = run.display(item)?;
    let network = Network::parse(&text).filter(|network| network.is_strict());
    let network = network.ok_or_else(|| Fault::new(format!("`{text}` is no network, or has bits of a host set")))?;
    if network.size() > MOST {
        return Err(Fault::new(format!("the network has more than {MOST} addresses")));
    }
    let first = network.network();
    let ips = (0..network.size()).filter_map(|index| first.with(first.value + index));
    let ips = ips.map(|ip| Value::data(ip.compressed())).collect();
    Ok(Item::Value(Value::map(Map::from([
        (Key::from("usable_ips"), Value::list(ips)),
        (Key::from("number_of_ips"), number(network.size())?),
    ]))))
}
