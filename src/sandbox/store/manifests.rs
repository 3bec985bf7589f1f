//! Manifests, their blobs and children, and labels.

use rusqlite::{Row, params};

use super::blobs;
use super::db::Db;
use super::error::StoreError;
use super::repositories;
use super::types::{ManifestId, RepositoryId};

/// A manifest in a repository.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its row.
    pub id: ManifestId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// `sha256:…` of its bytes.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// The media type of its config.
    pub config_media_type: Option<String>,
    /// What kind of artifact it says it is.
    pub artifact_type: Option<String>,
    /// The manifest that it refers to.
    pub subject: Option<String>,
    /// Its annotations, a JSON object as text.
    pub annotations: Option<String>,
    /// As it was pushed.
    pub bytes: Vec<u8>,
    /// Sum of its layers; absent for an index.
    pub layers_size: Option<i64>,
    /// When it was first pushed.
    pub created_ms: i64,
}

/// What a new manifest needs.
#[derive(Clone, Debug, Default)]
pub struct NewManifest<'a> {
    /// `sha256:…` of the bytes.
    pub digest: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// The media type of its config.
    pub config_media_type: Option<&'a str>,
    /// What kind of artifact it says it is.
    pub artifact_type: Option<&'a str>,
    /// The manifest that it refers to.
    pub subject: Option<&'a str>,
    /// Its annotations, a JSON object as text.
    pub annotations: Option<&'a str>,
    /// As it was pushed.
    pub bytes: &'a [u8],
    /// Sum of its layers; absent for an index.
    pub layers_size: Option<i64>,
    /// Digests of config and layers, in order.
    pub blobs: &'a [String],
    /// Digests of the manifests of an index, in order.
    pub children: &'a [String],
}

/// A label of a manifest.
#[derive(Clone, Debug)]
pub struct Label {
    /// Its name.
    pub uuid: String,
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
    /// `manifest` (from the image) or `api`.
    pub source_type: String,
    /// `text/plain` or `application/json`.
    pub media_type: String,
}

const SELECT: &str = "SELECT id, repository_id, digest, media_type, config_media_type, artifact_type, subject, annotations, \
     bytes, layers_size, created_ms FROM manifests";

fn read(row: &Row<'_>) -> rusqlite::Result<Manifest> {
    Ok(Manifest {
        id: row.get(0)?,
        repository_id: row.get(1)?,
        digest: row.get(2)?,
        media_type: row.get(3)?,
        config_media_type: row.get(4)?,
        artifact_type: row.get(5)?,
        subject: row.get(6)?,
        annotations: row.get(7)?,
        bytes: row.get(8)?,
        layers_size: row.get(9)?,
        created_ms: row.get(10)?,
    })
}

/// Keeps a manifest, lets the repository read its blobs, and counts the repository's size anew. If the repository holds the
/// digest already, nothing changes and that manifest's row is returned.
pub fn put(db: &Db<'_>, repository: RepositoryId, new: &NewManifest<'_>) -> Result<ManifestId, StoreError> {
    if let Some(known) = by_digest(db, repository, new.digest)? {
        return Ok(known.id);
    }
    let id = db
        .insert(
            "INSERT INTO manifests (repository_id, digest, media_type, config_media_type, artifact_type, subject, \
             annotations, bytes, layers_size, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                repository,
                new.digest,
                new.media_type,
                new.config_media_type,
                new.artifact_type,
                new.subject,
                new.annotations,
                new.bytes,
                new.layers_size,
                db.now_ms()
            ],
        )
        .map(ManifestId)?;
    for (position, digest) in (0_i64..).zip(new.blobs) {
        db.run(
            "INSERT INTO manifest_blobs (manifest_id, position, digest) VALUES (?1, ?2, ?3)",
            params![id, position, digest],
        )?;
        if blobs::size(db, digest)?.is_some() {
            blobs::link(db, repository, digest)?;
        }
    }
    for (position, digest) in (0_i64..).zip(new.children) {
        db.run(
            "INSERT INTO manifest_children (manifest_id, position, digest) VALUES (?1, ?2, ?3)",
            params![id, position, digest],
        )?;
    }
    repositories::refresh_size(db, repository)?;
    Ok(id)
}

/// The manifest of a repository with this digest.
pub fn by_digest(db: &Db<'_>, repository: RepositoryId, digest: &str) -> Result<Option<Manifest>, StoreError> {
    db.one(&format!("{SELECT} WHERE repository_id = ?1 AND digest = ?2"), params![repository, digest], read)
}

/// Whether a repository has a manifest with this digest.
pub fn exists(db: &Db<'_>, repository: RepositoryId, digest: &str) -> Result<bool, StoreError> {
    Ok(db.number(
        "SELECT COUNT(*) FROM manifests WHERE repository_id = ?1 AND digest = ?2",
        params![repository, digest],
    )? > 0)
}

/// The manifest with this row number.
pub fn by_id(db: &Db<'_>, id: ManifestId) -> Result<Option<Manifest>, StoreError> {
    db.one(&format!("{SELECT} WHERE id = ?1"), params![id], read)
}

/// The manifests of a repository that refer to a digest, oldest first.
pub fn referrers(db: &Db<'_>, repository: RepositoryId, subject: &str) -> Result<Vec<Manifest>, StoreError> {
    db.all(
        &format!("{SELECT} WHERE repository_id = ?1 AND subject = ?2 ORDER BY id"),
        params![repository, subject],
        read,
    )
}

/// Whether a living or hidden tag keeps a manifest: its own, that of an index that lists it, or that of the manifest that it
/// refers to.
pub fn is_reachable(db: &Db<'_>, id: ManifestId) -> Result<bool, StoreError> {
    Ok(db.number(
        "WITH RECURSIVE keepers (id, repository_id, digest, subject) AS ( \
            SELECT id, repository_id, digest, subject FROM manifests WHERE id = ?1 \
            UNION \
            SELECT parents.id, parents.repository_id, parents.digest, parents.subject FROM keepers \
            JOIN manifest_children ON manifest_children.digest = keepers.digest \
            JOIN manifests AS parents ON parents.id = manifest_children.manifest_id \
                AND parents.repository_id = keepers.repository_id \
            UNION \
            SELECT subjects.id, subjects.repository_id, subjects.digest, subjects.subject FROM keepers \
            JOIN manifests AS subjects ON subjects.repository_id = keepers.repository_id \
                AND subjects.digest = keepers.subject) \
         SELECT EXISTS (SELECT 1 FROM tags WHERE manifest_id IN (SELECT id FROM keepers) \
            AND (end_ms IS NULL OR end_ms > ?2))",
        params![id, db.now_ms()],
    )? > 0)
}

/// The digests that an index lists, in order.
pub fn children(db: &Db<'_>, id: ManifestId) -> Result<Vec<String>, StoreError> {
    db.all("SELECT digest FROM manifest_children WHERE manifest_id = ?1 ORDER BY position", params![id], |row| {
        row.get(0)
    })
}

/// The digests of a manifest's config and layers, in order.
pub fn blob_digests(db: &Db<'_>, id: ManifestId) -> Result<Vec<String>, StoreError> {
    db.all("SELECT digest FROM manifest_blobs WHERE manifest_id = ?1 ORDER BY position", params![id], |row| row.get(0))
}

/// Removes a manifest with its tags' lives and labels, and counts the repository's size anew.
pub fn delete(db: &Db<'_>, manifest: &Manifest) -> Result<(), StoreError> {
    db.run("DELETE FROM manifests WHERE id = ?1", params![manifest.id])?;
    repositories::refresh_size(db, manifest.repository_id)
}

fn read_label(row: &Row<'_>) -> rusqlite::Result<Label> {
    Ok(Label {
        uuid: row.get(0)?,
        key: row.get(1)?,
        value: row.get(2)?,
        source_type: row.get(3)?,
        media_type: row.get(4)?,
    })
}

/// The labels of a manifest, oldest first.
pub fn labels(db: &Db<'_>, id: ManifestId) -> Result<Vec<Label>, StoreError> {
    db.all(
        "SELECT uuid, key, value, source_type, media_type FROM labels WHERE manifest_id = ?1 ORDER BY id",
        params![id],
        read_label,
    )
}

/// One label of a manifest.
pub fn label(db: &Db<'_>, id: ManifestId, uuid: &str) -> Result<Option<Label>, StoreError> {
    db.one(
        "SELECT uuid, key, value, source_type, media_type FROM labels WHERE manifest_id = ?1 AND uuid = ?2",
        params![id, uuid],
        read_label,
    )
}

/// Adds a label and returns it.
pub fn add_label(
    db: &Db<'_>,
    id: ManifestId,
    key: &str,
    value: &str,
    source_type: &str,
    media_type: &str,
) -> Result<Label, StoreError> {
    let label = Label {
        uuid: uuid::Uuid::new_v4().to_string(),
        key: key.to_owned(),
        value: value.to_owned(),
        source_type: source_type.to_owned(),
        media_type: media_type.to_owned(),
    };
    db.insert(
        "INSERT INTO labels (uuid, manifest_id, key, value, source_type, media_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![label.uuid, id, key, value, source_type, media_type],
    )?;
    Ok(label)
}

/// Removes a label; false if there was none.
pub fn remove_label(db: &Db<'_>, id: ManifestId, uuid: &str) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM labels WHERE manifest_id = ?1 AND uuid = ?2", params![id, uuid])? > 0)
}
