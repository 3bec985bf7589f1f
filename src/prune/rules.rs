//! The document that says what to prune. It is read from a file, built from command-line options or a module's options, and
//! stored in each plan.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What to prune and what to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Tags are removed when they are older than this many days.
    pub days: u32,
    /// What is kept however old it is.
    #[serde(default)]
    pub keep: Keep,
    /// Which organizations and users' namespaces are looked at.
    #[serde(default)]
    pub organizations: Filter,
    /// Which repositories are looked at; a pattern is compared with `name` and with `organization/name`.
    #[serde(default)]
    pub repositories: Filter,
    /// How tags are removed.
    #[serde(default)]
    pub removal: RemovalMode,
    /// With expiration: hours from the application of the plan until the tag expires.
    #[serde(default = "default_expire_in_hours")]
    pub expire_in_hours: u32,
    /// The registry's longest expiration, in weeks from a tag's start (Quay's `LABELED_EXPIRATION_MAXIMUM`). An expiration
    /// beyond it would be moved back to it without a word, for an old tag into the past.
    #[serde(default = "default_longest_expiration_weeks")]
    pub longest_expiration_weeks: u32,
    /// Limits that stop a plan from being applied.
    #[serde(default)]
    pub brakes: Brakes,
}

impl Rules {
    /// Rules that remove everything older than `days`, with nothing kept.
    #[must_use]
    pub fn older_than(days: u32) -> Self {
        Self {
            days,
            keep: Keep::default(),
            organizations: Filter::default(),
            repositories: Filter::default(),
            removal: RemovalMode::default(),
            expire_in_hours: default_expire_in_hours(),
            longest_expiration_weeks: default_longest_expiration_weeks(),
            brakes: Brakes::default(),
        }
    }
}

const fn default_expire_in_hours() -> u32 {
    24
}

const fn default_longest_expiration_weeks() -> u32 {
    104
}

/// What is kept however old it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Tags with exactly these names.
    pub names: Vec<String>,
    /// Tags whose whole name matches one of these shell patterns (`*`, `?`, `[…]`, `{a,b}`).
    pub globs: Vec<String>,
    /// Tags in whose name one of these regular expressions is found; anchor with `^` and `$` to compare the whole name.
    pub regexes: Vec<String>,
    /// Tags that a DLRN API names as promoted.
    pub dlrn: Vec<DlrnSource>,
    /// The newest so many tags of each repository. Tags that already expire and signatures do not count.
    pub newest: u32,
    /// Each repository keeps at least so many tags, the newest ones, whatever the reason that they are kept for.
    pub minimum: u32,
}

/// A DLRN API whose promotions are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DlrnSource {
    /// The API's URL, such as `https://trunk.rdoproject.org`; a host alone means https.
    pub url: String,
    /// Its endpoints, such as `api-centos9-master-uc`.
    pub endpoints: Vec<String>,
    /// The promotions to look up in each endpoint, such as `current-podified`. The names themselves are kept too.
    pub promotions: Vec<String>,
    /// Whether an endpoint may know no promotion of a name; otherwise that stops the run.
    #[serde(default)]
    pub allow_empty: bool,
}

/// Patterns of names to take in and to leave out. Without `include` everything is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Shell patterns of what is looked at; `*` also matches `/`.
    pub include: Vec<String>,
    /// Shell patterns of what is left out; they win over `include`.
    pub exclude: Vec<String>,
}

/// How tags are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemovalMode {
    /// Set an expiration; delete only tags that are too old for one.
    #[default]
    Expire,
    /// Delete. The tag can still be restored for as long as the organization's time machine reaches back.
    Delete,
}

/// Limits that stop a plan from being applied. Without a value there is no limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brakes {
    /// Most tags that a run may remove.
    pub max_removals: Option<u64>,
    /// Largest share of all looked-at tags that a run may remove: `30%` or `0.3`.
    pub max_share: Option<Share>,
    /// Largest share of one repository's tags that a run may remove.
    pub max_repository_share: Option<Share>,
}

/// A share between nothing (0) and everything (1).
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// A share from 0 to 1.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// The share as a number from 0 to 1.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    /// Whether `part` of `whole` is more than this share.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of tags are far below 2^52")]
    pub fn is_passed_by(self, part: u64, whole: u64) -> bool {
        part as f64 > self.0 * whole as f64
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // one decimal at most: 33.3%
        write!(f, "{}%", (self.0 * 1000.0).round() / 10.0)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
            None => text.trim().parse(),
        };
        number
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| format!("`{text}` is not a share: give a percentage such as `30%` or a number from 0 to 1"))
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share such as `30%` or `0.3`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Share, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Share, E> {
                Share::new(number).ok_or_else(|| E::custom(format!("`{number}` is not a share from 0 to 1")))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Share, E> {
                match number {
                    0 => Ok(Share(0.0)),
                    1 => Ok(Share(1.0)),
                    _ => Err(E::custom(format!("`{number}` is not a share from 0 to 1; did you mean `{number}%`?"))),
                }
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Share, E> {
                self.visit_u64(u64::try_from(number).map_err(|_| E::custom("a share is not negative"))?)
            }
        }

        deserializer.deserialize_any(Visitor).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_needs_only_its_days_and_knows_no_misspelt_keys() {
        let rules: Rules = serde_yaml::from_str("days: 7").unwrap();
        assert_eq!(rules, Rules::older_than(7));
        let error = serde_yaml::from_str::<Rules>("days: 7\nkeep: {nmaes: [a]}").unwrap_err().to_string();
        assert!(error.contains("unknown field `nmaes`"), "{error}");
        assert!(serde_yaml::from_str::<Rules>("keep: {names: [a]}").is_err());
    }

    #[test]
    fn shares_are_percentages_or_fractions() {
        for (text, value) in [("30%", 0.3), ("0.3", 0.3), ("100 %", 1.0), ("0", 0.0), ("12.5%", 0.125)] {
            assert_eq!(text.parse::<Share>().unwrap().value(), value, "{text}");
        }
        for text in ["30", "-1%", "101%", "half", "", "NaN"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
        let brakes: Brakes = serde_yaml::from_str("{max_share: 30%, max_repository_share: 0.5}").unwrap();
        assert_eq!(brakes.max_share.unwrap().to_string(), "30%");
        let error = serde_yaml::from_str::<Brakes>("{max_share: 30}").unwrap_err().to_string();
        assert!(error.contains("did you mean `30%`"), "{error}");
    }

    #[test]
    fn a_share_is_passed_only_beyond_it() {
        let half = Share::new(0.5).unwrap();
        assert!(!half.is_passed_by(1, 2));
        assert!(half.is_passed_by(2, 3));
        assert!(!half.is_passed_by(0, 0));
    }
}
