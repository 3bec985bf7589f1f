//! The state of a session: the CSRF token, and whether we are signed in.

use tokio::sync::{Mutex, RwLock};

use crate::value::Secret;

/// A user's session. The cookie lives in the HTTP client's cookie store, the CSRF token here.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) username: String,
    pub(super) password: Secret,
    /// What goes into `X-CSRF-Token`. Quay replaces it when a session begins or is confirmed; the old one then fails.
    csrf: RwLock<Option<Secret>>,
    /// Held while signing in, so that concurrent calls sign in once.
    pub(super) signing_in: Mutex<()>,
}

impl Session {
    pub(super) fn new(username: &str, password: &Secret) -> Self {
        Self {
            username: username.to_owned(),
            password: password.clone(),
            csrf: RwLock::new(None),
            signing_in: Mutex::new(()),
        }
    }

    pub(super) async fn csrf(&self) -> Option<Secret> {
        self.csrf.read().await.clone()
    }

    pub(super) async fn set_csrf(&self, token: Option<Secret>) {
        *self.csrf.write().await = token;
    }
}
