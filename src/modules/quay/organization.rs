//! `quay_organization`.

use serde::Serialize;

use super::connect::{call, given, option};
use super::duration;
use super::names::organization;
use super::options::{State, quay_options};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{ChangeOrganization, CreateOrganization};
use crate::value::{Key, Map, Value};

quay_options! {
    /// Keeps an organization of a Quay registry.
    pub struct QuayOrganization {
        /// Name of the organization. Quay takes lower-case letters, digits and `.`, `_`, `-` between them.
        name: String,
        /// New name for the organization, which only superusers may give.
        new_name: Option<String>,
        /// E-mail address of the organization, which no user may have. Needed where the registry sends mail.
        email: Option<String>,
        /// How long deleted tags can be brought back, in seconds or with a unit (`s`, `m`, `h`, `d`, `w`): one of the
        /// registry's own choices, by default `0s`, `1d`, `1w`, `2w` and `4w`.
        time_machine_expiration: Option<String>,
        /// Whether the organization shall be there. Deleting it deletes everything in it.
        #[serde(default)]
        state: State,
    }
}

/// An organization as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrganizationState {
    pub name: String,
    pub email: Option<String>,
    pub tag_expiration_s: Option<i64>,
}

impl Managed for QuayOrganization {
    type State = Option<OrganizationState>;

    fn validate(&self) -> Result<(), ModuleError> {
        self.expiration().map(|_| ())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let mut found = organization(&self.name, &registry, ctx)?;
        if let Some(new_name) = self.new_name().filter(|_| self.state == State::Present) {
            let renamed = organization(new_name, &registry, ctx)?;
            match (&found, &renamed) {
                (Some(_), Some(_)) => {
                    return Err(option("new_name", format!("there is an organization `{new_name}` already")));
                }
                (None, _) => found = renamed,
                (Some(_), None) => {}
            }
        }
        Ok(found.map(|organization| OrganizationState {
            name: organization.name,
            email: Some(organization.email),
            tag_expiration_s: organization.tag_expiration_s,
        }))
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let name = self.new_name().unwrap_or(&self.name).to_owned();
        let mut wanted =
            current.clone().unwrap_or(OrganizationState { name: String::new(), email: None, tag_expiration_s: None });
        wanted.name = name;
        if let Some(email) = given(self.email.as_deref()) {
            wanted.email = Some(email.to_owned());
        }
        if let Some(seconds) = self.expiration()? {
            wanted.tag_expiration_s = Some(seconds);
        }
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let Some(wanted) = desired else {
            let doing = format!("cannot delete organization {}", self.name);
            call(ctx, doing, registry.delete_organization(&self.name))?;
            return Ok(Applied::default());
        };
        let name = &wanted.name;
        let mut change = ChangeOrganization::default();
        match current {
            None => {
                let new = CreateOrganization { name: name.clone(), email: wanted.email.clone(), contact_email: None };
                call(ctx, format!("cannot create organization {name}"), registry.create_organization(&new))?;
            }
            Some(current) => {
                if current.name != *name {
                    let doing = format!("cannot rename organization {} to {name}", current.name);
                    call(ctx, doing, registry.rename_organization(&current.name, name))?;
                }
                change.email = wanted.email.clone().filter(|_| wanted.email != current.email);
            }
        }
        let before = current.as_ref().and_then(|current| current.tag_expiration_s);
        change.tag_expiration_s = wanted.tag_expiration_s.filter(|seconds| Some(*seconds) != before);
        if change.email.is_some() || change.tag_expiration_s.is_some() {
            call(ctx, format!("cannot change organization {name}"), registry.change_organization(name, &change))?;
        }
        Ok(Applied::default())
    }

    fn values(&self, state: &Self::State) -> Map {
        let name = state.as_ref().map_or(&self.name, |state| &state.name);
        Map::from_iter([(Key::from("name"), Value::from(name.as_str()))])
    }

    fn title(&self) -> String {
        format!("organization {}", self.name)
    }
}

impl QuayOrganization {
    fn new_name(&self) -> Option<&str> {
        given(self.new_name.as_deref()).filter(|new_name| *new_name != self.name)
    }

    fn expiration(&self) -> Result<Option<i64>, ModuleError> {
        let Some(text) = given(self.time_machine_expiration.as_deref()) else { return Ok(None) };
        match duration::seconds(text) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(option(
                "time_machine_expiration",
                format!("`{text}` is no time: expected a number and s, m, h, d or w"),
            )),
        }
    }
}
