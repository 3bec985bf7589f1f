//! The functions of the language.

use std::cmp::Ordering;

use super::compare::number;
use super::eval::eval;
use super::tree::Node;
use crate::template::eval::truncate;
use crate::template::fault::{Fault, Outcome};
use crate::template::json::{Style, dump};
use crate::value::{Key, Map, Text, Value};

/// How many arguments each function takes, and whether it takes more.
const FUNCTIONS: &[(&str, usize, bool)] = &[
    ("abs", 1, false),
    ("avg", 1, false),
    ("ceil", 1, false),
    ("contains", 2, false),
    ("ends_with", 2, false),
    ("floor", 1, false),
    ("join", 2, false),
    ("keys", 1, false),
    ("length", 1, false),
    ("map", 2, false),
    ("max", 1, false),
    ("max_by", 2, false),
    ("merge", 0, true),
    ("min", 1, false),
    ("min_by", 2, false),
    ("not_null", 1, true),
    ("reverse", 1, false),
    ("sort", 1, false),
    ("sort_by", 2, false),
    ("starts_with", 2, false),
    ("sum", 1, false),
    ("to_array", 1, false),
    ("to_number", 1, false),
    ("to_string", 1, false),
    ("type", 1, false),
    ("values", 1, false),
];

/// Calls a function.
pub(super) fn call(name: &str, args: &[Node], value: &Value) -> Outcome<Value> {
    let Some((_, least, more)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        let help = crate::diag::did_you_mean(name, FUNCTIONS.iter().map(|(name, ..)| *name));
        return Err(Fault::new(format!("JMESPath has no function `{name}`")).help(help));
    };
    if args.len() < *least || (!more && args.len() > *least) {
        return Err(Fault::new(format!("`{name}()` takes {least} argument(s), {} given", args.len())));
    }
    match (name, args) {
        ("map", [node, list]) => {
            let (node, list) = (reference(name, node)?, list_of(name, eval(list, value)?)?);
            Ok(Value::list(list.iter().map(|item| eval(node, item)).collect::<Outcome<_>>()?))
        }
        ("sort_by" | "max_by" | "min_by", [list, node]) => by(name, list_of(name, eval(list, value)?)?, node),
        _ => {
            let args = args.iter().map(|node| eval(node, value)).collect::<Outcome<Vec<_>>>()?;
            plain(name, &args)
        }
    }
}

fn wrong(name: &str, wanted: &str, got: &Value) -> Fault {
    Fault::new(format!("`{name}()` takes {wanted}, not {}", type_of(got)))
}

fn reference<'n>(name: &str, node: &'n Node) -> Outcome<&'n Node> {
    match node {
        Node::Reference(inner) => Ok(inner),
        _ => Err(Fault::new(format!("`{name}()` takes an expression with `&` before it"))),
    }
}

fn list_of(name: &str, value: Value) -> Outcome<Vec<Value>> {
    match value {
        Value::List(items) => Ok(items.to_vec()),
        other => Err(wrong(name, "an array", &other)),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) | Value::Encrypted(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// The order of numbers or of texts.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Str(a), Value::Str(b)) => a.as_str().cmp(b.as_str()),
        _ => number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal),
    }
}

/// All numbers, or all texts.
fn alike(name: &str, items: &[Value]) -> Outcome<()> {
    let kind = items.first().map(type_of);
    match items.iter().find(|item| Some(type_of(item)) != kind || !matches!(type_of(item), "number" | "string")) {
        Some(odd) => Err(wrong(name, "numbers only or strings only", odd)),
        None => Ok(()),
    }
}

fn by(name: &str, list: Vec<Value>, node: &Node) -> Outcome<Value> {
    let node = reference(name, node)?;
    let keys = list.iter().map(|item| eval(node, item)).collect::<Outcome<Vec<_>>>()?;
    alike(name, &keys)?;
    let mut keyed: Vec<(Value, Value)> = keys.into_iter().zip(list).collect();
    Ok(match name {
        "sort_by" => {
            keyed.sort_by(|(a, _), (b, _)| order(a, b));
            Value::list(keyed.into_iter().map(|(_, item)| item).collect())
        }
        _ => best(keyed, name == "max_by").map_or(Value::Null, |(_, item)| item),
    })
}

/// The first of the greatest, or of the least.
fn best(keyed: Vec<(Value, Value)>, greatest: bool) -> Option<(Value, Value)> {
    keyed.into_iter().reduce(|best, other| {
        let better = order(&other.0, &best.0) == if greatest { Ordering::Greater } else { Ordering::Less };
        if better { other } else { best }
    })
}

fn plain(name: &str, args: &[Value]) -> Outcome<Value> {
    match (name, args) {
        ("not_null", args) => {
            Ok(args.iter().find(|value| !matches!(value, Value::Null)).cloned().unwrap_or(Value::Null))
        }
        ("merge", args) => {
            let mut out = Map::new();
            for arg in args {
                let map = arg.as_map().ok_or_else(|| wrong(name, "objects", arg))?;
                out.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Ok(Value::map(out))
        }
        ("contains", [Value::List(items), wanted]) => Ok(Value::Bool(items.contains(wanted))),
        ("contains", [Value::Str(text), wanted]) => match wanted {
            Value::Str(part) => Ok(Value::Bool(text.contains(part.as_str()))),
            other => Err(wrong(name, "a string to look for in a string", other)),
        },
        ("ends_with", [Value::Str(text), Value::Str(part)]) => Ok(Value::Bool(text.ends_with(part.as_str()))),
        ("starts_with", [Value::Str(text), Value::Str(part)]) => Ok(Value::Bool(text.starts_with(part.as_str()))),
        ("join", [Value::Str(glue), Value::List(items)]) => {
            let texts = items
                .iter()
                .map(|item| item.as_str().ok_or_else(|| wrong(name, "an array of strings", item)))
                .collect::<Outcome<Vec<_>>>()?;
            let joined = Text::data(texts.join(glue.as_str()));
            Ok(Value::Str(if args.iter().any(Value::holds_secret) { joined.into_secret() } else { joined }))
        }
        (_, [first, second]) => {
            let odd = if matches!(first, Value::Str(_) | Value::List(_)) { second } else { first };
            Err(wrong(name, if name == "join" { "a string and an array of strings" } else { "strings" }, odd))
        }
        (_, [value]) => one(name, value),
        _ => Err(Fault::new(format!("`{name}()` has the wrong number of arguments"))),
    }
}

/// The functions of one argument.
fn one(name: &str, value: &Value) -> Outcome<Value> {
    Ok(match (name, value) {
        ("abs", Value::Int(number)) => Value::Int(number.saturating_abs()),
        ("abs", Value::Float(number)) => Value::Float(number.abs()),
        ("ceil" | "floor", Value::Int(_))
        | ("to_array", Value::List(_))
        | ("to_string", Value::Str(_))
        | ("to_number", Value::Int(_) | Value::Float(_)) => value.clone(),
        ("ceil", Value::Float(number)) => Value::Int(truncate(number.ceil())),
        ("floor", Value::Float(number)) => Value::Int(truncate(number.floor())),
        ("abs" | "ceil" | "floor", other) => return Err(wrong(name, "a number", other)),
        ("length", Value::Str(text)) => count(text.chars().count()),
        ("length", Value::List(items)) => count(items.len()),
        ("length", Value::Map(map)) => count(map.len()),
        ("length", other) => return Err(wrong(name, "a string, array or object", other)),
        ("keys", Value::Map(map)) => Value::list(map.keys().map(key_value).collect()),
        ("values", Value::Map(map)) => Value::list(map.values().cloned().collect()),
        ("keys" | "values", other) => return Err(wrong(name, "an object", other)),
        ("reverse", Value::Str(text)) => Value::Str(Text::new(text.chars().rev().collect::<String>(), text.origin())),
        ("reverse", Value::List(items)) => Value::list(items.iter().rev().cloned().collect()),
        ("reverse", other) => return Err(wrong(name, "a string or array", other)),
        ("sort" | "max" | "min", Value::List(items)) => {
            alike(name, items)?;
            let mut items = items.to_vec();
            if name == "sort" {
                items.sort_by(order);
                Value::list(items)
            } else {
                let keyed = items.into_iter().map(|item| (item.clone(), item)).collect();
                best(keyed, name == "max").map_or(Value::Null, |(_, item)| item)
            }
        }
        ("sum" | "avg", Value::List(items)) => total(name, items)?,
        ("sort" | "max" | "min" | "sum" | "avg", other) => return Err(wrong(name, "an array", other)),
        ("to_array", other) => Value::list(vec![other.clone()]),
        ("to_string", other) => {
            let style = Style { separators: (",".to_owned(), ":".to_owned()), ..Style::compact() };
            let text = Text::data(dump(other, &style)?);
            Value::Str(if other.holds_secret() { text.into_secret() } else { text })
        }
        ("to_number", Value::Str(text)) => match (text.trim().parse(), text.trim().parse()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::Null,
        },
        ("to_number", _) => Value::Null,
        _ => Value::data(type_of(value)),
    })
}

fn total(name: &str, items: &[Value]) -> Outcome<Value> {
    if let Some(odd) = items.iter().find(|item| number(item).is_none()) {
        return Err(wrong(name, "an array of numbers", odd));
    }
    let whole = items.iter().try_fold(0_i128, |sum, item| sum.checked_add(item.as_int()?));
    let float: f64 = items.iter().filter_map(number).sum();
    Ok(match name {
        "sum" => whole.map_or(Value::Float(float), Value::Int),
        _ if items.is_empty() => Value::Null,
        #[expect(clippy::cast_precision_loss, reason = "an average")]
        _ => Value::Float(float / items.len() as f64),
    })
}

fn count(number: usize) -> Value {
    Value::Int(i128::try_from(number).unwrap_or(i128::MAX))
}

fn key_value(key: &Key) -> Value {
    match key {
        Key::Str(text) => Value::data(std::sync::Arc::clone(text)),
        Key::Int(number) => Value::Int(*number),
        Key::Bool(value) => Value::Bool(*value),
        Key::Null => Value::Null,
    }
}
