//! Reading, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cache::Item;
use super::pool::Registry;
use crate::quay::api::Verified;
use crate::quay::contract::{
    Application, CurrentUser, DelegateKind, Organization, Prototype, RepositoryRole, RepositorySummary, Robot,
    TeamMembers,
};
use crate::quay::error::QuayError;

/// Permissions of a repository by kind and name.
pub(super) type Permissions = BTreeMap<(DelegateKind, String), RepositoryRole>;

impl Registry {
    /// Checks the credentials, once in a run.
    ///
    /// # Errors
    /// They are not valid.
    pub async fn verify(&self) -> Result<Arc<Verified>, QuayError> {
        self.cache.get(&self.who, Item::Caller, async || self.client.verify().await).await
    }

    /// Who the caller is; `None` for nobody, and for a token that may not tell.
    ///
    /// # Errors
    /// The credentials are not valid.
    pub async fn caller(&self) -> Result<Option<CurrentUser>, QuayError> {
        Ok(match &*self.verify().await? {
            Verified::User(user) => Some((**user).clone()),
            Verified::ValidToken | Verified::Anonymous => None,
        })
    }

    /// An organization. An invalid token sees what nobody sees, so that view is believed only after the token was checked.
    ///
    /// # Errors
    /// The registry does not answer, or the credentials are not valid.
    pub async fn organization(&self, name: &str) -> Result<Arc<Option<Organization>>, QuayError> {
        let item = Item::Organization(name.to_owned());
        let found = self.cache.get(&self.who, item, async || self.client.organization(name).await).await?;
        if found.as_ref().as_ref().is_none_or(|organization| !organization.is_member && !organization.is_admin) {
            self.verify().await?;
        }
        Ok(found)
    }

    /// The robots of an organization, or the caller's own, with their tokens.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn robots(&self, namespace: &str, personal: bool) -> Result<Arc<Vec<Robot>>, QuayError> {
        if personal {
            return self.cache.get(&self.who, Item::OwnRobots, async || self.client.user_robots().await).await;
        }
        let item = Item::Robots(namespace.to_owned());
        self.cache.get(&self.who, item, async || self.client.organization_robots(namespace).await).await
    }

    /// The default permissions of an organization.
    ///
    /// # Errors
    /// The organization is missing, or the caller may not ask.
    pub async fn prototypes(&self, organization: &str) -> Result<Arc<Vec<Prototype>>, QuayError> {
        let item = Item::Prototypes(organization.to_owned());
        self.cache.get(&self.who, item, async || self.client.prototypes(organization).await).await
    }

    /// The applications of an organization.
    ///
    /// # Errors
    /// The organization is missing, or the caller may not ask.
    pub async fn applications(&self, organization: &str) -> Result<Arc<Vec<Application>>, QuayError> {
        let item = Item::Applications(organization.to_owned());
        self.cache.get(&self.who, item, async || self.client.applications(organization).await).await
    }

    /// The members of a team with pending invitations; `None` where the team is missing.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn team_members(&self, organization: &str, team: &str) -> Result<Arc<Option<TeamMembers>>, QuayError> {
        let item = Item::Members(organization.to_owned(), team.to_owned());
        self.cache.get(&self.who, item, async || self.client.team_members(organization, team).await).await
    }

    /// The repositories of a namespace that the caller may see. An empty list is believed only after the credentials were
    /// checked, because an invalid token gets one as well.
    ///
    /// # Errors
    /// The registry does not answer, or the credentials are not valid.
    pub async fn repositories(&self, namespace: &str) -> Result<Arc<Vec<RepositorySummary>>, QuayError> {
        let item = Item::Repositories(namespace.to_owned());
        let found = self.cache.get(&self.who, item, async || self.client.repositories(namespace).await).await?;
        if found.is_empty() {
            self.verify().await?;
        }
        Ok(found)
    }

    /// The permissions of a repository.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn permissions(&self, namespace: &str, name: &str) -> Result<Arc<Permissions>, QuayError> {
        let item = Item::Permissions(namespace.to_owned(), name.to_owned());
        let repository = format!("{namespace}/{name}");
        self.cache.get(&self.who, item, async || self.client.permissions(&repository).await).await
    }
}
