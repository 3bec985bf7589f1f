//! One endpoint.

use std::fmt;

use super::scope::Scope;

/// HTTP methods that Quay's interface uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Mostly creates.
    Post,
    /// Mostly replaces.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it may change something.
    #[must_use]
    pub const fn is_write(self) -> bool {
        !matches!(self, Self::Get)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; whoever is known sees more.
    Open,
    /// A user, by session or by a token with this scope.
    Scope(Scope),
    /// A session only: tokens are ignored.
    Session,
    /// Sign-in itself: needs a CSRF token, but no user.
    Csrf,
}

/// An endpoint of Quay's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The operation's name in Quay's own description (`GET /api/v1/discovery`), or a name of ours for what that leaves out.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The path with `{parameters}`. `{repository}` stands for `namespace/name`, several segments; every other parameter is
    /// one segment.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The release that brought it, where that is later than 3.6.
    pub since: Option<&'static str>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
