//! Compiled templates by their text.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use super::fault::Outcome;
use super::syntax::Compiled;

/// Past this many entries the cache starts over: a run uses far fewer, unless it makes up templates as it goes.
const MOST: usize = 8192;

/// A bounded map that many threads read.
pub(crate) struct Cache<K>(RwLock<HashMap<K, Arc<Compiled>>>);

impl<K> Default for Cache<K> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Clone + Eq + Hash> Cache<K> {
    /// The entry, made if there is none yet; errors are not kept.
    pub(crate) fn get(&self, key: &K, make: impl FnOnce() -> Outcome<Compiled>) -> Outcome<Arc<Compiled>> {
        if let Some(found) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(key.clone(), Arc::clone(&made));
        Ok(made)
    }
}
