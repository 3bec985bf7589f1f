//! From a task's options to the registry that all tasks of the run share.

use std::time::Duration;

use super::foreseen::is_foreseen;
use super::options::Connection;
use super::secret_file;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::quay::{ClientOptions, Identity, QuayError, QuayPool, Registry, ServerUrl, Trust, Verified};
use crate::value::{Secret, Value, parse_bool};

/// The collection's own default.
const DEFAULT_HOST: &str = "http://127.0.0.1";

/// Seconds that one request may take.
const DEFAULT_TIMEOUT: f64 = 30.0;

impl Connection<'_> {
    /// The registry. `None` only in check mode, where the file with the token or the user is not there yet because an earlier
    /// task would have made it: then nothing can be read, and everything is taken to be missing.
    pub(super) fn open(&self, ctx: &mut Ctx) -> Result<Option<Registry>, ModuleError> {
        if let (Some(file), Some(username), Some(password)) =
            (given(self.token_file), given(self.username), self.password.filter(|word| !word.expose().is_empty()))
        {
            return self.open_with_token_or_password(file, username, password, ctx);
        }
        match self.identity(ctx)? {
            Some(Identity::Password { username, .. }) if is_foreseen(&username, ctx) => Ok(None),
            Some(identity) => self.open_as(identity, ctx).map(Some),
            None => Ok(None),
        }
    }

    /// The registry, called with the token in the file while it is this user's and valid, else in a session of the user. So a
    /// bootstrap signs in the first time only, and again when its token was lost or revoked.
    fn open_with_token_or_password(
        &self,
        file: &str,
        username: &str,
        password: &Secret,
        ctx: &mut Ctx,
    ) -> Result<Option<Registry>, ModuleError> {
        if let Some(token) = secret_file::read(&ctx.resolve(file))? {
            let registry = self.open_as(Identity::Token(token), ctx)?;
            let doing = format!("cannot find out whether the token in `{file}` is valid");
            let verified = match ctx.wait(registry.verify()) {
                Some(Ok(verified)) => Some(verified),
                Some(Err(error)) if error.status() == Some(401) => None,
                Some(Err(error)) => return Err(failed(doing, error)),
                None => return Err(ModuleError::new("interrupted")),
            };
            let usable = match verified.as_deref() {
                Some(Verified::User(user)) => user.username == username,
                Some(Verified::ValidToken) => true,
                Some(Verified::Anonymous) | None => false,
            };
            if usable {
                return Ok(Some(registry));
            }
        }
        if is_foreseen(username, ctx) {
            return Ok(None);
        }
        self.open_as(user(username, password), ctx).map(Some)
    }

    /// The registry, called as somebody else than the options say.
    pub(super) fn open_as(&self, identity: Identity, ctx: &mut Ctx) -> Result<Registry, ModuleError> {
        match &identity {
            Identity::Token(secret) | Identity::Password { password: secret, .. } => {
                ctx.redactor.register(secret.expose());
            }
            Identity::Anonymous => {}
        }
        let server = self.server(ctx)?;
        let options = ClientOptions {
            trust: self.trust(ctx)?,
            timeout: self.timeout(ctx)?,
            ..ClientOptions::new(server, identity)
        };
        let pool = ctx.services.get::<QuayPool>();
        pool.registry(&options).map_err(|error| ModuleError::because("cannot call the registry", error))
    }

    /// The registry's address.
    pub(super) fn server(&self, ctx: &Ctx) -> Result<ServerUrl, ModuleError> {
        let host = given(self.host).map(str::to_owned).or_else(|| variable(ctx, "QUAY_HOST"));
        ServerUrl::parse(host.as_deref().unwrap_or(DEFAULT_HOST))
            .map_err(|error| option("quay_host", error.to_string()))
    }

    fn trust(&self, ctx: &mut Ctx) -> Result<Trust, ModuleError> {
        let validate = match (self.validate_certs, variable(ctx, "QUAY_VERIFY_SSL")) {
            (Some(validate), _) => validate,
            (None, Some(text)) => parse_bool(&Value::data(text.as_str())).ok_or_else(|| {
                ModuleError::new(format!("QUAY_VERIFY_SSL is `{text}`, which is neither true nor false"))
            })?,
            (None, None) => true,
        };
        if !validate {
            return Ok(Trust::Anything);
        }
        let file = given(self.ca_path).map(str::to_owned).or_else(|| variable(ctx, "QUAY_CA_PATH"));
        Ok(file.map_or(Trust::System, |file| Trust::WithAuthorities(ctx.resolve(&file))))
    }

    fn timeout(&self, ctx: &Ctx) -> Result<Duration, ModuleError> {
        let seconds = match (self.timeout, variable(ctx, "QUAY_TIMEOUT")) {
            (Some(seconds), _) => seconds,
            (None, Some(text)) => text
                .trim()
                .parse()
                .map_err(|_| ModuleError::new(format!("QUAY_TIMEOUT is `{text}`, which is no number of seconds")))?,
            (None, None) => DEFAULT_TIMEOUT,
        };
        Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|timeout| !timeout.is_zero())
            .ok_or_else(|| option("timeout", format!("{seconds} is no number of seconds to wait")))
    }

    /// As whom the task calls: as its own options say, or else as the environment says.
    pub(super) fn identity(&self, ctx: &mut Ctx) -> Result<Option<Identity>, ModuleError> {
        let token = self.token.filter(|token| !token.expose().trim().is_empty());
        let token_file = given(self.token_file);
        let username = given(self.username);
        let password = self.password.filter(|password| !password.expose().is_empty());
        match (token, token_file, username, password) {
            (Some(_), Some(_), ..) => Err(option("quay_token", "cannot stand together with `quay_token_file`")),
            (Some(_), _, Some(_), _)
            | (Some(_), _, _, Some(_))
            | (_, Some(_), Some(_), _)
            | (_, Some(_), _, Some(_)) => {
                Err(option("quay_username", "a user name and password cannot stand together with a token"))
            }
            (Some(token), ..) => Ok(Some(Identity::Token(Secret::new(token.expose().trim())))),
            (None, Some(file), ..) => Self::token_from(file, ctx),
            (None, None, Some(username), Some(password)) => Ok(Some(user(username, password))),
            (None, None, Some(_), None) => Err(option("quay_password", "is needed with `quay_username`")),
            (None, None, None, Some(_)) => Err(option("quay_username", "is needed with `quay_password`")),
            (None, None, None, None) => {
                if let Some(token) = variable(ctx, "QUAY_TOKEN") {
                    return Ok(Some(Identity::Token(Secret::new(token.trim()))));
                }
                Ok(Some(match (variable(ctx, "QUAY_USERNAME"), variable(ctx, "QUAY_PASSWORD")) {
                    (Some(username), Some(password)) => user(&username, &Secret::new(password)),
                    _ => Identity::Anonymous,
                }))
            }
        }
    }

    fn token_from(file: &str, ctx: &mut Ctx) -> Result<Option<Identity>, ModuleError> {
        let path = ctx.resolve(file);
        match secret_file::read(&path)? {
            Some(token) => Ok(Some(Identity::Token(token))),
            None if ctx.mode.check => Ok(None),
            None => Err(option("quay_token_file", format!("there is no token in `{}`", path.display()))),
        }
    }
}

fn user(username: &str, password: &Secret) -> Identity {
    Identity::Password { username: username.to_owned(), password: password.clone() }
}

/// A text that is given and not empty.
pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn variable(ctx: &Ctx, name: &str) -> Option<String> {
    ctx.variable(name).filter(|text| !text.trim().is_empty())
}

/// What is wrong with an option.
pub(super) fn option(name: &str, problem: impl std::fmt::Display) -> ModuleError {
    let mut error = ModuleError::new(format!("option `{name}`: {problem}"));
    error.option = Some(vec![name.to_owned()]);
    error
}

/// Waits for a call. `doing` completes "failed: …", such as `cannot create robot acme+ci`.
pub(super) fn call<T>(
    ctx: &Ctx,
    doing: impl Into<String>,
    future: impl Future<Output = Result<T, QuayError>>,
) -> Result<T, ModuleError> {
    match ctx.wait(future) {
        Some(result) => result.map_err(|error| failed(doing, error)),
        None => Err(ModuleError::new("interrupted")),
    }
}

/// A call that did not work.
pub(super) fn failed(doing: impl Into<String>, error: QuayError) -> ModuleError {
    let mut doing = doing.into();
    let message = error.quay_message().unwrap_or_default();
    if message.contains("is not available") {
        doing.push_str(" (the name of something deleted stays taken until Quay has cleaned up)");
    }
    let status = error.status();
    let failure = ModuleError::because(doing, error);
    match status {
        Some(status) => failure.with("status", i64::from(status)),
        None => failure,
    }
}
