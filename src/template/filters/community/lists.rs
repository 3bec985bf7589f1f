//! Any number of lists as sets.

use crate::template::eval::{Args, Run, equal};
use crate::template::fault::{Fault, Outcome};
use crate::template::filters::sort::unique;
use crate::template::item::Item;

/// The lists given; with `flatten` lists of lists are laid out.
fn lists(run: &Run<'_, '_>, item: &Item, mut args: Args) -> Outcome<Vec<Vec<Item>>> {
    let flatten = args.take("flatten").map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    if let Some((name, _)) = args.named.first() {
        return Err(Fault::new(format!("there is no argument `{name}`")).help(Some("there is `flatten`".to_owned())));
    }
    let mut out = Vec::new();
    for item in std::iter::once(item).chain(&args.positional) {
        if item.as_str().is_some() || run.entries(item)?.is_some() {
            return Err(Fault::new(format!("it takes lists, not '{}'", item.type_name())));
        }
        let items = run.iterate(item)?;
        if flatten && items.is_empty() {
            continue;
        }
        if flatten && items.iter().all(|item| item.as_str().is_none() && run.iterate(item).is_ok()) {
            for item in &items {
                out.push(run.iterate(item)?);
            }
        } else {
            out.push(items);
        }
    }
    Ok(out)
}

fn once(run: &Run<'_, '_>, items: Vec<Item>) -> Outcome<Vec<Item>> {
    unique(run, items, |item| Ok(item.clone()))
}

fn holds(run: &Run<'_, '_>, items: &[Item], wanted: &Item) -> Outcome<bool> {
    for item in items {
        if equal(run, item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn picked(run: &Run<'_, '_>, items: Vec<Item>, others: &[Item], wanted: bool) -> Outcome<Vec<Item>> {
    let mut out = Vec::new();
    for item in items {
        if holds(run, others, &item)? == wanted {
            out.push(item);
        }
    }
    Ok(out)
}

/// Puts lists together two at a time; one alone stays as it is.
fn folded(
    run: &mut Run<'_, '_>,
    item: &Item,
    args: Args,
    step: impl Fn(&Run<'_, '_>, Vec<Item>, Vec<Item>) -> Outcome<Vec<Item>>,
) -> Outcome {
    let mut lists = lists(run, item, args)?.into_iter();
    let Some(mut result) = lists.next() else { return Ok(Item::list(Vec::new())) };
    for list in lists {
        result = step(run, result, list)?;
    }
    Ok(Item::list(result))
}

/// `community.general.lists_union(others…, flatten=false)`: what is in any of the lists, each once.
pub(crate) fn lists_union(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    folded(run, item, args, |run, a, b| once(run, a.into_iter().chain(b).collect()))
}

/// `community.general.lists_intersect(others…, flatten=false)`: what is in all of them.
pub(crate) fn lists_intersect(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    folded(run, item, args, |run, a, b| picked(run, once(run, a)?, &b, true))
}

/// `community.general.lists_difference(others…, flatten=false)`: what is in the first alone.
pub(crate) fn lists_difference(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    folded(run, item, args, |run, a, b| picked(run, once(run, a)?, &b, false))
}

/// `community.general.lists_symmetric_difference(others…, flatten=false)`.
pub(crate) fn lists_symmetric_difference(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    folded(run, item, args, |run, a, b| {
        let both = picked(run, a.clone(), &b, true)?;
        picked(run, once(run, a.into_iter().chain(b).collect())?, &both, false)
    })
}
