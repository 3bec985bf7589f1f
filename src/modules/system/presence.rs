//! `state: present` or `absent`, which many modules have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the thing shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::modules::system) enum Presence {
    /// It is not there.
    Absent,
    /// It is there.
    #[default]
    Present,
}

impl Presence {
    /// The option's word.
    pub(in crate::modules::system) fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Present => "present",
        }
    }
}
