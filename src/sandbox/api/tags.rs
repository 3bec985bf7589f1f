//! Tags: the list with its history, moving, expiring, deleting and restoring.

use serde_json::{Value as Json, json};

use super::table::Entry;
use super::views::{date, text};
use crate::quay::contract::{ProblemKind, Tag as View, TagPage};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::store::repositories::Repository;
use crate::sandbox::store::tags::{self, Lives, NameFilter, Origin, Tag};
use crate::sandbox::store::{RepositoryRole, RepositoryState, StoreError, accounts, manifests};

pub(super) const HANDLERS: &[Entry] = &[
    ("listRepoTags", list),
    ("changeTag", change),
    ("deleteFullTag", delete),
    ("restoreTag", restore),
    ("removeTagFromTimemachine", expire),
];

const LIMIT_HELP: &str = "Limit to the number of results to return per page. Max 100.";
const PAGE_HELP: &str = "Page index for the results. Default 1.";
const BAD_FILTER: &str =
    "Unsupported syntax for filter_tag_name. Expected <operation>:<tag_name> where <operation>can be 'like' or 'eq'.";
const BAD_NAME: &str =
    "Invalid tag: must match [A-Za-z0-9_.-], NOT start with \".\" or \"-\", and can contain 1-128 characters";
/// The last second that Python can write as a date.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// Quay's `LABELED_EXPIRATION_MINIMUM` and `LABELED_EXPIRATION_MAXIMUM`, counted from the start of the tag.
const MIN_LIFE_MS: i64 = 3_600_000;
const MAX_LIFE_MS: i64 = 104 * 7 * 86_400_000;

fn view(call: &Call<'_>, repository: &Repository, tag: Tag) -> Result<View, StoreError> {
    let mut view = View {
        reversion: tag.reversion,
        immutable: tag.immutable,
        start_ts: tag.start_ms / 1000,
        end_ts: tag.end_ms.map(|ms| ms / 1000),
        is_manifest_list: is_list(&tag.media_type),
        size: tag.layers_size,
        last_modified: Some(date(tag.start_ms)),
        expiration: tag.end_ms.map(date),
        is_sparse: None,
        child_manifest_count: None,
        present_child_count: None,
        child_manifests_presence: None,
        manifest_digest: tag.digest,
        name: tag.name,
    };
    if view.is_manifest_list {
        let mut presence = std::collections::BTreeMap::new();
        for digest in manifests::children(call.db, tag.manifest_id)? {
            let present = manifests::exists(call.db, repository.id, &digest)?;
            presence.insert(digest, present);
        }
        let count = i64::try_from(presence.len()).unwrap_or(i64::MAX);
        let present = i64::try_from(presence.values().filter(|present| **present).count()).unwrap_or(i64::MAX);
        view.is_sparse = Some(present < count);
        view.child_manifest_count = Some(count);
        view.present_child_count = Some(present);
        view.child_manifests_presence = Some(presence);
    }
    Ok(view)
}

/// Whether a media type is that of an index.
pub(super) fn is_list(media_type: &str) -> bool {
    media_type.contains("image.index") || media_type.contains("manifest.list")
}

fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = call.repository(RepositoryRole::Read)?;
    let limit = call.query.number("limit", LIMIT_HELP)?.unwrap_or(50).clamp(1, 100);
    let page = call.query.number("page", PAGE_HELP)?.unwrap_or(1).max(1);
    let repository = repository.ok_or_else(Failure::not_found)?;
    let filter =
        match (call.query.get("specificTag").filter(|name| !name.is_empty()), call.query.get("filter_tag_name")) {
            (Some(name), _) => NameFilter::Equal(name),
            (None, None) => NameFilter::Any,
            (None, Some(filter)) => match filter.split_once(':') {
                Some(("like", part)) => NameFilter::Contains(part),
                Some(("eq", name)) => NameFilter::Equal(name),
                _ => return Err(Failure::message(BAD_FILTER)),
            },
        };
    let lives = if call.query.flag("onlyActiveTags", false) { Lives::Alive } else { Lives::All };
    let offset = (page - 1).saturating_mul(limit);
    let mut found = tags::list(call.db, repository.id, lives, filter, offset, limit + 1)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_additional = found.len() > size;
    found.truncate(size);
    let tags = found.into_iter().map(|tag| view(call, &repository, tag)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(TagPage { tags, page: u32::try_from(page).unwrap_or(u32::MAX), has_additional }))
}

/// The repository of a write to its tags.
fn writable(call: &Call<'_>) -> Result<Repository, Failure> {
    let repository = call.existing_repository(RepositoryRole::Write)?;
    let state = match repository.state {
        RepositoryState::Normal => return Ok(repository),
        RepositoryState::ReadOnly => 1,
        RepositoryState::Mirror => 2,
        RepositoryState::OrgMirror => 3,
    };
    Err(Failure::Message(503, format!("Repository is in read only or mirror mode: {state}")))
}

fn immutable(verb: &str, name: &str) -> Failure {
    Failure::Problem { kind: ProblemKind::TagImmutable, detail: format!("Cannot {verb} immutable tag '{name}'") }
}

fn change(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = writable(call)?;
    let body = call.json()?;
    let name = call.parameter(1);
    if !names::is_tag(name) {
        return Err(Failure::message(BAD_NAME));
    }
    if let Some(expiration) = body.get("expiration") {
        let tag = tags::alive(call.db, repository.id, name)?.ok_or_else(Failure::not_found)?;
        set_expiration(call, &repository, &tag, expiration)?;
    }
    if let Some(wanted) = body.get("immutable").and_then(Json::as_bool) {
        let tag = tags::alive(call.db, repository.id, name)?.ok_or_else(Failure::not_found)?;
        if !wanted {
            let access = call.access();
            call.require(access.has_full_access() || access.may(&repository, RepositoryRole::Admin)?)?;
        }
        tags::set_immutable(call.db, tag.id, wanted)?;
        log(call, &repository, "change_tag_immutability", &json!({ "tag": name, "immutable": wanted }))?;
    }
    if let Some(digest) = text(&body, "manifest_digest") {
        let manifest = manifests::by_digest(call.db, repository.id, digest)?.ok_or_else(Failure::not_found)?;
        let old = tags::alive(call.db, repository.id, name)?;
        if old.as_ref().is_some_and(|old| old.immutable) {
            return Err(immutable("overwrite", name));
        }
        tags::set(call.db, repository.id, name, manifest.id, Origin::Push)?;
        let kind = if old.is_some() { "move_tag" } else { "create_tag" };
        let was = old.map(|old| old.digest);
        let what = json!({ "tag": name, "manifest_digest": digest, "original_manifest_digest": was });
        log(call, &repository, kind, &what)?;
    }
    Ok(Reply::json(201, "Updated"))
}

fn log(call: &Call<'_>, repository: &Repository, kind: &str, what: &Json) -> Result<(), StoreError> {
    let user = call.identity.account.as_ref().map(|account| account.name.as_str());
    let mut metadata = json!({ "username": user, "repo": repository.name, "namespace": repository.namespace });
    if let (Some(metadata), Some(what)) = (metadata.as_object_mut(), what.as_object()) {
        metadata.extend(what.clone());
    }
    call.log(kind, &repository.namespace, Some(&repository.name), &metadata)
}

fn set_expiration(call: &Call<'_>, repository: &Repository, tag: &Tag, wanted: &Json) -> Result<(), Failure> {
    let end_ms = match wanted.as_f64() {
        None => None,
        Some(seconds) if !(0.0..=LAST_SECOND).contains(&seconds) => return Err(Failure::not_understood()),
        Some(seconds) => {
            #[expect(clippy::cast_possible_truncation, reason = "checked right before")]
            let wanted_ms = (seconds * 1000.0) as i64;
            if wanted_ms <= call.db.now_ms() {
                return Err(Failure::not_understood());
            }
            Some(wanted_ms.clamp(tag.start_ms + MIN_LIFE_MS, tag.start_ms + MAX_LIFE_MS))
        }
    };
    if end_ms.is_some() && tag.immutable {
        return Err(Failure::message(format!("Cannot set expiration on immutable tag '{}'", tag.name)));
    }
    tags::set_end(call.db, tag.id, end_ms)?;
    let seconds = |ms: Option<i64>| ms.map(|ms| ms / 1000);
    let what = json!({
        "tag": tag.name,
        "expiration_date": seconds(end_ms),
        "old_expiration_date": seconds(tag.end_ms),
    });
    Ok(log(call, repository, "change_tag_expiration", &what)?)
}

fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = writable(call)?;
    let name = call.parameter(1);
    let tag = tags::alive(call.db, repository.id, name)?.ok_or_else(Failure::not_found)?;
    if tag.immutable {
        return Err(immutable("delete", name));
    }
    tags::end(call.db, repository.id, name, call.db.now_ms())?;
    log(call, &repository, "delete_tag", &json!({ "tag": name }))?;
    Ok(Reply::none())
}

fn restore(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = writable(call)?;
    let body = call.json()?;
    let name = call.parameter(1);
    let digest = text(&body, "manifest_digest").ok_or_else(|| Failure::invalid("Missing manifest_digest"))?;
    let manifest = manifests::by_digest(call.db, repository.id, digest)?.ok_or_else(Failure::not_found)?;
    if tags::alive(call.db, repository.id, name)?.is_some_and(|tag| tag.immutable) {
        return Err(immutable("overwrite", name));
    }
    tags::set(call.db, repository.id, name, manifest.id, Origin::Restore)?;
    log(call, &repository, "revert_tag", &json!({ "tag": name, "manifest_digest": digest }))?;
    Ok(Reply::ok(json!({})))
}

/// Takes a tag, or its history, out of the time in which it can be restored.
fn expire(call: &Call<'_>) -> Result<Reply, Failure> {
    let repository = writable(call)?;
    let body = call.optional_json()?.unwrap_or_default();
    let name = call.parameter(1);
    let namespace = accounts::by_id(call.db, repository.namespace_id)?.ok_or_else(Failure::not_found)?;
    let end_ms = call.db.now_ms() - namespace.tag_expiration_s * 1000;
    let changed = if body.get("is_alive").and_then(Json::as_bool).unwrap_or(false) {
        tags::end(call.db, repository.id, name, end_ms)?
    } else {
        let digest = text(&body, "manifest_digest")
            .ok_or_else(|| Failure::invalid("manifest_digest required when is_alive set to false"))?;
        tags::forget(call.db, repository.id, name, digest, end_ms)?
    };
    if changed == 0 {
        return Err(Failure::not_found());
    }
    Ok(Reply::ok(""))
}
