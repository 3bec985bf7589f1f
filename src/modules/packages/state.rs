//! Whether a thing shall be there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether it shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It is not there.
    Absent,
    /// It is there.
    #[default]
    Present,
}

impl State {
    /// Ansible's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Present => "present",
        }
    }
}
