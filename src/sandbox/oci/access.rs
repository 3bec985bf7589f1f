//! Who may do what with repositories.

use super::credentials::Login;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::accounts::Account;
use crate::sandbox::store::repositories::Repository;
use crate::sandbox::store::{AccountKind, Db, RepositoryRole, StoreError, TeamRole, permissions, teams};

/// The role that a login has on a repository, beyond what everybody may do with a public one.
pub(super) fn role(
    db: &Db<'_>,
    settings: &Settings,
    login: &Login,
    repository: &Repository,
) -> Result<Option<RepositoryRole>, StoreError> {
    let Some(account) = login.account() else { return Ok(None) };
    let granted = if account.id == repository.namespace_id
        || (settings.feature_superusers_full_access && settings.is_superuser(&account.name))
        || teams::role_of(db, account.id, repository.namespace_id)? == Some(TeamRole::Admin)
    {
        Some(RepositoryRole::Admin)
    } else {
        let reads_all = settings.is_global_reader(&account.name).then_some(RepositoryRole::Read);
        permissions::effective(db, repository.id, account.id)?.first().copied().max(reads_all)
    };
    Ok(match login.scopes() {
        None => granted,
        // a token of an application does no more than its scopes say
        Some(scopes) => granted.min(role_of_scopes(scopes)),
    })
}

/// Whether a login may make repositories in a namespace.
pub(super) fn may_create(
    db: &Db<'_>,
    settings: &Settings,
    login: &Login,
    namespace: &Account,
) -> Result<bool, StoreError> {
    let Some(account) = login.account() else { return Ok(false) };
    if login.scopes().is_some_and(|scopes| !has(scopes, "repo:create")) {
        return Ok(false);
    }
    if account.id == namespace.id || (settings.feature_superusers_full_access && settings.is_superuser(&account.name)) {
        return Ok(true);
    }
    let role = teams::role_of(db, account.id, namespace.id)?;
    Ok(namespace.kind == AccountKind::Organization && role.is_some_and(|role| role >= TeamRole::Creator))
}

fn role_of_scopes(scopes: &str) -> Option<RepositoryRole> {
    [("repo:admin", RepositoryRole::Admin), ("repo:write", RepositoryRole::Write), ("repo:read", RepositoryRole::Read)]
        .into_iter()
        .find_map(|(scope, role)| has(scopes, scope).then_some(role))
}

fn has(scopes: &str, scope: &str) -> bool {
    scopes.split([' ', ',']).any(|one| one == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_scope_counts() {
        assert_eq!(role_of_scopes("repo:read repo:write"), Some(RepositoryRole::Write));
        assert_eq!(role_of_scopes("org:admin,repo:read"), Some(RepositoryRole::Read));
        assert_eq!(role_of_scopes("repo:create"), None);
    }
}
