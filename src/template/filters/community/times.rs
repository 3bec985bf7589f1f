//! `1h 30m` in another unit.

use crate::template::eval::{Args, Run, float_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::Value;

/// The names of units without a plural `s`, and how many milliseconds each has.
const UNITS: &[(&[&str], f64)] = &[
    (&["ms", "millisecond", "msec", "msecond"], 1.0),
    (&["s", "sec", "second"], 1e3),
    (&["m", "min", "minute"], 6e4),
    (&["h", "hour"], 3.6e6),
    (&["d", "day"], 8.64e7),
    (&["w", "week"], 6.048e8),
    (&["mo", "month"], 2.592e9),
    (&["y", "year"], 3.1536e10),
];

const DAY: f64 = 8.64e7;

struct Calendar {
    month: Option<f64>,
    year: Option<f64>,
}

impl Calendar {
    /// The milliseconds of a unit.
    fn length(&self, unit: &str) -> Option<f64> {
        let plain = unit.trim_end_matches('s');
        let (names, length) = UNITS
            .iter()
            .find(|(names, _)| names.first() == Some(&unit) || names.iter().skip(1).any(|name| *name == plain))?;
        Some(match (names.first(), self.month, self.year) {
            (Some(&"mo"), Some(days), _) | (Some(&"y"), _, Some(days)) => days * DAY,
            _ => *length,
        })
    }
}

fn convert(run: &Run<'_, '_>, item: &Item, mut args: Args, unit: Option<&str>) -> Outcome {
    let mut days = |name: &str| args.take(name).map(|item| float_of(&item)).transpose();
    let calendar = Calendar { year: days("year")?, month: days("month")? };
    let unit = if let Some(unit) = unit {
        args.none()?;
        unit.to_owned()
    } else {
        let [unit] = args.bind(["unit"])?;
        unit.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "ms".to_owned())
    };
    let text = run.display(item)?;
    if text == "0" {
        return Ok(Item::int(0));
    }
    let length = calendar.length(&unit).ok_or_else(|| {
        let known = UNITS.iter().flat_map(|(names, _)| names.iter().copied());
        Fault::new(format!("there is no unit `{unit}`")).help(crate::diag::did_you_mean(&unit, known))
    })?;
    let mut sum = 0.0;
    for word in text.split_whitespace() {
        let bad = || Fault::new(format!("`{word}` is no number with a unit such as `5h`"));
        let digits = word.strip_prefix('-').unwrap_or(word);
        let at = digits.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, named) = word.split_at(at + word.len() - digits.len());
        let end = named.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(named.len());
        let number: f64 = number.parse().map_err(|_| bad())?;
        sum += number * calendar.length(named.get(..end).unwrap_or("")).ok_or_else(bad)?;
    }
    Ok(Item::Value(Value::Float((sum / length * 1e12).round() / 1e12)))
}

/// `community.general.to_time_unit(unit='ms', year=365, month=30)`.
pub(crate) fn to_time_unit(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    convert(run, item, args, None)
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident $unit:literal)*) => {
        $($(#[$doc])* pub(crate) fn $name(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
            convert(run, item, args, Some($unit))
        })*
    };
}

units! {
    /// `community.general.to_milliseconds`.
    to_milliseconds "ms"
    /// `community.general.to_seconds`.
    to_seconds "s"
    /// `community.general.to_minutes`.
    to_minutes "m"
    /// `community.general.to_hours`.
    to_hours "h"
    /// `community.general.to_days`.
    to_days "d"
    /// `community.general.to_weeks`.
    to_weeks "w"
    /// `community.general.to_months`.
    to_months "mo"
    /// `community.general.to_years`.
    to_years "y"
}
