//! The value of an expression.

use super::compare::{compare, is_false};
use super::functions;
use super::parser::parse;
use super::tree::Node;
use crate::template::fault::{Fault, Outcome};
use crate::value::{Key, Map, Value};

/// What an expression finds in a value.
pub(crate) fn search(expression: &str, value: &Value) -> Outcome<Value> {
    eval(&parse(expression)?, value)
}

/// Evaluates a part of an expression.
pub(super) fn eval(node: &Node, value: &Value) -> Outcome<Value> {
    Ok(match node {
        Node::Current => value.clone(),
        Node::Literal(literal) => literal.clone(),
        Node::Field(name) => value.get(name).cloned().unwrap_or(Value::Null),
        Node::Index(index) => value.as_list().and_then(|items| at(items, *index)).cloned().unwrap_or(Value::Null),
        Node::Slice(parts) => match value.as_list() {
            Some(items) => Value::list(slice(items, *parts)?),
            None => Value::Null,
        },
        Node::Sub(left, right) | Node::Pipe(left, right) => eval(right, &eval(left, value)?)?,
        Node::Or(left, right) => {
            let found = eval(left, value)?;
            if is_false(&found) { eval(right, value)? } else { found }
        }
        Node::And(left, right) => {
            let found = eval(left, value)?;
            if is_false(&found) { found } else { eval(right, value)? }
        }
        Node::Not(inner) => Value::Bool(is_false(&eval(inner, value)?)),
        Node::Compare(comparator, left, right) => compare(*comparator, &eval(left, value)?, &eval(right, value)?)?,
        Node::List(base, then) => match eval(base, value)? {
            Value::List(items) => each(items.iter(), then)?,
            _ => Value::Null,
        },
        Node::Values(base, then) => match eval(base, value)? {
            Value::Map(map) => each(map.values(), then)?,
            _ => Value::Null,
        },
        Node::Filter { base, then, condition } => match eval(base, value)? {
            Value::List(items) => {
                let mut kept = Vec::new();
                for item in items.iter() {
                    if !is_false(&eval(condition, item)?) {
                        kept.push(item.clone());
                    }
                }
                each(kept.iter(), then)?
            }
            _ => Value::Null,
        },
        Node::Flatten(base) => match eval(base, value)? {
            Value::List(items) => {
                let mut out = Vec::new();
                for item in items.iter() {
                    match item {
                        Value::List(inner) => out.extend(inner.iter().cloned()),
                        item => out.push(item.clone()),
                    }
                }
                Value::list(out)
            }
            _ => Value::Null,
        },
        Node::MultiList(_) | Node::MultiMap(_) if matches!(value, Value::Null) => Value::Null,
        Node::MultiList(nodes) => Value::list(nodes.iter().map(|node| eval(node, value)).collect::<Outcome<_>>()?),
        Node::MultiMap(entries) => {
            let mut map = Map::new();
            for (name, node) in entries {
                map.insert(Key::from(name.as_str()), eval(node, value)?);
            }
            Value::map(map)
        }
        Node::Call { name, args } => functions::call(name, args, value)?,
        Node::Reference(_) => return Err(Fault::new("`&` stands before an argument of a function only")),
    })
}

/// A projection: what is nothing falls out.
fn each<'v>(items: impl Iterator<Item = &'v Value>, then: &Node) -> Outcome<Value> {
    let mut out = Vec::new();
    for item in items {
        match eval(then, item)? {
            Value::Null => {}
            found => out.push(found),
        }
    }
    Ok(Value::list(out))
}

fn at(items: &[Value], index: i128) -> Option<&Value> {
    let length = i128::try_from(items.len()).ok()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    items.get(usize::try_from(index).ok()?)
}

/// As Python slices.
fn slice(items: &[Value], [start, stop, step]: [Option<i128>; 3]) -> Outcome<Vec<Value>> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Fault::new("the step of a slice cannot be 0"));
    }
    let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |given: Option<i128>, otherwise: i128| match given {
        None => otherwise,
        Some(index) if index < 0 => index.saturating_add(length).clamp(low, high),
        Some(index) => index.clamp(low, high),
    };
    let (mut index, stop) =
        if step > 0 { (bound(start, 0), bound(stop, length)) } else { (bound(start, length - 1), bound(stop, -1)) };
    let mut out = Vec::new();
    while if step > 0 { index < stop } else { index > stop } {
        out.extend(usize::try_from(index).ok().and_then(|index| items.get(index)).cloned());
        index = index.saturating_add(step);
    }
    Ok(out)
}
