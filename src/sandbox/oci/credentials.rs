//! Name and password of a registry client: users, robots, and tokens under the names that Quay reserves for them.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::error::RegistryError;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::accounts::Account;
use crate::sandbox::store::{AccountKind, Db, accounts, app_tokens, oauth, robots};
use crate::value::Secret;

/// The name that OAuth tokens sign in with.
const OAUTH: &str = "$oauthtoken";
/// The name that application-specific tokens sign in with.
const APP: &str = "$app";
/// The name that Quay's old delegate tokens signed in with.
const DELEGATE: &str = "$token";

const WRONG_PASSWORD: &str = "Invalid Username or Password";
const DISABLED: &str = "This user has been disabled. Please contact your administrator.";

/// What a client says that it is.
#[derive(Debug)]
pub(super) struct Credentials {
    name: String,
    password: Secret,
}

impl Credentials {
    /// Reads the header of Basic authentication; `None` where there is none.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, RegistryError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let read = || {
            let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("basic") {
                return None;
            }
            let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
            let (name, password) = text.split_once(':')?;
            Some(Self { name: name.to_owned(), password: Secret::new(password) })
        };
        read().map(Some).ok_or_else(|| RegistryError::login("Invalid basic auth header"))
    }
}

/// Who a client is.
#[derive(Debug)]
pub(super) enum Login {
    /// Nobody.
    Anonymous,
    /// A user with a password.
    User(Account),
    /// A robot.
    Robot(Account),
    /// An application for a user.
    Oauth {
        /// The user.
        user: Account,
        /// The token's name.
        uuid: String,
        /// What it may do.
        scopes: String,
    },
    /// An application-specific token of a user.
    App {
        /// The user.
        user: Account,
        /// The token's name.
        uuid: String,
    },
}

impl Login {
    /// Checks credentials. Comparing a password takes long, so this must not hold the one write transaction.
    pub(super) fn check(
        db: &Db<'_>,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> Result<Self, RegistryError> {
        let Some(Credentials { name, password }) = credentials else { return Ok(Self::Anonymous) };
        let login = match name.as_str() {
            OAUTH => oauth_token(db, password)?,
            APP => app_token(db, password)?,
            DELEGATE => return Err(RegistryError::login("Invalid token")),
            name if name.contains('+') => robot(db, settings, name, password)?,
            name => user(db, settings, name, password)?,
        };
        if login.account().is_some_and(|account| !account.enabled) {
            return Err(RegistryError::login(DISABLED));
        }
        Ok(login)
    }

    /// Notes that a robot or token was used.
    pub(super) fn touch(&self, db: &Db<'_>, credentials: Option<&Credentials>) -> Result<(), RegistryError> {
        match (self, credentials) {
            (Self::Robot(account), _) => robots::touch(db, account.id)?,
            (Self::Oauth { .. }, Some(credentials)) => {
                if let Some(token) = oauth::by_token(db, credentials.password.expose())? {
                    oauth::touch(db, token.id)?;
                }
            }
            (Self::App { uuid, .. }, _) => app_tokens::touch(db, uuid)?,
            _ => {}
        }
        Ok(())
    }

    /// The account that acts.
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Anonymous => None,
            Self::User(account) | Self::Robot(account) => Some(account),
            Self::Oauth { user, .. } | Self::App { user, .. } => Some(user),
        }
    }

    /// The scopes that limit what it does, if any do.
    pub(super) fn scopes(&self) -> Option<&str> {
        match self {
            Self::Oauth { scopes, .. } => Some(scopes),
            _ => None,
        }
    }

    /// The name that tokens call it by.
    pub(super) fn subject(&self) -> &str {
        self.account().map_or("(anonymous)", |account| &account.name)
    }

    /// What tokens say of it beside the name.
    pub(super) fn context(&self) -> Value {
        match self {
            Self::Anonymous => json!({
                "version": 2, "entity_kind": "anonymous", "entity_reference": "(anonymous)",
            }),
            Self::User(user) => json!({
                "version": 2, "entity_kind": "user", "entity_reference": user.uuid, "kind": "user", "user": user.name,
            }),
            Self::Robot(robot) => json!({
                "version": 2, "entity_kind": "robot", "entity_reference": robot.name, "kind": "user",
                "user": robot.name,
            }),
            Self::Oauth { user, uuid, .. } => json!({
                "version": 2, "entity_kind": "oauthtoken", "entity_reference": uuid, "kind": "oauth",
                "user": user.name, "oauth": uuid,
            }),
            Self::App { user, uuid } => json!({
                "version": 2, "entity_kind": "appspecifictoken", "entity_reference": uuid, "kind": "user",
                "user": user.name,
            }),
        }
    }
}

fn user(db: &Db<'_>, settings: &Settings, name: &str, password: &Secret) -> Result<Login, RegistryError> {
    let found = if name.contains('@') {
        accounts::user_by_email(db, name)?
    } else {
        accounts::find(db, AccountKind::User, name)?
    };
    let wrong = || RegistryError::login(WRONG_PASSWORD);
    let account = found.filter(|_| settings.feature_direct_login).ok_or_else(wrong)?;
    let hash = account.password_hash.as_ref().ok_or_else(wrong)?;
    match bcrypt::verify(password.expose(), hash.expose()) {
        Ok(true) => Ok(Login::User(account)),
        Ok(false) => Err(wrong()),
        Err(error) => Err(RegistryError::internal(&error)),
    }
}

fn robot(db: &Db<'_>, settings: &Settings, name: &str, password: &Secret) -> Result<Login, RegistryError> {
    if settings.robots_disallow {
        return Err(RegistryError::login("Robot accounts have been disabled. Please contact your administrator."));
    }
    let unknown = || RegistryError::login("Could not find robot with specified username");
    let robot = robots::by_name(db, name)?.ok_or_else(unknown)?;
    if !same(robot.token.expose(), password.expose()) {
        let text = format!("Could not find robot with username: {name} and supplied password.");
        return Err(RegistryError::login(text));
    }
    let owner = accounts::by_id(db, robot.owner_id)?.ok_or_else(unknown)?;
    if !owner.enabled {
        return Err(RegistryError::login(DISABLED));
    }
    Ok(Login::Robot(accounts::by_id(db, robot.id)?.ok_or_else(unknown)?))
}

fn oauth_token(db: &Db<'_>, password: &Secret) -> Result<Login, RegistryError> {
    let invalid = || RegistryError::login("OAuth access token could not be validated");
    let token = oauth::by_token(db, password.expose())?.ok_or_else(invalid)?;
    if token.expires_ms <= db.now_ms() {
        return Err(RegistryError::login("OAuth access token has expired"));
    }
    let user = accounts::by_id(db, token.user_id)?.ok_or_else(invalid)?;
    Ok(Login::Oauth { user, uuid: token.uuid, scopes: token.scope })
}

fn app_token(db: &Db<'_>, password: &Secret) -> Result<Login, RegistryError> {
    let invalid = || RegistryError::login("Invalid token");
    let token = app_tokens::by_code(db, password.expose())?.ok_or_else(invalid)?;
    if token.expires_ms.is_some_and(|end| end <= db.now_ms()) {
        return Err(RegistryError::login("The app specific token has expired"));
    }
    let user = accounts::by_id(db, token.user_id)?.ok_or_else(invalid)?;
    Ok(Login::App { user, uuid: token.uuid })
}

/// Compares without telling by its duration where the texts differ.
fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
