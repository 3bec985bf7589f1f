//! Python's `str.format` and its little language.

use crate::template::eval::{Args, Machine, Number};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;

/// `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: Option<usize>,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

/// Wider results are refused rather than exhaust memory.
const WIDEST: usize = 1 << 20;

impl Spec {
    fn parse(text: &str) -> Outcome<Self> {
        let mut spec = Self::default();
        let mut chars: Vec<char> = text.chars().collect();
        chars.reverse();
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^' | '='));
        let ahead = chars.len().checked_sub(2).and_then(|index| chars.get(index)).copied();
        if is_align(ahead.as_ref()) {
            spec.fill = chars.pop();
            spec.align = chars.pop();
        } else if is_align(chars.last()) {
            spec.align = chars.pop();
        }
        spec.sign = chars.pop_if(|c| matches!(c, '+' | '-' | ' '));
        spec.alternate = chars.pop_if(|c| *c == '#').is_some();
        spec.zero = chars.pop_if(|c| *c == '0').is_some();
        let number = |chars: &mut Vec<char>| {
            let mut digits = String::new();
            while let Some(digit) = chars.pop_if(|c| c.is_ascii_digit()) {
                digits.push(digit);
            }
            digits.parse::<usize>().ok()
        };
        spec.width = number(&mut chars);
        spec.grouping = chars.pop_if(|c| matches!(c, ',' | '_'));
        if chars.pop_if(|c| *c == '.').is_some() {
            spec.precision = Some(number(&mut chars).ok_or_else(|| Fault::new("format specifier missing precision"))?);
        }
        spec.kind = chars.pop();
        if chars.is_empty() { Ok(spec) } else { Err(Fault::new(format!("invalid format specifier `{text}`"))) }
    }

    /// The text filled up to the width.
    pub(super) fn pad(&self, text: &str, align: char) -> String {
        let missing = self.width.unwrap_or(0).min(WIDEST).saturating_sub(text.chars().count());
        let align = self.align.unwrap_or(if self.zero { '=' } else { align });
        let fill =
            self.fill.unwrap_or(if self.zero && self.align.is_none_or(|align| align == '=') { '0' } else { ' ' });
        let side = |count: usize| std::iter::repeat_n(fill, count).collect::<String>();
        match align {
            '<' => format!("{text}{}", side(missing)),
            '^' => format!("{}{text}{}", side(missing / 2), side(missing - missing / 2)),
            '=' => {
                let sign = text.len() - text.trim_start_matches(['+', '-', ' ']).len();
                let (sign, digits) = text.split_at(sign);
                format!("{sign}{}{digits}", side(missing))
            }
            _ => format!("{}{text}", side(missing)),
        }
    }
}

/// A number under a specification.
pub(super) fn number_text(number: Number, spec: &Spec) -> Outcome<String> {
    let precision = spec.precision.unwrap_or(6).min(1000);
    let (negative, mut digits) = match (number, spec.kind) {
        (Number::Int(number), None | Some('d' | 'n')) => (number < 0, number.unsigned_abs().to_string()),
        (Number::Int(number), Some('x')) => (number < 0, prefixed(spec, "0x", format!("{:x}", number.unsigned_abs()))),
        (Number::Int(number), Some('X')) => (number < 0, prefixed(spec, "0X", format!("{:X}", number.unsigned_abs()))),
        (Number::Int(number), Some('o')) => (number < 0, prefixed(spec, "0o", format!("{:o}", number.unsigned_abs()))),
        (Number::Int(number), Some('b')) => (number < 0, prefixed(spec, "0b", format!("{:b}", number.unsigned_abs()))),
        (number, kind) => {
            let number = number.float();
            let size = number.abs();
            let text = match kind {
                _ if !size.is_finite() => crate::value::python_float(size),
                Some('f' | 'F') => format!("{size:.precision$}"),
                Some('%') => format!("{:.precision$}%", size * 100.0),
                Some('e') => exponent(size, precision, 'e'),
                Some('E') => exponent(size, precision, 'E'),
                Some('g' | 'G' | 'n') => general(size, precision.max(1), spec.alternate),
                None if spec.precision.is_some() => general(size, precision.max(1), false),
                None => crate::value::python_float(size),
                Some(kind) => return Err(Fault::new(format!("unknown format code '{kind}' for a number"))),
            };
            (number.is_sign_negative() && !number.is_nan(), text)
        }
    };
    if let Some(separator) = spec.grouping {
        digits = grouped(&digits, separator);
    }
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    Ok(spec.pad(&format!("{sign}{digits}"), '>'))
}

fn prefixed(spec: &Spec, prefix: &str, digits: String) -> String {
    if spec.alternate { format!("{prefix}{digits}") } else { digits }
}

fn exponent(number: f64, precision: usize, letter: char) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("{digits}{letter}{sign}{exponent:0>2}")
}

fn general(number: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = exponent(number, precision - 1, 'e');
    let size: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let limit = i64::try_from(precision).unwrap_or(i64::MAX);
    let trimmed = |text: &str| {
        if keep_zeros || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if (-4..limit).contains(&size) {
        let decimals = usize::try_from(limit - 1 - size).unwrap_or(0);
        return trimmed(&format!("{number:.decimals$}"));
    }
    match scientific.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits)),
        None => scientific,
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let (whole, rest) = match digits.find('.') {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut out = String::new();
    let count = whole.chars().count();
    for (index, c) in whole.chars().enumerate() {
        if index > 0 && (count - index) % 3 == 0 {
            out.push(separator);
        }
        out.push(c);
    }
    out + rest
}

/// One value under a specification.
pub(crate) fn format_spec(m: &Machine<'_>, item: &Item, spec: &str) -> Outcome<String> {
    if spec.is_empty() {
        return m.display(item);
    }
    let parsed = Spec::parse(spec)?;
    match (Number::of(item), item) {
        (Some(number), item) if parsed.kind != Some('s') && item.type_name() != "bool" => number_text(number, &parsed),
        _ => {
            let text = m.display(item)?;
            let text: String = match parsed.precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text,
            };
            Ok(parsed.pad(&text, '<'))
        }
    }
}

/// `pattern.format(…)`.
pub(super) fn format(m: &Machine<'_>, pattern: &str, args: &Args) -> Outcome<String> {
    let mut next = 0;
    format_with(m, pattern, args, &mut next)
}

fn format_with(m: &Machine<'_>, pattern: &str, args: &Args, next: &mut usize) -> Outcome<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => out.push('}'),
            '}' => return Err(Fault::new("single '}' encountered in format string")),
            '{' => {
                let mut field = String::new();
                let mut depth = 1;
                for c in chars.by_ref() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    field.push(c);
                }
                if depth != 0 {
                    return Err(Fault::new("expected '}' before end of string"));
                }
                out.push_str(&replacement(m, &field, args, next)?);
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

fn replacement(m: &Machine<'_>, field: &str, args: &Args, next: &mut usize) -> Outcome<String> {
    let (target, spec) = field.split_once(':').unwrap_or((field, ""));
    let (target, conversion) = target.split_once('!').map_or((target, None), |(target, c)| (target, Some(c)));
    let end = target.find(['.', '[']).unwrap_or(target.len());
    let (name, mut path) = target.split_at(end);
    let mut item = if name.is_empty() {
        *next += 1;
        args.positional.get(*next - 1).cloned()
    } else if let Ok(index) = name.parse::<usize>() {
        args.positional.get(index).cloned()
    } else {
        args.named.iter().find(|(n, _)| **n == *name).map(|(_, item)| item.clone())
    }
    .ok_or_else(|| Fault::new(format!("there is no value for `{{{name}}}`")))?;
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (attr, rest) = rest.split_at(end);
            item = m.attr(&item, &attr.into())?;
            path = rest;
        } else {
            let rest = path.strip_prefix('[').unwrap_or(path);
            let Some((key, rest)) = rest.split_once(']') else {
                return Err(Fault::new("missing ']' in format string"));
            };
            let key = key.parse::<u32>().map_or_else(|_| Item::text(key), Item::int);
            item = m.item(&item, &key)?;
            path = rest;
        }
    }
    let item = item.present()?;
    let spec = if spec.contains('{') { format_with(m, spec, args, next)? } else { spec.to_owned() };
    match conversion {
        None => format_spec(m, &item, &spec),
        Some("s") => format_spec(m, &Item::text(m.display(&item)?), &spec),
        Some("r" | "a") => format_spec(m, &Item::text(m.repr(&item)?), &spec),
        Some(other) => Err(Fault::new(format!("unknown conversion specifier `{other}`"))),
    }
}
