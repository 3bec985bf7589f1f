//! Sorting and grouping by attributes.

use std::cmp::Ordering;

use crate::template::eval::{Machine, Run, equal, order};
use crate::template::fault::Outcome;
use crate::template::item::Item;
use crate::value::Value;

/// Sorts as Python's `sort`: stable, and an error where two items have no order.
pub(crate) fn sort_items(m: &Machine<'_>, items: &mut [Item], reverse: bool) -> Outcome<()> {
    let keyed: Vec<_> = items.iter().map(|item| vec![item.clone()]).collect();
    let sorted = by_keys(m, keyed.into_iter().zip(items.iter().cloned()).collect(), &[reverse])?;
    for (slot, item) in items.iter_mut().zip(sorted) {
        *slot = item.1;
    }
    Ok(())
}

/// Items with their sort keys.
pub(super) type Keyed = Vec<(Vec<Item>, Item)>;

/// Sorts by keys, each in its own direction (the last one's for those that have none).
pub(super) fn by_keys(m: &Machine<'_>, mut items: Keyed, reverse: &[bool]) -> Outcome<Keyed> {
    let mut failed = None;
    items.sort_by(|(a, _), (b, _)| {
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            let ordering = order(m, a, b, "<").unwrap_or_else(|fault| {
                failed.get_or_insert(fault);
                Ordering::Equal
            });
            if ordering != Ordering::Equal {
                let reverse = reverse.get(index).or(reverse.last()).copied().unwrap_or(false);
                return if reverse { ordering.reverse() } else { ordering };
            }
        }
        Ordering::Equal
    });
    match failed {
        Some(fault) => Err(fault),
        None => Ok(items),
    }
}

/// A text in small letters, anything else as it is: how Jinja compares without regard to case.
pub(super) fn folded(item: Item) -> Item {
    match item.as_text() {
        Some(text) => Item::Value(Value::Str(crate::value::Text::new(text.to_lowercase(), text.origin()))),
        None => item,
    }
}

/// `a.b.0` of an item, as `map(attribute=…)` and its like reach it.
pub(super) fn reach(run: &Run<'_, '_>, item: &Item, path: &Item, default: Option<&Item>) -> Outcome {
    let mut found = item.clone();
    let parts: Vec<Item> = match path.as_str() {
        Some(path) => path
            .split('.')
            .map(|part| match part.parse::<u32>() {
                Ok(number) => Item::int(number),
                Err(_) => Item::text(part),
            })
            .collect(),
        None => vec![path.clone()],
    };
    for part in parts {
        found = if let Some(name) = part.as_text() {
            run.attr(&found, &name.shared())?
        } else {
            let by_number = run.item(&found, &part)?;
            match by_number {
                // a mapping may have the digits as text for a key
                Item::Missing(_) if matches!(found, Item::Value(Value::Map(_)) | Item::Map(_)) => {
                    let name = run.display(&part)?;
                    run.attr(&found, &name.into())?
                }
                item => item,
            }
        };
        if let (Item::Missing(_), Some(default)) = (&found, default) {
            found = default.clone();
        }
    }
    Ok(found)
}

/// The items without those that equal an earlier one under a key.
pub(super) fn unique(m: &Machine<'_>, items: Vec<Item>, key: impl Fn(&Item) -> Outcome) -> Outcome<Vec<Item>> {
    let mut seen: Vec<Item> = Vec::new();
    let mut texts = std::collections::HashSet::new();
    let mut out = Vec::new();
    for item in items {
        let key = key(&item)?;
        // texts, the usual case, need no search
        if let Some(text) = key.as_str() {
            if texts.insert(text.to_owned()) {
                out.push(item);
            }
            continue;
        }
        let mut known = false;
        for other in &seen {
            if equal(m, other, &key)? {
                known = true;
                break;
            }
        }
        if !known {
            seen.push(key);
            out.push(item);
        }
    }
    Ok(out)
}
