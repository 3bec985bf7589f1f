//! One request of the API, as handlers see it.

use axum::http::{HeaderMap, header};
use serde_json::Value as Json;

use super::page_token;
use super::query::Query;
use super::reply::Failure;
use crate::quay::contract::{Endpoint, Scope};
use crate::sandbox::access::{Access, Identity, Via};
use crate::sandbox::schema;
use crate::sandbox::server::App;
use crate::sandbox::store::logs::{self, NewLogEntry};
use crate::sandbox::store::repositories::Repository;
use crate::sandbox::store::sessions::Session;
use crate::sandbox::store::{Account, AccountKind, Db, RepositoryRole, StoreError, accounts, repositories};

/// One request, inside its transaction.
#[derive(Debug)]
pub struct Call<'a> {
    /// The sandbox.
    pub app: &'a App,
    /// The transaction.
    pub db: &'a Db<'a>,
    /// What is called.
    pub endpoint: &'static Endpoint,
    /// The path's parameters, decoded.
    pub parameters: &'a [String],
    /// The query.
    pub query: &'a Query,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// The sender.
    pub identity: &'a Identity,
    /// The session that the request shows, signed in or not.
    pub session: Option<&'a Session>,
    /// The sender's address.
    pub ip: String,
}

impl<'a> Call<'a> {
    /// A parameter of the path. The routes make sure that it is there.
    pub fn parameter(&self, index: usize) -> &'a str {
        self.parameters.get(index).map(String::as_str).unwrap_or_default()
    }

    /// `namespace/name` of the path, split.
    pub fn repository_name(&self) -> (&'a str, &'a str) {
        self.parameter(0).split_once('/').unwrap_or((self.parameter(0), ""))
    }

    /// The JSON body, checked against the operation's schema.
    pub fn json(&self) -> Result<Json, Failure> {
        if !self.has_json_type() {
            return Err(Failure::Message(
                415,
                "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
                    .to_owned(),
            ));
        }
        let body: Json = serde_json::from_slice(self.body).map_err(|_| Failure::not_understood())?;
        if body.is_null() {
            return Err(Failure::invalid("Missing JSON body"));
        }
        schema::check(self.endpoint.operation, &body)?;
        Ok(body)
    }

    /// The JSON body of an operation that can do without: whatever cannot be read counts as absent.
    pub fn optional_json(&self) -> Result<Option<Json>, Failure> {
        let body =
            serde_json::from_slice::<Json>(self.body).ok().filter(|body| self.has_json_type() && !body.is_null());
        if let Some(body) = &body {
            schema::check(self.endpoint.operation, body)?;
        }
        Ok(body)
    }

    fn has_json_type(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Writes need the session's CSRF token, unless a valid OAuth token comes with them.
    pub fn check_csrf(&self) -> Result<(), Failure> {
        if matches!(self.identity.via, Via::Token(..)) {
            return Ok(());
        }
        let form = Query::parse(std::str::from_utf8(self.body).unwrap_or_default());
        let shown =
            self.header("x-csrf-token").or_else(|| self.query.get("_csrf_token")).or_else(|| form.get("_csrf_token"));
        let right = self.session.map(|session| session.csrf_token.as_str());
        if shown.is_some() && shown == right {
            return Ok(());
        }
        let known = self.identity.account.as_ref().map(|account| format!(" (authorized: user {})", account.name));
        Err(Failure::Error(403, format!("CSRF token was invalid or missing.{}", known.unwrap_or_default())))
    }

    /// Questions about the sender's rights.
    pub fn access(&self) -> Access<'a> {
        Access { db: self.db, settings: &self.app.settings, identity: self.identity }
    }

    /// The sender's account, or 401.
    pub fn user(&self) -> Result<&'a Account, Failure> {
        self.identity.account.as_ref().ok_or(Failure::Unauthenticated { says_session: false })
    }

    /// The refusal for this sender: 401 for the unknown, 403 for the known.
    pub fn denied(&self) -> Failure {
        match self.identity.account {
            None => Failure::Unauthenticated { says_session: false },
            Some(_) => Failure::forbidden(),
        }
    }

    /// Passes only with this right.
    pub fn require(&self, allowed: bool) -> Result<(), Failure> {
        if allowed { Ok(()) } else { Err(self.denied()) }
    }

    /// Passes only senders whose scopes let them administer themselves.
    pub fn user_with(&self, scope: Scope) -> Result<&'a Account, Failure> {
        let user = self.user()?;
        let enough =
            self.identity.has_scope(scope) || scope == Scope::UserRead && self.identity.has_scope(Scope::UserAdmin);
        self.require(enough)?;
        Ok(user)
    }

    /// The organization of the path's first parameter.
    pub fn organization(&self) -> Result<Option<Account>, StoreError> {
        accounts::find(self.db, AccountKind::Organization, self.parameter(0))
    }

    /// The organization of the path's first parameter, if the sender administers it or may do everything. Absent only for
    /// those who may do everything; everybody else is refused whether it exists or not.
    pub fn administered_organization(&self) -> Result<Option<Account>, Failure> {
        let organization = self.organization()?;
        let administers = match &organization {
            Some(organization) => self.access().administers(organization.id)?,
            None => false,
        };
        self.require(administers || self.may_override())?;
        Ok(organization)
    }

    /// Whether the sender may do what is asked with what belongs to others: full access, or for reads the right to read all.
    pub fn may_override(&self) -> bool {
        let access = self.access();
        access.has_full_access() || !self.endpoint.method.is_write() && access.reads_everything()
    }

    /// The repository of the path, if the sender has this role. Those who may do everything learn that it is missing, everybody
    /// else is refused.
    pub fn repository(&self, role: RepositoryRole) -> Result<Option<Repository>, Failure> {
        let (namespace, name) = self.repository_name();
        let repository = repositories::by_name(self.db, namespace, name)?;
        let allowed = match &repository {
            Some(repository) => self.access().may(repository, role)?,
            // the owner of a namespace is told of what is not there
            None => self.owns_namespace(namespace)?,
        };
        self.require(allowed || self.may_override())?;
        Ok(repository)
    }

    /// [`Self::repository`], where a missing one is 404.
    pub fn existing_repository(&self, role: RepositoryRole) -> Result<Repository, Failure> {
        self.repository(role)?.ok_or_else(Failure::not_found)
    }

    fn owns_namespace(&self, namespace: &str) -> Result<bool, StoreError> {
        let Some(namespace) = accounts::by_name(self.db, namespace)? else { return Ok(false) };
        let repository_admin = self.identity.has_scope(Scope::RepoAdmin);
        Ok(repository_admin
            && (self.identity.id() == Some(namespace.id)
                || crate::sandbox::store::teams::role_of(
                    self.db,
                    self.identity.id().unwrap_or(namespace.id),
                    namespace.id,
                )? == Some(crate::sandbox::store::TeamRole::Admin)))
    }

    /// The page that a `next_page` leads to: its first row number.
    pub fn page_start(&self) -> Option<i64> {
        page_token::open(&self.app.sealer, self.query.get("next_page")?)
    }

    /// The token for the page that starts at a row number.
    pub fn page_token(&self, start: i64) -> String {
        page_token::seal(&self.app.sealer, start)
    }

    /// Adds to the action log.
    pub fn log(
        &self,
        kind: &str,
        namespace: &str,
        repository: Option<&str>,
        metadata: &Json,
    ) -> Result<(), StoreError> {
        logs::add(
            self.db,
            NewLogEntry {
                kind,
                namespace: Some(namespace),
                repository,
                performer: self.identity.account.as_ref().map(|account| account.name.as_str()),
                ip: Some(&self.ip),
                metadata: &metadata.to_string(),
            },
        )
    }
}
