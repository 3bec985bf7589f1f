//! Finding repositories, organizations, users, teams and robots.

use serde_json::{Value as Json, json};

use super::table::Entry;
use super::views::{account_avatar, put, team_avatar};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::store::repositories::{self, Repository};
use crate::sandbox::store::{Account, AccountKind, RepositoryRole, StoreError, Visibility, accounts, tags, teams};

pub(super) const HANDLERS: &[Entry] =
    &[("conductRepoSearch", repositories_by_text), ("conductSearch", everything), ("getMatchingEntities", entities)];

const PER_PAGE: i64 = 10;
/// Repositories that a search looks at before it looks who may see them.
const MOST: i64 = 1000;
/// Entities of one kind.
const ENTITIES: i64 = 10;

fn visible(call: &Call<'_>, text: &str) -> Result<Vec<Repository>, StoreError> {
    let access = call.access();
    let mut found = Vec::new();
    for repository in repositories::search(call.db, text, MOST)? {
        if access.reads_everything() || access.may(&repository, RepositoryRole::Read)? {
            found.push(repository);
        }
    }
    Ok(found)
}

fn namespace_view(account: &Account) -> Json {
    let (title, kind) = match account.kind {
        AccountKind::Organization => ("org", "organization"),
        AccountKind::User => ("user", "user"),
        AccountKind::Robot => ("robot", "robot"),
    };
    json!({
        "title": title,
        "kind": kind,
        "avatar": account_avatar(account),
        "name": account.name,
        "score": 1,
        "href": format!("/{kind}/{}", account.name),
    })
}

fn repository_view(call: &Call<'_>, repository: &Repository) -> Result<Json, StoreError> {
    let namespace = accounts::by_id(call.db, repository.namespace_id)?;
    Ok(json!({
        "kind": "repository",
        "title": "repo",
        "namespace": namespace.as_ref().map(namespace_view),
        "name": repository.name,
        "description": repository.description,
        "is_public": repository.visibility == Visibility::Public,
        "score": 4,
        "href": format!("/repository/{}/{}", repository.namespace, repository.name),
    }))
}

fn repositories_by_text(call: &Call<'_>) -> Result<Reply, Failure> {
    let text = call.query.get("query").unwrap_or("");
    let page = call.query.number("page", "The page.")?.unwrap_or(1).max(1);
    let start = (page - 1).saturating_mul(PER_PAGE);
    let found = visible(call, text)?;
    let (from, size) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(PER_PAGE).unwrap_or(usize::MAX));
    let mut results = Vec::new();
    for repository in found.iter().skip(from).take(size) {
        let mut view = repository_view(call, repository)?;
        if let Some(ms) = tags::last_modified_ms(call.db, repository.id)? {
            put(&mut view, "last_modified", ms / 1000);
        }
        if call.query.flag("includeUsage", false) {
            put(&mut view, "stars", repositories::stars(call.db, repository.id)?);
            put(&mut view, "popularity", json!(0.0));
        }
        results.push(view);
    }
    Ok(Reply::ok(json!({
        "results": results,
        "has_additional": found.len() > from.saturating_add(size),
        "page": page,
        "page_size": PER_PAGE,
        "start_index": start,
    })))
}

fn everything(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let text = call.query.get("query").unwrap_or("");
    let mut results = Vec::new();
    for organization in accounts::with_prefix(call.db, AccountKind::Organization, text, ENTITIES)? {
        let member = !teams::of_member(call.db, user.id, Some(organization.id))?.is_empty();
        if member || call.access().reads_everything() {
            let mut view = namespace_view(&organization);
            put(&mut view, "score", json!(0.95));
            results.push(view);
        }
    }
    for repository in visible(call, text)?.iter().take(usize::try_from(ENTITIES).unwrap_or(usize::MAX)) {
        results.push(repository_view(call, repository)?);
    }
    Ok(Reply::ok(json!({ "results": results })))
}

/// Users, robots, teams and organizations whose names start with the path's parameter.
fn entities(call: &Call<'_>) -> Result<Reply, Failure> {
    call.user()?;
    let prefix = call.parameter(0);
    let organization = match call.query.get("namespace") {
        Some(name) => accounts::find(call.db, AccountKind::Organization, name)?,
        None => None,
    };
    let mut results = Vec::new();
    let administers = match &organization {
        Some(organization) => call.access().administers(organization.id)? || call.access().reads_everything(),
        None => false,
    };
    if let Some(organization) = &organization {
        if call.query.flag("includeTeams", false) && (administers || call.access().is_member(organization.id)?) {
            for team in teams::list(call.db, organization.id)?.into_iter().filter(|team| team.name.starts_with(prefix))
            {
                results.push(json!({
                    "name": team.name,
                    "kind": "team",
                    "is_org_member": true,
                    "avatar": team_avatar(&team.name),
                }));
            }
        }
        if administers {
            for robot in accounts::with_prefix(call.db, AccountKind::Robot, prefix, ENTITIES)? {
                if robot.name.split('+').next() == Some(organization.name.as_str()) {
                    results.push(entity(call, &robot, Some(organization))?);
                }
            }
        }
    }
    if call.query.flag("includeOrgs", false) {
        for found in accounts::with_prefix(call.db, AccountKind::Organization, prefix, ENTITIES)? {
            if !call.access().is_member(found.id)? {
                continue;
            }
            results.push(json!({
                "name": found.name,
                "kind": "org",
                "is_org_member": true,
                "avatar": account_avatar(&found),
            }));
        }
    }
    for user in accounts::with_prefix(call.db, AccountKind::User, prefix, ENTITIES)? {
        results.push(entity(call, &user, organization.as_ref())?);
    }
    Ok(Reply::ok(json!({ "results": results })))
}

fn entity(call: &Call<'_>, account: &Account, organization: Option<&Account>) -> Result<Json, StoreError> {
    let robot = account.kind == AccountKind::Robot;
    let mut view = json!({
        "name": account.name,
        "kind": "user",
        "is_robot": robot,
        "avatar": account_avatar(account),
    });
    if let Some(organization) = organization {
        let member = robot || !teams::of_member(call.db, account.id, Some(organization.id))?.is_empty();
        put(&mut view, "is_org_member", member);
    }
    Ok(view)
}
