//! Differences between facts, and facts of several sources put together.

use std::collections::{BTreeMap, BTreeSet};

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::json::{Style, dump};
use crate::template::regex::{Flags, Regex};
use crate::value::{Key, Map, Value, python_repr, python_str};

/// A fact as lines: dictionaries as JSON, lists an item a line; without the lines that are to be passed over.
fn lines(value: &Value, skipped: &[Regex]) -> Outcome<String> {
    let all: Vec<String> = match value {
        Value::Null => return Ok(String::new()),
        Value::Map(_) if skipped.is_empty() => {
            let style = Style { sort_keys: true, ..Style::indented(4) };
            return Ok(format!("{}\n", dump(value, &style)?));
        }
        Value::Map(map) => map.keys().map(ToString::to_string).collect(),
        Value::List(items) => items.iter().map(python_str).collect(),
        Value::Str(text) if skipped.is_empty() => return Ok(text.to_string()),
        Value::Str(text) => text.lines().map(str::to_owned).collect(),
        other => {
            return Err(Fault::new(format!("it compares texts, lists and dictionaries, not '{}'", other.type_name())));
        }
    };
    let mut out = String::new();
    for line in all {
        let mut skip = false;
        for regex in skipped {
            skip |= regex.matches_at_start(&line)?;
        }
        if !skip {
            out.push_str(&line);
            out.push('\n');
        }
    }
    Ok(out)
}

/// `ansible.utils.fact_diff(after, plugin={}, common=false)`: the lines of a unified diff, written as Python writes a list.
pub(crate) fn fact_diff(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [after, plugin, common] = args.bind(["after", "plugin", "common"])?;
    let common = common.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let plugin = plugin.map(|item| run.plain(&item)).transpose()?.unwrap_or(Value::Null);
    match plugin.get("name").and_then(Value::as_str) {
        None | Some("ansible.utils.native") => {}
        Some(other) => {
            return Err(Fault::new(format!("the plugin `{other}` is not there"))
                .help(Some("there is `ansible.utils.native`".to_owned())));
        }
    }
    let skipped = plugin.get("vars").and_then(|vars| vars.get("skip_lines"));
    let patterns = skipped.and_then(Value::as_list).unwrap_or(&[]);
    let skipped = patterns
        .iter()
        .map(|pattern| Regex::new(&python_str(pattern), Flags::default()))
        .collect::<Outcome<Vec<_>>>()?;
    let before = lines(&run.plain(item)?, &skipped)?;
    let after = lines(&run.plain(&required(after, "after")?)?, &skipped)?;
    let diff = similar::TextDiff::from_lines(&before, &after);
    let radius = before.lines().count().max(after.lines().count());
    let text =
        diff.unified_diff().context_radius(radius).header("before", "after").missing_newline_hint(true).to_string();
    let mut shown: Vec<Value> = text
        .lines()
        .filter(|line| !(line.is_empty() || common && line.starts_with(['+', '-'])))
        .map(Value::data)
        .collect();
    if !shown.is_empty() {
        shown.push(Value::data(""));
    }
    Ok(Item::text(python_repr(&Value::list(shown))))
}

/// `ansible.utils.param_list_compare(target)`: what `all`, names and `!names` choose from a list.
pub(crate) fn param_list_compare(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [target] = args.bind(["target"])?;
    let read =
        |item: &Item| -> Outcome<Vec<String>> { run.iterate(item)?.iter().map(|item| run.display(item)).collect() };
    let (base, target) = (read(item)?, read(&required(target, "target")?)?);
    let mut chosen = if target.iter().any(|name| name == "all") { base.clone() } else { Vec::new() };
    let mut unknown = Vec::new();
    for name in target.iter().filter_map(|name| name.strip_prefix('!')) {
        chosen.retain(|known| known != name);
    }
    for name in target.iter().filter(|name| *name != "all" && !name.starts_with('!')) {
        if !base.contains(name) {
            unknown.push(name.clone());
        } else if !chosen.contains(name) {
            chosen.push(name.clone());
        }
    }
    chosen.sort();
    let list = |names: Vec<String>| Value::list(names.into_iter().map(Value::from).collect());
    Ok(Item::Value(Value::map(Map::from([
        (Key::from("actionable"), list(chosen)),
        (Key::from("unsupported"), list(unknown)),
    ]))))
}

/// `ansible.utils.consolidate(fail_missing_match_key=true, fail_missing_match_value=true, fail_duplicate=true)`: what
/// several sources, each with `data`, `match_key` and `name`, say of the same things.
pub(crate) fn consolidate(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [no_key, no_value, duplicate] =
        args.bind(["fail_missing_match_key", "fail_missing_match_value", "fail_duplicate"])?;
    let truth = |item: Option<Item>| item.map_or(Ok(true), |item| run.truthy(&item));
    let (no_key, no_value, duplicate) = (truth(no_key)?, truth(no_value)?, truth(duplicate)?);
    let Value::List(sources) = run.plain(item)? else {
        return Err(Fault::new(format!("it takes a list of sources, not '{}'", item.type_name())));
    };
    let mut found: Vec<(Key, BTreeMap<String, Value>)> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let part =
            |name: &str| source.get(name).ok_or_else(|| Fault::new(format!("source {} has no `{name}`", index + 1)));
        let key = python_str(part("match_key")?);
        let data =
            part("data")?.as_list().ok_or_else(|| Fault::new(format!("`data` of source {} is no list", index + 1)))?;
        let mut by_value = BTreeMap::new();
        for (entry, item) in data.iter().enumerate() {
            let Some(value) = item.get(&key) else {
                if no_key {
                    return Err(Fault::new(format!("source {}, entry {} has no key '{key}'", index + 1, entry + 1)));
                }
                continue;
            };
            let value = python_str(value);
            if by_value.insert(value.clone(), item.clone()).is_some() && duplicate {
                return Err(Fault::new(format!("source {} has '{value}' more than once", index + 1)));
            }
        }
        found.push((Key::from(python_str(part("name")?)), by_value));
    }
    let all: BTreeSet<&String> = found.iter().flat_map(|(_, values)| values.keys()).collect();
    let mut out = Map::new();
    for value in all {
        let mut entry = Map::new();
        for (index, (name, values)) in found.iter().enumerate() {
            if no_value && !values.contains_key(value) {
                return Err(Fault::new(format!("source {} has nothing of '{value}'", index + 1)));
            }
            entry.insert(name.clone(), values.get(value).cloned().unwrap_or_else(Value::empty_map));
        }
        out.insert(Key::from(value.as_str()), Value::map(entry));
    }
    Ok(Item::Value(Value::map(out)))
}
