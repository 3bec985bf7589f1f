//! Texts and types.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use crate::template::eval::{Args, Run};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Key, Map, Value};

fn text_of(item: &Item) -> Outcome<&str> {
    item.as_str().ok_or_else(|| Fault::new(format!("it takes a text, not '{}'", item.type_name())))
}

/// `community.general.crc32`: the sum in hexadecimal.
pub(crate) fn crc32(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::text(format!("{:x}", crc32fast::hash(text_of(item)?.as_bytes()))))
}

/// `community.general.unicode_normalize(form='NFC')`.
pub(crate) fn unicode_normalize(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [form] = args.bind(["form"])?;
    let form = form.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "NFC".to_owned());
    let text = text_of(item)?;
    Ok(Item::text(match form.as_str() {
        "NFC" => text.nfc().collect::<String>(),
        "NFD" => text.nfd().collect(),
        "NFKC" => text.nfkc().collect(),
        "NFKD" => text.nfkd().collect(),
        other => return Err(Fault::new(format!("form `{other}` is none of NFC, NFD, NFKC, NFKD"))),
    }))
}

/// `community.general.reveal_ansible_type(alias={})`: `list[int|str]`, `dict[str, bool]`. Types have Python's own names,
/// which is what aliases make of those of ansible-core.
pub(crate) fn reveal_ansible_type(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [alias] = args.bind(["alias"])?;
    let alias = match alias.map(|alias| run.plain(&alias)).transpose()? {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Map(map)) => (*map).clone(),
        Some(other) => return Err(Fault::new(format!("`alias` is a dictionary, not '{}'", other.type_name()))),
    };
    Ok(Item::text(ansible_type(&run.plain(item)?, &alias)))
}

/// The type of a value with those of its parts.
pub(crate) fn ansible_type(value: &Value, alias: &Map) -> String {
    let named = |name: &str| alias.get(name).and_then(Value::as_str).unwrap_or(name).to_owned();
    let all = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join("|");
    let own = named(value.type_name());
    match value {
        Value::List(items) if own == "list" && !items.is_empty() => {
            format!("list[{}]", all(items.iter().map(|item| named(item.type_name())).collect()))
        }
        Value::Map(map) if own == "dict" && !map.is_empty() => {
            let keys = map.keys().map(|key| {
                named(match key {
                    Key::Str(_) => "str",
                    Key::Int(_) => "int",
                    Key::Bool(_) => "bool",
                    Key::Null => "NoneType",
                })
            });
            let values = map.values().map(|item| named(item.type_name()));
            format!("dict[{}, {}]", all(keys.collect()), all(values.collect()))
        }
        _ => own,
    }
}
