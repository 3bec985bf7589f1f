//! What a plain scalar is: PyYAML's reading of YAML 1.1.

use super::number::{self, IntError};
use super::timestamp::{self, Timestamp};
use crate::diag::{Diagnostic, Span};
use crate::value::{Text, Value};

/// The truth value that a plain scalar is. `y` and `n` are text.
pub(super) fn read_bool(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Whether a plain scalar is null.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The value of a plain scalar; `string` makes the text where it is text.
pub(super) fn read_plain(text: &str, span: Span, string: impl FnOnce(&str) -> Text) -> Result<Value, Box<Diagnostic>> {
    if is_null(text) {
        return Ok(Value::Null);
    }
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
        return Ok(Value::Str(string(text)));
    }
    if let Some(value) = read_bool(text) {
        return Ok(Value::Bool(value));
    }
    if number::is_float(text) {
        return float(text, span);
    }
    if number::is_int(text) {
        return int(text, span);
    }
    match timestamp::read(text) {
        Timestamp::Not => Ok(Value::Str(string(text))),
        Timestamp::Text(text) => Ok(Value::Str(string(&text))),
        Timestamp::Invalid => Err(Box::new(
            Diagnostic::error(
                "yaml-timestamp",
                format!("`{text}` looks like a date, but there is no such date or time"),
            )
            .at(span)
            .help(format!("if it is text, put it in quotes: `\"{text}\"`")),
        )),
    }
}

/// The value of an integer.
pub(super) fn int(text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
    number::read_int(text).map(Value::Int).map_err(|error| {
        let message = match error {
            IntError::Invalid => format!("`{text}` is not an integer"),
            IntError::TooLarge => format!("the integer `{text}` needs more than 128 bits"),
        };
        Box::new(
            Diagnostic::error("yaml-number", message)
                .at(span)
                .help(format!("if it is text, put it in quotes: `\"{text}\"`")),
        )
    })
}

/// The value of a floating-point number.
pub(super) fn float(text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
    number::read_float(text).map(Value::Float).ok_or_else(|| {
        Box::new(Diagnostic::error("yaml-number", format!("`{text}` is not a floating-point number")).at(span))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceMap;
    use crate::value::python_repr;

    fn shown(text: &str) -> String {
        let span = Span::new(SourceMap::new().add("x", text), 0, text.len());
        read_plain(text, span, |text| Text::data(text)).map_or_else(|error| error.message, |value| python_repr(&value))
    }

    /// The right side is what PyYAML 6 reads.
    #[test]
    fn plain_scalars_read_as_pyyaml_reads_them() {
        let cases = [
            ("yes", "True"),
            ("Off", "False"),
            ("y", "'y'"),
            ("n", "'n'"),
            ("yEs", "'yEs'"),
            ("~", "None"),
            ("NULL", "None"),
            ("nULL", "'nULL'"),
            ("0755", "493"),
            ("0o755", "'0o755'"),
            ("08", "'08'"),
            ("0x1F", "31"),
            ("-0b1_01", "-5"),
            ("0_7", "7"),
            ("1_000", "1000"),
            ("+12", "12"),
            ("-0", "0"),
            ("_1", "'_1'"),
            ("12:30:45", "45045"),
            ("12:60", "'12:60'"),
            ("0:30", "'0:30'"),
            ("190:20:30.15", "685230.15"),
            ("1.", "1.0"),
            ("1e3", "'1e3'"),
            ("1.5e3", "'1.5e3'"),
            ("1.5e+3", "1500.0"),
            (".5", "0.5"),
            ("-.5", "'-.5'"),
            ("-.inf", "-inf"),
            (".NaN", "nan"),
            ("-.nan", "'-.nan'"),
            ("1_0.5_", "10.5"),
            ("1.2.3", "'1.2.3'"),
            ("2020-01-01", "'2020-01-01'"),
            ("2020-13-01", "`2020-13-01` looks like a date, but there is no such date or time"),
            ("0x", "'0x'"),
            ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
            (
                "170141183460469231731687303715884105728",
                "the integer `170141183460469231731687303715884105728` needs more than 128 bits",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
