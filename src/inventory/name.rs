//! The name of a host.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A host's name as the inventory has it (`inventory_hostname`). Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(Arc<str>);

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shared text of the name.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// Whether it means the machine that the run is started on: `localhost`, `127.0.0.1` or `::1`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.0)
    }

    /// The name up to its first dot (`inventory_hostname_short`); an address stays whole.
    #[must_use]
    pub fn short(&self) -> &str {
        if self.0.parse::<std::net::IpAddr>().is_ok() {
            return &self.0;
        }
        self.0.split('.').next().unwrap_or_default()
    }
}

/// The names that Ansible makes up a host for.
pub(super) const LOCAL_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// Whether a name is one that Ansible makes up a host for.
pub(super) fn is_local(name: &str) -> bool {
    LOCAL_NAMES.contains(&name)
}

impl From<&str> for HostName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for HostName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl Deref for HostName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for HostName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for HostName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
