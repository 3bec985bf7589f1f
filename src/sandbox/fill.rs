//! Fills one repository with tags of a past: what nightly builds leave behind, for rehearsals of the pruner.

use rusqlite::params;
use serde::Deserialize;

use super::error::SandboxError;
use super::server::App;
use super::store::{Db, StoreError, repositories};
use super::tiny_image::{self, Content};

const DAY_MS: i64 = 86_400_000;

/// What to fill in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The repository, `organization/name`; it must exist.
    pub repository: String,
    /// How many tags: one a night, and `latest` beside the newest.
    pub tags: u32,
    /// How many days lie between two of them.
    #[serde(default = "every_night")]
    pub days_between: u32,
}

fn every_night() -> u32 {
    1
}

/// Fills a repository unless it holds tags already; how many tags were made, `None` where there is no such repository.
pub fn fill(app: &App, fill: &Fill) -> Result<Option<u32>, SandboxError> {
    let content = tiny_image::content(&app.state)?;
    app.store.write_blocking(|db| tags(db, fill, &content)).map_err(SandboxError::from)
}

fn tags(db: &Db<'_>, fill: &Fill, content: &[Content]) -> Result<Option<u32>, StoreError> {
    let (namespace, name) = fill.repository.split_once('/').unwrap_or(("", &fill.repository));
    let Some(repository) = repositories::by_name(db, namespace, name)? else { return Ok(None) };
    if super::store::tags::last_modified_ms(db, repository.id)?.is_some() {
        return Ok(Some(0));
    }
    tiny_image::put_blobs(db, repository.id, content)?;
    for night in 0..fill.tags {
        let age = i64::from(fill.days_between) * DAY_MS * i64::from(fill.tags - 1 - night);
        let tag = format!("nightly-{:03}", night + 1);
        let manifest = tiny_image::put_manifest(db, repository.id, content, &format!("{} {tag}", fill.repository))?;
        let mut names = vec![tag.as_str()];
        if night + 1 == fill.tags {
            names.push("latest");
        }
        for name in names {
            db.insert(
                "INSERT INTO tags (repository_id, name, manifest_id, start_ms) VALUES (?1, ?2, ?3, ?4)",
                params![repository.id, name, manifest, db.now_ms() - age],
            )?;
        }
    }
    repositories::refresh_size(db, repository.id)?;
    Ok(Some(if fill.tags == 0 { 0 } else { fill.tags + 1 }))
}
