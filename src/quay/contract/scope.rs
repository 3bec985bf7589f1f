//! What an OAuth token may be used for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One permission of an OAuth token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// Administer organizations.
    #[serde(rename = "org:admin")]
    OrgAdmin,
    /// Administer repositories.
    #[serde(rename = "repo:admin")]
    RepoAdmin,
    /// Create repositories.
    #[serde(rename = "repo:create")]
    RepoCreate,
    /// View all visible repositories.
    #[serde(rename = "repo:read")]
    RepoRead,
    /// Read from and write to any accessible repository.
    #[serde(rename = "repo:write")]
    RepoWrite,
    /// Everything that a superuser may do.
    #[serde(rename = "super:user")]
    SuperUser,
    /// Administer the user.
    #[serde(rename = "user:admin")]
    UserAdmin,
    /// Read the user's private information.
    #[serde(rename = "user:read")]
    UserRead,
}

impl Scope {
    /// All of them, sorted by name.
    pub const ALL: [Self; 8] = [
        Self::OrgAdmin,
        Self::RepoAdmin,
        Self::RepoCreate,
        Self::RepoRead,
        Self::RepoWrite,
        Self::SuperUser,
        Self::UserAdmin,
        Self::UserRead,
    ];

    /// Quay's name of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrgAdmin => "org:admin",
            Self::RepoAdmin => "repo:admin",
            Self::RepoCreate => "repo:create",
            Self::RepoRead => "repo:read",
            Self::RepoWrite => "repo:write",
            Self::SuperUser => "super:user",
            Self::UserAdmin => "user:admin",
            Self::UserRead => "user:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope of Quay")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// A set of scopes. On the wire they stand in one string, separated by blanks; commas are read too, as Quay does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(pub BTreeSet<Scope>);

impl Scopes {
    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        Self(Scope::ALL.into_iter().collect())
    }

    /// Whether the scope itself, or one that includes it, is in the set: a repository's administration includes writing,
    /// and writing includes reading.
    #[must_use]
    pub fn grants(&self, scope: Scope) -> bool {
        let including: &[Scope] = match scope {
            Scope::RepoRead => &[Scope::RepoWrite, Scope::RepoAdmin],
            Scope::RepoWrite => &[Scope::RepoAdmin],
            _ => &[],
        };
        self.0.contains(&scope) || including.iter().any(|scope| self.0.contains(scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split([' ', ',']).filter(|part| !part.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_scopes_read_blanks_and_commas_and_write_blanks() {
        let scopes: Scopes = "repo:write,repo:read org:admin".parse().unwrap();
        assert_eq!(scopes.to_string(), "org:admin repo:read repo:write");
        assert_eq!("repo:read nope".parse::<Scopes>(), Err(UnknownScope("nope".into())));
        assert!(scopes.grants(Scope::RepoRead) && !scopes.grants(Scope::SuperUser));
        assert_eq!(Scopes::all().0.len(), 8);
    }
}
