//! Labels that an image's config brings along, and the one that limits its life.

use serde_json::Value;

use crate::sandbox::settings::seconds;

const EXPIRES_AFTER: &str = "quay.expires-after";
/// Quay's `LABELED_EXPIRATION_MINIMUM` and `LABELED_EXPIRATION_MAXIMUM`, in seconds.
const MINIMUM: i64 = 3_600;
const MAXIMUM: i64 = 104 * 7 * 86_400;

/// The labels in an image's config; none where it is no image's config.
pub(super) fn of_config(config: &[u8]) -> Vec<(String, String)> {
    let Ok(config) = serde_json::from_slice::<Value>(config) else { return Vec::new() };
    let labels = config.get("config").and_then(|config| config.get("Labels")).and_then(Value::as_object);
    let labels = labels.into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// How many seconds a tag of an image with these labels lives, if they limit it.
pub(super) fn life(labels: &[(String, String)]) -> Option<i64> {
    let (_, text) = labels.iter().find(|(key, _)| key == EXPIRES_AFTER)?;
    seconds(text).map(|life| life.clamp(MINIMUM, MAXIMUM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_from_the_config_and_may_limit_the_life() {
        let labels = of_config(br#"{"config": {"Labels": {"quay.expires-after": "2d", "a": "b", "c": 1}}}"#);
        assert_eq!(labels.len(), 2);
        assert_eq!(life(&labels), Some(172_800));
        let with = |text: &str| life(&[(EXPIRES_AFTER.to_owned(), text.to_owned())]);
        assert_eq!(with("1s"), Some(MINIMUM));
        assert_eq!(with("9y"), Some(MAXIMUM));
        assert_eq!(with("never"), None);
        assert!(of_config(b"{}").is_empty() && of_config(b"junk").is_empty());
    }
}
