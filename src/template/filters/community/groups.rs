//! Lists to dictionaries, lists merged and sorted.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::template::checks::loose_order;
use crate::template::eval::{Args, Run, equal, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::filters::dicts::{Lists, merge};
use crate::template::item::Item;
use crate::template::syntax::Operator;
use crate::value::{Key, Map, Value};

fn sequence(run: &Run<'_, '_>, item: &Item) -> Outcome<Vec<Item>> {
    if run.entries(item)?.is_some() {
        return Err(Fault::new("it takes a list or a text, not a dictionary"));
    }
    run.iterate(item)
}

/// `community.general.counter`: how often each item is in a list or text.
pub(crate) fn counter(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let mut counts: IndexMap<Key, i128> = IndexMap::new();
    for item in sequence(run, item)? {
        *counts.entry(run.key(&item)?).or_default() += 1;
    }
    Ok(Item::map(counts.into_iter().map(|(key, count)| (key, Item::int(count))).collect()))
}

/// `community.general.accumulate`: the sums of ever more items from the start.
pub(crate) fn accumulate(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let mut out: Vec<Item> = Vec::new();
    for item in sequence(run, item)? {
        let sum = match out.last() {
            Some(last) => run.binary(Operator::Add, last, &item)?,
            None => item,
        };
        out.push(sum);
    }
    Ok(Item::list(out))
}

/// `community.general.dict`: a list of pairs as a dictionary.
pub(crate) fn dict(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let mut map = IndexMap::new();
    for pair in sequence(run, item)? {
        let [key, value] = <[Item; 2]>::try_from(run.iterate(&pair)?)
            .map_err(|items| Fault::new(format!("a pair is needed, and an item has {} parts", items.len())))?;
        map.insert(run.key(&key)?, value);
    }
    Ok(Item::map(map))
}

/// `community.general.dict_kv(key)`: a dictionary with the value under one key.
pub(crate) fn dict_kv(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [key] = args.bind(["key"])?;
    let key = run.key(&required(key, "key")?)?;
    Ok(Item::map(IndexMap::from([(key, item.clone())])))
}

/// `community.general.groupby_as_dict(attribute)`: dictionaries under what they have in an attribute.
pub(crate) fn groupby_as_dict(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [attribute] = args.bind(["attribute"])?;
    let attribute = required(attribute, "attribute")?;
    let name = run.key(&attribute)?;
    let mut map = IndexMap::new();
    for (index, element) in sequence(run, item)?.into_iter().enumerate() {
        let Some(entries) = run.entries(&element)? else {
            return Err(Fault::new(format!("item {index} of the list is no dictionary")));
        };
        let Some((_, value)) = entries.into_iter().find(|(key, _)| *key == name) else {
            return Err(Fault::new(format!("item {index} of the list has no attribute '{name}'")));
        };
        let key = run.key(&value)?;
        if map.insert(key.clone(), element).is_some() {
            return Err(Fault::new(format!("several items of the list have '{key}' in '{name}'")));
        }
    }
    Ok(Item::map(map))
}

/// `community.general.version_sort(reverse=false)`: by version, so that 2.9 comes before 2.10.
pub(crate) fn version_sort(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [reverse] = args.bind(["reverse"])?;
    let reverse = reverse.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let mut keyed =
        run.iterate(item)?.into_iter().map(|item| Ok((run.display(&item)?, item))).collect::<Outcome<Vec<_>>>()?;
    let mut fault = None;
    keyed.sort_by(|(a, _), (b, _)| {
        let ordering = loose_order(a, b).unwrap_or_else(|error| {
            fault = Some(error);
            Ordering::Equal
        });
        if reverse { ordering.reverse() } else { ordering }
    });
    fault.map_or_else(|| Ok(Item::list(keyed.into_iter().map(|(_, item)| item).collect())), Err)
}

/// `community.general.lists_mergeby(lists…, index, recursive=false, list_merge='replace')`: dictionaries of several lists
/// that have the same value under a key made one, in the order of these values.
pub(crate) fn lists_mergeby(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let recursive = args.take("recursive").map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let how = args.take("list_merge").map(|item| run.display(&item)).transpose()?;
    let how = Lists::parse(how.as_deref())?;
    if let Some((name, _)) = args.named.first() {
        return Err(Fault::new(format!("there is no argument `{name}`"))
            .help(Some("the arguments are recursive, list_merge".to_owned())));
    }
    let index = args.positional.pop().ok_or_else(|| Fault::new("at least one list and the key are needed"))?;
    let mut lists = Vec::new();
    for given in std::iter::once(item).chain(&args.positional) {
        let Value::List(items) = run.plain(given)? else {
            return Err(Fault::new(format!("it takes lists, not '{}'", given.type_name())));
        };
        if !items.is_empty() && items.iter().all(|item| matches!(item, Value::List(_))) {
            lists.extend(items.iter().filter_map(|item| item.as_list().map(<[Value]>::to_vec)));
        } else if !items.is_empty() {
            lists.push(items.to_vec());
        }
    }
    let Some(index) = index.as_str() else {
        return Err(Fault::new(format!("the key is a text, not '{}'", index.type_name())));
    };
    let key = Key::from(index);
    let Some(mut result) = lists.pop() else { return Ok(Item::list(Vec::new())) };
    while let Some(low) = lists.pop() {
        result = merge_two(run, &[low, result], &key, recursive, how)?;
    }
    Ok(Item::Value(Value::list(result)))
}

fn merge_two(run: &Run<'_, '_>, lists: &[Vec<Value>], key: &Key, recursive: bool, how: Lists) -> Outcome<Vec<Value>> {
    let mut merged: Vec<(Item, Arc<Map>)> = Vec::new();
    for element in lists.iter().flatten() {
        let Value::Map(map) = element else {
            return Err(Fault::new(format!("it takes lists of dictionaries, and '{}' is in one", element.type_name())));
        };
        let Some(value) = map.get(key) else { continue };
        let value = Item::Value(value.clone());
        let mut place = None;
        for (index, (known, _)) in merged.iter().enumerate() {
            if equal(run, known, &value)? {
                place = Some(index);
            }
        }
        match place.and_then(|place| merged.get_mut(place)) {
            Some((_, known)) => {
                // keys stay where they are
                let merged = merge(Arc::clone(known), Arc::clone(map), recursive, how);
                Arc::make_mut(known).extend(Arc::unwrap_or_clone(merged));
            }
            None => merged.push((value, Arc::clone(map))),
        }
    }
    let keyed = merged.into_iter().map(|(value, map)| (vec![value], Item::Value(Value::Map(map)))).collect();
    let sorted = crate::template::filters::sort::by_keys(run, keyed, &[false])?;
    sorted.into_iter().map(|(_, item)| run.plain(&item)).collect()
}
