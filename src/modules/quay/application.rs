//! `quay_application`.

use serde::Serialize;

use super::connect::{call, given, option};
use super::names::{missing_organization, organization};
use super::options::{State, quay_options};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{Application, CreateApplication, UpdateApplication};
use crate::value::{Key, Map, Secret, Value};

quay_options! {
    /// Keeps an OAuth application of an organization.
    ///
    /// Quay would make a second application of the same name; this module looks first. Where there are several already, it
    /// keeps the oldest and says so.
    pub struct QuayApplication {
        /// The organization.
        organization: String,
        /// Name of the application.
        name: String,
        /// New name for the application.
        new_name: Option<String>,
        /// Description of the application.
        description: Option<String>,
        /// Address of the application's home page.
        application_uri: Option<String>,
        /// Where browsers are sent after an authorization.
        redirect_uri: Option<String>,
        /// E-mail address whose picture the application shows.
        avatar_email: Option<String>,
        /// Whether the application shall be there. Deleting it revokes its tokens.
        #[serde(default)]
        state: State,
    }
}

/// An application as far as the module keeps it. Its id and secret are Quay's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApplicationState {
    pub name: String,
    pub description: String,
    pub application_uri: String,
    pub redirect_uri: String,
    pub avatar_email: Option<String>,
    pub client_id: String,
    pub client_secret: Secret,
}

impl From<&Application> for ApplicationState {
    fn from(application: &Application) -> Self {
        Self {
            name: application.name.clone(),
            description: application.description.clone(),
            application_uri: application.application_uri.clone(),
            redirect_uri: application.redirect_uri.clone(),
            avatar_email: application.avatar_email.clone(),
            client_id: application.client_id.clone(),
            client_secret: application.client_secret.clone().unwrap_or_default(),
        }
    }
}

impl Managed for QuayApplication {
    type State = Option<ApplicationState>;

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        if organization(&self.organization, &registry, ctx)?.is_none() {
            if self.state == State::Present {
                missing_organization(&self.organization, ctx)?;
            }
            return Ok(None);
        }
        let doing = format!("cannot read the applications of organization {}", self.organization);
        let all = call(ctx, doing, registry.applications(&self.organization))?;
        let named = |name: &str| all.iter().filter(|application| application.name == name).collect::<Vec<_>>();
        let mut found = named(&self.name);
        if let Some(new_name) = self.new_name().filter(|_| self.state == State::Present) {
            let renamed = named(new_name);
            if found.is_empty() {
                found = renamed;
            } else if !renamed.is_empty() {
                return Err(option("new_name", format!("there is an application `{new_name}` already")));
            }
        }
        if found.len() > 1 {
            ctx.warn(format!(
                "there are {} applications `{}` in organization {}; the first one, {}, is kept",
                found.len(),
                self.name,
                self.organization,
                found.first().map_or("", |first| first.client_id.as_str()),
            ));
        }
        let state = found.first().map(|first| ApplicationState::from(*first));
        if let Some(state) = &state {
            ctx.redactor.register(state.client_secret.expose());
        }
        Ok(state)
    }

    fn desired(&self, current: &Self::State, _: &mut Ctx) -> Result<Self::State, ModuleError> {
        if self.state == State::Absent {
            return Ok(None);
        }
        let mut wanted = current.clone().unwrap_or_else(|| ApplicationState {
            name: String::new(),
            description: String::new(),
            application_uri: String::new(),
            redirect_uri: String::new(),
            avatar_email: None,
            client_id: String::new(),
            client_secret: Secret::default(),
        });
        self.new_name().unwrap_or(&self.name).clone_into(&mut wanted.name);
        let lay = |option: &Option<String>, field: &mut String| {
            if let Some(text) = option {
                field.clone_from(text);
            }
        };
        lay(&self.description, &mut wanted.description);
        lay(&self.application_uri, &mut wanted.application_uri);
        lay(&self.redirect_uri, &mut wanted.redirect_uri);
        if let Some(email) = given(self.avatar_email.as_deref()) {
            wanted.avatar_email = Some(email.to_owned());
        }
        Ok(Some(wanted))
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let of = &self.organization;
        let application = match (current, desired) {
            (Some(current), None) => {
                let doing = format!("cannot delete application {} of organization {of}", self.name);
                call(ctx, doing, registry.delete_application(of, &current.client_id))?;
                return Ok(Applied::default());
            }
            (None, Some(wanted)) => {
                let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
                let new = CreateApplication {
                    name: wanted.name.clone(),
                    description: text(&wanted.description),
                    application_uri: text(&wanted.application_uri),
                    redirect_uri: text(&wanted.redirect_uri),
                    avatar_email: wanted.avatar_email.clone(),
                };
                let doing = format!("cannot create application {} of organization {of}", wanted.name);
                call(ctx, doing, registry.create_application(of, &new))?
            }
            (Some(current), Some(wanted)) => {
                let update = UpdateApplication {
                    name: wanted.name.clone(),
                    redirect_uri: wanted.redirect_uri.clone(),
                    application_uri: wanted.application_uri.clone(),
                    description: Some(wanted.description.clone()),
                    avatar_email: wanted.avatar_email.clone(),
                };
                let doing = format!("cannot change application {} of organization {of}", self.name);
                call(ctx, doing, registry.update_application(of, &current.client_id, &update))?
            }
            (None, None) => return Ok(Applied::default()),
        };
        let state = ApplicationState::from(&application);
        ctx.redactor.register(state.client_secret.expose());
        Ok(Applied { values: self.values(&Some(state)), facts: None })
    }

    /// In check mode, id and secret of an application that is not there yet are empty.
    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("name"), Value::from(state.name.as_str())),
            (Key::from("client_id"), Value::from(state.client_id.as_str())),
            (Key::from("client_secret"), Value::secret(state.client_secret.expose())),
        ])
    }

    fn title(&self) -> String {
        format!("application {} of organization {}", self.name, self.organization)
    }
}

impl QuayApplication {
    fn new_name(&self) -> Option<&str> {
        given(self.new_name.as_deref()).filter(|new_name| *new_name != self.name)
    }
}
