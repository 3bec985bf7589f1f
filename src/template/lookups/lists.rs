//! Lookups that rearrange lists and mappings.

#![expect(clippy::unnecessary_wraps, reason = "the table's functions have one signature")]

use rand::RngExt as _;

use super::call::Request;
use crate::template::eval::{from_key, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::{Key, Map, Value};

/// A list laid out one level.
fn flat(items: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut out = Vec::new();
    for item in items {
        match item {
            Value::List(items) => out.extend(items.iter().cloned()),
            item => out.push(item),
        }
    }
    out
}

/// `items`: the terms, lists among them laid out one level.
pub(super) fn items(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    Ok(flat(std::mem::take(&mut request.terms)))
}

/// `list`: the terms as they are.
pub(super) fn list(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    Ok(std::mem::take(&mut request.terms))
}

/// `flattened`: the terms, lists among them laid out to any depth.
pub(super) fn flattened(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    fn go(items: &[Value], out: &mut Vec<Value>) {
        for item in items {
            match item {
                Value::List(items) => go(items, out),
                Value::Null => {}
                Value::Str(text) if matches!(text.as_str(), "None" | "null") => {}
                item => out.push(item.clone()),
            }
        }
    }
    let mut out = Vec::new();
    go(&request.terms, &mut out);
    Ok(out)
}

/// `dict`: mappings as lists of `key` and `value`.
pub(super) fn dict(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for term in std::mem::take(&mut request.terms) {
        let Value::Map(map) = &term else {
            return Err(Fault::new(format!("it takes a dictionary, not '{}'", term.type_name())));
        };
        for (key, value) in map.iter() {
            let key = request.machine.plain(&from_key(key))?;
            out.push(Value::map(Map::from([(Key::from("key"), key), (Key::from("value"), value.clone())])));
        }
    }
    Ok(out)
}

fn as_list(term: &Value) -> Outcome<Vec<Value>> {
    match term {
        Value::List(items) => Ok(items.to_vec()),
        other => Err(Fault::new(format!("'{}' object is not iterable", other.type_name()))
            .help(Some("each term is a list".to_owned()))),
    }
}

/// `nested`, `cartesian`: every choice of one item of each list.
pub(super) fn nested(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let mut lists = request.terms.iter().map(as_list).collect::<Outcome<Vec<_>>>()?.into_iter();
    let Some(first) = lists.next() else {
        return Err(Fault::new("it takes at least one list"));
    };
    let mut rows: Vec<Vec<Value>> = first.into_iter().map(|item| flat([item])).collect();
    for list in lists {
        rows = rows
            .iter()
            .flat_map(|row| list.iter().map(|item| row.iter().cloned().chain(flat([item.clone()])).collect::<Vec<_>>()))
            .collect();
    }
    Ok(rows.into_iter().map(Value::list).collect())
}

/// `together`: the items at the same place of each list; what is short is filled with nothing.
pub(super) fn together(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let lists = request.terms.iter().map(as_list).collect::<Outcome<Vec<_>>>()?;
    if lists.is_empty() {
        return Err(Fault::new("it takes at least one list"));
    }
    let length = lists.iter().map(Vec::len).max().unwrap_or(0);
    Ok((0..length)
        .map(|index| Value::list(flat(lists.iter().map(|list| list.get(index).cloned().unwrap_or(Value::Null)))))
        .collect())
}

/// `indexed_items`: pairs of a position and an item.
pub(super) fn indexed_items(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let terms = match &request.terms[..] {
        [Value::List(items)] => items.to_vec(),
        terms => terms.to_vec(),
    };
    Ok(terms
        .into_iter()
        .enumerate()
        .map(|(index, item)| Value::list(vec![Value::Int(i128::try_from(index).unwrap_or(i128::MAX)), item]))
        .collect())
}

/// `random_choice`: one of the terms.
pub(super) fn random_choice(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    if request.terms.is_empty() {
        return Ok(Vec::new());
    }
    let index = rand::rng().random_range(0..request.terms.len());
    Ok(request.terms.get(index).cloned().into_iter().collect())
}

/// `subelements`: pairs of an item, without the list at issue, and each element of that list.
pub(super) fn subelements(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let usage =
        || Fault::new("it takes a list, the name of a list in its items, and perhaps a dictionary with `skip_missing`");
    let (source, path, flags) = match &request.terms[..] {
        [source, path] => (source, path, None),
        [source, path, Value::Map(flags)] => (source, path, Some(flags)),
        _ => return Err(usage()),
    };
    let skip_missing = flags
        .and_then(|flags| flags.get("skip_missing"))
        .is_some_and(|value| crate::value::parse_bool(value).unwrap_or(false));
    let path = path.as_str().ok_or_else(usage)?;
    let names: Vec<&str> = path.split('.').collect();
    let items: Vec<Value> = match source {
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.values().cloned().collect(),
        _ => return Err(usage()),
    };
    let mut out = Vec::new();
    for item in items {
        if !matches!(item, Value::Map(_)) {
            return Err(Fault::new(format!("it takes a list of dictionaries, and '{}' is in it", item.type_name())));
        }
        if item.get("skipped").is_some_and(crate::value::is_truthy) {
            continue;
        }
        let mut rest = item.clone();
        match take_path(&mut rest, &names) {
            Some(Value::List(elements)) => {
                out.extend(elements.iter().map(|element| Value::list(vec![rest.clone(), element.clone()])));
            }
            Some(other) => {
                return Err(Fault::new(format!("the key '{path}' should hold a list, not '{}'", other.type_name())));
            }
            None if skip_missing => {}
            None => {
                return Err(Fault::new(format!("could not find the key '{path}' in an item"))
                    .help(Some("`skip_missing: true` passes over such items".to_owned())));
            }
        }
    }
    Ok(out)
}

/// Takes the value at a path out of nested mappings.
fn take_path(value: &mut Value, names: &[&str]) -> Option<Value> {
    let Value::Map(map) = value else { return None };
    let map = std::sync::Arc::make_mut(map);
    match names {
        [] => None,
        [last] => map.shift_remove(*last),
        [first, rest @ ..] => take_path(map.get_mut(*first)?, rest),
    }
}

/// `sequence`: numbers under a pattern, from `start=0 end=11 stride=2 format=host%02d`, from `2-6/2:host%02d`, or from options.
pub(super) fn sequence(request: &mut Request<'_, '_>) -> Outcome<Vec<Value>> {
    let number = |value: Option<Value>| value.map(|value| int_of(&Item::Value(value))).transpose();
    let mut given = Span {
        start: number(request.option("start"))?,
        end: number(request.option("end"))?,
        count: number(request.option("count"))?,
        stride: number(request.option("stride"))?,
        format: request.text_option("format")?,
    };
    let mut terms = request.texts()?;
    if terms.is_empty() {
        terms.push(String::new());
    }
    let mut out = Vec::new();
    for term in terms {
        given.read(&term)?;
        out.extend(given.numbers(request)?);
        given = Span::default();
    }
    Ok(out)
}

#[derive(Default)]
struct Span {
    start: Option<i128>,
    end: Option<i128>,
    count: Option<i128>,
    stride: Option<i128>,
    format: Option<String>,
}

impl Span {
    fn read(&mut self, term: &str) -> Outcome<()> {
        let term = term.trim();
        if term.is_empty() {
            return Ok(());
        }
        let invalid = |part: &str| Fault::new(format!("`{part}` is no number"));
        if term.contains('=') {
            for word in super::words::words(term) {
                let Some((name, value)) = word.split_once('=') else {
                    return Err(Fault::new(format!("`{word}` is not of the form name=value")));
                };
                let number = || integer(value).ok_or_else(|| invalid(value));
                match name {
                    "start" => self.start = Some(number()?),
                    "end" => self.end = Some(number()?),
                    "count" => self.count = Some(number()?),
                    "stride" => self.stride = Some(number()?),
                    "format" => self.format = Some(value.to_owned()),
                    other => {
                        let help = crate::diag::did_you_mean(other, ["start", "end", "count", "stride", "format"]);
                        return Err(Fault::new(format!("there is no option `{other}`")).help(help));
                    }
                }
            }
            return Ok(());
        }
        let (range, format) = term.split_once(':').map_or((term, None), |(range, format)| (range, Some(format)));
        let (range, stride) = range.split_once('/').map_or((range, None), |(range, stride)| (range, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        self.start = start.map(|start| integer(start).ok_or_else(|| invalid(start))).transpose()?;
        self.end = Some(integer(end).ok_or_else(|| invalid(end))?);
        self.stride = stride.map(|stride| integer(stride).ok_or_else(|| invalid(stride))).transpose()?;
        self.format = format.map(str::to_owned);
        Ok(())
    }

    fn numbers(&self, request: &Request<'_, '_>) -> Outcome<Vec<Value>> {
        let start = self.start.unwrap_or(1);
        let stride = self.stride.unwrap_or(1);
        let end = match (self.count, self.end) {
            (Some(_), Some(_)) => return Err(Fault::new("can't specify both count and end")),
            (None, None) => return Err(Fault::new("must specify count or end")),
            (Some(0), None) => return Ok(Vec::new()),
            (Some(count), None) => start + (count - 1) * stride,
            (None, Some(end)) => end,
        };
        if stride > 0 && end < start {
            return Err(Fault::new("to count backwards make stride negative"));
        }
        if stride < 0 && end > start {
            return Err(Fault::new("to count forward don't make stride negative"));
        }
        if stride == 0 {
            return Ok(Vec::new());
        }
        if (end - start) / stride > 1_000_000 {
            return Err(Fault::new("the sequence has more than a million numbers"));
        }
        let last = end + stride.signum();
        crate::template::eval::range(start, last, stride)
            .map(|number| match &self.format {
                None => Ok(Value::data(number.to_string())),
                Some(format) => crate::template::methods::percent_format(request.machine, format, &Item::int(number))
                    .map(Value::data),
            })
            .collect()
    }
}

/// A number in decimal, `0x1f` or `017`.
fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i128::from_str_radix(digits, 16).ok();
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => i128::from_str_radix(digits.trim_start_matches('o'), 8).ok(),
        _ => text.parse().ok(),
    }
}
