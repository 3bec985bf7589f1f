//! What is to happen to a tag, and why.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keep_list::Promotion;

/// A tag with its decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedTag {
    /// The tag's name.
    pub tag: String,
    /// Where it pointed when the plan was made. A tag that has moved since is left alone.
    pub digest: String,
    /// Since when it points there.
    pub started: Timestamp,
    /// When it expires already, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// What is to happen.
    pub decision: Decision,
}

/// What is to happen to a tag, and why. Its text is what users read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// It stays as it is.
    Keep {
        /// Why.
        because: KeepReason,
    },
    /// It has an expiration already; nothing is done.
    AlreadyExpiring {
        /// When it expires.
        at: Timestamp,
    },
    /// It gets an expiration, counted from the application of the plan.
    Expire {
        /// Its age in days when the plan was made.
        age_days: u32,
        /// The age that it passed.
        limit_days: u32,
    },
    /// It is deleted.
    Delete {
        /// Its age in days when the plan was made.
        age_days: u32,
        /// The age that it passed.
        limit_days: u32,
        /// Why it does not just expire.
        because: DeleteReason,
    },
}

impl Decision {
    /// Whether the tag is to go.
    #[must_use]
    pub fn removes(&self) -> bool {
        matches!(self, Self::Expire { .. } | Self::Delete { .. })
    }

    /// One word for it: `keep`, `already expiring`, `expire` or `delete`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Keep { .. } => "keep",
            Self::AlreadyExpiring { .. } => "already expiring",
            Self::Expire { .. } => "expire",
            Self::Delete { .. } => "delete",
        }
    }

    /// The reason without what differs from tag to tag, so that tags can be grouped by it.
    #[must_use]
    pub fn group(&self) -> String {
        match self {
            Self::Keep { because: KeepReason::Younger { limit_days, .. } } => {
                format!("keep: younger than {}", days(*limit_days))
            }
            Self::Keep { because: KeepReason::Companion { .. } } => "keep: belongs to a kept tag".to_owned(),
            Self::AlreadyExpiring { .. } => "already expiring".to_owned(),
            Self::Expire { limit_days, .. } => format!("expire: older than {}", days(*limit_days)),
            Self::Delete { limit_days, because, .. } => format!("delete: older than {}{because}", days(*limit_days)),
            Self::Keep { .. } => self.to_string(),
        }
    }
}

/// Why a tag is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KeepReason {
    /// Its name is on the list.
    Name,
    /// A shell pattern matches it.
    Glob {
        /// The pattern.
        pattern: String,
    },
    /// A regular expression matches it.
    Regex {
        /// The expression.
        pattern: String,
    },
    /// A DLRN API names it as promoted.
    Promoted(Promotion),
    /// The registry refuses to remove it.
    Immutable,
    /// It is one of the newest of its repository.
    Newest {
        /// How many are kept.
        count: u32,
    },
    /// It is not old enough.
    Younger {
        /// The age that it has not passed.
        limit_days: u32,
        /// Its age when the plan was made.
        age_days: u32,
    },
    /// Its repository would be left with too few tags.
    Minimum {
        /// How many must stay.
        count: u32,
    },
    /// It is the signature, attestation or SBOM of a tag that is kept.
    Companion {
        /// That tag.
        of: String,
    },
}

/// Why a tag is deleted and does not just expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DeleteReason {
    /// The rules ask for deletion.
    Asked,
    /// It is so old that the registry would move its expiration into the past, beyond the time machine. A deletion ends it
    /// now, so that it can still be restored.
    TooOldToExpire {
        /// The registry's longest expiration.
        weeks: u32,
    },
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep { because } => write!(f, "keep: {because}"),
            Self::AlreadyExpiring { at } => write!(f, "already expiring ({at})"),
            Self::Expire { age_days, limit_days } => {
                write!(f, "expire: older than {} ({})", days(*limit_days), days(*age_days))
            }
            Self::Delete { age_days, limit_days, because } => {
                write!(f, "delete: older than {} ({}){because}", days(*limit_days), days(*age_days))
            }
        }
    }
}

impl fmt::Display for KeepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Glob { pattern } => write!(f, "matches `{pattern}`"),
            Self::Regex { pattern } => write!(f, "matches the expression `{pattern}`"),
            Self::Promoted(promotion) => {
                write!(f, "promoted by DLRN ({}, {})", promotion.endpoint, promotion.name)
            }
            Self::Immutable => f.write_str("immutable"),
            Self::Newest { count: 1 } => f.write_str("the newest of the repository"),
            Self::Newest { count } => write!(f, "among the newest {count} of the repository"),
            Self::Younger { limit_days, age_days } => {
                write!(f, "younger than {} ({})", days(*limit_days), days(*age_days))
            }
            Self::Minimum { count: 1 } => f.write_str("the repository keeps at least 1 tag"),
            Self::Minimum { count } => write!(f, "the repository keeps at least {count} tags"),
            Self::Companion { of } => write!(f, "belongs to the kept tag `{of}`"),
        }
    }
}

impl fmt::Display for DeleteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => Ok(()),
            Self::TooOldToExpire { weeks } => {
                write!(f, ", past {weeks} weeks an expiration would be lost in the past, a deletion can be restored")
            }
        }
    }
}

fn days(count: u32) -> String {
    match count {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    }
}
