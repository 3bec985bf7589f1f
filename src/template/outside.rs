//! What lookups need and this layer does not reach: web servers, settings, the accounts of the machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::value::{Secret, Value};

/// Which redirects a request follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// None.
    None,
    /// Those of requests that only read.
    Safe,
    /// All.
    All,
}

/// A page to fetch.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The URL.
    pub url: String,
    /// Headers; values are never shown.
    pub headers: BTreeMap<String, Secret>,
    /// Headers that a redirected request leaves out.
    pub unredirected: Vec<String>,
    /// User name and password.
    pub login: Option<(String, Secret)>,
    /// Send the login at once instead of after a refusal.
    pub force_basic_auth: bool,
    /// Look for a login in `~/.netrc`.
    pub use_netrc: bool,
    /// Which redirects are followed.
    pub redirects: Redirects,
    /// Refuse servers whose certificate is not valid.
    pub validate_certs: bool,
    /// PEM file with the only authorities to believe.
    pub ca_path: Option<PathBuf>,
    /// Use the proxies that the environment names.
    pub use_proxy: bool,
    /// How long to wait for each part of the answer.
    pub timeout: Duration,
    /// Connect to this socket instead of the URL's host.
    pub unix_socket: Option<PathBuf>,
}

/// A plug-in whose setting is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Its kind, such as `connection`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What lookups need of the world. Whoever builds the [`Templar`](super::Templar) provides it.
pub trait Outside: Send + Sync {
    /// The text of a page; an error in words where there is none or the server refuses.
    fn fetch(&self, fetch: &Fetch) -> Result<String, String>;

    /// A setting such as `DEFAULT_ROLES_PATH`, or an option of a plug-in, with where it came from; nothing if there is none
    /// of that name.
    fn setting(&self, name: &str, plugin: Option<&Plugin>) -> Option<(Value, String)> {
        let _ = (name, plugin);
        None
    }

    /// The name of the user of a number.
    fn user_name(&self, uid: u32) -> Option<String>;

    /// The name of the group of a number.
    fn group_name(&self, gid: u32) -> Option<String>;
}
