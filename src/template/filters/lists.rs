//! Filters on lists and other things that can be gone through.

use super::sort::{by_keys, folded, reach, unique as without_repeats};
use crate::template::eval::{Args, Run, int_of, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::syntax::Operator;
use crate::value::{Text, Value};

/// `batch(linecount, fill_with=None)`: lists of so many items each.
pub(super) fn batch(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [count, fill] = args.bind(["linecount", "fill_with"])?;
    let count = usize::try_from(int_of(&required(count, "linecount")?)?).unwrap_or(0);
    if count == 0 {
        return Err(Fault::new("batch size must be positive"));
    }
    let items = run.iterate(item)?;
    let mut rows: Vec<Vec<Item>> = items.chunks(count).map(<[Item]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (fill.filter(|fill| !fill.is_null()), rows.last_mut()) {
        last.resize(count, fill);
    }
    Ok(Item::list(rows.into_iter().map(Item::list).collect()))
}

/// `first`.
pub(super) fn first(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let first = run.iterate(item)?.into_iter().next();
    Ok(first.unwrap_or_else(|| Item::missing(Fault::undefined("No first item, sequence was empty."))))
}

/// `last`.
pub(super) fn last(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let last = run.iterate(item)?.pop();
    Ok(last.unwrap_or_else(|| Item::missing(Fault::undefined("No last item, sequence was empty."))))
}

/// `flatten(levels=None, skip_nulls=true)`: lists within the list laid out.
pub(super) fn flatten(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [levels, skip_nulls] = args.bind(["levels", "skip_nulls"])?;
    let levels = match levels {
        Some(levels) if !levels.is_null() => Some(int_of(&levels)?),
        _ => None,
    };
    let skip_nulls = skip_nulls.map(|item| run.truthy(&item)).transpose()?.unwrap_or(true);
    let mut out = Vec::new();
    flatten_into(run, item, levels, skip_nulls, &mut out)?;
    Ok(Item::list(out))
}

fn flatten_into(
    run: &Run<'_, '_>,
    item: &Item,
    levels: Option<i128>,
    skip_nulls: bool,
    out: &mut Vec<Item>,
) -> Outcome<()> {
    for item in run.iterate(item)? {
        let null = item.is_null() || matches!(item.as_str(), Some("None" | "null"));
        if skip_nulls && null {
            continue;
        }
        if is_list(&item) && levels.is_none_or(|levels| levels >= 1) {
            flatten_into(run, &item, levels.map(|levels| levels - 1), skip_nulls, out)?;
        } else {
            out.push(item);
        }
    }
    Ok(())
}

fn is_list(item: &Item) -> bool {
    matches!(item, Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_))
}

/// `join(d='', attribute=None)`.
pub(super) fn join(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [separator, attribute] = args.bind(["d", "attribute"])?;
    let separator = separator.map(|item| run.display(&item)).transpose()?.unwrap_or_default();
    let mut out = String::new();
    for (index, item) in run.iterate(item)?.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        match &attribute {
            Some(path) if !path.is_null() => out.push_str(&run.display(&reach(run, item, path, None)?)?),
            _ => out.push_str(&run.display(item)?),
        }
    }
    Ok(Item::text(out))
}

/// `length`, `count`.
pub(super) fn length(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    Ok(Item::int(run.length(item)? as u64))
}

/// `list`: the items of anything; a text's are its characters.
pub(super) fn list(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if let Item::Value(Value::List(_)) = item {
        return Ok(item.clone());
    }
    Ok(Item::list(run.iterate(item)?))
}

/// `max(case_sensitive=false, attribute=None)`.
pub(super) fn max(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    extreme(run, item, args, true)
}

/// `min(case_sensitive=false, attribute=None)`.
pub(super) fn min(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    extreme(run, item, args, false)
}

fn extreme(run: &Run<'_, '_>, item: &Item, args: Args, greatest: bool) -> Outcome {
    let [case_sensitive, attribute] = args.bind(["case_sensitive", "attribute"])?;
    let case_sensitive = case_sensitive.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let mut best: Option<(Item, Item)> = None;
    for item in run.iterate(item)? {
        let key = match &attribute {
            Some(path) if !path.is_null() => reach(run, &item, path, None)?.present()?,
            _ => item.clone(),
        };
        let key = if case_sensitive { key } else { folded(key) };
        let better = match &best {
            None => true,
            Some((best, _)) if greatest => crate::template::eval::order(run, &key, best, ">")?.is_gt(),
            Some((best, _)) => crate::template::eval::order(run, &key, best, "<")?.is_lt(),
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(match best {
        Some((_, item)) => item,
        None => Item::missing(Fault::undefined("No aggregated item, sequence was empty.")),
    })
}

/// `reverse`: of a list, or of a text's characters.
pub(super) fn reverse(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if let Some(text) = item.as_text() {
        let reversed: String = text.chars().rev().collect();
        return Ok(Item::Value(Value::Str(Text::new(reversed, text.origin()).into_data())));
    }
    let mut items = run.iterate(item)?;
    items.reverse();
    Ok(Item::list(items))
}

/// `slice(slices, fill_with=None)`: so many lists, as even as can be.
pub(super) fn slice(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [slices, fill] = args.bind(["slices", "fill_with"])?;
    let slices = usize::try_from(int_of(&required(slices, "slices")?)?).unwrap_or(0);
    if slices == 0 {
        return Err(Fault::new("the number of slices must be positive"));
    }
    let mut items = run.iterate(item)?.into_iter();
    let (each, longer) = (items.len() / slices, items.len() % slices);
    let mut out = Vec::with_capacity(slices.min(items.len() + 1));
    for index in 0..slices {
        let mut row: Vec<Item> = items.by_ref().take(each + usize::from(index < longer)).collect();
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_null())
            && index >= longer
        {
            row.push(fill.clone());
        }
        out.push(Item::list(row));
    }
    Ok(Item::list(out))
}

/// `sort(reverse=false, case_sensitive=false, attribute=None)`.
pub(super) fn sort(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [reverse, case_sensitive, attribute] = args.bind(["reverse", "case_sensitive", "attribute"])?;
    let reverse = reverse.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let case_sensitive = case_sensitive.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let paths: Vec<Item> = match attribute.filter(|item| !item.is_null()) {
        None => Vec::new(),
        Some(path) => match path.as_str() {
            Some(names) => names.split(',').map(|name| Item::text(name.trim())).collect(),
            None => vec![path],
        },
    };
    let fold = |item: Item| if case_sensitive { item } else { folded(item) };
    let keyed = run
        .iterate(item)?
        .into_iter()
        .map(|item| {
            let keys = if paths.is_empty() {
                vec![fold(item.clone())]
            } else {
                paths.iter().map(|path| reach(run, &item, path, None)?.present().map(fold)).collect::<Outcome<_>>()?
            };
            Ok((keys, item))
        })
        .collect::<Outcome<_>>()?;
    let sorted = by_keys(run, keyed, &[reverse])?;
    Ok(Item::list(sorted.into_iter().map(|(_, item)| item).collect()))
}

/// `sum(attribute=None, start=0)`.
pub(super) fn sum(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [attribute, start] = args.bind(["attribute", "start"])?;
    let mut total = start.unwrap_or(Item::int(0));
    for item in run.iterate(item)? {
        let item = match &attribute {
            Some(path) if !path.is_null() => reach(run, &item, path, None)?,
            _ => item,
        };
        total = run.binary(Operator::Add, &total, &item.present()?)?;
    }
    Ok(total)
}

/// `unique(case_sensitive=None, attribute=None)`: without repetitions, the first of each kept.
pub(super) fn unique(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [case_sensitive, attribute] = args.bind(["case_sensitive", "attribute"])?;
    // Ansible's own filter tells case apart unless it is told not to
    let case_sensitive = match case_sensitive {
        Some(item) if !item.is_null() => run.truthy(&item)?,
        _ => false,
    };
    let items = run.iterate(item)?;
    let run = &*run;
    let kept = without_repeats(run, items, |item| {
        let key = match &attribute {
            Some(path) if !path.is_null() => reach(run, item, path, None)?.present()?,
            _ => item.clone(),
        };
        Ok(if case_sensitive { key } else { folded(key) })
    })?;
    Ok(Item::list(kept))
}
