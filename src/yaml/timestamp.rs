//! Dates and times, which YAML 1.1 knows and our values do not: they become the text that Python prints for them.

use std::fmt::Write as _;

/// What a plain scalar says of a point in time.
pub(super) enum Timestamp {
    /// It is none.
    Not,
    /// It looks like one, but there is no such day or time.
    Invalid,
    /// It is one, as Python's `str()` writes it.
    Text(String),
}

struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Between `least` and `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<&'t str> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        (count >= least).then_some(digits)
    }

    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        self.digits(least, most)?.parse().ok()
    }

    fn eat(&mut self, text: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn blanks(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let some = rest.len() < self.rest.len();
        self.rest = rest;
        some
    }
}

struct Parts {
    date: (u32, u32, u32),
    short_date: bool,
    time: Option<Time>,
}

struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    micro: u32,
    /// Minutes east of Greenwich.
    zone: Option<i32>,
}

/// Reads a plain scalar.
pub(super) fn read(text: &str) -> Timestamp {
    match split(text) {
        // a lone date must have all its digits
        Some(parts) if parts.time.is_some() || !parts.short_date => {
            write(&parts).map_or(Timestamp::Invalid, Timestamp::Text)
        }
        _ => Timestamp::Not,
    }
}

fn split(text: &str) -> Option<Parts> {
    let mut cursor = Cursor { rest: text };
    let year = cursor.number(4, 4)?;
    cursor.eat('-')?;
    let month_text = cursor.digits(1, 2)?;
    cursor.eat('-')?;
    let day_text = cursor.digits(1, 2)?;
    let date = (year, month_text.parse().ok()?, day_text.parse().ok()?);
    let short_date = month_text.len() < 2 || day_text.len() < 2;
    if cursor.rest.is_empty() {
        return Some(Parts { date, short_date, time: None });
    }
    if !cursor.blanks() {
        cursor.eat('T').or_else(|| cursor.eat('t'))?;
    }
    let hour = cursor.number(1, 2)?;
    cursor.eat(':')?;
    let minute = cursor.number(2, 2)?;
    cursor.eat(':')?;
    let second = cursor.number(2, 2)?;
    let mut micro = 0;
    if cursor.eat('.').is_some() {
        let fraction = cursor.digits(0, usize::MAX)?;
        let six: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
        micro = six.parse().ok()?;
    }
    let zone = zone(&mut cursor)?;
    cursor.rest.is_empty().then_some(Parts { date, short_date, time: Some(Time { hour, minute, second, micro, zone }) })
}

/// The zone, `Some(None)` where there is none.
#[expect(clippy::option_option, reason = "the outer one is the failure of the parser")]
fn zone(cursor: &mut Cursor<'_>) -> Option<Option<i32>> {
    if cursor.rest.is_empty() {
        return Some(None);
    }
    cursor.blanks();
    if cursor.eat('Z').is_some() {
        return Some(Some(0));
    }
    let sign = if cursor.eat('-').is_some() {
        -1
    } else {
        cursor.eat('+')?;
        1
    };
    let hours = i32::try_from(cursor.number(1, 2)?).ok()?;
    let minutes = if cursor.eat(':').is_some() { i32::try_from(cursor.number(2, 2)?).ok()? } else { 0 };
    Some(Some(sign * (hours * 60 + minutes)))
}

fn write(parts: &Parts) -> Option<String> {
    let (year, month, day) = parts.date;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > days {
        return None;
    }
    let mut out = format!("{year:04}-{month:02}-{day:02}");
    if let Some(time) = &parts.time {
        if time.hour > 23 || time.minute > 59 || time.second > 59 {
            return None;
        }
        let _ = write!(out, " {:02}:{:02}:{:02}", time.hour, time.minute, time.second);
        if time.micro > 0 {
            let _ = write!(out, ".{:06}", time.micro);
        }
        if let Some(zone) = time.zone {
            if zone.abs() >= 24 * 60 {
                return None;
            }
            let sign = if zone < 0 { '-' } else { '+' };
            let _ = write!(out, "{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(text) {
            Timestamp::Not => "not".to_owned(),
            Timestamp::Invalid => "invalid".to_owned(),
            Timestamp::Text(text) => text,
        }
    }

    #[test]
    fn times_become_what_python_prints() {
        let cases = [
            ("2020-01-31", "2020-01-31"),
            ("2020-1-3", "not"),
            ("2020-1-3 4:05:06", "2020-01-03 04:05:06"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.100000-05:00"),
            ("2001-12-14 21:59:43.1 Z", "2001-12-14 21:59:43.100000+00:00"),
            ("2001-12-14T21:59:43+5", "2001-12-14 21:59:43+05:00"),
            ("2001-12-14T21:59:43.", "2001-12-14 21:59:43"),
            ("2001-02-29", "invalid"),
            ("2001-13-01", "invalid"),
            ("2001-12-14T24:00:00", "invalid"),
            ("2001-12-14T21:59", "not"),
            ("2001-12-14 ", "not"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
