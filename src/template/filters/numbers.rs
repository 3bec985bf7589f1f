//! Filters on numbers and truth values.

use std::cmp::Ordering;

use crate::template::eval::{Args, Number, Run, float_of, int_of, required, truncate};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::Value;

/// `abs`.
pub(super) fn abs(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    match Number::of(item) {
        Some(Number::Int(number)) => {
            number.checked_abs().map(Item::int).ok_or_else(|| Fault::new("the number is too large"))
        }
        Some(Number::Float(number)) => Ok(Item::Value(Value::Float(number.abs()))),
        None => Err(Fault::new(format!("bad operand type for abs(): '{}'", item.type_name()))),
    }
}

/// `bool`: whether a text or number means yes; what means neither is false.
pub(super) fn bool(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    if let Some(text) = item.as_str() {
        let lower = run.display(&Item::text(text))?.to_ascii_lowercase();
        return Ok(Item::from(matches!(lower.as_str(), "yes" | "on" | "1" | "true")));
    }
    Ok(Item::from(Number::of(item).is_some_and(|number| number.float() == 1.0)))
}

/// `int(default=0, base=10)`: the default where it is no number.
pub(super) fn int(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [default, base] = args.bind(["default", "base"])?;
    let base = base.map(|item| int_of(&item)).transpose()?.unwrap_or(10);
    let default = default.unwrap_or(Item::int(0));
    Ok(match Number::of(item) {
        Some(Number::Int(number)) => Item::int(number),
        Some(Number::Float(number)) if number.is_finite() => Item::int(truncate(number)),
        Some(Number::Float(_)) => default,
        None => match &item {
            Item::Value(Value::Str(text)) => match parse_int(text, base) {
                Some(number) => Item::int(number),
                None => match text.trim().parse::<f64>() {
                    Ok(number) if number.is_finite() => Item::int(truncate(number)),
                    _ => default,
                },
            },
            item => {
                run.iterate(item).ok();
                default
            }
        },
    })
}

/// Python's `int(text, base)`.
fn parse_int(text: &str, base: i128) -> Option<i128> {
    let text = text.trim().replace('_', "");
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text.as_str()),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = |prefix: &str| lower.strip_prefix(prefix).map(str::to_owned);
    let (base, digits) = match base {
        16 => (16, prefixed("0x").unwrap_or(lower)),
        8 => (8, prefixed("0o").unwrap_or(lower)),
        0 => match (prefixed("0x"), prefixed("0o"), prefixed("0b")) {
            (Some(digits), ..) => (16, digits),
            (_, Some(digits), _) => (8, digits),
            (.., Some(digits)) => (2, digits),
            _ => (10, lower),
        },
        2 => (2, prefixed("0b").unwrap_or(lower)),
        3..=36 => (u32::try_from(base).ok()?, lower),
        _ => return None,
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(&digits, base).ok()?;
    Some(if negative { -number } else { number })
}

/// `float(default=0.0)`: the default where it is no number.
pub(super) fn float(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [default] = args.bind(["default"])?;
    Ok(match (float_of(item), default) {
        (Ok(number), _) => Item::Value(Value::Float(number)),
        (Err(_), Some(default)) => default,
        (Err(_), None) => Item::Value(Value::Float(0.0)),
    })
}

/// `round(precision=0, method='common')`: half to even, as Python rounds; `ceil` and `floor` are the other methods.
pub(super) fn round(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [precision, method] = args.bind(["precision", "method"])?;
    let precision = precision.map(|item| int_of(&item)).transpose()?.unwrap_or(0);
    let method = method.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "common".to_owned());
    let Some(number) = Number::of(item) else {
        return Err(Fault::new(format!("type {} doesn't define __round__ method", item.type_name())));
    };
    if let (Number::Int(number), "common") = (number, method.as_str())
        && precision >= 0
    {
        return Ok(Item::int(number));
    }
    if let (Number::Int(number), "common") = (number, method.as_str()) {
        // tens, hundreds …, a half to the even one
        let unit = 10_i128.checked_pow(u32::try_from(-precision).unwrap_or(u32::MAX)).unwrap_or(i128::MAX);
        let (down, rest) = (number.div_euclid(unit), number.rem_euclid(unit));
        let up = rest.cmp(&(unit - rest)).then(if down % 2 == 0 { Ordering::Less } else { Ordering::Greater });
        return Ok(Item::int(unit.saturating_mul(down + i128::from(up.is_gt()))));
    }
    let number = number.float();
    let places = i32::try_from(precision).unwrap_or(0).clamp(-300, 300);
    let factor = 10_f64.powi(places);
    let rounded = match method.as_str() {
        "common" if places >= 0 => {
            let places = usize::try_from(places).unwrap_or(0);
            // formatting rounds the exact binary value, half to even, as Python's round does
            format!("{number:.places$}").parse().unwrap_or(number)
        }
        "common" => (number * factor).round_ties_even() / factor,
        "ceil" => (number * factor).ceil() / factor,
        "floor" => (number * factor).floor() / factor,
        other => return Err(Fault::new(format!("method `{other}` is none of common, ceil, floor"))),
    };
    Ok(Item::Value(Value::Float(rounded)))
}

/// `log(base=e)`.
pub(super) fn log(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [base] = args.bind(["base"])?;
    let number = float_of(item)?;
    let base = base.map(|item| float_of(&item)).transpose()?;
    if number <= 0.0 || base.is_some_and(|base| base <= 0.0 || base == 1.0) {
        return Err(Fault::new("math domain error"));
    }
    Ok(Item::Value(Value::Float(match base {
        Some(10.0) => number.log10(),
        Some(2.0) => number.log2(),
        Some(base) => number.ln() / base.ln(),
        None => number.ln(),
    })))
}

/// `pow(y)`.
pub(super) fn pow(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [exponent] = args.bind(["y"])?;
    Ok(Item::Value(Value::Float(float_of(item)?.powf(float_of(&required(exponent, "y")?)?))))
}

/// `root(base=2)`.
pub(super) fn root(_: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [base] = args.bind(["base"])?;
    let number = float_of(item)?;
    let base = base.map(|item| float_of(&item)).transpose()?.unwrap_or(2.0);
    if number < 0.0 {
        return Err(Fault::new("math domain error"));
    }
    Ok(Item::Value(Value::Float(if base == 2.0 { number.sqrt() } else { number.powf(1.0 / base) })))
}

/// `filesizeformat(binary=false)`.
pub(super) fn filesizeformat(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [binary] = args.bind(["binary"])?;
    let binary = binary.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let bytes = float_of(item)?;
    let (base, units): (f64, [&str; 8]) = if binary {
        (1024.0, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"])
    } else {
        (1000.0, ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"])
    };
    if bytes == 1.0 {
        return Ok(Item::text("1 Byte"));
    }
    if bytes < base {
        return Ok(Item::text(format!("{} Bytes", truncate(bytes))));
    }
    let mut unit = base * base;
    for (index, name) in units.iter().enumerate() {
        if bytes < unit || index + 1 == units.len() {
            return Ok(Item::text(format!("{:.1} {name}", base * bytes / unit)));
        }
        unit *= base;
    }
    Ok(item.clone())
}

const SIZES: &[(char, f64)] = &[
    ('Y', 1_208_925_819_614_629_174_706_176.0),
    ('Z', 1_180_591_620_717_411_303_424.0),
    ('E', 1_152_921_504_606_846_976.0),
    ('P', 1_125_899_906_842_624.0),
    ('T', 1_099_511_627_776.0),
    ('G', 1_073_741_824.0),
    ('M', 1_048_576.0),
    ('K', 1024.0),
    ('B', 1.0),
];

/// `human_readable(isbits=false, unit=None)`: `1.00 MB`.
pub(super) fn human_readable(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [isbits, unit] = args.bind(["isbits", "unit"])?;
    let isbits = isbits.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let unit = match unit {
        Some(unit) if !unit.is_null() => Some(run.display(&unit)?.to_ascii_uppercase()),
        _ => None,
    };
    let size = float_of(item)?;
    let base = if isbits { "bits" } else { "Bytes" };
    let mut chosen = None;
    for (letter, limit) in SIZES {
        chosen = Some((*letter, *limit));
        let wanted = match &unit {
            None => size >= *limit,
            Some(unit) => unit.starts_with(*letter),
        };
        if wanted {
            break;
        }
    }
    let (letter, limit) = chosen.unwrap_or(('B', 1.0));
    let suffix = if limit == 1.0 { base.to_owned() } else { format!("{letter}{}", base.chars().next().unwrap_or('B')) };
    Ok(Item::text(format!("{:.2} {suffix}", size / limit)))
}

/// `human_to_bytes(default_unit=None, isbits=false)`: `1 MB` is 1048576.
pub(super) fn human_to_bytes(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [default_unit, isbits] = args.bind(["default_unit", "isbits"])?;
    let isbits = isbits.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let text = run.display(item)?;
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let number: f64 = number
        .parse()
        .map_err(|_| Fault::new("it takes a number and a unit, such as `10 MB`, and the text is no such thing"))?;
    let mut unit = unit.trim().to_owned();
    if unit.is_empty() {
        unit = match default_unit {
            Some(default) if !default.is_null() => run.display(&default)?,
            _ => String::new(),
        };
    }
    if unit.is_empty() {
        return Ok(Item::int(truncate(number.round_ties_even())));
    }
    let invalid = || {
        Fault::new(format!("the unit `{unit}` is none of B, KB, MB, GB, TB, PB, EB, ZB, YB, nor one of their words"))
    };
    let letter = unit.chars().next().map(|c| c.to_ascii_uppercase()).ok_or_else(invalid)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == letter).ok_or_else(invalid)?;
    let rest = unit.get(1..).unwrap_or("");
    let word = if isbits { 'b' } else { 'B' };
    let known = match rest.to_ascii_lowercase().as_str() {
        "" | "yte" | "ytes" | "it" | "its" => true,
        "b" => rest.starts_with(word) || !isbits && letter == 'B',
        _ => {
            rest.to_ascii_lowercase().ends_with(if isbits { "bit" } else { "byte" })
                || rest.to_ascii_lowercase().ends_with(if isbits { "bits" } else { "bytes" })
        }
    };
    if !known {
        return Err(invalid());
    }
    Ok(Item::int(truncate((number * factor).round_ties_even())))
}
