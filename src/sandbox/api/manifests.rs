//! Manifests and their labels.

use std::fs;

use axum::http::header;
use serde_json::{Value as Json, json};

use super::table::Entry;
use super::tags::is_list;
use super::views::{date, text};
use crate::quay::contract::{Label as LabelView, LabelCreated, Labels, Layer, Manifest as View};
use crate::sandbox::http::{Call, Failure, Reply};
use crate::sandbox::names;
use crate::sandbox::server::App;
use crate::sandbox::store::manifests::{self, Label, Manifest};
use crate::sandbox::store::repositories::Repository;
use crate::sandbox::store::{RepositoryRole, StoreError};

pub(super) const HANDLERS: &[Entry] = &[
    ("getRepoManifest", get),
    ("listManifestLabels", labels),
    ("addManifestLabel", add_label),
    ("getManifestLabel", get_label),
    ("deleteManifestLabel", delete_label),
];

/// Larger configs are not read for the history that they hold.
const MAX_CONFIG: u64 = 4 * 1024 * 1024;

fn manifest(call: &Call<'_>, role: RepositoryRole) -> Result<(Repository, Manifest), Failure> {
    let repository = call.existing_repository(role)?;
    let manifest = manifests::by_digest(call.db, repository.id, call.parameter(1))?.ok_or_else(Failure::not_found)?;
    Ok((repository, manifest))
}

fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, manifest) = manifest(call, RepositoryRole::Read)?;
    let list = is_list(&manifest.media_type);
    let parsed: Json = serde_json::from_slice(&manifest.bytes).map_err(StoreError::from)?;
    Ok(Reply::ok(View {
        is_manifest_list: list,
        manifest_data: String::from_utf8_lossy(&manifest.bytes).into_owned(),
        config_media_type: manifest.config_media_type,
        layers_compressed_size: Some(manifest.layers_size.unwrap_or(0)),
        layers: (!list).then(|| layers(call.app, &parsed)),
        digest: manifest.digest,
    }))
}

/// The layers of an image, each with the step of its history that made it.
fn layers(app: &App, manifest: &Json) -> Vec<Layer> {
    let config =
        manifest.get("config").and_then(|config| text(config, "digest")).and_then(|digest| config(app, digest));
    let mut history = config
        .as_ref()
        .and_then(|config| config.get("history"))
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter(|step| !step.get("empty_layer").and_then(Json::as_bool).unwrap_or(false));
    let entries = manifest.get("layers").and_then(Json::as_array);
    (0_i64..)
        .zip(entries.into_iter().flatten())
        .map(|(index, layer)| {
            let step = history.next().cloned().unwrap_or_default();
            let own = |name: &str| text(&step, name).map(str::to_owned);
            let urls = layer.get("urls").and_then(|urls| serde_json::from_value(urls.clone()).ok());
            Layer {
                index,
                compressed_size: layer.get("size").and_then(Json::as_i64),
                is_remote: urls.is_some(),
                urls,
                command: text(&step, "created_by").map(|command| json!([command])),
                comment: own("comment"),
                author: own("author"),
                blob_digest: text(layer, "digest").map(str::to_owned),
                created_datetime: text(&step, "created").and_then(quay_date),
            }
        })
        .collect()
}

fn quay_date(rfc3339: &str) -> Option<String> {
    let at: jiff::Timestamp = rfc3339.parse().ok()?;
    Some(date(at.as_millisecond()).to_string())
}

/// An image's config, if it is here and small.
fn config(app: &App, digest: &str) -> Option<Json> {
    let hex = digest.strip_prefix("sha256:")?;
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let path = app.state.join("blobs").join("sha256").join(hex.get(..2)?).join(hex);
    if fs::metadata(&path).ok()?.len() > MAX_CONFIG {
        return None;
    }
    serde_json::from_slice(&fs::read(&path).ok()?).ok()
}

fn label_view(label: Label) -> LabelView {
    LabelView {
        id: label.uuid,
        key: label.key,
        value: label.value,
        source_type: label.source_type,
        media_type: label.media_type,
    }
}

fn labels(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, manifest) = manifest(call, RepositoryRole::Read)?;
    let prefix = call.query.get("filter").unwrap_or("");
    let labels = manifests::labels(call.db, manifest.id)?
        .into_iter()
        .filter(|label| label.key.starts_with(prefix))
        .map(label_view)
        .collect();
    Ok(Reply::ok(Labels { labels }))
}

fn add_label(call: &Call<'_>) -> Result<Reply, Failure> {
    let (repository, manifest) = manifest(call, RepositoryRole::Write)?;
    let body = call.json()?;
    let (key, value) = (text(&body, "key").unwrap_or(""), text(&body, "value").unwrap_or(""));
    if let Some(problem) = names::label_problem(key) {
        return Err(Failure::message(problem));
    }
    let media_type = text(&body, "media_type").unwrap_or_else(|| {
        // Quay guesses: what reads as a JSON document is one
        let document = value.starts_with('{') || value.starts_with('[');
        if document && serde_json::from_str::<Json>(value).is_ok() { "application/json" } else { "text/plain" }
    });
    let label = manifests::add_label(call.db, manifest.id, key, value, "api", media_type)?;
    let log = json!({ "id": label.uuid, "key": key, "value": value, "manifest_digest": manifest.digest });
    call.log("manifest_label_add", &repository.namespace, Some(&repository.name), &log)?;
    let place = format!(
        "/api/v1/repository/{}/{}/manifest/{}/labels/{}",
        repository.namespace, repository.name, manifest.digest, label.uuid
    );
    Ok(Reply::json(201, LabelCreated { label: label_view(label) }).with(header::LOCATION, place))
}

fn get_label(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, manifest) = manifest(call, RepositoryRole::Read)?;
    let label = manifests::label(call.db, manifest.id, call.parameter(2))?.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(label_view(label)))
}

fn delete_label(call: &Call<'_>) -> Result<Reply, Failure> {
    let (repository, manifest) = manifest(call, RepositoryRole::Write)?;
    let label = manifests::label(call.db, manifest.id, call.parameter(2))?.ok_or_else(Failure::not_found)?;
    manifests::remove_label(call.db, manifest.id, &label.uuid)?;
    let log = json!({ "id": label.uuid, "key": label.key, "manifest_digest": manifest.digest });
    call.log("manifest_label_delete", &repository.namespace, Some(&repository.name), &log)?;
    Ok(Reply::none())
}
