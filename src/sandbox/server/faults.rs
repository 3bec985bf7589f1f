//! Faults on request: what a client must survive, made to happen.

use std::sync::{Mutex, MutexGuard, PoisonError};

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};

/// Where a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tear {
    /// Before the request is worked on.
    Before,
    /// After it was worked on: its answer is lost.
    After,
    /// In the middle of the answer's body.
    Body,
}

/// A fault and the requests that it is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only paths that match this glob; `*` crosses slashes.
    #[serde(default = "any_path")]
    pub path: String,
    /// Answer with this status instead of working on the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body that goes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The header `Retry-After` that goes with it, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Wait this long first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Break the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tear: Option<Tear>,
    /// Let so many matching requests pass first.
    #[serde(default)]
    pub skip: u64,
    /// How many requests it is for; 0 means all.
    #[serde(default = "once")]
    pub count: u64,
}

fn any_path() -> String {
    "*".to_owned()
}

fn once() -> u64 {
    1
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    path: GlobMatcher,
}

impl Faults {
    /// Adds a fault; the glob may be wrong.
    pub fn add(&self, rule: FaultRule) -> Result<(), globset::Error> {
        let path = Glob::new(&rule.path)?.compile_matcher();
        self.lock().push(Armed { rule, path });
        Ok(())
    }

    /// The faults that are left.
    pub fn list(&self) -> Vec<FaultRule> {
        self.lock().iter().map(|armed| armed.rule.clone()).collect()
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The fault for this request, if any; it counts as used.
    pub fn take(&self, method: &str, path: &str) -> Option<FaultRule> {
        let mut rules = self.lock();
        let mut hit = None;
        for (at, armed) in rules.iter_mut().enumerate() {
            let rule = &mut armed.rule;
            let fits = rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && armed.path.is_match(path);
            if !fits {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            let fault = rule.clone();
            let used_up = rule.count == 1;
            rule.count = rule.count.saturating_sub(1);
            hit = Some((at, used_up, fault));
            break;
        }
        let (at, used_up, fault) = hit?;
        if used_up {
            rules.remove(at);
        }
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> FaultRule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_serves_its_count_after_its_skip() {
        let faults = Faults::default();
        faults.add(rule(r#"{"method": "get", "path": "/api/*", "status": 503, "skip": 1, "count": 2}"#)).unwrap();
        let hits: Vec<bool> = (0..5).map(|_| faults.take("GET", "/api/v1/user/").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_count_of_zero_never_ends_and_other_requests_pass() {
        let faults = Faults::default();
        faults.add(rule(r#"{"method": "PUT", "path": "/api/v1/repository/*", "tear": "after", "count": 0}"#)).unwrap();
        assert!(faults.take("GET", "/api/v1/repository/a/b").is_none());
        assert!((0..10).all(|_| faults.take("PUT", "/api/v1/repository/a/b").is_some()));
        faults.clear();
        assert!(faults.take("PUT", "/api/v1/repository/a/b").is_none());
    }
}
