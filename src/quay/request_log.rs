//! How many requests went where.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::contract::{Endpoint, Method};

/// Counts requests by method and path template. Repetitions count, too. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    counts: Arc<Mutex<BTreeMap<(&'static str, Method), u64>>>,
}

/// One line of a [`RequestLog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestCount {
    /// The method.
    pub method: Method,
    /// The path with its parameters' names.
    pub path: &'static str,
    /// How many requests.
    pub count: u64,
}

impl RequestLog {
    pub(super) fn add(&self, endpoint: &Endpoint) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((endpoint.path, endpoint.method)).or_default() += 1;
    }

    /// What was requested so far, sorted by path.
    #[must_use]
    pub fn counts(&self) -> Vec<RequestCount> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((path, method), count)| RequestCount { method: *method, path, count: *count }).collect()
    }

    /// Requests in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().iter().map(|line| line.count).sum()
    }

    /// Requests that may have changed something; signing in and out is not among them.
    #[must_use]
    pub fn writes(&self) -> u64 {
        let session = ["/api/v1/signin", "/api/v1/signin/verify", "/api/v1/signout"];
        self.counts()
            .iter()
            .filter(|line| line.method.is_write() && !session.contains(&line.path))
            .map(|l| l.count)
            .sum()
    }
}
