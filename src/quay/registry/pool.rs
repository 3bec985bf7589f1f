//! All registries of a run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::cache::Cache;
use crate::quay::client::Client;
use crate::quay::error::QuayError;
use crate::quay::options::{ClientOptions, Identity, RetryPolicy};
use crate::quay::request_log::RequestCount;
use crate::quay::server::ServerUrl;
use crate::quay::tls::Trust;
use crate::value::Secret;

/// An identity without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Nobody,
    Token([u8; 32]),
    User(String, [u8; 32]),
}

impl Who {
    fn of(identity: &Identity) -> Self {
        let hash = |secret: &Secret| Sha256::digest(secret.expose().as_bytes()).into();
        match identity {
            Identity::Anonymous => Self::Nobody,
            Identity::Token(token) => Self::Token(hash(token)),
            Identity::Password { username, password } => Self::User(username.clone(), hash(password)),
        }
    }
}

/// What makes a client of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    server: ServerUrl,
    who: Who,
    trust: Trust,
    timeout: Duration,
}

/// The clients of a run and what they have read, shared by all of its tasks.
#[derive(Debug, Default)]
pub struct QuayPool {
    registries: Mutex<HashMap<Key, Registry>>,
    caches: Mutex<HashMap<ServerUrl, Arc<Cache>>>,
    retry: Mutex<Option<RetryPolicy>>,
}

/// One registry as one identity sees it.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) client: Client,
    pub(super) who: Who,
    pub(super) cache: Arc<Cache>,
}

impl QuayPool {
    /// The registry that the options name: the same connections, session and readings for the same options.
    ///
    /// # Errors
    /// A file of authorities that cannot be used.
    pub fn registry(&self, options: &ClientOptions) -> Result<Registry, QuayError> {
        let key = Key {
            server: options.server.clone(),
            who: Who::of(&options.identity),
            trust: options.trust.clone(),
            timeout: options.timeout,
        };
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = registries.get(&key) {
            return Ok(registry.clone());
        }
        let mut options = options.clone();
        if let Some(retry) = *self.retry.lock().unwrap_or_else(PoisonError::into_inner) {
            options.retry = retry;
        }
        let client = Client::new(options)?;
        let mut caches = self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = Arc::clone(caches.entry(key.server.clone()).or_default());
        let registry = Registry { client, who: key.who.clone(), cache };
        registries.insert(key, registry.clone());
        Ok(registry)
    }

    /// Sets how clients made from now on repeat requests.
    pub fn set_retry(&self, retry: RetryPolicy) {
        *self.retry.lock().unwrap_or_else(PoisonError::into_inner) = Some(retry);
    }

    /// What was requested so far by all clients, sorted by path.
    #[must_use]
    pub fn counts(&self) -> Vec<RequestCount> {
        let registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<RequestCount> = Vec::new();
        for line in registries.values().flat_map(|registry| registry.client.log().counts()) {
            match all.iter_mut().find(|known| (known.method, known.path) == (line.method, line.path)) {
                Some(known) => known.count += line.count,
                None => all.push(line),
            }
        }
        all.sort_by_key(|line| (line.path, line.method));
        all
    }

    /// Ends all sessions. What cannot be reached any more is left to end by itself.
    pub async fn sign_out(&self) {
        let clients: Vec<Client> = {
            let registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
            registries.values().map(|registry| registry.client.clone()).collect()
        };
        futures_util::future::join_all(clients.iter().map(Client::sign_out)).await;
    }
}

impl Registry {
    /// The client, for what is neither cached nor touches what is.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}
