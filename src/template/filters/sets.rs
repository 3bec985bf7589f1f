//! Filters that treat lists as sets, and those that pair lists up.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::sort::unique;
use crate::template::eval::{Args, Machine, Number, Run, equal, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::python_random::PythonRandom;

/// More combinations than this are refused rather than exhaust memory.
const MOST: usize = 1_000_000;

fn two(run: &Run<'_, '_>, item: &Item, args: Args) -> Outcome<(Vec<Item>, Vec<Item>)> {
    let [other] = args.bind(["b"])?;
    Ok((run.iterate(item)?, run.iterate(&required(other, "b")?)?))
}

fn has(m: &Machine<'_>, items: &[Item], item: &Item) -> Outcome<bool> {
    for other in items {
        if equal(m, other, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn keep(m: &Machine<'_>, items: Vec<Item>, others: &[Item], wanted: bool) -> Outcome<Vec<Item>> {
    let mut out = Vec::new();
    for item in unique(m, items, |item| Ok(item.clone()))? {
        if has(m, others, &item)? == wanted {
            out.push(item);
        }
    }
    Ok(out)
}

/// `difference(b)`: what is not in the other.
pub(super) fn difference(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (a, b) = two(run, item, args)?;
    keep(run, a, &b, false).map(Item::list)
}

/// `intersect(b)`: what is in both.
pub(super) fn intersect(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (a, b) = two(run, item, args)?;
    keep(run, a, &b, true).map(Item::list)
}

/// `union(b)`: what is in either.
pub(super) fn union(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (mut a, b) = two(run, item, args)?;
    a.extend(b);
    unique(run, a, |item| Ok(item.clone())).map(Item::list)
}

/// `symmetric_difference(b)`: what is in one of them only.
pub(super) fn symmetric_difference(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let (a, b) = two(run, item, args)?;
    let mut out = keep(run, a.clone(), &b, false)?;
    out.extend(keep(run, b, &a, false)?);
    Ok(Item::list(out))
}

/// `zip(others…)`: tuples of the items at the same place, as long as the shortest.
pub(super) fn zip(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let lists = all(run, item, args)?;
    let length = lists.iter().map(Vec::len).min().unwrap_or(0);
    Ok(rows(&lists, length, &Item::NULL))
}

/// `zip_longest(others…, fillvalue=None)`: as long as the longest.
pub(super) fn zip_longest(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let fill = args.take("fillvalue").unwrap_or(Item::NULL);
    let lists = all(run, item, args)?;
    let length = lists.iter().map(Vec::len).max().unwrap_or(0);
    Ok(rows(&lists, length, &fill))
}

fn all(run: &Run<'_, '_>, item: &Item, args: Args) -> Outcome<Vec<Vec<Item>>> {
    if let Some((name, _)) = args.named.first() {
        return Err(Fault::new(format!("there is no argument `{name}`")));
    }
    let own = run.iterate(item);
    std::iter::once(own).chain(args.positional.into_iter().map(|item| run.iterate(&item))).collect()
}

fn rows(lists: &[Vec<Item>], length: usize, fill: &Item) -> Item {
    let row = |index: usize| Item::tuple(lists.iter().map(|list| list.get(index).unwrap_or(fill).clone()).collect());
    Item::list((0..length).map(row).collect())
}

/// `product(others…, repeat=1)`: every choice of one item of each.
pub(super) fn product(run: &mut Run<'_, '_>, item: &Item, mut args: Args) -> Outcome {
    let repeat = args.take("repeat").map(|item| int_of(&item)).transpose()?.unwrap_or(1);
    let lists = all(run, item, args)?;
    let repeat = usize::try_from(repeat).unwrap_or(0).min(64);
    let lists: Vec<&Vec<Item>> = (0..repeat).flat_map(|_| lists.iter()).collect();
    let mut total = 1_usize;
    for list in &lists {
        total = total.saturating_mul(list.len());
    }
    too_many(total)?;
    let mut out: Vec<Vec<Item>> = vec![Vec::new()];
    for list in lists {
        out = out
            .iter()
            .flat_map(|row| list.iter().map(|item| row.iter().cloned().chain([item.clone()]).collect()))
            .collect();
    }
    Ok(Item::list(out.into_iter().map(Item::tuple).collect()))
}

fn too_many(count: usize) -> Outcome<()> {
    if count > MOST { Err(Fault::new(format!("more than {MOST} results"))) } else { Ok(()) }
}

/// `permutations(r=None)`: every order of so many items.
pub(super) fn permutations(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    choices(run, item, args, true)
}

/// `combinations(r)`: every choice of so many items.
pub(super) fn combinations(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    choices(run, item, args, false)
}

fn choices(run: &Run<'_, '_>, item: &Item, args: Args, ordered: bool) -> Outcome {
    let [count] = args.bind(["r"])?;
    let items = run.iterate(item)?;
    let count = match count {
        Some(count) if !count.is_null() => usize::try_from(int_of(&count)?).unwrap_or(usize::MAX),
        _ if ordered => items.len(),
        _ => return Err(Fault::new("argument `r` is missing")),
    };
    if count > items.len() {
        return Ok(Item::list(Vec::new()));
    }
    let mut out = Vec::new();
    choose(&items, count, ordered, &mut Vec::new(), &mut out)?;
    Ok(Item::list(out))
}

fn choose(items: &[Item], count: usize, ordered: bool, chosen: &mut Vec<usize>, out: &mut Vec<Item>) -> Outcome<()> {
    if chosen.len() == count {
        too_many(out.len())?;
        out.push(Item::tuple(chosen.iter().filter_map(|index| items.get(*index).cloned()).collect()));
        return Ok(());
    }
    let first = if ordered { 0 } else { chosen.last().map_or(0, |last| last + 1) };
    for index in first..items.len() {
        if ordered && chosen.contains(&index) {
            continue;
        }
        chosen.push(index);
        choose(items, count, ordered, chosen, out)?;
        chosen.pop();
    }
    Ok(())
}

/// `subelements(key, skip_missing=false)`: pairs of an item and each element of a list in it.
pub(super) fn subelements(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [path, skip_missing] = args.bind(["subelements", "skip_missing"])?;
    let path = required(path, "subelements")?;
    let skip_missing = skip_missing.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let names: Vec<Item> = match path.as_str() {
        Some(path) => path.split('.').map(Item::text).collect(),
        None => run.iterate(&path)?,
    };
    let items = match run.entries(item)? {
        Some(entries) => entries.into_iter().map(|(_, value)| value).collect(),
        None => run.iterate(item)?,
    };
    let mut out = Vec::new();
    for item in items {
        let mut found = item.clone();
        for name in &names {
            found = run.item(&found, name)?;
        }
        if found.is_missing() {
            if skip_missing {
                continue;
            }
            return Err(Fault::new(format!("an item has no key '{}'", run.display(&path)?)));
        }
        if run.entries(&found)?.is_some() || found.as_str().is_some() {
            return Err(Fault::new(format!("'{}' must be a list, not '{}'", run.display(&path)?, found.type_name())));
        }
        for element in run.iterate(&found)? {
            out.push(Item::tuple(vec![item.clone(), element]));
        }
    }
    Ok(Item::list(out))
}

/// `shuffle(seed=None)`: with a seed the order that Python gives.
pub(super) fn shuffle(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [seed] = args.bind(["seed"])?;
    let mut items = run.iterate(item)?;
    match seeded(run, seed)? {
        Some(mut random) => random.shuffle(&mut items),
        None => items.shuffle(&mut rand::rng()),
    }
    Ok(Item::list(items))
}

/// `random(start=None, step=None, seed=None)`: an item of a list, or a number below one; with a seed what Python draws.
pub(super) fn random(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [start, step, seed] = args.bind(["start", "step", "seed"])?;
    let mut seeded = seeded(run, seed)?;
    let mut below = |limit: i128| -> Outcome<i128> {
        let limit = u128::try_from(limit).ok().filter(|limit| *limit > 0);
        let limit = limit.ok_or_else(|| Fault::new("there is nothing to choose from"))?;
        let drawn = match &mut seeded {
            Some(random) => random.below(limit),
            None => rand::rng().random_range(0..limit),
        };
        Ok(i128::try_from(drawn).unwrap_or(0))
    };
    let number = |item: Option<Item>, otherwise: i128| match item {
        Some(item) if !item.is_null() => int_of(&item),
        _ => Ok(otherwise),
    };
    if Number::of(item).is_some() {
        let (start, step) = (number(start, 0)?, number(step, 1)?.max(1));
        let width = int_of(item)?.saturating_sub(start);
        let count = width / step + i128::from(width % step > 0);
        return Ok(Item::int(start + step * below(count)?));
    }
    if start.is_some() || step.is_some() {
        return Err(Fault::new("start and step can only be used with integer values"));
    }
    let items = run.iterate(item)?;
    let index = below(i128::try_from(items.len()).unwrap_or(i128::MAX))?;
    Ok(usize::try_from(index).ok().and_then(|index| items.into_iter().nth(index)).unwrap_or(Item::NULL))
}

fn seeded(run: &Run<'_, '_>, seed: Option<Item>) -> Outcome<Option<PythonRandom>> {
    Ok(match seed {
        None => None,
        Some(seed) if seed.is_null() => None,
        Some(seed) => Some(match Number::of(&seed) {
            Some(Number::Int(number)) => PythonRandom::seeded_by_number(number),
            _ => PythonRandom::seeded_by_text(&run.display(&seed)?),
        }),
    })
}
