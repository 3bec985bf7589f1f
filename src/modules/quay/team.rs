//! `quay_team`.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use serde::Serialize;

use super::connect::call;
use super::names::{missing_organization, organization};
use super::options::{State, quay_options, yes};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::concurrent::as_they_come;
use crate::quay::contract::{PutTeam, TeamRole};
use crate::value::{Key, Map, Value};

/// Members that are added or removed at a time.
const AT_A_TIME: usize = 4;

quay_options! {
    /// Keeps a team of an organization and its members.
    pub struct QuayTeam {
        /// Name of the team.
        name: String,
        /// The organization, which must be there.
        organization: String,
        /// What the team may do in the organization. A new team is made with `member` where nothing is said.
        role: Option<TeamRole>,
        /// Description of the team, Markdown.
        description: Option<String>,
        /// Users and robots (`organization+name`) of the team. Where the registry sends mail, users are invited instead, and
        /// e-mail addresses can be; who is invited counts as a member.
        members: Option<Vec<String>>,
        /// Whether `members` are added to those that are there, or replace them.
        #[serde(default = "yes")]
        append: bool,
        /// Whether the team shall be there.
        #[serde(default)]
        state: State,
    }
}

/// A team as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TeamState {
    name: String,
    role: TeamRole,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<BTreeSet<String>>,
}

impl Managed for QuayTeam {
    type State = Option<TeamState>;

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let Some(organization) = organization(&self.organization, &registry, ctx)? else {
            if self.state == State::Present {
                missing_organization(&self.organization, ctx)?;
            }
            return Ok(None);
        };
        let Some(teams) = organization.teams else {
            return Err(ModuleError::new(format!(
                "the caller may not see the teams of organization {}",
                self.organization
            )));
        };
        let Some(team) = teams.get(&self.name) else { return Ok(None) };
        let members = match &self.members {
            Some(_) if self.state == State::Present => {
                let doing = format!("cannot read the members of team {}", self.name);
                let list = call(ctx, doing, registry.team_members(&self.organization, &self.name))?;
                let list = (*list).as_ref().map(|list| list.members.as_slice()).unwrap_or_default();
                Some(list.iter().filter_map(|member| member.name.clone().or_else(|| member.email.clone())).collect())
            }
            _ => None,
        };
        Ok(Some(TeamState { name: team.name.clone(), role: team.role, description: team.description.clone(), members }))
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let mut wanted = current.clone().unwrap_or_else(|| TeamState {
            name: self.name.clone(),
            role: TeamRole::Member,
            description: String::new(),
            members: None,
        });
        wanted.role = self.role.unwrap_or(wanted.role);
        if let Some(description) = &self.description {
            wanted.description.clone_from(description);
        }
        if let Some(asked) = &self.members {
            let there = wanted.members.take().filter(|_| self.append).unwrap_or_default();
            let asked = asked.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            wanted.members = Some(there.into_iter().chain(asked).collect());
        }
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let (of, name) = (&self.organization, &self.name);
        let Some(wanted) = desired else {
            if current.as_ref().is_some_and(|current| current.role == TeamRole::Admin) {
                // Quay protects teams of administrators; as a team of members it can go
                let demoted = PutTeam { role: TeamRole::Member, description: None };
                call(ctx, format!("cannot take its rights from team {name}"), registry.put_team(of, name, &demoted))?;
            }
            call(ctx, format!("cannot delete team {name} of organization {of}"), registry.delete_team(of, name))?;
            return Ok(Applied::default());
        };
        if current.as_ref().is_none_or(|now| (now.role, &now.description) != (wanted.role, &wanted.description)) {
            let before = current.as_ref().map(|current| &current.description);
            let description = Some(wanted.description.clone())
                .filter(|text| Some(text) != before && !(text.is_empty() && before.is_none()));
            let put = PutTeam { role: wanted.role, description };
            let doing = format!(
                "cannot {} team {name} of organization {of}",
                if current.is_some() { "change" } else { "create" }
            );
            call(ctx, doing, registry.put_team(of, name, &put))?;
        }
        let none = BTreeSet::new();
        let before = current.as_ref().and_then(|current| current.members.as_ref()).unwrap_or(&none);
        let after = wanted.members.as_ref().unwrap_or(before);
        let registry = &registry;
        let additions = after.difference(before).map(|member| async move {
            registry.add_team_member(of, name, member).await.map_err(|error| (member, error))
        });
        let removals = before.difference(after).map(|member| async move {
            registry.remove_team_member(of, name, member).await.map(|_| ()).map_err(|error| (member, error))
        });
        for (what, result) in [
            ("add", ctx.wait(as_they_come(additions, AT_A_TIME).try_collect::<()>())),
            ("remove", ctx.wait(as_they_come(removals, AT_A_TIME).try_collect::<()>())),
        ] {
            match result {
                Some(Ok(())) => {}
                Some(Err((member, error))) => {
                    return Err(super::connect::failed(format!("cannot {what} member {member} of team {name}"), error));
                }
                None => return Err(ModuleError::new("interrupted")),
            }
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("name"), Value::from(state.name.as_str())),
            (Key::from("role"), Value::from(state.role.as_str())),
        ])
    }

    fn title(&self) -> String {
        format!("team {} of organization {}", self.name, self.organization)
    }
}
