//! Pieces that many answers share.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The picture that Quay draws for a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// The name it was drawn for.
    pub name: String,
    /// SHA-256 of the e-mail address or name.
    pub hash: String,
    /// `#rrggbb`.
    pub color: String,
    /// `user`, `org`, `team`, `robot`, `app`.
    pub kind: String,
}

/// How much a namespace or repository stores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaReport {
    /// Bytes stored.
    #[serde(default)]
    pub quota_bytes: i64,
    /// The limit in bytes.
    #[serde(default)]
    pub configured_quota: Option<i64>,
    /// State of the first count (`waiting`, `running`, `complete`); repositories have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_backfill: Option<String>,
    /// The same under its newer name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill_status: Option<String>,
}

/// `{"success": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Always true.
    pub success: bool,
}

/// Where the next page of a list starts. Opaque; a token that Quay cannot read silently means the first page.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageToken(pub String);

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// A field of a request that may be left alone, cleared or set: absent, `null` or a value on the wire. Fields of this type
/// need `#[serde(default, skip_serializing_if = "Change::is_keep")]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Absent.
    #[default]
    Keep,
    /// `null`.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Change<T> {
    /// Whether the field is absent.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}
