//! Name and password, as registry clients and the OAuth pages send them.

use super::identity::{Identity, Via};
use super::passwords::verify_password;
use super::sealer::Sealer;
use crate::quay::contract::Scopes;
use crate::sandbox::settings::Settings;
use crate::sandbox::store::app_tokens::AppToken;
use crate::sandbox::store::oauth::OauthToken;
use crate::sandbox::store::{Account, AccountKind, Db, StoreError, accounts, app_tokens, oauth, robots};

/// The user name that goes with an OAuth token.
const OAUTH_USER: &str = "$oauthtoken";
/// The user name that goes with an application-specific token.
const APP_TOKEN_USER: &str = "$app";

/// Whose credentials a registry client sent.
#[derive(Clone, Debug)]
pub enum RegistryIdentity {
    /// A user by password.
    User(Account),
    /// A robot.
    Robot(Account),
    /// A user by an OAuth token.
    Oauth(Account, OauthToken, Scopes),
    /// A user by an application-specific token.
    AppToken(Account, AppToken),
}

impl RegistryIdentity {
    /// Who acts.
    pub fn account(&self) -> &Account {
        match self {
            Self::User(account) | Self::Robot(account) | Self::Oauth(account, _, _) | Self::AppToken(account, _) => {
                account
            }
        }
    }

    /// The same, as the questions about rights take it.
    pub fn identity(&self) -> Identity {
        let via = match self {
            Self::Oauth(_, token, scopes) => Via::Token(token.id, scopes.clone()),
            Self::User(_) | Self::Robot(_) | Self::AppToken(..) => Via::Password,
        };
        Identity { account: Some(self.account().clone()), via }
    }

    /// Notes that a robot or token was used.
    pub fn touch(&self, db: &Db<'_>) -> Result<(), StoreError> {
        match self {
            Self::User(_) => Ok(()),
            Self::Robot(robot) => robots::touch(db, robot.id),
            Self::Oauth(_, token, _) => oauth::touch(db, token.id),
            Self::AppToken(_, token) => app_tokens::touch(db, &token.uuid),
        }
    }
}

/// Why credentials are refused, in Quay's words.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Neither such a user nor such a password.
    #[error("Invalid Username or Password")]
    Password,
    /// No such robot.
    #[error("Could not find robot with specified username")]
    UnknownRobot,
    /// The robot has another token.
    #[error("Could not find robot with username: {0} and supplied password.")]
    RobotToken(String),
    /// The account, or the robot's owner, is disabled.
    #[error("This user has been disabled. Please contact your administrator.")]
    Disabled,
    /// Not an application-specific token, or a revoked one.
    #[error("Invalid token")]
    AppToken,
    /// Not an OAuth token.
    #[error("OAuth access token could not be validated")]
    OauthToken,
    /// An OAuth token of the past.
    #[error("OAuth access token has expired")]
    OauthExpired,
    /// The settings let nobody sign in with a password.
    #[error("Direct login is disabled")]
    DirectLogin,
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks name and password of a registry client.
pub fn check_registry(
    db: &Db<'_>,
    settings: &Settings,
    sealer: &Sealer,
    username: &str,
    password: &str,
) -> Result<RegistryIdentity, CredentialError> {
    match username {
        OAUTH_USER => check_oauth(db, password),
        APP_TOKEN_USER => {
            let token = app_tokens::by_code(db, password)?.ok_or(CredentialError::AppToken)?;
            if token.expires_ms.is_some_and(|end| end <= db.now_ms()) {
                return Err(CredentialError::AppToken);
            }
            let account = accounts::by_id(db, token.user_id)?.ok_or(CredentialError::AppToken)?;
            enabled(account).map(|account| RegistryIdentity::AppToken(account, token))
        }
        name if name.contains('+') => {
            let robot = robots::by_name(db, name)?.ok_or(CredentialError::UnknownRobot)?;
            if robot.token.expose() != password || settings.robots_disallow {
                return Err(CredentialError::RobotToken(name.to_owned()));
            }
            let owner = accounts::by_id(db, robot.owner_id)?.ok_or(CredentialError::UnknownRobot)?;
            enabled(owner)?;
            let account = accounts::by_id(db, robot.id)?.ok_or(CredentialError::UnknownRobot)?;
            Ok(RegistryIdentity::Robot(account))
        }
        name => check_user(db, settings, sealer, name, password).map(RegistryIdentity::User),
    }
}

/// Checks the password, or encrypted password, of a user. The user name may be an e-mail.
pub(crate) fn check_user(
    db: &Db<'_>,
    settings: &Settings,
    sealer: &Sealer,
    username: &str,
    password: &str,
) -> Result<Account, CredentialError> {
    let account = match accounts::find(db, AccountKind::User, username)? {
        Some(account) => Some(account),
        None => accounts::user_by_email(db, username)?,
    };
    let account = account.ok_or(CredentialError::Password)?;
    let hash = account.password_hash.as_ref().ok_or(CredentialError::Password)?;
    if !sealer.is_encrypted_password(password, &account.name, hash) {
        if !verify_password(password, hash) {
            return Err(CredentialError::Password);
        }
        if !settings.feature_direct_login {
            return Err(CredentialError::DirectLogin);
        }
    }
    enabled(account)
}

fn check_oauth(db: &Db<'_>, token: &str) -> Result<RegistryIdentity, CredentialError> {
    let token = oauth::by_token(db, token)?.ok_or(CredentialError::OauthToken)?;
    if token.expires_ms <= db.now_ms() {
        return Err(CredentialError::OauthExpired);
    }
    let account = accounts::by_id(db, token.user_id)?.ok_or(CredentialError::OauthToken)?;
    let scopes = token.scope.parse().map_err(|_| CredentialError::OauthToken)?;
    enabled(account).map(|account| RegistryIdentity::Oauth(account, token, scopes))
}

fn enabled(account: Account) -> Result<Account, CredentialError> {
    if account.enabled { Ok(account) } else { Err(CredentialError::Disabled) }
}
