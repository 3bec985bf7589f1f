//! Filters on mappings.

use std::sync::Arc;

use indexmap::IndexMap;

use super::sort::{by_keys, folded};
use crate::template::eval::{Args, Machine, Run, from_key, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Key, Map, Value};

fn needs_dict(item: &Item) -> Fault {
    Fault::new(format!("it takes a dictionary, not '{}'", item.type_name()))
}

/// `dict2items(key_name='key', value_name='value')`.
pub(super) fn dict2items(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [key_name, value_name] = args.bind(["key_name", "value_name"])?;
    let name = |item: Option<Item>, otherwise: &str| -> Outcome<Key> {
        item.map_or(Ok(Key::from(otherwise)), |item| run.display(&item).map(Key::from))
    };
    let (key_name, value_name) = (name(key_name, "key")?, name(value_name, "value")?);
    let Some(entries) = run.entries(item)? else { return Err(needs_dict(item)) };
    let items = entries
        .into_iter()
        .map(|(key, value)| {
            Item::map(IndexMap::from([(key_name.clone(), from_key(&key)), (value_name.clone(), value)]))
        })
        .collect();
    Ok(Item::list(items))
}

/// `items2dict(key_name='key', value_name='value')`.
pub(super) fn items2dict(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [key_name, value_name] = args.bind(["key_name", "value_name"])?;
    let name = |item: Option<Item>, otherwise: &str| item.map_or(Ok(otherwise.to_owned()), |item| run.display(&item));
    let key_name: Arc<str> = name(key_name, "key")?.into();
    let value_name: Arc<str> = name(value_name, "value")?.into();
    let mut map = IndexMap::new();
    for entry in run.iterate(item)? {
        if run.entries(&entry)?.is_none() {
            return Err(Fault::new(format!("it takes a list of dictionaries, and '{}' is in it", entry.type_name())));
        }
        let part = |name: &Arc<str>| -> Outcome {
            match run.attr(&entry, name)? {
                Item::Missing(_) => Err(Fault::new(format!("an item has no key '{name}'"))
                    .help(Some("`key_name` and `value_name` tell which keys to take".to_owned()))),
                item => Ok(item),
            }
        };
        map.insert(run.key(&part(&key_name)?)?, part(&value_name)?);
    }
    Ok(Item::map(map))
}

/// `dictsort(case_sensitive=false, by='key', reverse=false)`: a list of pairs.
pub(super) fn dictsort(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [case_sensitive, by, reverse] = args.bind(["case_sensitive", "by", "reverse"])?;
    let truth = |item: Option<Item>| item.map(|item| run.truthy(&item)).transpose().map(Option::unwrap_or_default);
    let (case_sensitive, reverse) = (truth(case_sensitive)?, truth(reverse)?);
    let by = by.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "key".to_owned());
    if by != "key" && by != "value" {
        return Err(Fault::new("`by` must be either `key` or `value`"));
    }
    let Some(entries) = run.entries(item)? else { return Err(needs_dict(item)) };
    let keyed = entries
        .into_iter()
        .map(|(key, value)| {
            let by = if by == "key" { from_key(&key) } else { value.clone() };
            (vec![if case_sensitive { by } else { folded(by) }], Item::tuple(vec![from_key(&key), value]))
        })
        .collect();
    Ok(Item::list(by_keys(run, keyed, &[reverse])?.into_iter().map(|(_, pair)| pair).collect()))
}

/// `items`: a list of pairs.
pub(super) fn items(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let Some(entries) = run.entries(item)? else { return Err(needs_dict(item)) };
    Ok(Item::list(entries.into_iter().map(|(key, value)| Item::tuple(vec![from_key(&key), value])).collect()))
}

/// `extract(container, morekeys=None)`: the container's part under the key that is the subject.
pub(super) fn extract(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [container, more] = args.bind(["container", "morekeys"])?;
    let mut found = run.item(&required(container, "container")?, item)?;
    let more = match more {
        None => Vec::new(),
        Some(more) if more.is_null() => Vec::new(),
        Some(more) if matches!(more, Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_)) => {
            run.iterate(&more)?
        }
        Some(key) => vec![key],
    };
    for key in more {
        found = run.item(&found, &key)?;
    }
    Ok(found)
}

/// What `combine` does with two lists under one key.
#[derive(Clone, Copy)]
pub(super) enum Lists {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

impl Lists {
    /// Reads `list_merge`.
    pub(super) fn parse(name: Option<&str>) -> Outcome<Self> {
        Ok(match name {
            None | Some("replace") => Self::Replace,
            Some("keep") => Self::Keep,
            Some("append") => Self::Append,
            Some("prepend") => Self::Prepend,
            Some("append_rp") => Self::AppendNew,
            Some("prepend_rp") => Self::PrependNew,
            Some(other) => {
                return Err(Fault::new(format!(
                    "list_merge `{other}` is none of replace, keep, append, prepend, append_rp, prepend_rp"
                )));
            }
        })
    }
}

/// `combine(others…, recursive=false, list_merge='replace')`: later dictionaries win.
pub(super) fn combine(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let recursive = args.take("recursive").map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let lists = args.take("list_merge").map(|item| run.display(&item)).transpose()?;
    let lists = Lists::parse(lists.as_deref())?;
    if let Some((name, _)) = args.named.first() {
        return Err(Fault::new(format!("there is no argument `{name}`"))
            .help(Some("the arguments are recursive, list_merge".to_owned())));
    }
    let mut maps = Vec::new();
    for item in std::iter::once(item).chain(&args.positional) {
        collect(run, item, &mut maps)?;
    }
    let mut maps = maps.into_iter();
    let Some(mut result) = maps.next() else { return Ok(Item::Value(Value::empty_map())) };
    for map in maps {
        result = merge(result, map, recursive, lists);
    }
    Ok(Item::Value(Value::Map(result)))
}

/// Dictionaries, those in lists laid out.
fn collect(m: &Machine<'_>, item: &Item, out: &mut Vec<Arc<Map>>) -> Outcome<()> {
    match m.plain(item)? {
        Value::Map(map) => out.push(map),
        Value::List(items) => {
            for item in items.iter() {
                collect(m, &Item::Value(item.clone()), out)?;
            }
        }
        other => {
            return Err(Fault::new(format!("it takes dictionaries, and '{}' is among them", other.type_name())));
        }
    }
    Ok(())
}

/// Two dictionaries as one, the second of which wins.
pub(super) fn merge(low: Arc<Map>, high: Arc<Map>, recursive: bool, lists: Lists) -> Arc<Map> {
    if low.is_empty() || (high == low && matches!(lists, Lists::Replace | Lists::Keep)) {
        return high;
    }
    let mut result = Arc::unwrap_or_clone(low);
    for (key, value) in Arc::unwrap_or_clone(high) {
        let merged = match (result.get(&key), value) {
            (Some(Value::Map(a)), Value::Map(b)) if recursive => Value::Map(merge(Arc::clone(a), b, recursive, lists)),
            (Some(Value::List(a)), Value::List(b)) => merge_lists(a, b, lists),
            (_, value) => value,
        };
        result.insert(key, merged);
    }
    Arc::new(result)
}

fn merge_lists(low: &Arc<Vec<Value>>, high: Arc<Vec<Value>>, lists: Lists) -> Value {
    let without = |items: &[Value], others: &[Value]| -> Vec<Value> {
        items.iter().filter(|item| !others.contains(item)).cloned().collect()
    };
    match lists {
        Lists::Replace => Value::List(high),
        Lists::Keep => Value::List(Arc::clone(low)),
        Lists::Append => Value::list(low.iter().chain(high.iter()).cloned().collect()),
        Lists::Prepend => Value::list(high.iter().chain(low.iter()).cloned().collect()),
        Lists::AppendNew => Value::list(without(low, &high).into_iter().chain(high.iter().cloned()).collect()),
        Lists::PrependNew => Value::list(high.iter().cloned().chain(without(low, &high)).collect()),
    }
}

/// `rekey_on_member(key, duplicates='error')`: a dictionary by a member of its items.
pub(super) fn rekey_on_member(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [key, duplicates] = args.bind(["key", "duplicates"])?;
    let name: Arc<str> = run.display(&required(key, "key")?)?.into();
    let duplicates = duplicates.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "error".to_owned());
    let overwrite = match duplicates.as_str() {
        "error" => false,
        "overwrite" => true,
        other => return Err(Fault::new(format!("duplicates `{other}` is none of error, overwrite"))),
    };
    let items = match run.entries(item)? {
        Some(entries) => entries.into_iter().map(|(_, value)| value).collect(),
        None => run.iterate(item)?,
    };
    let mut map = IndexMap::new();
    for item in items {
        if run.entries(&item)?.is_none() {
            return Err(Fault::new(format!("it takes dictionaries, and '{}' is among them", item.type_name())));
        }
        let key = match run.attr(&item, &name)? {
            Item::Missing(_) => return Err(Fault::new(format!("an item has no key '{name}'"))),
            key => run.key(&key)?,
        };
        if !overwrite && map.contains_key(&key) {
            return Err(Fault::new(format!("the key '{key}' is not unique")));
        }
        map.insert(key, item);
    }
    Ok(Item::map(map))
}
