//! Filters that apply other filters and tests to each item.

use std::sync::Arc;

use super::sort::{by_keys, folded, reach};
use crate::template::checks;
use crate::template::eval::{Args, Run, equal, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// `map(attribute=…, default=…)` or `map('filter', …)`.
pub(super) fn map(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let items = run.iterate(item)?;
    if args.positional.is_empty()
        && let Some(path) = args.take("attribute")
    {
        let default = args.take("default");
        args.none()?;
        let mapped = items.iter().map(|item| reach(run, item, &path, default.as_ref())).collect::<Outcome<_>>()?;
        return Ok(Item::list(mapped));
    }
    if args.positional.is_empty() {
        return Err(Fault::new("map requires a filter argument"));
    }
    let name = run.display(&args.positional.remove(0))?;
    let Some(filter) = super::find(&name) else {
        return Err(Fault::new(format!("there is no filter `{name}`")).help(
            super::note_on_missing("filter", &name).or_else(|| crate::diag::did_you_mean(&name, super::names())),
        ));
    };
    let mapped = items
        .into_iter()
        .map(|item| {
            let item = run.filter(filter, item, args.clone())?;
            Ok(item)
        })
        .collect::<Outcome<_>>()?;
    Ok(Item::list(mapped))
}

/// `select('test', …)`: the items that pass a test, or are true.
pub(super) fn select(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    pick(run, item, args, false, true)
}

/// `reject('test', …)`: the items that do not.
pub(super) fn reject(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    pick(run, item, args, false, false)
}

/// `selectattr(attribute, 'test', …)`: the items whose attribute passes a test, or is true.
pub(super) fn selectattr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    pick(run, item, args, true, true)
}

/// `rejectattr(attribute, 'test', …)`: the items whose attribute does not.
pub(super) fn rejectattr(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    pick(run, item, args, true, false)
}

fn pick(run: &mut Run<'_, '_>, item: &Item, mut args: Args, by_attribute: bool, wanted: bool) -> Outcome {
    let path = if by_attribute {
        if args.positional.is_empty() {
            return Err(Fault::new("an attribute name is needed"));
        }
        Some(args.positional.remove(0))
    } else {
        None
    };
    let check = if args.positional.is_empty() {
        None
    } else {
        let name = run.display(&args.positional.remove(0))?;
        Some(checks::find(&name).ok_or_else(|| {
            Fault::new(format!("there is no test `{name}`")).help(crate::diag::did_you_mean(&name, checks::names()))
        })?)
    };
    let mut kept = Vec::new();
    for item in run.iterate(item)? {
        let subject = match &path {
            Some(path) => reach(run, &item, path, None)?,
            None => item.clone(),
        };
        let result = match check {
            Some(check) => run.check(check, subject, args.clone())?,
            None => subject,
        };
        if run.truthy(&result)? == wanted {
            kept.push(item);
        }
    }
    Ok(Item::list(kept))
}

/// `groupby(attribute, default=None, case_sensitive=false)`: pairs of a value and the items that have it, in its order.
pub(super) fn groupby(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [attribute, default, case_sensitive] = args.bind(["attribute", "default", "case_sensitive"])?;
    let path = required(attribute, "attribute")?;
    let case_sensitive = case_sensitive.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let default = default.filter(|default| !default.is_null());
    let mut keyed = Vec::new();
    for item in run.iterate(item)? {
        let key = reach(run, &item, &path, default.as_ref())?.present()?;
        keyed.push((vec![if case_sensitive { key } else { folded(key) }], item));
    }
    let mut groups: Vec<(Item, Item, Vec<Item>)> = Vec::new();
    for (keys, item) in by_keys(run, keyed, &[false])? {
        let key = keys.into_iter().next().unwrap_or(Item::NULL);
        match groups.last_mut() {
            Some((last, _, items)) if equal(run, last, &key)? => items.push(item),
            _ => {
                // the group is named by the value itself, not by its small letters
                let shown = reach(run, &item, &path, default.as_ref())?;
                groups.push((key, shown, vec![item]));
            }
        }
    }
    let pairs = groups.into_iter().map(|(_, key, items)| Item::tuple(vec![key, Item::list(items)])).collect();
    Ok(Item::list(pairs))
}

/// The names of the parts of a group, which is a pair otherwise.
pub(crate) fn group_attr(pair: &[Item], name: &Arc<str>) -> Option<Item> {
    match (&**name, pair) {
        ("grouper", [key, _]) => Some(key.clone()),
        ("list", [_, items]) => Some(items.clone()),
        _ => None,
    }
}
