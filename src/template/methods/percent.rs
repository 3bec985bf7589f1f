//! Python's `pattern % values`.

use super::format::{Spec, number_text};
use crate::template::eval::{Machine, Number, int_of, truncate};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::Value;

/// Formats a pattern with one value, a tuple of them, or a mapping.
pub(crate) fn percent_format(m: &Machine<'_>, pattern: &str, values: &Item) -> Outcome<String> {
    let mut positional = match values {
        Item::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    }
    .into_iter();
    let mapping = matches!(values, Item::Value(Value::Map(_)) | Item::Map(_));
    let mut used_mapping = false;
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let too_few = || Fault::new("not enough arguments for format string");
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.next_if_eq(&'(').is_some() {
            let mut name = String::new();
            loop {
                match chars.next() {
                    Some(')') => break,
                    Some(c) => name.push(c),
                    None => return Err(Fault::new("incomplete format key")),
                }
            }
            key = Some(name);
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ #0".contains(*c)) {
            match flag {
                '-' => spec.align = Some('<'),
                '0' => spec.zero = true,
                '#' => spec.alternate = true,
                ' ' if spec.sign != Some('+') => spec.sign = Some(' '),
                '+' => spec.sign = Some('+'),
                _ => {}
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| -> Outcome<Option<usize>> {
            if chars.next_if_eq(&'*').is_some() {
                let item = positional.next().ok_or_else(too_few)?;
                return Ok(usize::try_from(int_of(&item)?).ok());
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            Ok(digits.parse().ok())
        };
        spec.width = number(&mut chars)?;
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        while chars.next_if(|c| "hlL".contains(*c)).is_some() {}
        let Some(kind) = chars.next() else { return Err(Fault::new("incomplete format")) };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let item = match key {
            Some(key) => {
                if !mapping {
                    return Err(Fault::new("format requires a mapping"));
                }
                used_mapping = true;
                match m.item(values, &Item::text(key.as_str()))? {
                    Item::Missing(_) => return Err(Fault::new(format!("there is no value for `{key}`"))),
                    item => item,
                }
            }
            None => positional.next().ok_or_else(too_few)?,
        };
        out.push_str(&one(m, &item.present()?, kind, spec)?);
    }
    if !used_mapping && !mapping && positional.next().is_some() {
        return Err(Fault::new("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn one(m: &Machine<'_>, item: &Item, kind: char, mut spec: Spec) -> Outcome<String> {
    let text = |text: String, spec: &Spec| -> String {
        let text: String = match spec.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        Spec { zero: false, ..spec.clone() }.pad(&text, '>')
    };
    match kind {
        's' => Ok(text(m.display(item)?, &spec)),
        'r' | 'a' => Ok(text(m.repr(item)?, &spec)),
        'c' => match Number::of(item) {
            Some(Number::Int(number)) => {
                let c = u32::try_from(number).ok().and_then(char::from_u32);
                c.map(|c| text(c.to_string(), &spec)).ok_or_else(|| Fault::new("%c arg not in range"))
            }
            _ => Ok(text(m.display(item)?, &spec)),
        },
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let number = match Number::of(item) {
                Some(Number::Int(number)) => number,
                Some(Number::Float(number)) if matches!(kind, 'd' | 'i' | 'u') => truncate(number),
                _ => {
                    return Err(Fault::new(format!("%{kind} format: a number is required, not {}", item.type_name())));
                }
            };
            spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
            spec.precision = None;
            number_text(Number::Int(number), &spec)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let Some(number) = Number::of(item) else {
                return Err(Fault::new(format!("must be real number, not {}", item.type_name())));
            };
            spec.kind = Some(kind);
            number_text(Number::Float(number.float()), &spec)
        }
        other => Err(Fault::new(format!("unsupported format character '{other}'"))),
    }
}
