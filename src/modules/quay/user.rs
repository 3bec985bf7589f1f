//! `quay_user`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::connect::{call, given};
use super::foreseen;
use super::options::{State, quay_options};
use super::secret_file;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::managed::{Applied, Managed};
use crate::quay::contract::{CreateUser, SuperuserUser, UpdateUser};
use crate::quay::{PasswordCheck, QuayError, Registry};
use crate::value::{Key, Map, Secret, Value};

/// Characters of a password that is made here, out of 62 kinds.
const PASSWORD_LENGTH: usize = 32;

quay_options! {
    /// Keeps a user of a Quay registry, as a superuser.
    ///
    /// Quay cannot be asked for a password, but whether one is right: that is how the module knows that nothing is to be done.
    /// It costs one request and, where the password is wrong, counts as a bad try. Superusers cannot be changed; what differs
    /// is told as a warning.
    pub struct QuayUser {
        /// Name of the user.
        username: String,
        /// E-mail address of the user. Needed where the registry sends mail.
        email: Option<String>,
        /// Password of the user: at least 8 characters, no blanks.
        password: Option<Secret>,
        /// File that the user's password is kept in where none is given, for nobody else to read (mode 0600): the password
        /// in it counts, and a new one is made where there is no file. (Not in `infra.quay_configuration`.)
        password_file: Option<String>,
        /// Whether the password of a user that is there already is set too, or only that of a new one. (Not in
        /// `infra.quay_configuration`, which sets it each time.)
        #[serde(default)]
        update_password: UpdatePassword,
        /// Whether the user may sign in.
        enabled: Option<bool>,
        /// Whether the user shall be a superuser. Takes effect when the registry is restarted, and cannot be taken back. Newer
        /// releases ignore it: there, list the user in `SUPER_USERS`.
        #[serde(alias = "is_superuser")]
        #[schemars(extend("x-aliases" = ["is_superuser"]))]
        superuser: Option<bool>,
        /// Whether the user shall be there.
        #[serde(default)]
        state: State,
    }
}

/// When a password is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum UpdatePassword {
    /// When it is not the user's already.
    #[default]
    Always,
    /// For a new user only.
    OnCreate,
}

/// What is known of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Password {
    /// It is not looked after.
    Any,
    /// It is the one that is wanted.
    Wanted,
    /// It is another one.
    Other,
}

/// A user as far as the module keeps it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserState {
    username: String,
    email: Option<String>,
    enabled: bool,
    superuser: bool,
    password: Password,
    /// Whether the file with the generated password is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<bool>,
}

impl Managed for QuayUser {
    type State = Option<UserState>;

    fn read(&self, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        if let Some(password) = &self.password {
            ctx.redactor.register(password.expose());
        }
        let Some(registry) = self.connection().open(ctx)? else { return Ok(None) };
        let name = &self.username;
        let Some(user) = call(ctx, format!("cannot read user {name}"), registry.client().user(name))? else {
            return Ok(None);
        };
        let (password, password_file) = if self.state == State::Present {
            (self.check_password(&user, &registry, ctx)?, self.password_path(ctx).map(|path| path.exists()))
        } else {
            (Password::Any, None)
        };
        Ok(Some(UserState {
            username: user.username,
            email: user.email,
            enabled: user.enabled,
            superuser: user.super_user,
            password,
            password_file,
        }))
    }

    fn desired(&self, current: &Self::State, ctx: &mut Ctx) -> Result<Self::State, ModuleError> {
        let mut wanted = match (current, self.state) {
            (Some(current), State::Absent) if current.superuser => {
                ctx.warn(format!("user {} is a superuser, whom Quay does not delete", self.username));
                return Ok(Some(current.clone()));
            }
            (_, State::Absent) => return Ok(None),
            (Some(current), State::Present) => current.clone(),
            (None, State::Present) => {
                foreseen::note(&self.username, ctx);
                UserState {
                    username: self.username.clone(),
                    email: None,
                    enabled: true,
                    superuser: false,
                    password: Password::Any,
                    password_file: None,
                }
            }
        };
        if let Some(email) = given(self.email.as_deref()) {
            wanted.email = Some(email.to_owned());
        }
        wanted.enabled = self.enabled.unwrap_or(wanted.enabled);
        wanted.superuser |= self.superuser == Some(true);
        if current.is_none() && (self.password.is_some() || self.password_path(ctx).is_some()) {
            wanted.password = Password::Wanted;
        }
        if wanted.password == Password::Other {
            wanted.password = Password::Wanted;
        }
        if self.password_path(ctx).is_some() && (current.is_none() || wanted.password == Password::Wanted) {
            wanted.password_file = Some(true);
        }
        match current {
            Some(current) if current.superuser && wanted != *current => {
                let differs = [
                    (wanted.email != current.email, "e-mail address"),
                    (wanted.enabled != current.enabled, "state"),
                    (wanted.password != current.password, "password"),
                ];
                let differs: Vec<_> = differs.iter().filter(|(differs, _)| *differs).map(|(_, what)| *what).collect();
                ctx.warn(format!(
                    "user {} is a superuser, whom Quay does not change; {} stays as it is",
                    self.username,
                    differs.join(" and ")
                ));
                Ok(Some(current.clone()))
            }
            _ => Ok(Some(wanted)),
        }
    }

    fn apply(&self, current: &Self::State, desired: &Self::State, ctx: &mut Ctx) -> Result<Applied, ModuleError> {
        let Some(registry) = self.connection().open(ctx)? else { return Ok(Applied::default()) };
        let name = &self.username;
        let Some(wanted) = desired else {
            if current.as_ref().is_some_and(|current| !current.enabled) {
                let enable = UpdateUser { enabled: Some(true), ..UpdateUser::default() };
                call(
                    ctx,
                    format!("cannot enable user {name} to delete it"),
                    registry.client().change_user(name, &enable),
                )?;
            }
            call(ctx, format!("cannot delete user {name}"), registry.client().delete_user(name))?;
            return Ok(Applied::default());
        };
        // the password is kept before it is set, so that a run that is killed in between leaves no user whose password
        // nobody knows
        let password = if wanted.password == Password::Wanted { self.wanted_password(ctx)? } else { None };
        let generated = match current {
            Some(_) => None,
            None => self.create(wanted, &registry, ctx)?,
        };
        let before = current.as_ref();
        let change = UpdateUser {
            email: wanted.email.clone().filter(|_| before.is_some_and(|before| before.email != wanted.email)),
            password: password.filter(|_| before.is_none_or(|before| before.password != Password::Wanted)),
            enabled: (before.is_none_or(|before| before.enabled) != wanted.enabled).then_some(wanted.enabled),
            superuser: (wanted.superuser && before.is_none_or(|before| !before.superuser)).then_some(true),
        };
        if !change.is_empty() {
            let answer = call(ctx, format!("cannot change user {name}"), registry.client().change_user(name, &change))?;
            if change.superuser.is_some() && !answer.super_user {
                ctx.warn(format!(
                    "user {name} becomes a superuser when the registry is restarted, or when SUPER_USERS lists it"
                ));
            }
        }
        let mut values = Map::new();
        if let Some(generated) = generated.filter(|_| change.password.is_none()) {
            ctx.redactor.register(generated.expose());
            values.insert(Key::from("password"), Value::secret(generated.expose()));
        }
        Ok(Applied { values, facts: None })
    }

    fn values(&self, state: &Self::State) -> Map {
        let Some(state) = state else { return Map::new() };
        Map::from_iter([
            (Key::from("username"), Value::from(state.username.as_str())),
            (Key::from("email"), state.email.as_deref().map_or(Value::Null, Value::from)),
        ])
    }

    fn title(&self) -> String {
        format!("user {}", self.username)
    }
}

impl QuayUser {
    /// The file for a password that is made here; none where a password is given.
    fn password_path(&self, ctx: &Ctx) -> Option<PathBuf> {
        let file = given(self.password_file.as_deref()).filter(|_| self.password.is_none())?;
        Some(ctx.resolve(file))
    }

    /// The password that is given or kept in the file; a new one is made and kept where there is none.
    fn wanted_password(&self, ctx: &Ctx) -> Result<Option<Secret>, ModuleError> {
        if let Some(password) = &self.password {
            return Ok(Some(password.clone()));
        }
        let Some(path) = self.password_path(ctx) else { return Ok(None) };
        let password = if let Some(password) = secret_file::read(&path)? {
            password
        } else {
            let password = new_password();
            secret_file::write(&path, &password)?;
            password
        };
        ctx.redactor.register(password.expose());
        Ok(Some(password))
    }

    fn check_password(
        &self,
        user: &SuperuserUser,
        registry: &Registry,
        ctx: &mut Ctx,
    ) -> Result<Password, ModuleError> {
        if self.update_password == UpdatePassword::OnCreate {
            return Ok(Password::Any);
        }
        let kept = match self.password_path(ctx) {
            Some(path) => match secret_file::read(&path)? {
                Some(kept) => Some(kept),
                None => return Ok(Password::Other),
            },
            None => None,
        };
        let Some(password) = self.password.clone().or(kept) else { return Ok(Password::Any) };
        ctx.redactor.register(password.expose());
        if !user.enabled {
            // a disabled user is refused whatever the password
            return Ok(Password::Any);
        }
        let doing = format!("cannot check the password of user {}", self.username);
        Ok(match call(ctx, doing, registry.client().check_password(&self.username, &password))? {
            PasswordCheck::Right => Password::Wanted,
            PasswordCheck::Wrong => Password::Other,
            PasswordCheck::Unknown(reason) => {
                ctx.warn(format!(
                    "the password of user {} cannot be checked and stays as it is: {reason}",
                    self.username
                ));
                Password::Any
            }
        })
    }

    /// Makes the user and gives back the password that Quay made; none where that was lost.
    fn create(&self, wanted: &UserState, registry: &Registry, ctx: &mut Ctx) -> Result<Option<Secret>, ModuleError> {
        let name = &self.username;
        let new = CreateUser { username: name.clone(), email: wanted.email.clone() };
        let doing = || format!("cannot create user {name}");
        let error = match ctx.wait(registry.client().create_user(&new)) {
            Some(Ok(created)) => return Ok(Some(created.password)),
            Some(Err(error)) => error,
            None => return Err(ModuleError::new("interrupted")),
        };
        // a lost answer, or mail that could not be sent: the user may be there all the same, with a password that nobody knows
        let mail = error.quay_message().is_some_and(|text| text.contains("send email"));
        if (error.maybe_acted() || mail) && call(ctx, doing(), registry.client().user(name))?.is_some() {
            if self.password.is_none() && self.password_path(ctx).is_none() {
                return Err(unknown_password(name, error));
            }
            ctx.warn(format!("user {name} was made, though Quay said: {error}"));
            return Ok(None);
        }
        Err(super::connect::failed(doing(), error))
    }
}

fn unknown_password(name: &str, error: QuayError) -> ModuleError {
    super::connect::failed(
        format!("user {name} was made, but the password that Quay gave it is lost; set one with `password`"),
        error,
    )
}

/// A password of letters and digits.
fn new_password() -> Secret {
    use rand::RngExt as _;
    let mut rng = rand::rng();
    Secret::new((0..PASSWORD_LENGTH).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{run, with_ctx};
    use crate::quay::script::{Script, answer};

    /// As a real Quay with broken SMTP does: 400, and yet the user is there, with a password that nobody knows.
    #[test]
    fn a_user_whom_quay_made_without_telling_gets_the_password() {
        let user = r#"{"kind": "user", "name": "bob", "username": "bob", "email": "bob@example.com", "verified": false, "super_user": false, "enabled": true}"#;
        let none = r#"{"detail": "Not Found", "error_type": "not_found", "status": 404}"#;
        let mail = r#"{"message": "Could not send email. Please contact an administrator and report this problem."}"#;
        let steps = || {
            vec![
                answer("GET /api/v1/superuser/users/bob", 404, none),
                answer("POST /api/v1/superuser/users/", 400, mail),
                answer("GET /api/v1/superuser/users/bob", 200, user),
            ]
        };
        with_ctx(|ctx| {
            let script = ctx.runtime.block_on(async {
                let put = answer("PUT /api/v1/superuser/users/bob", 200, user).with(r#"{"password":"bobs-passw0rd"}"#);
                Script::play(steps().into_iter().chain([put]).collect()).await
            });
            let args = |password: &str| json!({"quay_host": script.url, "quay_token": "t", "username": "bob", "email": "bob@example.com", "password": password});
            let made = run(ctx, "quay_user", args("bobs-passw0rd")).unwrap();
            assert!(made.changed && made.warnings[0].contains("Could not send email"), "{made:?}");
            ctx.runtime.clone().block_on(script.end());

            let script = ctx.runtime.block_on(Script::play(steps()));
            let args =
                json!({"quay_host": script.url, "quay_token": "t", "username": "bob", "email": "bob@example.com"});
            let error = run(ctx, "quay_user", args).unwrap_err().full_message();
            assert!(error.contains("is lost") && error.contains("Could not send email"), "{error}");
            ctx.runtime.clone().block_on(script.end());
        });
    }

    #[test]
    fn passwords_are_long_and_new() {
        let (one, other) = (new_password(), new_password());
        assert_eq!(one.expose().len(), PASSWORD_LENGTH);
        assert!(one != other && one.expose().chars().all(|c| c.is_ascii_alphanumeric()));
    }
}
