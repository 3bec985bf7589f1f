//! Whether a token is still good for what it is wanted for.

use crate::quay::contract::{Scope, Scopes};
use crate::quay::{QuayError, Registry, Verified};

/// What a token is wanted for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// What it may do.
    pub(super) scopes: &'a Scopes,
    /// The organization of its application, where it is known.
    pub(super) organization: Option<&'a str>,
    /// Whose it is, where that is known.
    pub(super) username: Option<&'a str>,
}

/// The verdict on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is valid, and nothing that could be tried showed a missing scope.
    Usable,
    /// It is not, and why.
    Unusable(String),
}

/// Tries a token, with reads only: whose it is (`user:read`), and what only `super:user` and `org:admin` may read. Quay tells
/// nobody the scopes of a token, and those for repositories cannot be tried without changing something.
pub(super) async fn check(registry: &Registry, wanted: &Wanted<'_>) -> Result<Verdict, QuayError> {
    let user = match &*match registry.verify().await {
        Ok(verified) => verified,
        Err(error) if error.status() == Some(401) => {
            return Ok(Verdict::Unusable("it is not valid any more".to_owned()));
        }
        Err(error) => return Err(error),
    } {
        Verified::User(user) => Some(user.username.clone()),
        Verified::ValidToken | Verified::Anonymous => None,
    };
    let missing = |scope: Scope| Verdict::Unusable(format!("it lacks `{scope}`"));
    match (&user, wanted.username) {
        (Some(user), Some(name)) if user != name => {
            return Ok(Verdict::Unusable(format!("it belongs to user {user}, not to {name}")));
        }
        (None, _) if wanted.scopes.grants(Scope::UserRead) => return Ok(missing(Scope::UserRead)),
        _ => {}
    }
    if wanted.scopes.grants(Scope::SuperUser) && !allowed(registry.client().first_user_page().await)? {
        return Ok(missing(Scope::SuperUser));
    }
    if let Some(organization) = wanted.organization.filter(|_| wanted.scopes.grants(Scope::OrgAdmin))
        && !allowed(registry.prototypes(organization).await)?
    {
        return Ok(missing(Scope::OrgAdmin));
    }
    Ok(Verdict::Usable)
}

/// Whether a read was allowed; what is missing or switched off was not denied.
fn allowed<T>(result: Result<T, QuayError>) -> Result<bool, QuayError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) => match error.refusal() {
            Some(refusal) if matches!(refusal.status, 401 | 403) => Ok(false),
            Some(refusal) if refusal.is_not_found() || refusal.has_no_endpoint() => Ok(true),
            _ => Err(error),
        },
    }
}
