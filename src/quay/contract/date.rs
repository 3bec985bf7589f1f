//! Quay's dates.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment as most of Quay's answers write it, RFC 2822: `Sat, 21 Nov 2026 00:05:18 -0000`. (Application tokens have
/// an [`IsoDate`] instead, and tags also seconds since 1970.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuayDate(pub Timestamp);

impl fmt::Display for QuayDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match rfc2822::DateTimePrinter::new().timestamp_to_string(&self.0) {
            Ok(text) => f.write_str(&text),
            // only years before 0 or after 9999 cannot be written so
            Err(_) => self.0.fmt(f),
        }
    }
}

impl Serialize for QuayDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuayDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        rfc2822::DateTimeParser::new().parse_timestamp(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A moment as application tokens write it, ISO 8601 with microseconds: `2026-11-21T00:08:08.375603Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IsoDate(pub Timestamp);

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.subsec_microsecond() == 0 && self.0.subsec_millisecond() == 0;
        // Python leaves a fraction of zero out and otherwise writes all six digits
        let format = if whole { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
        self.0.strftime(format).fmt(f)
    }
}

impl Serialize for IsoDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IsoDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_survive_both_ways() {
        let text = "\"Sat, 21 Nov 2026 00:05:18 -0000\"";
        let date: QuayDate = serde_json::from_str(text).unwrap();
        assert_eq!(date.0.as_second(), 1_795_219_518);
        assert_eq!(serde_json::to_string(&date).unwrap(), text);
        assert!(serde_json::from_str::<QuayDate>("\"yesterday\"").is_err());
    }
}
