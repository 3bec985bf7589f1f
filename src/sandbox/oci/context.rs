//! One request of the registry: its server, its token, and what the token allows.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::{RegistryError, challenge};
use super::jwt::{self, Claims};
use super::names::RepositoryName;
use crate::sandbox::server::App;
use crate::sandbox::settings::RegistryState;
use crate::sandbox::store::logs::{self, NewLogEntry};
use crate::sandbox::store::repositories::{self, Repository};
use crate::sandbox::store::{Db, RepositoryKind, RepositoryState, StoreError, Visibility};

/// By what name the client knows the server.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// `scheme://host:port`
    pub(super) base: String,
    /// `host:port`
    pub(super) service: String,
}

impl Site {
    /// The name in the settings; without one, the name that the client used.
    pub(super) fn of(app: &App, headers: &HeaderMap) -> Self {
        let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let service = match (&app.settings.server_hostname, asked) {
            (None, Some(host)) if !host.is_empty() => host.to_owned(),
            _ => app.host.clone(),
        };
        Self { base: format!("{}://{service}", app.scheme), service }
    }
}

/// One request.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) app: Arc<App>,
    pub(super) site: Site,
    /// What the token says; `None` without a token.
    pub(super) claims: Option<Claims>,
}

impl Context {
    /// Reads the token. A bad one is answered at once.
    pub(super) fn of(app: Arc<App>, headers: &HeaderMap) -> Result<Self, Refused> {
        let site = Site::of(&app, headers);
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Self { app, site, claims: None }) };
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        });
        let Some(token) = token else {
            return Err(Refused { site, message: "Invalid bearer token format".to_owned() });
        };
        match jwt::verify(&app.sealer, token, app.clock.now_ms() / 1000) {
            // a token for another service is not for us
            Ok(claims) if claims.aud.as_deref().is_none_or(|aud| aud == site.service || aud == app.host) => {
                Ok(Self { app, site, claims: Some(claims) })
            }
            Ok(_) => Err(Refused { site, message: "Invalid audience".to_owned() }),
            Err(error) => Err(Refused { site, message: error.to_string() }),
        }
    }

    /// Who the token was given to.
    pub(super) fn subject(&self) -> Option<&str> {
        self.claims.as_ref().map(|claims| claims.sub.as_str()).filter(|sub| *sub != "(anonymous)")
    }

    /// The repository, if the client may read it.
    pub(super) fn pull(&self, db: &Db<'_>, name: &RepositoryName) -> Result<Repository, RegistryError> {
        let found = find(db, name)?;
        let allowed = self.claims.as_ref().is_some_and(|claims| claims.allows(&name.to_string(), "pull"));
        match found {
            Some(repository) if allowed => Ok(repository),
            Some(repository)
                if repository.visibility == Visibility::Public && self.app.settings.feature_anonymous_access =>
            {
                Ok(repository)
            }
            None if allowed => Err(RegistryError::name_unknown()),
            _ => Err(RegistryError::unauthorized(name, "pull")),
        }
    }

    /// The repository, if the client may write it and it may be written.
    pub(super) fn push(&self, db: &Db<'_>, name: &RepositoryName) -> Result<Repository, RegistryError> {
        if !self.claims.as_ref().is_some_and(|claims| claims.allows(&name.to_string(), "push")) {
            return Err(RegistryError::unauthorized(name, "pull,push"));
        }
        if self.app.settings.registry_state == RegistryState::Readonly {
            return Err(RegistryError::read_only());
        }
        let repository = find(db, name)?.ok_or_else(RegistryError::name_unknown)?;
        match repository.state {
            RepositoryState::Normal => Ok(repository),
            state => Err(RegistryError::repository_locked(state.as_str())),
        }
    }

    /// Adds an entry to the usage log.
    pub(super) fn log(
        &self,
        db: &Db<'_>,
        kind: &str,
        name: &RepositoryName,
        reference: (&str, &str),
    ) -> Result<(), StoreError> {
        let mut metadata = json!({ "repo": name.name, "namespace": name.namespace });
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert(reference.0.to_owned(), reference.1.into());
        }
        logs::add(
            db,
            NewLogEntry {
                kind,
                namespace: Some(&name.namespace),
                repository: Some(&name.name),
                performer: self.subject(),
                ip: None,
                metadata: &metadata.to_string(),
            },
        )
    }
}

fn find(db: &Db<'_>, name: &RepositoryName) -> Result<Option<Repository>, RegistryError> {
    let found = repositories::by_name(db, &name.namespace, &name.name)?;
    match found {
        Some(repository) if repository.kind != RepositoryKind::Image => Err(RegistryError::unsupported()),
        found => Ok(found),
    }
}

/// A token that is no token: Quay answers it in another shape than everything else.
#[derive(Debug)]
pub(super) struct Refused {
    site: Site,
    message: String,
}

impl Refused {
    /// The answer; `scope` is what a token would need.
    pub(super) fn into_response(self, scope: Option<&str>) -> Response {
        let mut response = (StatusCode::UNAUTHORIZED, Json(json!({ "error": self.message }))).into_response();
        challenge(&mut response, &self.site.base, &self.site.service, scope);
        response
    }
}
