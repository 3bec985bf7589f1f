//! Methods of `datetime`.

use jiff::civil::DateTime;

use crate::template::eval::{Args, Machine, datetime_str, required};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::Item;
use crate::value::Value;

/// All of them.
pub(super) const METHODS: &[&str] = &["date", "isoformat", "isoweekday", "strftime", "time", "timestamp", "weekday"];

/// Calls one.
pub(super) fn call(m: &Machine<'_>, time: &DateTime, name: &str, args: Args) -> Outcome {
    match name {
        "strftime" => {
            let [format] = args.bind(["format"])?;
            let format = m.display(&required(format, "format")?)?;
            strftime(&format, time).map(Item::text)
        }
        "isoformat" => {
            let [separator] = args.bind(["sep"])?;
            let separator = separator.map(|item| m.display(&item)).transpose()?.unwrap_or_else(|| "T".to_owned());
            Ok(Item::text(datetime_str(time).replacen(' ', &separator, 1)))
        }
        "date" => args.none().map(|()| Item::text(time.date().to_string())),
        "time" => args.none().map(|()| Item::text(datetime_str(time).split_off(11))),
        "weekday" => args.none().map(|()| Item::int(time.weekday().to_monday_zero_offset())),
        "isoweekday" => args.none().map(|()| Item::int(time.weekday().to_monday_one_offset())),
        "timestamp" => {
            args.none()?;
            let zoned = time.to_zoned(jiff::tz::TimeZone::system()).map_err(|error| Fault::new(error.to_string()))?;
            #[expect(clippy::cast_precision_loss, reason = "as Python's timestamp")]
            let seconds = zoned.timestamp().as_microsecond() as f64 / 1e6;
            Ok(Item::Value(Value::Float(seconds)))
        }
        _ => Err(Fault::undefined(format!("object of type 'datetime' has no attribute '{name}'"))),
    }
}

/// A time under a pattern of `strftime`.
pub(crate) fn strftime(format: &str, time: &DateTime) -> Outcome<String> {
    jiff::fmt::strtime::format(format, *time).map_err(|error| Fault::new(error.to_string()))
}
