//! Writing, with what was read before forgotten or mended. A write that failed may have acted all the same, so it is
//! forgotten then, too.

use super::cache::Item;
use super::pool::Registry;
use super::reads::{FirstRepositories, Permissions, Roles};
use crate::quay::api::{RobotName, Star};
use crate::quay::contract::{
    Application, ChangeOrganization, CreateApplication, CreateOrganization, CreatePrototype, CreateRepository,
    CreateRobot, DelegateKind, Organization, OrganizationTeam, Prototype, PutTeam, RepositoryRole, RepositoryState,
    RepositorySummary, Robot, UpdateApplication, Visibility,
};
use crate::quay::error::QuayError;

/// A repository by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryName {
    /// Organization or user.
    pub namespace: String,
    /// Name, which may hold slashes.
    pub name: String,
}

impl std::fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Registry {
    fn robots_of(name: &RobotName) -> Item {
        if name.personal { Item::OwnRobots } else { Item::Robots(name.namespace.clone()) }
    }

    /// Mends an item after a write that worked, and forgets it after one that did not.
    fn after<T, R>(
        &self,
        result: Result<R, QuayError>,
        item: &Item,
        mend: impl FnOnce(&mut T, &R),
    ) -> Result<R, QuayError>
    where
        T: std::any::Any + Send + Sync + Clone,
    {
        match &result {
            Ok(value) => self.cache.mend::<T>(&self.who, item, |known| mend(known, value)),
            Err(_) => self.cache.forget(item),
        }
        result
    }

    fn forgetting<R>(&self, result: Result<R, QuayError>, items: &[Item]) -> Result<R, QuayError> {
        for item in items {
            self.cache.forget(item);
        }
        result
    }

    /// See [`Client::create_organization`](crate::quay::Client::create_organization).
    ///
    /// # Errors
    /// As there.
    pub async fn create_organization(&self, new: &CreateOrganization) -> Result<(), QuayError> {
        let result = self.client.create_organization(new).await;
        self.cache.forget_namespace(&new.name);
        result
    }

    /// See [`Client::change_organization`](crate::quay::Client::change_organization).
    ///
    /// # Errors
    /// As there.
    pub async fn change_organization(&self, name: &str, change: &ChangeOrganization) -> Result<(), QuayError> {
        let result = self.client.change_organization(name, change).await;
        self.after::<Option<Organization>, _>(result, &Item::Organization(name.to_owned()), |known, changed| {
            *known = Some(changed.clone());
        })
        .map(|_| ())
    }

    /// See [`Client::rename_organization`](crate::quay::Client::rename_organization).
    ///
    /// # Errors
    /// As there.
    pub async fn rename_organization(&self, name: &str, new_name: &str) -> Result<(), QuayError> {
        let result = self.client.rename_organization(name, new_name).await;
        self.cache.forget_namespace(name);
        self.cache.forget_namespace(new_name);
        result.map(|_| ())
    }

    /// See [`Client::delete_organization`](crate::quay::Client::delete_organization).
    ///
    /// # Errors
    /// As there.
    pub async fn delete_organization(&self, name: &str) -> Result<bool, QuayError> {
        let result = self.client.delete_organization(name).await;
        self.cache.forget_namespace(name);
        result
    }

    /// See [`Client::create_application`](crate::quay::Client::create_application).
    ///
    /// # Errors
    /// As there.
    pub async fn create_application(
        &self,
        organization: &str,
        new: &CreateApplication,
    ) -> Result<Application, QuayError> {
        let result = self.client.create_application(organization, new).await;
        self.after::<Vec<Application>, _>(result, &Item::Applications(organization.to_owned()), |known, made| {
            known.push(made.clone());
        })
    }

    /// See [`Client::update_application`](crate::quay::Client::update_application).
    ///
    /// # Errors
    /// As there.
    pub async fn update_application(
        &self,
        organization: &str,
        client_id: &str,
        update: &UpdateApplication,
    ) -> Result<Application, QuayError> {
        let result = self.client.update_application(organization, client_id, update).await;
        self.after::<Vec<Application>, _>(result, &Item::Applications(organization.to_owned()), |known, changed| {
            known.iter_mut().filter(|one| one.client_id == client_id).for_each(|one| *one = changed.clone());
        })
    }

    /// See [`Client::delete_application`](crate::quay::Client::delete_application).
    ///
    /// # Errors
    /// As there.
    pub async fn delete_application(&self, organization: &str, client_id: &str) -> Result<bool, QuayError> {
        let result = self.client.delete_application(organization, client_id).await;
        self.after::<Vec<Application>, _>(result, &Item::Applications(organization.to_owned()), |known, _| {
            known.retain(|one| one.client_id != client_id);
        })
    }

    /// See [`Client::create_robot`](crate::quay::Client::create_robot).
    ///
    /// # Errors
    /// As there.
    pub async fn create_robot(&self, name: &RobotName, new: &CreateRobot) -> Result<Robot, QuayError> {
        let result = self.client.create_robot(name, new).await;
        self.cache.forget(&Item::RobotRoles(name.namespace.clone(), name.short.clone()));
        self.after::<Vec<Robot>, _>(result, &Self::robots_of(name), |known, made| known.push(made.clone()))
    }

    /// See [`Client::regenerate_robot`](crate::quay::Client::regenerate_robot).
    ///
    /// # Errors
    /// As there.
    pub async fn regenerate_robot(&self, name: &RobotName) -> Result<Robot, QuayError> {
        let result = self.client.regenerate_robot(name).await;
        self.after::<Vec<Robot>, _>(result, &Self::robots_of(name), |known, changed| {
            known
                .iter_mut()
                .filter(|one| one.name == changed.name)
                .for_each(|one| one.token.clone_from(&changed.token));
        })
    }

    /// See [`Client::delete_robot`](crate::quay::Client::delete_robot). Also takes the robot out of teams and permissions.
    ///
    /// # Errors
    /// As there.
    pub async fn delete_robot(&self, name: &RobotName) -> Result<bool, QuayError> {
        let result = self.client.delete_robot(name).await;
        self.cache.forget_namespace(&name.namespace);
        self.forgetting(result, &[Item::OwnRobots])
    }

    /// See [`Client::put_team`](crate::quay::Client::put_team).
    ///
    /// # Errors
    /// As there.
    pub async fn put_team(&self, organization: &str, team: &str, to: &PutTeam) -> Result<(), QuayError> {
        let result = self.client.put_team(organization, team, to).await;
        let of = organization.to_owned();
        self.cache.forget(&Item::Members(of.clone(), team.to_owned()));
        self.cache.forget(&Item::TeamRoles(of.clone(), team.to_owned()));
        self.after::<Option<Organization>, _>(result, &Item::Organization(of), |known, made| {
            let Some(teams) = known.as_mut().and_then(|known| known.teams.as_mut()) else { return };
            let before = teams.get(team);
            let after = OrganizationTeam {
                name: made.name.clone(),
                description: made.description.clone(),
                role: made.role,
                avatar: made.avatar.clone(),
                can_view: made.can_view,
                repo_count: before.map_or(0, |before| before.repo_count),
                member_count: before.map_or(0, |before| before.member_count),
                is_synced: before.is_some_and(|before| before.is_synced),
            };
            teams.insert(team.to_owned(), after);
        })
        .map(|_| ())
    }

    /// See [`Client::delete_team`](crate::quay::Client::delete_team). Also takes the team out of permissions.
    ///
    /// # Errors
    /// As there.
    pub async fn delete_team(&self, organization: &str, team: &str) -> Result<bool, QuayError> {
        let result = self.client.delete_team(organization, team).await;
        self.cache.forget_namespace(organization);
        result
    }

    /// See [`Client::add_team_member`](crate::quay::Client::add_team_member). An address (with `@`) is invited.
    ///
    /// # Errors
    /// As there.
    pub async fn add_team_member(&self, organization: &str, team: &str, member: &str) -> Result<(), QuayError> {
        let result = if member.contains('@') {
            self.client.invite_team_member(organization, team, member).await
        } else {
            self.client.add_team_member(organization, team, member).await.map(|_| ())
        };
        self.forgetting(result, &[Item::Members(organization.to_owned(), team.to_owned())])
    }

    /// See [`Client::remove_team_member`](crate::quay::Client::remove_team_member). An address is uninvited.
    ///
    /// # Errors
    /// As there.
    pub async fn remove_team_member(&self, organization: &str, team: &str, member: &str) -> Result<bool, QuayError> {
        let result = if member.contains('@') {
            self.client.delete_team_invite(organization, team, member).await
        } else {
            self.client.remove_team_member(organization, team, member).await
        };
        self.forgetting(result, &[Item::Members(organization.to_owned(), team.to_owned())])
    }

    /// See [`Client::create_prototype`](crate::quay::Client::create_prototype).
    ///
    /// # Errors
    /// As there.
    pub async fn create_prototype(&self, organization: &str, new: &CreatePrototype) -> Result<Prototype, QuayError> {
        let result = self.client.create_prototype(organization, new).await;
        self.after::<Vec<Prototype>, _>(result, &Item::Prototypes(organization.to_owned()), |known, made| {
            known.push(made.clone());
        })
    }

    /// See [`Client::update_prototype`](crate::quay::Client::update_prototype).
    ///
    /// # Errors
    /// As there.
    pub async fn update_prototype(&self, organization: &str, id: &str, role: RepositoryRole) -> Result<(), QuayError> {
        let result = self.client.update_prototype(organization, id, role).await;
        self.after::<Vec<Prototype>, _>(result, &Item::Prototypes(organization.to_owned()), |known, changed| {
            known.iter_mut().filter(|one| one.id == id).for_each(|one| *one = changed.clone());
        })
        .map(|_| ())
    }

    /// See [`Client::delete_prototype`](crate::quay::Client::delete_prototype).
    ///
    /// # Errors
    /// As there.
    pub async fn delete_prototype(&self, organization: &str, id: &str) -> Result<bool, QuayError> {
        let result = self.client.delete_prototype(organization, id).await;
        self.after::<Vec<Prototype>, _>(result, &Item::Prototypes(organization.to_owned()), |known, _| {
            known.retain(|one| one.id != id);
        })
    }

    /// See [`Client::create_repository`](crate::quay::Client::create_repository).
    ///
    /// # Errors
    /// As there.
    pub async fn create_repository(
        &self,
        name: &RepositoryName,
        visibility: Visibility,
        description: &str,
    ) -> Result<(), QuayError> {
        let new = CreateRepository {
            namespace: Some(name.namespace.clone()),
            repository: name.name.clone(),
            visibility,
            description: description.to_owned(),
            repo_kind: Some("image".to_owned()),
        };
        let result = self.client.create_repository(&new).await;
        self.cache.forget(&Item::Permissions(name.namespace.clone(), name.name.clone()));
        // the organization's default permissions gave roles to robots and teams
        self.cache.forget_roles(&name.namespace);
        self.after_repositories(result, name, |known| {
            known.push(RepositorySummary {
                namespace: name.namespace.clone(),
                name: name.name.clone(),
                description: Some(description.to_owned()),
                is_public: visibility == Visibility::Public,
                kind: new.repo_kind.clone(),
                state: Some(RepositoryState::Normal),
                last_modified: crate::quay::contract::Change::Keep,
                popularity: None,
                is_starred: false,
                quota_report: None,
            });
        })
    }

    fn after_repositories(
        &self,
        result: Result<(), QuayError>,
        name: &RepositoryName,
        mend: impl Fn(&mut Vec<RepositorySummary>),
    ) -> Result<(), QuayError> {
        let of = &name.namespace;
        self.cache.forget(&Item::Repository(of.clone(), name.name.clone()));
        let result =
            self.after::<Vec<RepositorySummary>, _>(result, &Item::Repositories(of.clone()), |known, ()| mend(known));
        self.after::<FirstRepositories, _>(result, &Item::FirstRepositories(of.clone()), |known, ()| {
            mend(&mut known.repositories);
        })
    }

    fn after_repository(
        &self,
        result: Result<(), QuayError>,
        name: &RepositoryName,
        mend: impl Fn(&mut RepositorySummary),
    ) -> Result<(), QuayError> {
        self.after_repositories(result, name, |known| {
            known.iter_mut().filter(|one| one.name == name.name).for_each(&mend);
        })
    }

    /// See [`Client::describe_repository`](crate::quay::Client::describe_repository).
    ///
    /// # Errors
    /// As there.
    pub async fn describe_repository(&self, name: &RepositoryName, description: &str) -> Result<(), QuayError> {
        let result = self.client.describe_repository(&name.to_string(), description).await;
        self.after_repository(result, name, |one| one.description = Some(description.to_owned()))
    }

    /// See [`Client::change_visibility`](crate::quay::Client::change_visibility).
    ///
    /// # Errors
    /// As there.
    pub async fn change_visibility(&self, name: &RepositoryName, visibility: Visibility) -> Result<(), QuayError> {
        let result = self.client.change_visibility(&name.to_string(), visibility).await;
        self.after_repository(result, name, |one| one.is_public = visibility == Visibility::Public)
    }

    /// See [`Client::change_state`](crate::quay::Client::change_state).
    ///
    /// # Errors
    /// As there.
    pub async fn change_state(&self, name: &RepositoryName, state: RepositoryState) -> Result<(), QuayError> {
        let result = self.client.change_state(&name.to_string(), state).await;
        self.after_repository(result, name, |one| one.state = Some(state))
    }

    /// See [`Client::star_repository`](crate::quay::Client::star_repository).
    ///
    /// # Errors
    /// As there.
    pub async fn star_repository(&self, name: &RepositoryName, star: Star) -> Result<(), QuayError> {
        let result = self.client.star_repository(&name.namespace, &name.name, star).await;
        self.after_repository(result, name, |one| one.is_starred = star == Star::On)
    }

    /// See [`Client::delete_repository`](crate::quay::Client::delete_repository).
    ///
    /// # Errors
    /// As there.
    pub async fn delete_repository(&self, name: &RepositoryName) -> Result<(), QuayError> {
        let result = self.client.delete_repository(&name.to_string()).await;
        self.cache.forget(&Item::Permissions(name.namespace.clone(), name.name.clone()));
        self.cache.forget_roles(&name.namespace);
        self.after_repositories(result, name, |known| known.retain(|one| one.name != name.name))
    }

    fn after_role<R>(
        &self,
        result: Result<R, QuayError>,
        repository: &RepositoryName,
        kind: DelegateKind,
        name: &str,
        role: Option<RepositoryRole>,
    ) -> Result<R, QuayError> {
        let of = repository.namespace.clone();
        let short = name.split_once('+').map_or(name, |(_, short)| short).to_owned();
        let item = match kind {
            DelegateKind::Team => Item::TeamRoles(of, short),
            DelegateKind::User => Item::RobotRoles(of, short),
        };
        self.after::<Roles, _>(result, &item, |known, _| {
            match role {
                Some(role) => known.insert(repository.name.clone(), role),
                None => known.remove(&repository.name),
            };
        })
    }

    /// See [`Client::put_permission`](crate::quay::Client::put_permission).
    ///
    /// # Errors
    /// As there.
    pub async fn put_permission(
        &self,
        repository: &RepositoryName,
        kind: DelegateKind,
        name: &str,
        role: RepositoryRole,
    ) -> Result<(), QuayError> {
        let result = self.client.put_permission(&repository.to_string(), kind, name, role).await;
        let result = self.after_role(result, repository, kind, name, Some(role));
        let item = Item::Permissions(repository.namespace.clone(), repository.name.clone());
        self.after::<Permissions, _>(result, &item, |known, ()| {
            known.insert((kind, name.to_owned()), role);
        })
    }

    /// See [`Client::delete_permission`](crate::quay::Client::delete_permission).
    ///
    /// # Errors
    /// As there.
    pub async fn delete_permission(
        &self,
        repository: &RepositoryName,
        kind: DelegateKind,
        name: &str,
    ) -> Result<bool, QuayError> {
        let result = self.client.delete_permission(&repository.to_string(), kind, name).await;
        let result = self.after_role(result, repository, kind, name, None);
        let item = Item::Permissions(repository.namespace.clone(), repository.name.clone());
        self.after::<Permissions, _>(result, &item, |known, _| {
            known.remove(&(kind, name.to_owned()));
        })
    }
}
