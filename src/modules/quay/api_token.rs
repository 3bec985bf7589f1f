//! `quay_api_token`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connect::{call, failed, given, option};
use super::options::quay_options;
use super::secret_file::{self, Kept};
use super::token_check::{self, Verdict};
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{Application, CreateApplicationToken, Scope, Scopes};
use crate::quay::{Identity, Registry};
use crate::value::{Key, Map, Secret, Value};

quay_options! {
    /// Has an OAuth token of an application, without a browser.
    ///
    /// A token that is there already (in `token_file` or `access_token`) is kept as long as it is valid and may do what
    /// `rights` say, as far as that can be found out without changing anything. Otherwise a new one is made: where the
    /// registry can (3.18), with the application's own list of tokens, which takes a token or a password; on older releases
    /// by signing in and authorizing the application, which takes `quay_username` and `quay_password` of a user who
    /// administers the application's organization. Without `token_file` and `access_token` each run makes a token, as with
    /// `infra.quay_configuration`.
    pub struct QuayApiToken {
        /// The application's client id (see `quay_application`).
        client_id: Option<String>,
        /// The application's organization, where it is known; with `application`, instead of `client_id`. (Not in
        /// `infra.quay_configuration`.)
        organization: Option<String>,
        /// The application's name. (Not in `infra.quay_configuration`.)
        application: Option<String>,
        /// What the token may do; `all` is everything.
        #[serde(default = "read_only")]
        rights: Vec<Right>,
        /// User that gets the token instead of the caller (3.12 and later): the user is asked in the web interface and takes
        /// it there, so none is returned, and each run asks again. Needs `quay_username`.
        for_user: Option<String>,
        /// File that the token is kept in, for nobody else to read (mode 0600). (Not in `infra.quay_configuration`.)
        token_file: Option<String>,
        /// A token that is known already. (Not in `infra.quay_configuration`.)
        access_token: Option<Secret>,
        /// Name of a new token in the application's list (3.18 and later).
        #[serde(default = "token_name")]
        token_name: String,
        /// How long a new token lives, with a unit (`s`, `m`, `h`, `d`, `w`); about ten years where nothing is said. Needs
        /// 3.18.
        expiration: Option<String>,
    }
}

/// A scope, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Right {
    /// Administer organizations.
    #[serde(rename = "org:admin")]
    OrgAdmin,
    /// Administer repositories.
    #[serde(rename = "repo:admin")]
    RepoAdmin,
    /// Create repositories.
    #[serde(rename = "repo:create")]
    RepoCreate,
    /// See repositories.
    #[serde(rename = "repo:read")]
    RepoRead,
    /// Push to repositories.
    #[serde(rename = "repo:write")]
    RepoWrite,
    /// Everything that a superuser may do.
    #[serde(rename = "super:user")]
    SuperUser,
    /// Administer the user.
    #[serde(rename = "user:admin")]
    UserAdmin,
    /// Read about the user.
    #[serde(rename = "user:read")]
    UserRead,
    /// Everything.
    #[serde(rename = "all")]
    All,
}

fn read_only() -> Vec<Right> {
    vec![Right::RepoRead]
}

fn token_name() -> String {
    "quaymaster".to_owned()
}

/// A token as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenState {
    /// Whether there is one that may do what is wanted; for another user, never.
    usable: bool,
    rights: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<Kept>,
    /// Known where there is one.
    #[serde(skip)]
    token: Secret,
}

impl Managed for QuayApiToken {
    type State = TokenState;

    fn validate(&self) -> Result<(), ModuleError> {
        let named = given(self.organization.as_deref()).is_some() && given(self.application.as_deref()).is_some();
        if given(self.client_id.as_deref()).is_none() && !named && self.client_id.is_none() {
            return Err(option("client_id", "is needed, or `organization` and `application`"));
        }
        if self.rights.is_empty() {
            return Err(option("rights", "a token needs at least one"));
        }
        if given(self.for_user.as_deref()).is_some() && (self.token_file.is_some() || self.access_token.is_some()) {
            return Err(option("for_user", "another user's token is not given out, so it cannot be kept"));
        }
        self.lifetime().map(|_| ())
    }

    fn read(&self, ctx: &mut Ctx) -> Result<TokenState, ModuleError> {
        let mut state = TokenState {
            usable: false,
            rights: self.scopes().to_string(),
            token_file: self.token_path(ctx).map(|_| Kept::Missing),
            token: Secret::default(),
        };
        if given(self.for_user.as_deref()).is_some() {
            return Ok(state);
        }
        let kept = match self.token_path(ctx) {
            Some(path) => secret_file::read(&path)?,
            None => None,
        };
        let asked = self.access_token.clone().filter(|token| !token.expose().trim().is_empty());
        for token in asked.into_iter().chain(kept) {
            ctx.redactor.register(token.expose());
            if let Some(path) = self.token_path(ctx) {
                state.token_file = Some(secret_file::state(&path, Some(&token))?);
            }
            let registry = self.connection().open_as(Identity::Token(token.clone()), ctx)?;
            let wanted = token_check::Wanted {
                scopes: &self.scopes(),
                organization: given(self.organization.as_deref()),
                username: given(self.quay_username.as_deref()),
            };
            match call(ctx, "cannot check the token", token_check::check(&registry, &wanted))? {
                Verdict::Usable => return Ok(TokenState { usable: true, token, ..state }),
                Verdict::Unusable(reason) => ctx.warn(format!("the token that is there is replaced: {reason}")),
            }
        }
        Ok(state)
    }

    fn desired(&self, current: &TokenState, _: &mut Ctx) -> Result<TokenState, ModuleError> {
        Ok(TokenState { usable: true, token_file: current.token_file.map(|_| Kept::Right), ..current.clone() })
    }

    fn apply(&self, current: &TokenState, _: &TokenState, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let token = if current.usable {
            current.token.clone()
        } else {
            let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
            if let Some(user) = given(self.for_user.as_deref()) {
                let (client_id, _) = self.application(&registry, ctx)?;
                let doing = format!("cannot give user {user} a token of application {client_id}");
                call(ctx, doing, registry.client().assign_token(&client_id, &self.scopes(), user))?;
                return Ok(Applied::default());
            }
            self.mint(&registry, ctx)?
        };
        ctx.redactor.register(token.expose());
        if let Some(path) = self.token_path(ctx) {
            secret_file::write(&path, &token)?;
        }
        let state = TokenState { token, ..current.clone() };
        Ok(Applied { values: self.values(&state), facts: None })
    }

    /// In check mode, a token that is not there yet is empty.
    fn values(&self, state: &TokenState) -> Map {
        if given(self.for_user.as_deref()).is_some() {
            return Map::new();
        }
        Map::from_iter([(Key::from("access_token"), Value::secret(state.token.expose()))])
    }

    fn title(&self) -> String {
        let named = given(self.client_id.as_deref()).or_else(|| given(self.application.as_deref()));
        format!("token of application {}", named.unwrap_or_default())
    }
}

impl QuayApiToken {
    fn scopes(&self) -> Scopes {
        let scope = |right: &Right| match right {
            Right::OrgAdmin => Some(Scope::OrgAdmin),
            Right::RepoAdmin => Some(Scope::RepoAdmin),
            Right::RepoCreate => Some(Scope::RepoCreate),
            Right::RepoRead => Some(Scope::RepoRead),
            Right::RepoWrite => Some(Scope::RepoWrite),
            Right::SuperUser => Some(Scope::SuperUser),
            Right::UserAdmin => Some(Scope::UserAdmin),
            Right::UserRead => Some(Scope::UserRead),
            Right::All => None,
        };
        self.rights.iter().map(scope).collect::<Option<Scopes>>().unwrap_or_else(Scopes::all)
    }

    fn token_path(&self, ctx: &Ctx) -> Option<PathBuf> {
        given(self.token_file.as_deref()).map(|file| ctx.resolve(file))
    }

    fn lifetime(&self) -> Result<Option<u64>, ModuleError> {
        let Some(text) = given(self.expiration.as_deref()) else { return Ok(None) };
        let seconds = super::duration::seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
        match seconds.filter(|seconds| *seconds > 0) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(option("expiration", format!("`{text}` is no time: expected a number and s, m, h, d or w"))),
        }
    }

    /// The application's client id, its organization and its redirect address, as far as they are known or can be found.
    fn application(&self, registry: &Registry, ctx: &Ctx) -> Result<(String, Option<Application>), ModuleError> {
        let client_id = given(self.client_id.as_deref());
        let Some(organization) = given(self.organization.as_deref()) else {
            return Ok((client_id.unwrap_or_default().to_owned(), None));
        };
        let doing = format!("cannot read the applications of organization {organization}");
        let all = call(ctx, doing, registry.applications(organization))?;
        let name = given(self.application.as_deref());
        let found = all.iter().find(|one| match client_id {
            Some(client_id) => one.client_id == client_id,
            None => Some(one.name.as_str()) == name,
        });
        match found {
            Some(found) => Ok((found.client_id.clone(), Some(found.clone()))),
            None => Err(ModuleError::new(format!(
                "there is no application `{}` in organization {organization}",
                client_id.or(name).unwrap_or_default()
            ))),
        }
    }

    /// The registry in a session of the user, which older releases need; `None` where no password is known.
    fn signed_in(&self, registry: &Registry, ctx: &mut Ctx) -> Result<Option<Registry>, ModuleError> {
        if matches!(registry.client().identity(), Identity::Password { .. }) {
            return Ok(Some(registry.clone()));
        }
        let password = self.quay_password.clone().filter(|password| !password.expose().is_empty());
        match (given(self.quay_username.as_deref()), password) {
            (Some(username), Some(password)) => {
                let identity = Identity::Password { username: username.to_owned(), password };
                self.connection().open_as(identity, ctx).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn mint(&self, registry: &Registry, ctx: &mut Ctx) -> Result<Secret, ModuleError> {
        let (client_id, application) = self.application(registry, ctx)?;
        let organization = match given(self.organization.as_deref()) {
            Some(organization) => Some(organization.to_owned()),
            None => call(
                ctx,
                format!("cannot look at application {client_id}"),
                registry.client().application_info(&client_id),
            )?
            .map(|info| info.organization.name),
        };
        let Some(organization) = organization else {
            return Err(ModuleError::new(format!("there is no application with the client id `{client_id}`")));
        };
        let doing = format!("cannot make a token of application {client_id}");
        let new = CreateApplicationToken {
            name: self.token_name.clone(),
            scope: self.scopes().to_string(),
            expiration: self.lifetime()?,
        };
        let made =
            call(ctx, doing.as_str(), registry.client().create_application_token(&organization, &client_id, &new))?;
        if let Some(token) = made.and_then(|made| made.token) {
            return Ok(token);
        }
        let registry = self.signed_in(registry, ctx)?.ok_or_else(|| {
            ModuleError::new(format!(
                "{doing}: this registry is older than Quay 3.18, where only a user who signs in can have one; give `quay_username` \
                 and `quay_password`"
            ))
        })?;
        if self.expiration.is_some() {
            ctx.warn("this registry is older than Quay 3.18, so `expiration` has no effect");
        }
        let redirect = application.map(|application| application.redirect_uri);
        match ctx.wait(registry.client().authorize(&client_id, &self.scopes(), redirect.as_deref())) {
            Some(Ok(grant)) => Ok(grant.token),
            Some(Err(error)) => Err(failed(doing, error)),
            None => Err(ModuleError::new("interrupted")),
        }
    }
}
