//! Reading, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::cache::Item;
use super::pool::Registry;
use super::writes::RepositoryName;
use crate::quay::api::{RobotName, Verified};
use crate::quay::contract::{
    Application, Change, CurrentUser, DelegateKind, Organization, Prototype, Repository, RepositoryRole,
    RepositorySummary, Robot, RobotPermission, TeamMembers,
};
use crate::quay::error::QuayError;

/// Permissions of a repository by kind and name.
pub(super) type Permissions = BTreeMap<(DelegateKind, String), RepositoryRole>;

/// Roles by name of the repository.
pub(super) type Roles = BTreeMap<String, RepositoryRole>;

/// How many repositories of a large namespace are read one by one before its whole list is.
const SINGLES: u32 = 5;

/// The first page of a namespace's repositories.
#[derive(Clone, Debug)]
pub(super) struct FirstRepositories {
    pub(super) repositories: Vec<RepositorySummary>,
    /// Whether there are no others.
    complete: bool,
    /// How many others were read one by one.
    singles: Arc<AtomicU32>,
}

fn roles(permissions: Vec<RobotPermission>) -> Roles {
    permissions.into_iter().map(|permission| (permission.repository.name, permission.role)).collect()
}

fn summary(repository: &Repository) -> RepositorySummary {
    RepositorySummary {
        namespace: repository.namespace.clone(),
        name: repository.name.clone(),
        description: repository.description.clone(),
        is_public: repository.is_public,
        kind: repository.kind.clone(),
        state: Some(repository.state),
        last_modified: Change::Keep,
        popularity: None,
        is_starred: repository.is_starred,
        quota_report: None,
    }
}

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

    /// A repository, if there is one that the caller may see. In a small namespace its list is read once. In a large one
    /// (more than a page) a few repositories are read one by one, and the whole list only when more of them are asked for.
    ///
    /// # Errors
    /// The registry does not answer, or the credentials are not valid.
    pub async fn repository(&self, name: &RepositoryName) -> Result<Option<RepositorySummary>, QuayError> {
        let (of, named) = (&name.namespace, |one: &&RepositorySummary| one.name == name.name);
        let item = Item::FirstRepositories(of.clone());
        let first = self.cache.get(&self.who, item, async || self.first_repositories(of).await).await?;
        let found = first.repositories.iter().find(named).cloned();
        if found.is_none() && first.repositories.is_empty() {
            self.verify().await?;
        }
        if found.is_some() || first.complete {
            return Ok(found);
        }
        if first.singles.fetch_add(1, Ordering::Relaxed) < SINGLES {
            let item = Item::Repository(of.clone(), name.name.clone());
            let one = self.cache.get(&self.who, item, async || self.client.repository(&name.to_string()).await).await?;
            return Ok((*one).as_ref().map(summary));
        }
        Ok(self.repositories(of).await?.iter().find(named).cloned())
    }

    async fn first_repositories(&self, namespace: &str) -> Result<FirstRepositories, QuayError> {
        let (repositories, complete) = self.client.first_repositories(namespace).await?;
        Ok(FirstRepositories { repositories, complete, singles: Arc::default() })
    }

    /// The role of a robot (`organization+name`) or team of an organization in one of its repositories. Reads the roles of
    /// that robot or team in all repositories, once; of one that is missing there are none.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn role(
        &self,
        repository: &RepositoryName,
        kind: DelegateKind,
        name: &str,
    ) -> Result<Option<RepositoryRole>, QuayError> {
        let of = repository.namespace.clone();
        let short = name.split_once('+').map_or(name, |(_, short)| short).to_owned();
        let roles = match kind {
            DelegateKind::Team => {
                let item = Item::TeamRoles(of.clone(), short.clone());
                self.cache
                    .get(&self.who, item, async || Ok(roles(self.client.team_permissions(&of, &short).await?)))
                    .await?
            }
            DelegateKind::User => {
                let item = Item::RobotRoles(of.clone(), short.clone());
                let robot = RobotName { namespace: of, short, personal: false };
                self.cache
                    .get(&self.who, item, async || Ok(roles(self.client.robot_permissions(&robot).await?)))
                    .await?
            }
        };
        Ok(roles.get(&repository.name).copied())
    }

    /// The permissions of a repository.
    ///
    /// # Errors
    /// The caller may not ask.
    pub async fn permissions(&self, repository: &RepositoryName) -> Result<Arc<Permissions>, QuayError> {
        let item = Item::Permissions(repository.namespace.clone(), repository.name.clone());
        self.cache.get(&self.who, item, async || self.client.permissions(&repository.to_string()).await).await
    }
}
