//! Permissions for one repository.

use std::collections::BTreeMap;

use crate::quay::call::{Call, Repeat};
use crate::quay::client::Client;
use crate::quay::contract::{DelegateKind, RepositoryRole, RolePut, TeamPermissions, UserPermissions, endpoints};
use crate::quay::error::QuayError;

impl Client {
    /// Who may do what with a repository (`namespace/name`), by kind and name. Two requests. Empty also where the repository
    /// is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn permissions(
        &self,
        repository: &str,
    ) -> Result<BTreeMap<(DelegateKind, String), RepositoryRole>, QuayError> {
        let users = Call::new(&endpoints::LIST_USER_PERMISSIONS, &[repository])?;
        let teams = Call::new(&endpoints::LIST_TEAM_PERMISSIONS, &[repository])?;
        let (users, teams) = futures_util::try_join!(
            self.fetch::<UserPermissions>(&users, Repeat::Always),
            self.fetch::<TeamPermissions>(&teams, Repeat::Always),
        )?;
        let users = users.permissions.into_iter().map(|(name, p)| ((DelegateKind::User, name), p.role));
        let teams = teams.permissions.into_iter().map(|(name, p)| ((DelegateKind::Team, name), p.role));
        Ok(users.chain(teams).collect())
    }

    /// Grants a permission. The repository must be there, or Quay answers with a bare 500.
    ///
    /// # Errors
    /// The user or team is missing.
    pub async fn put_permission(
        &self,
        repository: &str,
        kind: DelegateKind,
        name: &str,
        role: RepositoryRole,
    ) -> Result<(), QuayError> {
        let endpoint = match kind {
            DelegateKind::User => &endpoints::PUT_USER_PERMISSION,
            DelegateKind::Team => &endpoints::PUT_TEAM_PERMISSION,
        };
        self.act(&Call::new(endpoint, &[repository, name])?.json(&RolePut { role })?, Repeat::Always).await
    }

    /// Takes a permission away; false where there was none.
    ///
    /// # Errors
    /// The caller may not.
    pub async fn delete_permission(&self, repository: &str, kind: DelegateKind, name: &str) -> Result<bool, QuayError> {
        let endpoint = match kind {
            DelegateKind::User => &endpoints::DELETE_USER_PERMISSION,
            DelegateKind::Team => &endpoints::DELETE_TEAM_PERMISSION,
        };
        self.delete(&Call::new(endpoint, &[repository, name])?, &["does not have permission for repo"]).await
    }
}
