//! Scopes as Quay describes them to people.

use serde_json::{Value as Json, json};

use crate::quay::contract::{Scope, Scopes};

/// Title, description, icon, and whether it is dangerous.
fn words(scope: Scope) -> (&'static str, &'static str, &'static str, bool) {
    match scope {
        Scope::OrgAdmin => (
            "Administer Organization",
            "This application will be able to administer your organizations including creating robots, creating teams, adjusting \
             team membership, and changing billing settings. You should have absolute trust in the requesting application before \
             granting this permission.",
            "fa-gear",
            true,
        ),
        Scope::RepoAdmin => (
            "Administer Repositories",
            "This application will have administrator access to all repositories to which the granting user has access",
            "fa-hdd-o",
            false,
        ),
        Scope::RepoCreate => (
            "Create Repositories",
            "This application will be able to create repositories in all namespaces that the granting user is allowed to create \
             repositories",
            "fa-plus",
            false,
        ),
        Scope::RepoRead => (
            "View all visible repositories",
            "This application will be able to view and pull all repositories visible to the granting user",
            "fa-hdd-o",
            false,
        ),
        Scope::RepoWrite => (
            "Read/Write to any accessible repositories",
            "This application will be able to view, push and pull to all repositories to which the granting user has write access",
            "fa-hdd-o",
            false,
        ),
        Scope::SuperUser => (
            "Super User Access",
            "This application will be able to administer your installation including managing users, managing organizations and \
             other features found in the superuser panel. You should have absolute trust in the requesting application before \
             granting this permission.",
            "fa-street-view",
            true,
        ),
        Scope::UserAdmin => (
            "Administer User",
            "This application will be able to administer your account including creating robots and granting them permissions to \
             your repositories. You should have absolute trust in the requesting application before granting this permission.",
            "fa-gear",
            true,
        ),
        Scope::UserRead => (
            "Read User Information",
            "This application will be able to read user information such as username and email address.",
            "fa-user",
            false,
        ),
    }
}

/// The scopes of a stored text.
pub(super) fn views(stored: &str) -> Vec<Json> {
    let scopes: Scopes = stored.parse().unwrap_or_default();
    scopes
        .0
        .into_iter()
        .map(|scope| {
            let (title, description, icon, dangerous) = words(scope);
            json!({
                "title": title,
                "scope": scope.as_str(),
                "description": description,
                "icon": icon,
                "dangerous": dangerous,
            })
        })
        .collect()
}

/// Whether one of them is dangerous.
pub(super) fn any_dangerous(stored: &str) -> bool {
    stored.parse::<Scopes>().is_ok_and(|scopes| scopes.0.into_iter().any(|scope| words(scope).3))
}
