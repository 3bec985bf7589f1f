//! Keys of the dictionaries of a list: `community.general`'s `keep_keys`, `remove_keys` and `replace_keys`.

use crate::template::eval::{Args, Run, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::template::regex::{Flags, Regex};
use crate::value::{Key, Map, Value};

/// How a key is compared with what is wanted.
pub(super) enum Match {
    Equal(String),
    Starts(String),
    Ends(String),
    Pattern(Regex),
}

impl Match {
    pub(super) fn new(how: &str, wanted: &str) -> Outcome<Self> {
        Ok(match how {
            "equal" | "equality" => Self::Equal(wanted.to_owned()),
            "starts_with" => Self::Starts(wanted.to_owned()),
            "ends_with" => Self::Ends(wanted.to_owned()),
            "regex" => Self::Pattern(Regex::new(wanted, Flags::default())?),
            other => {
                return Err(Fault::new(format!(
                    "matching_parameter `{other}` is none of equal, starts_with, ends_with, regex"
                )));
            }
        })
    }

    pub(super) fn fits(&self, key: &str) -> Outcome<bool> {
        Ok(match self {
            Self::Equal(wanted) => key == wanted,
            Self::Starts(wanted) => key.starts_with(wanted.as_str()),
            Self::Ends(wanted) => key.ends_with(wanted.as_str()),
            Self::Pattern(regex) => regex.matches_at_start(key)?,
        })
    }
}

/// Whether any fits.
pub(super) fn any(matches: &[Match], key: &str) -> Outcome<bool> {
    for one in matches {
        if one.fits(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The texts of a list, or one text.
pub(super) fn targets(value: &Value) -> Outcome<Vec<String>> {
    let texts: Option<Vec<String>> = match value {
        Value::Str(text) => Some(vec![text.to_string()]),
        Value::List(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    match texts {
        Some(texts) if texts.iter().any(|text| !text.is_empty()) => Ok(texts),
        Some(_) => Err(Fault::new("the target can't be empty")),
        None => Err(Fault::new("the target is a text or a list of texts")),
    }
}

/// Pairs of what a key has to be before and is after.
pub(super) fn pairs(value: &Value, how: &str) -> Outcome<Vec<(Match, Key)>> {
    let items = value.as_list().filter(|items| !items.is_empty());
    let items = items.ok_or_else(|| Fault::new("the target is a list of dictionaries, and not empty"))?;
    items
        .iter()
        .map(|item| match (item.get("before").and_then(Value::as_str), item.get("after").and_then(Value::as_str)) {
            (Some(before), Some(after)) => Ok((Match::new(how, before)?, Key::from(after))),
            _ => Err(Fault::new("each item of the target has the texts `before` and `after`")),
        })
        .collect()
}

struct Call {
    data: Vec<std::sync::Arc<Map>>,
    target: Value,
    how: String,
}

fn call(run: &Run<'_, '_>, item: &Item, args: Args) -> Outcome<Call> {
    let [target, how] = args.bind(["target", "matching_parameter"])?;
    let target = run.plain(&required(target, "target")?)?;
    let how = how.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "equal".to_owned());
    let Value::List(items) = run.plain(item)? else {
        return Err(Fault::new(format!("it takes a list of dictionaries, not '{}'", item.type_name())));
    };
    let data = items
        .iter()
        .map(|item| match item {
            Value::Map(map) if map.keys().all(|key| key.as_str().is_some()) => Ok(std::sync::Arc::clone(map)),
            Value::Map(_) => Err(Fault::new("the keys must be texts")),
            other => Err(Fault::new(format!("it takes dictionaries, and '{}' is among them", other.type_name()))),
        })
        .collect::<Outcome<_>>()?;
    Ok(Call { data, target, how })
}

fn filtered(run: &Run<'_, '_>, item: &Item, args: Args, wanted: bool) -> Outcome {
    let call = call(run, item, args)?;
    let targets = targets(&call.target)?;
    if call.how == "regex" && targets.len() > 1 {
        return Err(Fault::new("with matching_parameter `regex` the target is one pattern"));
    }
    let matches = targets.iter().map(|target| Match::new(&call.how, target)).collect::<Outcome<Vec<_>>>()?;
    let mut out = Vec::with_capacity(call.data.len());
    for map in &call.data {
        let mut kept = Map::new();
        for (key, value) in map.iter() {
            if any(&matches, key.as_str().unwrap_or(""))? == wanted {
                kept.insert(key.clone(), value.clone());
            }
        }
        out.push(Value::map(kept));
    }
    Ok(Item::Value(Value::list(out)))
}

/// `community.general.keep_keys(target, matching_parameter='equal')`.
pub(crate) fn keep_keys(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    filtered(run, item, args, true)
}

/// `community.general.remove_keys(target, matching_parameter='equal')`.
pub(crate) fn remove_keys(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    filtered(run, item, args, false)
}

/// `community.general.replace_keys(target, matching_parameter='equal')`: the target has `before` and `after`.
pub(crate) fn replace_keys(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let call = call(run, item, args)?;
    let pairs = pairs(&call.target, &call.how)?;
    let mut out = Vec::with_capacity(call.data.len());
    for map in &call.data {
        let mut renamed = Map::with_capacity(map.len());
        for (key, value) in map.iter() {
            let mut name = key.clone();
            for (wanted, after) in &pairs {
                if wanted.fits(key.as_str().unwrap_or(""))? {
                    name = after.clone();
                    break;
                }
            }
            renamed.insert(name, value.clone());
        }
        out.push(Value::map(renamed));
    }
    Ok(Item::Value(Value::list(out)))
}
