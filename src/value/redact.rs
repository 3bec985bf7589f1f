//! The second line of defence: known secrets are blanked out of any text that leaves the run.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

/// What stands in place of a secret.
pub const REDACTED: &str = "********";

/// Shorter secrets are not searched for inside other text: they would blank out ordinary words.
const SHORTEST: usize = 4;

/// Words that weak passwords share with our own messages; blanking them out would make the messages unreadable without
/// hiding anything that could not be guessed.
const COMMON: &[&str] =
    &["admin", "false", "none", "null", "password", "robot", "secret", "test", "token", "true", "user"];

/// The secrets known in this run. Values are redacted by type (see [`Text`](super::Text)); this catches what came back
/// from outside: a command's output, a server's error message, a diff. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    known: Arc<RwLock<Vec<Arc<str>>>>,
}

impl Redactor {
    /// A redactor that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a secret. Lines of a multi-line one are remembered on their own too.
    pub fn register(&self, secret: &str) {
        for part in std::iter::once(secret).chain(secret.lines().filter(|line| *line != secret)) {
            let part = part.trim();
            if part.len() < SHORTEST || COMMON.contains(&part) {
                continue;
            }
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            // longest first, so that a secret that holds another one is blanked out whole
            let at = known.partition_point(|k| (k.len(), &**k) > (part.len(), part));
            if known.get(at).is_none_or(|k| &**k != part) {
                known.insert(at, part.into());
            }
        }
    }

    /// The secrets that are known, longest first. For handing them to another redactor, never for showing.
    #[must_use]
    pub fn known(&self) -> Vec<Arc<str>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no secret is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The text without known secrets.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for secret in self.known.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if out.contains(&**secret) {
                out = Cow::Owned(out.replace(&**secret, REDACTED));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_secret_is_blanked_out_first() {
        let redactor = Redactor::new();
        redactor.register("hunter2");
        redactor.register("hunter2-and-more");
        assert_eq!(redactor.redact("a hunter2-and-more b hunter2"), "a ******** b ********");
        assert_eq!(redactor.redact("nothing"), "nothing");
    }
}
