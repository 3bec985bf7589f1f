//! Name and password of a registry client, and who that is.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::error::RegistryError;
use crate::sandbox::access::{CredentialError, Identity, RegistryIdentity, Sealer, check_registry};
use crate::sandbox::settings::Settings;
use crate::sandbox::store::Db;
use crate::value::Secret;

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

    /// Checks them. Comparing a password takes long, so this must not hold the one write transaction.
    pub(super) fn check(
        &self,
        db: &Db<'_>,
        settings: &Settings,
        sealer: &Sealer,
    ) -> Result<RegistryIdentity, RegistryError> {
        check_registry(db, settings, sealer, &self.name, self.password.expose()).map_err(|error| match error {
            CredentialError::Store(error) => RegistryError::internal(&error),
            refused => RegistryError::login(refused.to_string()),
        })
    }
}

/// Who acts, for questions about rights.
pub(super) fn identity(login: Option<&RegistryIdentity>) -> Identity {
    login.map_or_else(Identity::anonymous, RegistryIdentity::identity)
}

/// The name that tokens call a login by.
pub(super) fn subject(login: Option<&RegistryIdentity>) -> &str {
    login.map_or("(anonymous)", |login| &login.account().name)
}

/// What tokens say of a login beside the name.
pub(super) fn context(login: Option<&RegistryIdentity>) -> Value {
    match login {
        None => json!({ "version": 2, "entity_kind": "anonymous", "entity_reference": "(anonymous)" }),
        Some(RegistryIdentity::User(user)) => json!({
            "version": 2, "entity_kind": "user", "entity_reference": user.uuid, "kind": "user", "user": user.name,
        }),
        Some(RegistryIdentity::Robot(robot)) => json!({
            "version": 2, "entity_kind": "robot", "entity_reference": robot.name, "kind": "user", "user": robot.name,
        }),
        Some(RegistryIdentity::Oauth(user, token, _)) => json!({
            "version": 2, "entity_kind": "oauthtoken", "entity_reference": token.uuid, "kind": "oauth",
            "user": user.name, "oauth": token.uuid,
        }),
        Some(RegistryIdentity::AppToken(user, token)) => json!({
            "version": 2, "entity_kind": "appspecifictoken", "entity_reference": token.uuid, "kind": "user",
            "user": user.name,
        }),
    }
}
