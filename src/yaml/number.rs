//! Numbers as YAML 1.1 and PyYAML read them: octal with a leading zero, hexadecimal, binary, `_` between digits, base 60.

/// An integer, or why it is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IntError {
    /// The text is not an integer.
    Invalid,
    /// It needs more than 128 bits.
    TooLarge,
}

/// Whether a plain scalar is an integer.
pub(super) fn is_int(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |rest: &str, ok: fn(u8) -> bool| !rest.is_empty() && rest.bytes().all(|b| ok(b) || b == b'_');
    if let Some(rest) = digits.strip_prefix("0b") {
        return all(rest, |b| matches!(b, b'0' | b'1'));
    }
    if let Some(rest) = digits.strip_prefix("0x") {
        return all(rest, |b| b.is_ascii_hexdigit());
    }
    if let Some(rest) = digits.strip_prefix('0') {
        return rest.is_empty() || all(rest, |b| matches!(b, b'0'..=b'7'));
    }
    let mut parts = digits.split(':');
    let first = parts.next().unwrap_or_default();
    first.starts_with(|c: char| c.is_ascii_digit()) && all(first, |b| b.is_ascii_digit()) && parts.all(is_sixtieth)
}

/// Whether a plain scalar is a floating-point number.
pub(super) fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, fraction)) = digits.split_once('.') else { return false };
    if whole.is_empty() {
        // no sign here, and a digit is needed after the point
        let (fraction, exponent) = split_exponent(fraction);
        return digits.len() == text.len()
            && fraction.starts_with(|c: char| c.is_ascii_digit())
            && is_digits(fraction)
            && exponent;
    }
    if !whole.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let sexagesimal = whole.len() > first.len();
    if !is_digits(first) || !parts.all(is_sixtieth) {
        return false;
    }
    if sexagesimal {
        return is_digits(fraction);
    }
    let (fraction, exponent) = split_exponent(fraction);
    is_digits(fraction) && exponent
}

/// The value of an integer's text.
pub(super) fn read_int(text: &str) -> Result<i128, IntError> {
    let clean = text.replace('_', "");
    let (negative, digits) = match clean.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let parse = |digits: &str, radix: u32| {
        if digits.starts_with(['+', '-']) {
            return Err(IntError::Invalid);
        }
        // the sign goes along, so that the smallest number fits
        let signed = if negative { format!("-{digits}") } else { digits.to_owned() };
        i128::from_str_radix(&signed, radix).map_err(|error| match error.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => IntError::TooLarge,
            _ => IntError::Invalid,
        })
    };
    if digits == "0" {
        Ok(0)
    } else if let Some(rest) = digits.strip_prefix("0b") {
        parse(rest, 2)
    } else if let Some(rest) = digits.strip_prefix("0x") {
        parse(rest, 16)
    } else if let Some(rest) = digits.strip_prefix('0') {
        // Python's int(text, 8) also takes the prefix 0o
        parse(rest.strip_prefix('o').unwrap_or(digits), 8)
    } else if digits.contains(':') {
        let mut value: i128 = 0;
        for part in digits.split(':') {
            let part: i128 = part.parse().map_err(|_| IntError::Invalid)?;
            value = value.checked_mul(60).and_then(|v| v.checked_add(part)).ok_or(IntError::TooLarge)?;
        }
        Ok(if negative { -value } else { value })
    } else {
        parse(digits, 10)
    }
}

/// The value of a floating-point number's text.
pub(super) fn read_float(text: &str) -> Option<f64> {
    let clean = text.replace('_', "").to_ascii_lowercase();
    let (sign, digits) = match clean.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    if digits == ".inf" {
        return Some(sign * f64::INFINITY);
    }
    if digits == ".nan" {
        return Some(f64::NAN);
    }
    if digits.contains(':') {
        // from the last digit up, as PyYAML adds them, so that rounding agrees
        let mut value = 0.0;
        let mut base = 1.0;
        for part in digits.rsplit(':') {
            value += part.parse::<f64>().ok()? * base;
            base *= 60.0;
        }
        return Some(sign * value);
    }
    digits.parse::<f64>().ok().map(|value| sign * value)
}

fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [b'0'..=b'9'] => true,
        [tens, ones] => matches!(tens, b'0'..=b'5') && ones.is_ascii_digit(),
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// The digits before an exponent, and whether the exponent is well-formed (YAML 1.1 needs its sign) or absent.
fn split_exponent(text: &str) -> (&str, bool) {
    match text.split_once(['e', 'E']) {
        None => (text, true),
        Some((digits, exponent)) => {
            let rest = exponent.strip_prefix(['-', '+']);
            (digits, rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())))
        }
    }
}
