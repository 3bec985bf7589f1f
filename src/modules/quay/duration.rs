//! Times with a unit.

/// Seconds of a text such as `2w` or `3600`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text.get(digits.len()..)?.trim();
    let factor: i64 = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let number: i64 = digits.parse().ok()?;
    (number >= 0).then(|| number.checked_mul(factor)).flatten()
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn units_are_those_of_quay() {
        assert_eq!(seconds("2w"), Some(1_209_600));
        assert_eq!(seconds("0s"), Some(0));
        assert_eq!(seconds("86400"), Some(86_400));
        assert_eq!(seconds(" 1 d "), Some(86_400));
        for text in ["", "w", "1y", "-1d", "1.5h", "99999999999999999999", "9223372036854775807w"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
