//! `quay_default_perm`.

use serde::Serialize;

use super::connect::{call, given};
use super::names::{missing_organization, organization};
use super::options::{State, quay_options};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::Registry;
use crate::quay::contract::{CreatePrototype, Delegate, DelegateKind, PrincipalName, Prototype, RepositoryRole};

quay_options! {
    /// Keeps a default permission of an organization: what a user, robot or team may do with repositories that are made
    /// later. (Quay calls it a prototype.)
    ///
    /// A default permission is known by who gets it and whose repositories it is for. Quay would make a second one; this
    /// module looks first, and removes the duplicates that other tools have left.
    pub struct QuayDefaultPerm {
        /// The organization, which must be there.
        organization: String,
        /// User, robot (`organization+name`) or team that gets the permission.
        name: String,
        /// Whether `name` is a user (or robot) or a team.
        #[serde(rename = "type", default = "user")]
        kind: DelegateKind,
        /// The permission. A new one is `read` where nothing is said.
        role: Option<RepositoryRole>,
        /// User whose new repositories get the permission; everybody's where nothing is said.
        creator: Option<String>,
        /// Whether the default permission shall be there.
        #[serde(default)]
        state: State,
    }
}

fn user() -> DelegateKind {
    DelegateKind::User
}

/// A default permission as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DefaultPermState {
    name: String,
    #[serde(rename = "type")]
    kind: DelegateKind,
    creator: Option<String>,
    role: RepositoryRole,
    /// Quay can hold several of the same.
    #[serde(skip_serializing_if = "is_one")]
    copies: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn is_one(copies: &usize) -> bool {
    *copies == 1
}

impl Managed for QuayDefaultPerm {
    type State = Option<DefaultPermState>;

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        if organization(&self.organization, &registry, ctx)?.is_none() {
            if self.state == State::Present {
                missing_organization(&self.organization, ctx)?;
            }
            return Ok(None);
        }
        let found = self.matching(&registry, ctx)?;
        Ok(self.keep(&found).map(|kept| DefaultPermState {
            name: self.name.clone(),
            kind: self.kind,
            creator: self.creator().map(str::to_owned),
            role: kept.role,
            copies: found.len(),
        }))
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let role = self.role.or(current.as_ref().map(|current| current.role)).unwrap_or(RepositoryRole::Read);
        Ok(Some(DefaultPermState {
            name: self.name.clone(),
            kind: self.kind,
            creator: self.creator().map(str::to_owned),
            role,
            copies: 1,
        }))
    }

    fn apply(&self, _: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let (of, title) = (&self.organization, self.title());
        let found = self.matching(&registry, ctx)?;
        let kept = self.keep(&found).filter(|_| desired.is_some());
        for extra in found.iter().filter(|one| kept.is_none_or(|kept| kept.id != one.id)) {
            call(ctx, format!("cannot delete {title}"), registry.delete_prototype(of, &extra.id))?;
        }
        match (kept, desired) {
            (Some(kept), Some(wanted)) if kept.role != wanted.role => {
                call(ctx, format!("cannot change {title}"), registry.update_prototype(of, &kept.id, wanted.role))?;
            }
            (None, Some(wanted)) => {
                let new = CreatePrototype {
                    role: wanted.role,
                    delegate: Delegate { kind: self.kind, name: self.name.clone() },
                    activating_user: self.creator().map(|name| PrincipalName { name: name.to_owned() }),
                };
                call(ctx, format!("cannot create {title}"), registry.create_prototype(of, &new))?;
            }
            _ => {}
        }
        Ok(Applied::default())
    }

    fn title(&self) -> String {
        format!("default permission of {} {} in organization {}", self.kind, self.name, self.organization)
    }
}

impl QuayDefaultPerm {
    fn creator(&self) -> Option<&str> {
        given(self.creator.as_deref())
    }

    fn matching(&self, registry: &Registry, ctx: &Ctx) -> Result<Vec<Prototype>, ModuleError> {
        let doing = format!("cannot read the default permissions of organization {}", self.organization);
        let all = call(ctx, doing, registry.prototypes(&self.organization))?;
        let same = |one: &&Prototype| {
            one.delegate.name == self.name
                && one.delegate.kind == self.kind
                && one.activating_user.as_ref().map(|user| user.name.as_str()) == self.creator()
        };
        Ok(all.iter().filter(same).cloned().collect())
    }

    /// Of several, the one that needs no change, or else the first.
    fn keep<'p>(&self, found: &'p [Prototype]) -> Option<&'p Prototype> {
        found.iter().find(|one| self.role.is_none_or(|role| one.role == role)).or_else(|| found.first())
    }
}
