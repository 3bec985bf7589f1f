//! The sandbox's time, which a test or a rehearsal may move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's time plus an offset. Cloning shares the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Milliseconds since 1970 in UTC.
    pub fn now_ms(&self) -> i64 {
        system_ms().saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock by so many milliseconds, back where negative.
    pub fn advance_ms(&self, by: i64) {
        self.offset_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// Lets the clock tell this time now and go on from there.
    pub fn set_ms(&self, now: i64) {
        self.offset_ms.store(now.saturating_sub(system_ms()), Ordering::Relaxed);
    }
}

fn system_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_from_where_it_was_set() {
        let clock = Clock::default();
        let shared = clock.clone();
        shared.set_ms(1_000_000);
        clock.advance_ms(500);
        let now = shared.now_ms();
        assert!((1_000_500..1_060_000).contains(&now), "{now}");
    }
}
