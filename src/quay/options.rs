//! How a client reaches a registry, and as whom.

use std::fmt;
use std::time::Duration;

use super::server::ServerUrl;
use super::tls::Trust;
use crate::value::Secret;

/// As whom.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Identity {
    /// As nobody: what is public.
    #[default]
    Anonymous,
    /// With an OAuth token.
    Token(Secret),
    /// As a user: the client signs in before its first call and out at the end. Can do what tokens cannot (authorize
    /// applications), and is much cheaper for the server.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("nobody"),
            Self::Token(_) => f.write_str("a token"),
            Self::Password { username, .. } => write!(f, "user {username}"),
        }
    }
}

/// How a client reaches a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// Where.
    pub server: ServerUrl,
    /// As whom.
    pub identity: Identity,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long one request may take. A bearer token costs Quay most of a second, more when it is busy.
    pub timeout: Duration,
    /// How a request is repeated.
    pub retry: RetryPolicy,
}

impl ClientOptions {
    /// The usual options.
    #[must_use]
    pub fn new(server: ServerUrl, identity: Identity) -> Self {
        Self { server, identity, trust: Trust::System, timeout: Duration::from_secs(30), retry: RetryPolicy::default() }
    }
}

/// How often and how fast a request is repeated that met a busy server (429, 502, 503, 504) or a broken connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first one included.
    pub tries: u32,
    /// The wait before the first repetition; it doubles each time. Half of each wait is left to chance, so that many
    /// clients do not come back together.
    pub first_wait: Duration,
    /// The longest wait, also where the server asks for more.
    pub longest_wait: Duration,
    /// Nothing is repeated when more than this has gone by since the first try.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(20),
            deadline: Duration::from_mins(2),
        }
    }
}

impl RetryPolicy {
    /// No repetition.
    pub const NEVER: Self =
        Self { tries: 1, first_wait: Duration::ZERO, longest_wait: Duration::ZERO, deadline: Duration::ZERO };

    /// How long to wait after a try (from 1), or `None` when it was the last. `asked` is the server's `Retry-After`, `chance`
    /// is between 0 and 1.
    #[must_use]
    pub fn wait(&self, tried: u32, since_start: Duration, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        if tried >= self.tries {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1_u32.checked_shl(tried.saturating_sub(1)).unwrap_or(u32::MAX));
        let own = doubled.min(self.longest_wait).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let wait = asked.map_or(own, |asked| asked.max(own).min(self.longest_wait));
        (since_start + wait <= self.deadline).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let policy = RetryPolicy {
            tries: 4,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(3),
            deadline: Duration::from_secs(10),
        };
        let start = Duration::ZERO;
        assert_eq!(policy.wait(1, start, None, 1.0), Some(Duration::from_secs(1)));
        assert_eq!(policy.wait(2, start, None, 0.0), Some(Duration::from_secs(1)));
        assert_eq!(policy.wait(3, start, None, 1.0), Some(Duration::from_secs(3)));
        assert_eq!(policy.wait(4, start, None, 1.0), None);
        assert_eq!(policy.wait(1, start, Some(Duration::from_secs(2)), 0.0), Some(Duration::from_secs(2)));
        assert_eq!(policy.wait(1, start, Some(Duration::from_mins(10)), 0.0), Some(Duration::from_secs(3)));
        assert_eq!(policy.wait(1, Duration::from_secs(10), None, 0.0), None);
        assert_eq!(RetryPolicy::NEVER.wait(1, start, None, 0.0), None);
    }
}
