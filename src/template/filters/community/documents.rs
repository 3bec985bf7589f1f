//! Queries, CSV and INI.

use std::fmt::Write as _;

use crate::template::csv;
use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::ini::Ini;
use crate::template::item::Item;
use crate::template::jmespath;
use crate::value::{Key, Map, Value, python_str};

/// `community.general.json_query(expr)`: what a `JMESPath` expression finds.
pub(crate) fn json_query(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [expression] = args.bind(["expr"])?;
    let expression = run.display(&required(expression, "expr")?)?;
    jmespath::search(&expression, &run.plain(item)?).map(Item::Value)
}

/// `community.general.from_csv(dialect='excel', fieldnames, delimiter, skipinitialspace, strict)`: a dictionary for each row.
pub(crate) fn from_csv(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [dialect, names, delimiter, skip, _strict] =
        args.bind(["dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"])?;
    let dialect = dialect.map(|item| run.display(&item)).transpose()?;
    let separator = match dialect.as_deref() {
        None | Some("excel" | "unix") => ',',
        Some("excel-tab") => '\t',
        Some(other) => return Err(Fault::new(format!("dialect `{other}` is none of excel, excel-tab, unix"))),
    };
    let separator = match delimiter {
        Some(delimiter) if !delimiter.is_null() => {
            let text = run.display(&delimiter)?;
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(one), None) => one,
                _ => return Err(Fault::new("`delimiter` is one character")),
            }
        }
        _ => separator,
    };
    let skip = skip.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let text = run.display(item)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut rows = csv::rows(text, separator).into_iter().filter(|row| !matches!(&row[..], [cell] if cell.is_empty()));
    let names = match names {
        Some(names) if !names.is_null() => {
            run.iterate(&names)?.iter().map(|name| run.display(name)).collect::<Outcome<Vec<_>>>()?
        }
        _ => rows.next().unwrap_or_default(),
    };
    let clean = |cell: &str| if skip { cell.trim_start_matches(' ').to_owned() } else { cell.to_owned() };
    let mut out = Vec::new();
    for row in rows {
        let mut map = Map::new();
        for (index, name) in names.iter().enumerate() {
            let cell = row.get(index).map_or(Value::Null, |cell| Value::data(clean(cell)));
            map.insert(Key::from(clean(name)), cell);
        }
        if let Some(rest) = row.get(names.len()..).filter(|rest| !rest.is_empty()) {
            map.insert(Key::Null, Value::list(rest.iter().map(|cell| Value::data(clean(cell))).collect()));
        }
        out.push(Value::map(map));
    }
    Ok(Item::Value(Value::list(out)))
}

/// `community.general.from_ini`: a dictionary of sections, names in the case they have.
pub(crate) fn from_ini(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if item.as_str().is_none() {
        return Err(Fault::new(format!("it takes a text, not '{}'", item.type_name())));
    }
    let ini = Ini::parse(&run.display(item)?, true, false)?;
    let mut out = Map::new();
    let section = |name: &str| -> Value {
        Value::map(ini.whole(name).map(|(key, value)| (Key::from(key), Value::data(value))).collect())
    };
    let (defaults, own): (Vec<&str>, Vec<&str>) = ini.sections().partition(|name| *name == "DEFAULT");
    for name in own.into_iter().chain(defaults) {
        let section = section(name);
        if name != "DEFAULT" || crate::value::is_truthy(&section) {
            out.insert(Key::from(name), section);
        }
    }
    Ok(Item::Value(Value::map(out)))
}

/// `community.general.to_ini`: sections with `key = value` lines.
pub(crate) fn to_ini(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    let Value::Map(sections) = run.plain(item)? else {
        return Err(Fault::new(format!("it takes a dictionary, not '{}'", item.type_name())));
    };
    if sections.is_empty() {
        return Err(Fault::new("an empty dictionary makes no INI file"));
    }
    let mut out = String::new();
    // the defaults come first
    let rank = |key: &Key| usize::from(key.as_str() != Some("DEFAULT"));
    let mut ordered: Vec<(&Key, &Value)> = sections.iter().collect();
    ordered.sort_by_key(|(key, _)| rank(key));
    for (name, keys) in ordered {
        let keys = keys.as_map().ok_or_else(|| Fault::new(format!("section `{name}` is no dictionary")))?;
        if name.as_str() == Some("DEFAULT") && keys.is_empty() {
            continue;
        }
        let _ = writeln!(out, "[{name}]");
        for (key, value) in keys {
            let _ = writeln!(out, "{key} = {}", python_str(value).replace('\n', "\n\t"));
        }
        out.push('\n');
    }
    out.pop();
    Ok(Item::text(out))
}
