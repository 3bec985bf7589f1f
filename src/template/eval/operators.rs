//! Arithmetic, concatenation and slices.

use jiff::SignedDuration;

use super::machine::Machine;
use super::number::{Number, int_of, truncate};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};
use crate::template::methods;
use crate::template::syntax::Operator;
use crate::value::{Origin, Text, Trust, Value};

/// Longer results of a repetition are refused rather than exhaust memory.
const LONGEST: usize = 64 << 20;

/// `a + b` and the like.
pub(super) fn binary(m: &Machine<'_>, operator: Operator, a: &Item, b: &Item) -> Outcome {
    if operator == Operator::Concat {
        return concat(m, a, b);
    }
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return arithmetic(operator, a, b).map(Number::item);
    }
    match (operator, a, b) {
        (Operator::Add, Item::Value(Value::Str(_)), Item::Value(Value::Str(_))) => concat(m, a, b),
        (Operator::Rem, Item::Value(Value::Str(format)), values) => {
            let (text, secret) = m.watched(|| {
                m.touch(format);
                methods::percent_format(m, format, values)
            })?;
            Ok(derived(text, secret))
        }
        (Operator::Mul, Item::Value(Value::Str(text)), count)
        | (Operator::Mul, count, Item::Value(Value::Str(text))) => {
            let count = repetitions(a, b, count, text.len())?;
            Ok(derived(text.repeat(count), text.is_secret()))
        }
        (Operator::Add, a, b) if is_list(a) && is_list(b) => {
            if matches!(a, Item::Tuple(_)) != matches!(b, Item::Tuple(_)) {
                return Err(Fault::new(format!(
                    "can only concatenate {} (not \"{}\") to {}",
                    a.type_name(),
                    b.type_name(),
                    a.type_name()
                )));
            }
            let mut items = m.iterate(a)?;
            items.extend(m.iterate(b)?);
            Ok(if matches!(a, Item::Tuple(_)) { Item::tuple(items) } else { Item::list(items) })
        }
        (Operator::Mul, list, count) | (Operator::Mul, count, list) if is_list(list) && Number::of(count).is_some() => {
            let items = m.iterate(list)?;
            let count = repetitions(a, b, count, items.len())?;
            let repeated = (0..count).flat_map(|_| items.iter().cloned()).collect();
            Ok(if matches!(list, Item::Tuple(_)) { Item::tuple(repeated) } else { Item::list(repeated) })
        }
        (_, Item::Object(x), Item::Object(y)) => match (operator, &**x, &**y) {
            (Operator::Sub, Object::DateTime(x), Object::DateTime(y)) => {
                Ok(Item::object(Object::Delta(x.duration_since(*y))))
            }
            (Operator::Sub, Object::DateTime(x), Object::Delta(y)) => shifted(*x, -*y),
            (Operator::Add, Object::DateTime(x), Object::Delta(y))
            | (Operator::Add, Object::Delta(y), Object::DateTime(x)) => shifted(*x, *y),
            (Operator::Add, Object::Delta(x), Object::Delta(y)) => Ok(Item::object(Object::Delta(*x + *y))),
            (Operator::Sub, Object::Delta(x), Object::Delta(y)) => Ok(Item::object(Object::Delta(*x - *y))),
            _ => Err(unsupported(operator, a, b)),
        },
        (Operator::Add, Item::Value(Value::Str(_)), other) => {
            let fault = Fault::new(format!("can only concatenate str (not \"{}\") to str", other.type_name()));
            Err(fault.help(Some("`~` joins anything as text".to_owned())))
        }
        (Operator::Add, list, other) if is_list(list) => Err(Fault::new(format!(
            "can only concatenate {} (not \"{}\") to {}",
            list.type_name(),
            other.type_name(),
            list.type_name()
        ))),
        _ => Err(unsupported(operator, a, b)),
    }
}

impl Machine<'_> {
    /// `a + b` and the like.
    pub(crate) fn binary(&self, operator: Operator, a: &Item, b: &Item) -> Outcome {
        binary(self, operator, a, b)
    }
}

fn shifted(time: jiff::civil::DateTime, by: SignedDuration) -> Outcome {
    time.checked_add(by)
        .map(|time| Item::object(Object::DateTime(time)))
        .map_err(|_| Fault::new("date value out of range"))
}

fn is_list(item: &Item) -> bool {
    matches!(item, Item::Value(Value::List(_)) | Item::List(_) | Item::Tuple(_))
}

fn repetitions(a: &Item, b: &Item, count: &Item, length: usize) -> Outcome<usize> {
    let Some(Number::Int(count)) = Number::of(count) else { return Err(unsupported(Operator::Mul, a, b)) };
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    if count.saturating_mul(length) > LONGEST {
        return Err(Fault::new("the repetition is too long"));
    }
    Ok(count)
}

fn concat(m: &Machine<'_>, a: &Item, b: &Item) -> Outcome {
    let (text, secret) = m.watched(|| {
        let mut text = m.display(a)?;
        text.push_str(&m.display(b)?);
        Ok(text)
    })?;
    Ok(derived(text, secret))
}

/// A text that shows what it was made of, so that its secret is redacted through the part.
fn derived(text: String, secret: bool) -> Item {
    Item::Value(Value::Str(Text::new(text, Origin { trust: Trust::Data, secret })))
}

fn arithmetic(operator: Operator, a: Number, b: Number) -> Outcome<Number> {
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        return integer(operator, a, b);
    }
    let (a, b) = (a.float(), b.float());
    Ok(Number::Float(match operator {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mul => a * b,
        Operator::Div | Operator::FloorDiv | Operator::Rem if b == 0.0 => return Err(by_zero()),
        Operator::Div => a / b,
        Operator::FloorDiv => (a / b).floor(),
        Operator::Rem => {
            let rest = a % b;
            if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
        }
        Operator::Pow | Operator::Concat => a.powf(b),
    }))
}

fn integer(operator: Operator, a: i128, b: i128) -> Outcome<Number> {
    let checked = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mul => a.checked_mul(b),
        Operator::Div | Operator::FloorDiv | Operator::Rem if b == 0 => return Err(by_zero()),
        Operator::Div => return Ok(Number::Float(Number::Int(a).float() / Number::Int(b).float())),
        Operator::FloorDiv => {
            a.checked_div(b).map(|quotient| if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
        }
        Operator::Rem => a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }),
        Operator::Pow | Operator::Concat if b < 0 => {
            if a == 0 {
                return Err(Fault::new("0.0 cannot be raised to a negative power"));
            }
            return Ok(Number::Float(Number::Int(a).float().powf(Number::Int(b).float())));
        }
        Operator::Pow | Operator::Concat => match a {
            0 | 1 => Some(if b == 0 { 1 } else { a }),
            -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
            _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        },
    };
    checked
        .map(Number::Int)
        .ok_or_else(|| Fault::new("the result is too large: integers of more than 127 bits are not supported"))
}

fn by_zero() -> Fault {
    Fault::new("division by zero")
}

fn unsupported(operator: Operator, a: &Item, b: &Item) -> Fault {
    let sign = match operator {
        Operator::Add => "+",
        Operator::Sub => "-",
        Operator::Mul => "*",
        Operator::Div => "/",
        Operator::FloorDiv => "//",
        Operator::Rem => "%",
        Operator::Pow => "** or pow()",
        Operator::Concat => "~",
    };
    Fault::new(format!("unsupported operand type(s) for {sign}: '{}' and '{}'", a.type_name(), b.type_name()))
}

/// `-item`.
pub(super) fn negate(item: &Item) -> Outcome {
    match Number::of(item) {
        Some(Number::Int(number)) => {
            number.checked_neg().map(Item::int).ok_or_else(|| Fault::new("the result is too large"))
        }
        Some(Number::Float(number)) => Ok(Item::Value(Value::Float(-number))),
        None => Err(Fault::new(format!("bad operand type for unary -: '{}'", item.type_name()))),
    }
}

/// `item[start:stop:step]`.
pub(super) fn slice(m: &Machine<'_>, item: &Item, bounds: [Option<Item>; 3]) -> Outcome {
    if item.is_missing() {
        return Ok(item.clone());
    }
    if matches!(item, Item::Value(Value::Map(_)) | Item::Map(_)) {
        return Err(Fault::new("unhashable type: 'slice'"));
    }
    let [start, stop, step] = bounds;
    let bound = |item: Option<Item>| match item {
        None => Ok(None),
        Some(item) if item.is_null() => Ok(None),
        Some(item) => match Number::of(&item) {
            Some(Number::Float(number)) if number.fract() != 0.0 => Err(Fault::new("slice indices must be integers")),
            Some(Number::Float(number)) => Ok(Some(truncate(number))),
            _ => int_of(&item).map(Some),
        },
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    let items = match item {
        Item::Value(Value::Str(_) | Value::List(_)) | Item::List(_) | Item::Tuple(_) | Item::Object(_) => {
            m.iterate(item)?
        }
        other => return Err(Fault::new(format!("'{}' object is not subscriptable", other.type_name()))),
    };
    if step == 0 {
        return Err(Fault::new("slice step cannot be zero"));
    }
    let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
    let clamp = |index: i128, low: i128, high: i128| {
        let index = if index < 0 { index.saturating_add(length) } else { index };
        index.clamp(low, high)
    };
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let from = start.map_or(if step > 0 { low } else { high }, |index| clamp(index, low, high));
    let to = stop.map_or(if step > 0 { high } else { low }, |index| clamp(index, low, high));
    let picked: Vec<Item> = super::access::range(from, to, step)
        .filter_map(|index| usize::try_from(index).ok().and_then(|index| items.get(index)).cloned())
        .collect();
    Ok(match item {
        Item::Value(Value::Str(text)) => {
            let picked: String = picked.iter().filter_map(Item::as_str).collect();
            derived(picked, text.is_secret())
        }
        Item::Tuple(_) => Item::tuple(picked),
        _ => Item::list(picked),
    })
}
