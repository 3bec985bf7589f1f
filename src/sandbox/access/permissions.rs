//! What a sender may do. Roles come from ownership, teams and grants; a token's scopes cap them; superusers with full access
//! may do everything.

use super::identity::Identity;
use crate::quay::contract::Scope;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::RepositoryRole;
use crate::sandbox::store::{
    Account, AccountId, AccountKind, Db, StoreError, TeamRole, Visibility, permissions, repositories::Repository, teams,
};

/// Questions about one sender's rights.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The state.
    pub db: &'a Db<'a>,
    /// Quay's switches.
    pub settings: &'a Settings,
    /// The sender.
    pub identity: &'a Identity,
}

impl Access<'_> {
    /// Whether the sender is a superuser and says so (a token needs the scope).
    pub fn is_superuser(&self) -> bool {
        self.identity.account.as_ref().is_some_and(|account| self.settings.is_superuser(&account.name))
            && self.identity.has_scope(Scope::SuperUser)
    }

    /// Whether the sender may do everything with what others own.
    pub fn has_full_access(&self) -> bool {
        self.settings.feature_superusers_full_access && self.is_superuser()
    }

    /// Whether the sender may read everything.
    pub fn reads_everything(&self) -> bool {
        self.has_full_access()
            || self.identity.account.as_ref().is_some_and(|account| self.settings.is_global_reader(&account.name))
                && self.identity.has_scope(Scope::SuperUser)
    }

    /// The strongest repository role that the token's scopes allow.
    fn repository_cap(&self) -> Option<RepositoryRole> {
        [
            (Scope::RepoAdmin, RepositoryRole::Admin),
            (Scope::RepoWrite, RepositoryRole::Write),
            (Scope::RepoRead, RepositoryRole::Read),
        ]
        .into_iter()
        .find_map(|(scope, role)| self.identity.has_scope(scope).then_some(role))
    }

    /// The strongest organization role that the token's scopes allow.
    fn organization_cap(&self) -> TeamRole {
        if self.identity.has_scope(Scope::OrgAdmin) {
            TeamRole::Admin
        } else if self.identity.has_scope(Scope::RepoCreate) {
            TeamRole::Creator
        } else {
            TeamRole::Member
        }
    }

    /// The sender's role on a repository by ownership, teams and grants, as far as its scopes allow.
    pub fn repository_role(&self, repository: &Repository) -> Result<Option<RepositoryRole>, StoreError> {
        let (Some(id), Some(cap)) = (self.identity.id(), self.repository_cap()) else { return Ok(None) };
        let owner = repository.namespace_id == id
            || teams::role_of(self.db, id, repository.namespace_id)? == Some(TeamRole::Admin);
        let role = if owner {
            Some(RepositoryRole::Admin)
        } else {
            permissions::effective(self.db, repository.id, id)?.into_iter().next()
        };
        Ok(role.map(|role| role.min(cap)))
    }

    /// Whether the sender has at least this role on a repository: public ones can be read by everybody.
    pub fn may(&self, repository: &Repository, role: RepositoryRole) -> Result<bool, StoreError> {
        if role == RepositoryRole::Read && repository.visibility == Visibility::Public {
            return Ok(true);
        }
        Ok(self.repository_role(repository)?.is_some_and(|has| has >= role))
    }

    /// The sender's role in an organization through its teams, as far as its scopes allow.
    pub fn organization_role(&self, organization: AccountId) -> Result<Option<TeamRole>, StoreError> {
        let Some(id) = self.identity.id() else { return Ok(None) };
        Ok(teams::role_of(self.db, id, organization)?.map(|role| role.min(self.organization_cap())))
    }

    /// Whether the sender administers an organization by its teams.
    pub fn administers(&self, organization: AccountId) -> Result<bool, StoreError> {
        Ok(self.organization_role(organization)? == Some(TeamRole::Admin))
    }

    /// Whether the sender is in a team of an organization.
    pub fn is_member(&self, organization: AccountId) -> Result<bool, StoreError> {
        Ok(self.organization_role(organization)?.is_some())
    }

    /// Whether the sender may create repositories in a namespace.
    pub fn may_create_in(&self, namespace: &Account) -> Result<bool, StoreError> {
        match namespace.kind {
            AccountKind::Organization => {
                Ok(self.organization_role(namespace.id)?.is_some_and(|role| role >= TeamRole::Creator))
            }
            AccountKind::User => {
                Ok(self.identity.id() == Some(namespace.id) && self.identity.has_scope(Scope::RepoCreate))
            }
            AccountKind::Robot => Ok(false),
        }
    }
}
