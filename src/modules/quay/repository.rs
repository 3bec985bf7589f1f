//! `quay_repository`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connect::call;
use super::names::{self, Namespace, missing_organization, split_repository};
use super::options::{State, quay_options, yes};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{DelegateKind, RepositoryRole, RepositoryState, Visibility};
use crate::quay::{Registry, RepositoryName, Star};
use crate::value::{Key, Map, Value};

quay_options! {
    /// Keeps a repository: who may see it, its description, its permissions, and what may be done to its content.
    pub struct QuayRepository {
        /// Name of the repository: `namespace/name`, or `name` in the caller's own namespace. The name may hold slashes.
        name: String,
        /// Who may pull: everybody, or those with a permission. A new repository is private where nothing is said.
        visibility: Option<Visibility>,
        /// Description of the repository, Markdown.
        description: Option<String>,
        /// Permissions of users, robots and teams.
        perms: Option<Vec<Permission>>,
        /// Whether `perms` are added to those that are there, or replace them.
        #[serde(default = "yes")]
        append: bool,
        /// Whether the repository is one of the caller's favourites.
        star: Option<bool>,
        /// What may be done to the content. Needs `FEATURE_REPO_MIRROR`.
        repo_state: Option<ContentState>,
        /// Whether the repository shall be there. Deleting it deletes its images.
        #[serde(default)]
        state: State,
    }
}

/// A permission for a repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Permission {
    /// Whether `name` is a user (or robot) or a team.
    #[serde(rename = "type", default = "user")]
    kind: DelegateKind,
    /// User, robot (`organization+name`) or team.
    name: String,
    /// The permission.
    #[serde(default = "read")]
    role: RepositoryRole,
}

/// What may be done to a repository's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContentState {
    /// Pull and push.
    Normal,
    /// Pull only.
    ReadOnly,
    /// It is filled by a mirror.
    Mirror,
}

impl From<ContentState> for RepositoryState {
    fn from(state: ContentState) -> Self {
        match state {
            ContentState::Normal => Self::Normal,
            ContentState::ReadOnly => Self::ReadOnly,
            ContentState::Mirror => Self::Mirror,
        }
    }
}

fn user() -> DelegateKind {
    DelegateKind::User
}

fn read() -> RepositoryRole {
    RepositoryRole::Read
}

/// Permissions as a diff shows them: `user acme+ci` and the role.
type Roles = BTreeMap<(DelegateKind, String), RepositoryRole>;

/// A repository as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepositoryView {
    name: String,
    visibility: Visibility,
    description: String,
    repo_state: RepositoryState,
    star: bool,
    #[serde(serialize_with = "show_roles", skip_serializing_if = "Option::is_none")]
    perms: Option<Roles>,
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn show_roles<S: serde::Serializer>(roles: &Option<Roles>, serializer: S) -> Result<S::Ok, S::Error> {
    let roles = roles.iter().flatten();
    serializer.collect_map(roles.map(|((kind, name), role)| (format!("{kind} {name}"), role.as_str())))
}

impl Managed for QuayRepository {
    type State = Option<RepositoryView>;

    fn validate(&self) -> Result<(), ModuleError> {
        split_repository(&self.name).map(|_| ())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let name = names::repository(&self.name, &registry, ctx)?;
        let doing = format!("cannot read the repositories of {}", name.namespace);
        let found = call(ctx, doing, registry.repository(&name))?;
        let Some(found) = found else {
            if self.state == State::Present && names::namespace(&name.namespace, &registry, ctx)? == Namespace::Unknown
            {
                missing_organization(&name.namespace, ctx)?;
            }
            return Ok(None);
        };
        let perms = match &self.perms {
            Some(asked) if self.state == State::Present => Some(self.read_roles(asked, &name, &registry, ctx)?),
            _ => None,
        };
        Ok(Some(RepositoryView {
            name: name.to_string(),
            visibility: Visibility::from_is_public(found.is_public),
            description: found.description.unwrap_or_default(),
            repo_state: found.state.unwrap_or_default(),
            star: found.is_starred,
            perms,
        }))
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let mut wanted = current.clone().unwrap_or_else(|| RepositoryView {
            name: self.name.clone(),
            visibility: Visibility::Private,
            description: String::new(),
            repo_state: RepositoryState::Normal,
            star: false,
            perms: None,
        });
        wanted.visibility = self.visibility.unwrap_or(wanted.visibility);
        if let Some(description) = &self.description {
            wanted.description.clone_from(description);
        }
        wanted.repo_state = self.repo_state.map_or(wanted.repo_state, RepositoryState::from);
        wanted.star = self.star.unwrap_or(wanted.star);
        if let Some(asked) = &self.perms {
            let there = wanted.perms.take().filter(|_| self.append).unwrap_or_default();
            let asked = asked.iter().map(|perm| ((perm.kind, perm.name.clone()), perm.role));
            wanted.perms = Some(there.into_iter().chain(asked).collect());
        }
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let name = names::repository(&self.name, &registry, ctx)?;
        let Some(wanted) = desired else {
            call(ctx, format!("cannot delete repository {name}"), registry.delete_repository(&name))?;
            return Ok(Applied::default());
        };
        let now = if let Some(current) = current {
            current.clone()
        } else {
            let doing = format!("cannot create repository {name}");
            call(ctx, doing, registry.create_repository(&name, wanted.visibility, &wanted.description))?;
            // its creator and the default permissions of the organization have given it permissions, of which those
            // that are not asked for may have to go
            let perms = match &self.perms {
                Some(asked) if !self.append => Some(self.read_roles(asked, &name, &registry, ctx)?),
                _ => None,
            };
            let repo_state = RepositoryState::Normal;
            RepositoryView { repo_state, star: false, perms, ..wanted.clone() }
        };
        if now.description != wanted.description {
            let doing = format!("cannot describe repository {name}");
            call(ctx, doing, registry.describe_repository(&name, &wanted.description))?;
        }
        if now.visibility != wanted.visibility {
            let doing = format!("cannot make repository {name} {}", wanted.visibility);
            call(ctx, doing, registry.change_visibility(&name, wanted.visibility))?;
        }
        if now.repo_state != wanted.repo_state {
            let doing = format!("cannot set the state of repository {name} to {}", wanted.repo_state);
            call(ctx, doing, registry.change_state(&name, wanted.repo_state))?;
        }
        if let Some(roles) = &wanted.perms {
            self.set_roles(&now.perms.unwrap_or_default(), roles, &name, &registry, ctx)?;
        }
        if now.star != wanted.star {
            let star = if wanted.star { Star::On } else { Star::Off };
            call(ctx, format!("cannot star repository {name}"), registry.star_repository(&name, star))?;
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("name"), Value::from(state.name.as_str())),
            (Key::from("visibility"), Value::from(state.visibility.as_str())),
        ])
    }

    fn title(&self) -> String {
        format!("repository {}", self.name)
    }
}

impl QuayRepository {
    /// The permissions that count for the task: all of them, or (where the task only adds) those of the named.
    ///
    /// Quay lists permissions for one repository, or for one robot or team over all repositories. A play over many
    /// repositories names few robots and teams, so for those their lists are read, once each.
    fn read_roles(
        &self,
        asked: &[Permission],
        name: &RepositoryName,
        registry: &Registry,
        ctx: &Ctx,
    ) -> Result<Roles, ModuleError> {
        let of_namespace = |perm: &Permission| match perm.kind {
            DelegateKind::Team => true,
            DelegateKind::User => perm.name.split_once('+').is_some_and(|(of, _)| of == name.namespace),
        };
        let organization =
            || Ok::<_, ModuleError>(names::namespace(&name.namespace, registry, ctx)? == Namespace::Organization);
        let doing = format!("cannot read the permissions of repository {name}");
        if !self.append || !asked.iter().all(of_namespace) || !organization()? {
            return Ok((*call(ctx, doing, registry.permissions(name))?).clone());
        }
        let mut roles = Roles::new();
        for perm in asked {
            let role = call(ctx, doing.as_str(), registry.role(name, perm.kind, &perm.name))?;
            roles.extend(role.map(|role| ((perm.kind, perm.name.clone()), role)));
        }
        Ok(roles)
    }

    fn set_roles(
        &self,
        now: &Roles,
        wanted: &Roles,
        name: &RepositoryName,
        registry: &Registry,
        ctx: &Ctx,
    ) -> Result<(), ModuleError> {
        for ((kind, who), role) in wanted.iter().filter(|(key, role)| now.get(*key) != Some(role)) {
            let doing = format!("cannot grant {role} on repository {name} to {kind} {who}");
            call(ctx, doing, registry.put_permission(name, *kind, who, *role))?;
        }
        if !self.append {
            for (kind, who) in now.keys().filter(|key| !wanted.contains_key(*key)) {
                let doing = format!("cannot take the permission on repository {name} from {kind} {who}");
                call(ctx, doing, registry.delete_permission(name, *kind, who))?;
            }
        }
        Ok(())
    }
}
