//! Tags that something outside the registry asks to keep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where a name on the keep list comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Promotion {
    /// The endpoint of the DLRN API.
    pub endpoint: String,
    /// The promotion's name.
    pub name: String,
}

/// Exact tag names to keep, each with the promotion that asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepList(BTreeMap<String, Promotion>);

impl KeepList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name. Of several promotions that ask for the same name the first in alphabetical order is told, so that the
    /// list does not depend on the order of answers.
    pub fn add(&mut self, tag: impl Into<String>, promotion: Promotion) {
        let origin = self.0.entry(tag.into()).or_insert_with(|| promotion.clone());
        if promotion < *origin {
            *origin = promotion;
        }
    }

    /// The promotion that asks for this tag.
    #[must_use]
    pub fn get(&self, tag: &str) -> Option<&Promotion> {
        self.0.get(tag)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
