//! Truth, equality and order as `JMESPath` has them.

use super::tree::Comparator;
use crate::template::fault::{Fault, Outcome};
use crate::value::Value;

/// Whether a value counts as false: nothing, `false`, and what is empty. Zero is true.
pub(super) fn is_false(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// The number, if it is one; truth values are none here.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "only to compare and to average")]
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A comparison; of what has no order it is nothing.
pub(super) fn compare(comparator: Comparator, left: &Value, right: &Value) -> Outcome<Value> {
    let ordering = match comparator {
        Comparator::Eq => return Ok(Value::Bool(equal(left, right))),
        Comparator::Ne => return Ok(Value::Bool(!equal(left, right))),
        _ => match (left, right) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some(a.as_str().cmp(b.as_str())),
            _ => match (number(left), number(right)) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                (Some(_), None) if right.as_str().is_some() => return Err(unordered()),
                (None, Some(_)) if left.as_str().is_some() => return Err(unordered()),
                _ => return Ok(Value::Null),
            },
        },
    };
    Ok(Value::Bool(ordering.is_some_and(|ordering| match comparator {
        Comparator::Lt => ordering.is_lt(),
        Comparator::Le => ordering.is_le(),
        Comparator::Gt => ordering.is_gt(),
        _ => ordering.is_ge(),
    })))
}

fn unordered() -> Fault {
    Fault::new("a number and a text have no order").help(Some("`to_number(@)` makes a number of a text".to_owned()))
}

/// Python calls `1` and `true` equal, `JMESPath` does not.
fn equal(left: &Value, right: &Value) -> bool {
    matches!(left, Value::Bool(_)) == matches!(right, Value::Bool(_)) && left == right
}
