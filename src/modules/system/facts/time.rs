//! Date and time.

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::Facts;
use crate::value::{Map, Value};

pub(super) fn date_time(facts: &mut Facts, now: &Zoned) {
    let utc = now.with_time_zone(TimeZone::UTC);
    let local = |format: &str| now.strftime(format).to_string();
    let formats = [
        ("year", "%Y"),
        ("month", "%m"),
        ("weekday", "%A"),
        ("weekday_number", "%w"),
        ("weeknumber", "%W"),
        ("day", "%d"),
        ("hour", "%H"),
        ("minute", "%M"),
        ("second", "%S"),
        ("epoch", "%s"),
        ("epoch_int", "%s"),
        ("date", "%Y-%m-%d"),
        ("time", "%H:%M:%S"),
        ("iso8601_basic", "%Y%m%dT%H%M%S%6f"),
        ("iso8601_basic_short", "%Y%m%dT%H%M%S"),
        ("tz", "%Z"),
        ("tz_offset", "%z"),
    ];
    let mut map: Map = formats.iter().map(|(name, format)| ((*name).into(), Value::from(local(format)))).collect();
    map.insert("iso8601_micro".into(), utc.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string().into());
    map.insert("iso8601".into(), utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    map.insert("tz_dst".into(), summer_name(now).into());
    facts.set("date_time", map);
}

/// What the zone is called while daylight saving holds; the usual name where it never does.
fn summer_name(now: &Zoned) -> String {
    let zone = now.time_zone();
    let year = now.year();
    let months = (1..=12_i8).filter_map(|month| jiff::civil::date(year, month, 1).to_zoned(zone.clone()).ok());
    let summer = months.into_iter().find(|time| zone.to_offset_info(time.timestamp()).dst().is_dst());
    summer.unwrap_or_else(|| now.clone()).strftime("%Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::to_json;

    #[test]
    fn all_parts_of_the_time() {
        let now: Zoned = "2026-11-21T04:49:37.411293+01:00[Europe/Berlin]".parse().unwrap();
        let mut facts = Facts::default();
        date_time(&mut facts, &now);
        let json = to_json(facts.0.get("date_time").unwrap());
        for (name, wanted) in [
            ("date", "2026-11-21"),
            ("time", "04:49:37"),
            ("epoch", "1795232977"),
            ("iso8601", "2026-11-21T03:49:37Z"),
            ("iso8601_basic", "20261121T044937411293"),
            ("iso8601_basic_short", "20261121T044937"),
            ("iso8601_micro", "2026-11-21T03:49:37.411293Z"),
            ("tz", "CET"),
            ("tz_dst", "CEST"),
            ("tz_offset", "+0100"),
            ("weekday", "Saturday"),
            ("weekday_number", "6"),
            ("weeknumber", "46"),
        ] {
            assert_eq!(json[name], wanted, "{name}");
        }
    }
}
