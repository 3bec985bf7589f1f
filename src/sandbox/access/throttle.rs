//! Sign-in attempts: after three bad ones an account must wait, longer after each further one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bad attempts that are free.
const FREE: u32 = 3;
/// The wait never gets longer than this many doublings of a second.
const MAX_DOUBLINGS: u32 = 8;

/// Remembers bad sign-in attempts by user name.
#[derive(Debug, Default)]
pub struct Throttle {
    bad: Mutex<HashMap<String, (u32, i64)>>,
}

impl Throttle {
    /// How many seconds the user must wait, if at all.
    pub fn wait(&self, username: &str, now_ms: i64) -> Option<i64> {
        let (count, last) = *self.lock().get(username)?;
        let doublings = count.checked_sub(FREE)?.min(MAX_DOUBLINGS);
        let until = last + (1000_i64 << doublings);
        (now_ms < until).then(|| (until - now_ms) / 1000)
    }

    /// Counts a bad attempt.
    pub fn failed(&self, username: &str, now_ms: i64) {
        let mut bad = self.lock();
        let entry = bad.entry(username.to_owned()).or_default();
        *entry = (entry.0.saturating_add(1), now_ms);
    }

    /// Forgets the bad attempts.
    pub fn succeeded(&self, username: &str) {
        self.lock().remove(username);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u32, i64)>> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_attempt_must_wait() {
        let throttle = Throttle::default();
        for _ in 0..3 {
            assert_eq!(throttle.wait("erin", 0), None);
            throttle.failed("erin", 0);
        }
        assert_eq!(throttle.wait("erin", 0), Some(1));
        assert_eq!(throttle.wait("erin", 500), Some(0));
        assert_eq!(throttle.wait("erin", 1000), None);
        throttle.failed("erin", 1000);
        assert_eq!(throttle.wait("erin", 1000), Some(2));
        throttle.succeeded("erin");
        assert_eq!(throttle.wait("erin", 1000), None);
    }
}
