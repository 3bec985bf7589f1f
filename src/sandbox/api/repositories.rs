//! Repositories and stars.

use serde_json::{Map, Value as Json, json};

use super::organization::is_restricted;
use super::table::Entry;
use super::views::{date, put, text};
use crate::quay::contract::Scope;
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::repositories::{self, Filter, NewRepository, Repository, Viewer};
use crate::sandbox::store::tags as tag_store;
use crate::sandbox::store::tags::{Lives, NameFilter};
use crate::sandbox::store::{
    AccountKind, RepositoryId, RepositoryKind, RepositoryRole, RepositoryState, StoreError, Visibility, accounts,
    quotas,
};
use crate::sandbox::{names, new_repository};

pub(super) const HANDLERS: &[Entry] = &[
    ("listRepos", list),
    ("createRepo", create),
    ("getRepo", get),
    ("updateRepo", update),
    ("deleteRepository", delete),
    ("changeRepoVisibility", change_visibility),
    ("changeRepoState", change_state),
    ("listStarredRepos", list_starred),
    ("createStar", star),
    ("deleteStar", unstar),
];

const PAGE: i64 = 100;
/// How many tags a repository's own view shows.
const TAGS_SHOWN: i64 = 500;
/// How many days of statistics a repository's own view shows.
const STATISTICS_DAYS: i64 = 90;

fn quota_report(call: &Call<'_>, repository: &Repository) -> Result<Option<Json>, StoreError> {
    if !call.app.settings.feature_quota_management {
        return Ok(None);
    }
    let quota = quotas::of_namespace(call.db, repository.namespace_id)?.map(|quota| quota.limit_bytes);
    let quota = quota.or(call.app.settings.default_system_reject_quota_bytes);
    Ok(Some(json!({ "quota_bytes": repository.size_bytes, "configured_quota": quota })))
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let (namespace, starred, public) =
        (call.query.get("namespace"), call.query.flag("starred", false), call.query.flag("public", false));
    if namespace.is_none() && !starred && !public {
        return Err(Failure::invalid("namespace, starred or public are required for this API call"));
    }
    let mut filter = Filter { from: call.page_start().map(RepositoryId), ..Filter::default() };
    if let Some(name) = namespace {
        match accounts::by_name(call.db, name)? {
            Some(account) => filter.namespace = Some(account.id),
            None => return Ok(Reply::ok(json!({ "repositories": [] }))),
        }
    }
    let user = call.identity.id();
    if starred {
        filter.starred_by = Some(call.user()?.id);
    }
    filter.kind = match call.query.get("repo_kind") {
        Some(kind) => RepositoryKind::parse(kind),
        None => Some(RepositoryKind::Image),
    };
    // tokens without a repository scope see what everybody sees
    let readable = user.filter(|_| call.identity.has_scope(Scope::RepoRead));
    if !call.access().reads_everything() {
        filter.visible_to = Some(Viewer { account: readable, public });
    }
    let mut found = repositories::list(call.db, filter, PAGE + 1)?;
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = found.get(size).map(|repository| repository.id.0);
    found.truncate(size);
    let views = found.iter().map(|repository| summary(call, repository)).collect::<Result<Vec<_>, _>>()?;
    let mut answer = json!({ "repositories": views });
    if let Some(next) = next {
        put(&mut answer, "next_page", call.page_token(next));
    }
    Ok(Reply::ok(answer))
}

fn summary(call: &Call<'_>, repository: &Repository) -> Result<Json, StoreError> {
    let mut view = json!({
        "namespace": repository.namespace,
        "name": repository.name,
        "description": repository.description,
        "is_public": repository.visibility == Visibility::Public,
        "kind": repository.kind.as_str(),
        "state": repository.state.as_str(),
    });
    if call.query.flag("last_modified", false) {
        put(&mut view, "last_modified", tag_store::last_modified_ms(call.db, repository.id)?.map(|ms| ms / 1000));
    }
    if call.query.flag("popularity", false) {
        put(&mut view, "popularity", json!(0.0));
    }
    if let Some(user) = call.identity.id() {
        put(&mut view, "is_starred", repositories::is_starred(call.db, user, repository.id)?);
    }
    if let Some(report) = quota_report(call, repository)? {
        put(&mut view, "quota_report", report);
    }
    Ok(view)
}

fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let user = call.user()?;
    let name = text(&body, "repository").unwrap_or("");
    let own = text(&body, "namespace").is_none();
    let namespace_name = text(&body, "namespace").unwrap_or(&user.name);
    let namespace = accounts::by_name(call.db, namespace_name)?.filter(|account| account.kind != AccountKind::Robot);
    let overrides = call.access().has_full_access();
    let allowed = match &namespace {
        Some(namespace) => call.access().may_create_in(namespace)?,
        None => false,
    };
    call.require(allowed || overrides)?;
    if own && is_restricted(call, user) {
        return Err(Failure::forbidden());
    }
    // recorded: Quay fails where a superuser names a namespace that is not there
    let namespace = namespace.ok_or(Failure::Crash)?;
    if repositories::by_name(call.db, namespace_name, name)?.is_some() {
        return Err(Failure::invalid("Repository already exists"));
    }
    if !names::is_repository(name) {
        return Err(Failure::invalid("Invalid repository name"));
    }
    let new = NewRepository {
        namespace: namespace.id,
        name,
        kind: RepositoryKind::Image,
        visibility: text(&body, "visibility").and_then(Visibility::parse).unwrap_or(Visibility::Private),
        description: text(&body, "description"),
    };
    new_repository::create(call.db, new, user)?;
    call.log("create_repo", namespace_name, Some(name), &json!({ "repo": name, "namespace": namespace_name }))?;
    Ok(Reply::json(201, json!({ "namespace": namespace_name, "name": name, "kind": "image" })))
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.existing_repository(RepositoryRole::Read)?;
    let namespace = accounts::by_id(call.db, repository.namespace_id)?.ok_or_else(Failure::not_found)?;
    let access = call.access();
    let starred = match call.identity.id() {
        Some(user) => repositories::is_starred(call.db, user, repository.id)?,
        None => false,
    };
    let role = access.repository_role(&repository)?;
    let public = repository.visibility == Visibility::Public;
    let mut view = json!({
        "namespace": repository.namespace,
        "name": repository.name,
        "kind": repository.kind.as_str(),
        "description": repository.description,
        "is_public": public,
        "is_organization": namespace.kind == AccountKind::Organization,
        "is_starred": starred,
        "status_token": if public { "" } else { repository.status_token.as_str() },
        "trust_enabled": false,
        "tag_expiration_s": namespace.tag_expiration_s,
        "is_free_account": true,
        "state": repository.state.as_str(),
    });
    if call.query.flag("includeTags", true) {
        let mut shown = Map::new();
        for tag in tag_store::list(call.db, repository.id, Lives::Alive, NameFilter::Any, 0, TAGS_SHOWN)? {
            let mut line = json!({
                "name": tag.name,
                "size": tag.layers_size,
                "last_modified": date(tag.start_ms),
            });
            if let Some(end) = tag.end_ms {
                put(&mut line, "expiration", json!(date(end)));
            }
            put(&mut line, "manifest_digest", tag.digest);
            shown.insert(tag.name, line);
        }
        put(&mut view, "tags", Json::Object(shown));
    }
    let writable = repository.state == RepositoryState::Normal;
    put(&mut view, "can_write", writable && (role >= Some(RepositoryRole::Write) || access.has_full_access()));
    put(&mut view, "can_admin", role >= Some(RepositoryRole::Admin) || access.reads_everything());
    if call.query.flag("includeStats", false) {
        put(&mut view, "stats", statistics(call.db.now_ms()));
    }
    Ok(Reply::ok(view))
}

/// Pulls by day. The sandbox does not count pulls.
fn statistics(now_ms: i64) -> Json {
    const DAY_MS: i64 = 86_400_000;
    let days = (1..=STATISTICS_DAYS).map(|ago| {
        let day = super::views::timestamp(now_ms - ago * DAY_MS);
        json!({ "date": day.strftime("%Y-%m-%d").to_string(), "count": 0 })
    });
    Json::Array(days.collect())
}

fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Write)?;
    let body = call.json()?;
    let mut repository = repository.ok_or_else(Failure::not_found)?;
    repository.description = text(&body, "description").map(str::to_owned);
    repositories::update(call.db, &repository)?;
    let log =
        json!({ "repo": repository.name, "namespace": repository.namespace, "description": repository.description });
    call.log("set_repo_description", &repository.namespace, Some(&repository.name), &log)?;
    Ok(Reply::ok(json!({ "success": true })))
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    // a missing repository is deleted already
    if let Some(repository) = call.repository(RepositoryRole::Admin)? {
        repositories::delete(call.db, repository.id)?;
        let log = json!({ "repo": repository.name, "namespace": repository.namespace });
        call.log("delete_repo", &repository.namespace, Some(&repository.name), &log)?;
    }
    Ok(Reply::none())
}

fn change_visibility(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let body = call.json()?;
    // recorded: without a repository there is nothing, and no error either
    let Some(mut repository) = repository else { return Ok(Reply::ok(Json::Null)) };
    if let Some(visibility) = text(&body, "visibility").and_then(Visibility::parse) {
        repository.visibility = visibility;
        repositories::update(call.db, &repository)?;
        let log = json!({ "repo": repository.name, "visibility": visibility.as_str() });
        call.log("change_repo_visibility", &repository.namespace, Some(&repository.name), &log)?;
    }
    Ok(Reply::ok(json!({ "success": true })))
}

fn change_state(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Admin)?;
    let body = call.json()?;
    let mut repository = repository.ok_or_else(Failure::not_found)?;
    if let Some(state) = text(&body, "state").and_then(RepositoryState::parse) {
        repository.state = state;
        repositories::update(call.db, &repository)?;
    }
    Ok(Reply::ok(json!({ "success": true })))
}

fn list_starred(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let filter = Filter { starred_by: Some(user.id), from: call.page_start().map(RepositoryId), ..Filter::default() };
    let mut found = repositories::list(call.db, filter, PAGE + 1)?;
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = found.get(size).map(|repository| repository.id.0);
    found.truncate(size);
    let views: Vec<Json> = found
        .into_iter()
        .map(|repository| {
            json!({
                "namespace": repository.namespace,
                "name": repository.name,
                "description": repository.description,
                "is_public": repository.visibility == Visibility::Public,
            })
        })
        .collect();
    let mut answer = json!({ "repositories": views });
    if let Some(next) = next {
        put(&mut answer, "next_page", call.page_token(next));
    }
    Ok(Reply::ok(answer))
}

fn star(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = call.json()?;
    let user = call.user()?;
    let (namespace, name) = (text(&body, "namespace").unwrap_or(""), text(&body, "repository").unwrap_or(""));
    let repository = repositories::by_name(call.db, namespace, name)?.ok_or_else(Failure::not_found)?;
    call.require(call.access().may(&repository, RepositoryRole::Read)? || call.access().reads_everything())?;
    if !repositories::star(call.db, user.id, repository.id)? {
        return Ok(Reply::json(400, json!({ "message": "Repository is already starred" })));
    }
    Ok(Reply::json(201, json!({ "namespace": namespace, "repository": name })))
}

fn unstar(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user_with(Scope::UserAdmin)?;
    let (namespace, name) = call.repository_name();
    if let Some(repository) = repositories::by_name(call.db, namespace, name)? {
        repositories::unstar(call.db, user.id, repository.id)?;
    }
    Ok(Reply::none())
}
