//! Numbers as Python computes with them.

use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::Value;

/// A number; a truth value counts as 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    pub(crate) fn of(item: &Item) -> Option<Self> {
        match item {
            Item::Value(Value::Int(number)) => Some(Self::Int(*number)),
            Item::Value(Value::Float(number)) => Some(Self::Float(*number)),
            Item::Value(Value::Bool(value)) => Some(Self::Int(i128::from(*value))),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as Python's float() does")]
    pub(crate) fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    pub(crate) fn item(self) -> Item {
        Item::Value(match self {
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
        })
    }
}

/// A number's text without blanks around it and without the `_` that Python allows between digits.
fn digits(text: &str) -> std::borrow::Cow<'_, str> {
    let text = text.trim();
    if !text.contains('_') {
        return text.into();
    }
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let split = text.match_indices('_').all(|(at, _)| {
        is_digit(text.get(..at).and_then(|before| before.chars().next_back()))
            && is_digit(text.get(at + 1..).and_then(|after| after.chars().next()))
    });
    if split { text.replace('_', "").into() } else { text.into() }
}

/// An argument that has to be a whole number.
pub(crate) fn int_of(item: &Item) -> Outcome<i128> {
    match (Number::of(item), item.as_str()) {
        (Some(Number::Int(number)), _) => Ok(number),
        (Some(Number::Float(number)), _) if number.fract() == 0.0 => Ok(truncate(number)),
        (None, Some(text)) => {
            digits(text).parse().map_err(|_| Fault::new("an integer is needed, and the text given is none"))
        }
        _ => Err(match item {
            Item::Missing(missing) => missing.fault.clone(),
            other => Fault::new(format!("'{}' object cannot be interpreted as an integer", other.type_name())),
        }),
    }
}

/// An argument that has to be a number.
pub(crate) fn float_of(item: &Item) -> Outcome<f64> {
    match (Number::of(item), item) {
        (Some(number), _) => Ok(number.float()),
        (None, Item::Missing(missing)) => Err(missing.fault.clone()),
        (None, Item::Value(Value::Str(text))) => {
            digits(text).parse().map_err(|_| Fault::new("a number is needed, and the text given is none"))
        }
        (None, other) => Err(Fault::new(format!("must be real number, not {}", other.type_name()))),
    }
}

/// Towards zero, as `int()` does; what no integer holds is cut at the ends.
#[expect(clippy::cast_possible_truncation, reason = "a cast saturates, which is what is wanted")]
pub(crate) fn truncate(number: f64) -> i128 {
    number as i128
}

/// A sequence's position from a subscript, negative ones counted from the end.
pub(super) fn index_of(key: &Item, length: usize) -> Option<usize> {
    let Some(Number::Int(index)) = Number::of(key) else { return None };
    let length = i128::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    (0..length).contains(&index).then(|| usize::try_from(index).ok()).flatten()
}
