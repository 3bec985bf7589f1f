//! The functions.

use std::cell::{Cell, RefCell};

use indexmap::IndexMap;
use rand::RngExt as _;

use crate::template::eval::{Args, Run, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Cycler, Item, Object};
use crate::template::{lookups, methods};
use crate::value::Key;

/// `range([start,] stop[, step])`.
pub(super) fn range(_: &mut Run<'_, '_>, args: Args) -> Outcome {
    let given = args.bind(["start", "stop", "step"])?;
    let numbers = given.iter().flatten().map(int_of).collect::<Outcome<Vec<_>>>()?;
    let (start, stop, step) = match numbers[..] {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, step] => (start, stop, step),
        _ => return Err(Fault::new("at least 1 argument is expected")),
    };
    if step == 0 {
        return Err(Fault::new("the step must not be zero"));
    }
    if (stop.saturating_sub(start) / step) > 10_000_000 {
        return Err(Fault::new("the range is too long"));
    }
    Ok(Item::object(Object::Range(start, stop, step)))
}

/// `dict(pairs, name=value…)`.
pub(super) fn dict(run: &mut Run<'_, '_>, mut args: Args) -> Outcome {
    let named = std::mem::take(&mut args.named);
    let [pairs] = args.bind(["pairs"])?;
    let mut map = IndexMap::new();
    if let Some(pairs) = pairs {
        match run.entries(&pairs)? {
            Some(entries) => map.extend(entries),
            None => {
                for pair in run.iterate(&pairs)? {
                    let [key, value] = <[Item; 2]>::try_from(run.iterate(&pair)?)
                        .map_err(|_| Fault::new("each element must be a pair of key and value"))?;
                    map.insert(run.key(&key)?, value);
                }
            }
        }
    }
    map.extend(named.into_iter().map(|(name, item)| (Key::Str(name), item)));
    Ok(Item::map(map))
}

/// `namespace(name=value…)`: something whose names can be set inside loops.
pub(super) fn namespace(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    let mut names = IndexMap::new();
    for item in &args.positional {
        for (key, value) in run.entries(item)?.unwrap_or_default() {
            names.insert(key.to_string().into(), value);
        }
    }
    names.extend(args.named);
    Ok(Item::object(Object::Namespace(RefCell::new(names))))
}

/// `cycler(items…)`.
pub(super) fn cycler(_: &mut Run<'_, '_>, args: Args) -> Outcome {
    if args.positional.is_empty() {
        return Err(Fault::new("at least one item has to be provided"));
    }
    Ok(Item::object(Object::Cycler(Cycler { items: args.positional, position: Cell::new(0) })))
}

/// `joiner(sep=', ')`: nothing the first time it is called, the separator afterwards.
pub(super) fn joiner(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    let [separator] = args.bind(["sep"])?;
    let separator = separator.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| ", ".to_owned());
    Ok(Item::object(Object::Joiner(separator.into(), Cell::new(false))))
}

/// `now(utc=false, fmt=None)`: the time on the controller.
pub(super) fn now(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    let [utc, format] = args.bind(["utc", "fmt"])?;
    let utc = utc.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let zone = if utc { jiff::tz::TimeZone::UTC } else { jiff::tz::TimeZone::system() };
    let zoned = jiff::Timestamp::now().to_zoned(zone);
    match format {
        Some(format) if !format.is_null() => {
            let format = run.display(&format)?;
            jiff::fmt::strtime::format(&format, &zoned).map(Item::text).map_err(|error| Fault::new(error.to_string()))
        }
        _ => Ok(Item::object(Object::DateTime(zoned.datetime()))),
    }
}

/// `undef(hint=None)`: something that does not exist; a role's defaults use it for what its user must set.
pub(super) fn undef(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    let [hint] = args.bind(["hint"])?;
    let hint = match hint {
        Some(hint) if !hint.is_null() => run.display(&hint)?,
        _ => "the variable is undefined on purpose".to_owned(),
    };
    Ok(Item::missing(Fault::undefined(hint)))
}

/// `lookup(name, terms…, wantlist=false, errors='strict', …)`.
pub(super) fn lookup(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    lookups::call(run, args, false)
}

/// `query(name, terms…)`, `q`: the same, always a list.
pub(super) fn query(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    lookups::call(run, args, true)
}

const WORDS: &[&str] = &[
    "a",
    "ac",
    "ad",
    "amet",
    "ante",
    "arcu",
    "at",
    "augue",
    "bibendum",
    "commodo",
    "consectetuer",
    "cras",
    "cubilia",
    "dapibus",
    "diam",
    "dictum",
    "dolor",
    "donec",
    "duis",
    "egestas",
    "eget",
    "elit",
    "enim",
    "erat",
    "eros",
    "est",
    "et",
    "etiam",
    "eu",
    "fames",
    "faucibus",
    "felis",
    "fusce",
    "gravida",
    "habitant",
    "iaculis",
    "id",
    "in",
    "ipsum",
    "justo",
    "lacinia",
    "lacus",
    "laoreet",
    "lectus",
    "leo",
    "libero",
    "ligula",
    "lorem",
    "luctus",
    "magna",
    "massa",
    "mauris",
    "metus",
    "mi",
    "mollis",
    "nam",
    "natoque",
    "nec",
    "neque",
    "nibh",
    "nisi",
    "non",
    "nulla",
    "nunc",
    "odio",
    "orci",
    "ornare",
    "pede",
    "pharetra",
    "porta",
    "proin",
    "purus",
    "quam",
    "quis",
    "risus",
    "rutrum",
    "sagittis",
    "sapien",
    "sed",
    "sem",
    "sit",
    "sociis",
    "tellus",
    "tempus",
    "tortor",
    "tristique",
    "turpis",
    "ultrices",
    "urna",
    "ut",
    "varius",
    "vel",
    "velit",
    "vitae",
    "viverra",
];

/// `lipsum(n=5, html=true, min=20, max=100)`: filler text.
pub(super) fn lipsum(run: &mut Run<'_, '_>, args: Args) -> Outcome {
    let [count, html, min, max] = args.bind(["n", "html", "min", "max"])?;
    let number = |item: Option<Item>, otherwise: usize| -> Outcome<usize> {
        item.map_or(Ok(otherwise), |item| Ok(usize::try_from(int_of(&item)?).unwrap_or(0).min(10_000)))
    };
    let (count, min, max) = (number(count, 5)?, number(min, 20)?, number(max, 100)?);
    let html = html.map(|item| run.truthy(&item)).transpose()?.unwrap_or(true);
    let mut random = rand::rng();
    let paragraphs: Vec<String> = (0..count)
        .map(|_| {
            let length = if max > min { random.random_range(min..max) } else { min };
            let words: Vec<&str> =
                (0..length).filter_map(|_| WORDS.get(random.random_range(0..WORDS.len())).copied()).collect();
            methods::capitalize(&words.join(" ")) + "."
        })
        .collect();
    Ok(Item::text(if html {
        paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect::<Vec<_>>().join("\n")
    } else {
        paragraphs.join("\n\n")
    }))
}
