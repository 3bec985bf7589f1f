//! `/v2/auth`: credentials and wishes in, a token out that says which of the wishes are granted.
//!
//! As in Quay, a wish that is not granted is no error: the token then holds no actions for the repository. Wishing to push
//! to a repository that does not exist makes it, where the client may.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::context::Site;
use super::credentials::{self, Credentials};
use super::error::RegistryError;
use super::jwt::{self, Access, Claims};
use super::names::RepositoryName;
use crate::sandbox::access::{Access as Rights, RegistryIdentity};
use crate::sandbox::new_repository;
use crate::sandbox::server::App;
use crate::sandbox::settings::{RegistryState, Settings};
use crate::sandbox::store::accounts::{self, Account, NewAccount};
use crate::sandbox::store::logs::{self, NewLogEntry};
use crate::sandbox::store::repositories::{self, NewRepository, Repository};
use crate::sandbox::store::{
    AccountKind, Db, RepositoryKind, RepositoryRole, RepositoryState, StoreError, TeamRole, Visibility, teams,
};

/// How long a token holds, in seconds.
const LIFETIME: i64 = 3600;

/// A wish: `repository:<name>:<actions>`.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    repository: RepositoryName,
    push: bool,
    pull: bool,
    all: bool,
}

/// `GET /v2/auth`.
pub(super) async fn token(State(app): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let site = Site::of(&app, &headers);
    match issue(&app, query.as_deref().unwrap_or(""), &headers).await {
        Ok(token) => {
            let no_store = [(header::CACHE_CONTROL, "no-cache, no-store, must-revalidate")];
            (no_store, Json(json!({ "token": token }))).into_response()
        }
        Err(error) => error.into_response(&site.base, &site.service),
    }
}

async fn issue(app: &Arc<App>, query: &str, headers: &HeaderMap) -> Result<String, RegistryError> {
    let mut audience = None;
    let mut wishes = Vec::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "service" => audience = Some(value.into_owned()),
            // several scopes come as several parameters, or as one with blanks
            "scope" => {
                for text in value.split_ascii_whitespace() {
                    wishes.push(Wish::parse(text)?);
                }
            }
            _ => {}
        }
    }
    let credentials = Credentials::of(headers)?;
    if credentials.is_none() && (wishes.is_empty() || !app.settings.feature_anonymous_access) {
        return Err(RegistryError::login("access to the requested resource is not authorized"));
    }
    let login = match credentials {
        None => None,
        // passwords are compared in a read transaction, so that logins do not wait for each other
        Some(credentials) => {
            let work = Arc::clone(app);
            Some(app.store.read(move |db| credentials.check(db, &work.settings, &work.sealer)).await?)
        }
    };
    let settings = app.settings.clone();
    let claims = match login {
        None => app.store.read(move |db| claims(db, &settings, None, &wishes, audience)).await?,
        Some(login) => {
            app.store
                .write(move |db| {
                    login.touch(db)?;
                    claims(db, &settings, Some(&login), &wishes, audience)
                })
                .await?
        }
    };
    jwt::sign(&app.sealer, &claims).map_err(|error| RegistryError::internal(&error))
}

fn claims(
    db: &Db<'_>,
    settings: &Settings,
    login: Option<&RegistryIdentity>,
    wishes: &[Wish],
    audience: Option<String>,
) -> Result<Claims, RegistryError> {
    let now = db.now_ms() / 1000;
    let mut access = Vec::new();
    for wish in wishes {
        access.push(Access {
            kind: "repository".to_owned(),
            name: wish.repository.to_string(),
            actions: granted(db, settings, login, wish)?.into_iter().map(str::to_owned).collect(),
        });
    }
    let mut context = credentials::context(login);
    if let Some(context) = context.as_object_mut() {
        // Quay's mark that content trust is off
        let roots: Map<String, Value> =
            access.iter().map(|access| (access.name.clone(), Value::from("$disabled"))).collect();
        context.insert("com.apostille.roots".to_owned(), Value::Object(roots));
        context.insert("com.apostille.root".to_owned(), Value::from("$disabled"));
    }
    Ok(Claims {
        iss: "quay".to_owned(),
        aud: audience,
        nbf: now,
        iat: now,
        exp: now + LIFETIME,
        sub: credentials::subject(login).to_owned(),
        access,
        context,
    })
}

/// The actions of a wish that are granted; may make the repository.
fn granted(
    db: &Db<'_>,
    settings: &Settings,
    login: Option<&RegistryIdentity>,
    wish: &Wish,
) -> Result<Vec<&'static str>, RegistryError> {
    let name = &wish.repository;
    if !name.is_valid() {
        return Err(RegistryError::name_invalid(name));
    }
    let mut repository = repositories::by_name(db, &name.namespace, &name.name)?;
    if repository.as_ref().is_some_and(|repository| repository.kind != RepositoryKind::Image) {
        return Err(RegistryError::unsupported());
    }
    let identity = credentials::identity(login);
    let rights = Rights { db, settings, identity: &identity };
    let may =
        |repository: &Repository, role| Ok::<_, StoreError>(rights.has_full_access() || rights.may(repository, role)?);
    let mut actions = Vec::new();
    if wish.push {
        if let Some(found) = &repository {
            if found.state == RepositoryState::Normal && may(found, RepositoryRole::Write)? {
                actions.push("push");
            }
        } else if settings.registry_state == RegistryState::Normal && create(rights, login, name)? {
            actions.push("push");
            repository = repositories::by_name(db, &name.namespace, &name.name)?;
        }
    }
    if let Some(repository) = &repository {
        let reads_all = rights.reads_everything();
        if wish.pull && (reads_all || may(repository, RepositoryRole::Read)?) {
            actions.push("pull");
        }
        if wish.all && may(repository, RepositoryRole::Admin)? {
            actions.push("*");
        }
    }
    Ok(actions)
}

/// Makes the repository that somebody is about to push to; false where that is not allowed.
fn create(rights: Rights<'_>, login: Option<&RegistryIdentity>, name: &RepositoryName) -> Result<bool, StoreError> {
    let Some(login) = login else { return Ok(false) };
    let (db, settings, creator) = (rights.db, rights.settings, login.account());
    let namespace = match accounts::by_name(db, &name.namespace)? {
        Some(namespace) if namespace.kind != AccountKind::Robot && namespace.enabled => namespace,
        Some(_) => return Ok(false),
        None => match create_namespace(db, settings, login, name)? {
            Some(namespace) => namespace,
            None => return Ok(false),
        },
    };
    if !(rights.has_full_access() || rights.may_create_in(&namespace)?) {
        return Ok(false);
    }
    let visibility = if settings.create_private_repo_on_push { Visibility::Private } else { Visibility::Public };
    let new = NewRepository {
        namespace: namespace.id,
        name: &name.name,
        kind: RepositoryKind::Image,
        visibility,
        description: None,
    };
    new_repository::create(db, new, creator)?;
    let metadata = json!({ "repo": name.name, "namespace": name.namespace }).to_string();
    logs::add(
        db,
        NewLogEntry {
            kind: "create_repo",
            namespace: Some(&name.namespace),
            repository: Some(&name.name),
            performer: Some(&creator.name),
            ip: None,
            metadata: &metadata,
        },
    )?;
    Ok(true)
}

/// Makes the organization of a repository that a user is about to push to, where the settings ask for that.
fn create_namespace(
    db: &Db<'_>,
    settings: &Settings,
    login: &RegistryIdentity,
    name: &RepositoryName,
) -> Result<Option<Account>, StoreError> {
    let RegistryIdentity::User(user) = login else { return Ok(None) };
    if !settings.create_namespace_on_push || accounts::is_retired(db, &name.namespace)? {
        return Ok(None);
    }
    let new = NewAccount {
        kind: AccountKind::Organization,
        name: &name.namespace,
        email: None,
        password_hash: None,
        tag_expiration_s: settings.default_tag_expiration_s(),
        prompts: "",
        verified: true,
    };
    let id = accounts::create(db, &new)?;
    let owners = teams::create(db, id, "owners", TeamRole::Admin, "")?;
    teams::add_member(db, owners, user.id)?;
    accounts::by_id(db, id)
}

impl Wish {
    fn parse(text: &str) -> Result<Self, RegistryError> {
        let unreadable = || RegistryError::invalid_request(format!("Unable to decode repository and actions: {text}"));
        let rest = text.strip_prefix("repository:").ok_or_else(unreadable)?;
        let (name, actions) = rest.rsplit_once(':').ok_or_else(unreadable)?;
        // a client may put the registry's own host before the name
        let name = match name.split_once('/') {
            Some((host, name)) if host.contains([':', '.']) && name.contains('/') => name,
            _ => name,
        };
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if name.is_empty() || !name.bytes().all(legal) {
            return Err(unreadable());
        }
        let mut wish = Self { repository: RepositoryName::split(name), push: false, pull: false, all: false };
        for action in actions.split(',') {
            match action {
                "push" => wish.push = true,
                "pull" => wish.pull = true,
                "*" => wish.all = true,
                _ => return Err(unreadable()),
            }
        }
        Ok(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_name_a_repository_and_known_actions() {
        let wish = Wish::parse("repository:acme/deep/app:pull,push").unwrap();
        assert!(wish.push && wish.pull && !wish.all && wish.repository.to_string() == "acme/deep/app");
        assert!(Wish::parse("repository:acme/app:*").unwrap().all);
        assert_eq!(Wish::parse("repository:127.0.0.1:8080/acme/app:pull").unwrap().repository.to_string(), "acme/app");
        for bad in
            ["garbage", "repository:acme/app", "repository:acme/app:delete", "registry:catalog:*", "repository::pull"]
        {
            assert!(Wish::parse(bad).is_err(), "{bad}");
        }
    }
}
