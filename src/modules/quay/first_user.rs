//! `quay_first_user`.

use serde::Serialize;

use super::connect::{call, failed, given};
use super::foreseen;
use super::options::quay_options;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::InitializeUser;
use crate::quay::{Identity, PasswordCheck, Registry};
use crate::value::{Key, Map, Secret, Value};

quay_options! {
    /// Makes the first user of an empty Quay registry (3.6 and later, with `FEATURE_USER_INITIALIZE` and `AUTHENTICATION_TYPE`
    /// Database), and waits until the registry is up.
    ///
    /// Where the user is there already and the password is right, nothing is done; where other users are, the task fails.
    /// (`infra.quay_configuration` fails in both cases.) To have a token, use `quay_api_token` after this: it works however
    /// often it is played.
    pub struct QuayFirstUser {
        /// Name of the user. List it in `SUPER_USERS`, so that it may do everything.
        username: String,
        /// E-mail address of the user. Needed where the registry sends mail.
        email: Option<String>,
        /// Password of the user: at least 8 characters, no blanks.
        password: Secret,
        /// Whether a token is made, too. It is returned in `access_token`, lives for two and a half hours, and is only made
        /// with the user.
        #[serde(default)]
        create_token: bool,
    }
}

/// The first user as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstUserState {
    username: String,
}

impl Managed for QuayFirstUser {
    type State = Option<FirstUserState>;

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        ctx.redactor.register(self.password.expose());
        let registry = self.registry(ctx)?;
        Ok(self.is_there(&registry, ctx)?.then(|| FirstUserState { username: self.username.clone() }))
    }

    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if current.is_none() {
            foreseen::note(&self.username, ctx);
        } else if self.create_token {
            ctx.warn(format!(
                "user {} is there already, so no token is made with it; `quay_api_token` makes one",
                self.username
            ));
        }
        Ok(Some(FirstUserState { username: self.username.clone() }))
    }

    fn apply(&self, _: &Self::State, _: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let registry = self.registry(ctx)?;
        let new = InitializeUser {
            username: self.username.clone(),
            password: self.password.clone(),
            email: given(self.email.as_deref()).map(str::to_owned),
            access_token: self.create_token,
        };
        let doing = format!("cannot make {} the first user", self.username);
        let made = match ctx.wait(registry.client().initialize(&new)) {
            Some(Ok(made)) => made,
            Some(Err(error)) if error.maybe_acted() => {
                if self.is_there(&registry, ctx)? {
                    ctx.warn(format!("user {} was made, but the answer was lost, and a token with it", self.username));
                    return Ok(Applied::default());
                }
                return Err(failed(doing, error));
            }
            Some(Err(error)) => {
                let others = error.quay_message().is_some_and(|text| text.contains("non-empty database"));
                let doing = if others {
                    format!("{doing}: there are users already, but none with this name and password")
                } else {
                    doing
                };
                return Err(failed(doing, error));
            }
            None => return Err(ModuleError::new("interrupted")),
        };
        ctx.redactor.register(made.encrypted_password.expose());
        let mut values = Map::from_iter([
            (Key::from("email"), made.email.as_deref().map_or(Value::Null, Value::from)),
            (Key::from("encrypted_password"), Value::secret(made.encrypted_password.expose())),
        ]);
        if let Some(token) = made.access_token {
            ctx.redactor.register(token.expose());
            values.insert(Key::from("access_token"), Value::secret(token.expose()));
        }
        Ok(Applied { values, facts: None })
    }

    fn values(&self, _: &Self::State) -> Map {
        let mut values = Map::from_iter([(Key::from("username"), Value::from(self.username.as_str()))]);
        if let Some(email) = given(self.email.as_deref()) {
            values.insert(Key::from("email"), Value::from(email));
        }
        values
    }

    fn title(&self) -> String {
        format!("first user {}", self.username)
    }
}

impl QuayFirstUser {
    /// The registry, called as nobody: there are no credentials yet, and old ones must not be in the way.
    fn registry(&self, ctx: &mut Ctx) -> Result<Registry, ModuleError> {
        self.connection().open_as(Identity::Anonymous, ctx)
    }

    /// Whether the user is there with this password. Quay cannot be asked whether it is empty; a user of that name with
    /// another password is a failure, because it is not the one that is wanted.
    fn is_there(&self, registry: &Registry, ctx: &mut Ctx) -> Result<bool, ModuleError> {
        let name = &self.username;
        let doing = format!("cannot find out whether user {name} is there");
        match call(ctx, doing, registry.client().check_password(name, &self.password))? {
            PasswordCheck::Right => Ok(true),
            PasswordCheck::Wrong => Ok(false),
            PasswordCheck::Unknown(reason) => Err(ModuleError::new(format!(
                "cannot find out whether user {name} is there with this password: {reason}"
            ))),
        }
    }
}
