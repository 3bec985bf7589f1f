//! Which blobs exist, who may read them, and unfinished uploads. The bytes lie in the blob folder.

use rusqlite::params;

use super::db::Db;
use super::error::StoreError;
use super::types::RepositoryId;

/// An unfinished upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its name.
    pub uuid: String,
    /// Where it goes.
    pub repository_id: RepositoryId,
    /// Bytes received so far.
    pub received: i64,
    /// When it began.
    pub created_ms: i64,
}

/// Notes that a blob's bytes are in the folder, and lets the repository read it.
pub fn put(db: &Db<'_>, repository: RepositoryId, digest: &str, size: i64) -> Result<(), StoreError> {
    db.run(
        "INSERT OR IGNORE INTO blobs (digest, size, created_ms) VALUES (?1, ?2, ?3)",
        params![digest, size, db.now_ms()],
    )?;
    link(db, repository, digest)
}

/// Lets a repository read a blob that exists.
pub fn link(db: &Db<'_>, repository: RepositoryId, digest: &str) -> Result<(), StoreError> {
    db.run(
        "INSERT OR IGNORE INTO repository_blobs (repository_id, digest) VALUES (?1, ?2)",
        params![repository, digest],
    )?;
    Ok(())
}

/// The size of a blob that a repository may read.
pub fn size_in(db: &Db<'_>, repository: RepositoryId, digest: &str) -> Result<Option<i64>, StoreError> {
    db.one(
        "SELECT blobs.size FROM repository_blobs JOIN blobs ON blobs.digest = repository_blobs.digest \
         WHERE repository_blobs.repository_id = ?1 AND repository_blobs.digest = ?2",
        params![repository, digest],
        |row| row.get(0),
    )
}

/// The size of a blob, whoever may read it.
pub fn size(db: &Db<'_>, digest: &str) -> Result<Option<i64>, StoreError> {
    db.one("SELECT size FROM blobs WHERE digest = ?1", params![digest], |row| row.get(0))
}

/// The repositories that may read a blob.
pub fn holders(db: &Db<'_>, digest: &str) -> Result<Vec<RepositoryId>, StoreError> {
    db.all("SELECT repository_id FROM repository_blobs WHERE digest = ?1", params![digest], |row| row.get(0))
}

/// Begins an upload.
pub fn begin_upload(db: &Db<'_>, repository: RepositoryId) -> Result<Upload, StoreError> {
    let upload = Upload {
        uuid: uuid::Uuid::new_v4().to_string(),
        repository_id: repository,
        received: 0,
        created_ms: db.now_ms(),
    };
    db.run(
        "INSERT INTO uploads (uuid, repository_id, received, created_ms) VALUES (?1, ?2, 0, ?3)",
        params![upload.uuid, repository, upload.created_ms],
    )?;
    Ok(upload)
}

/// An upload of a repository.
pub fn upload(db: &Db<'_>, repository: RepositoryId, uuid: &str) -> Result<Option<Upload>, StoreError> {
    db.one(
        "SELECT uuid, repository_id, received, created_ms FROM uploads WHERE repository_id = ?1 AND uuid = ?2",
        params![repository, uuid],
        |row| {
            Ok(Upload { uuid: row.get(0)?, repository_id: row.get(1)?, received: row.get(2)?, created_ms: row.get(3)? })
        },
    )
}

/// Notes how many bytes came.
pub fn set_received(db: &Db<'_>, uuid: &str, received: i64) -> Result<(), StoreError> {
    db.run("UPDATE uploads SET received = ?2 WHERE uuid = ?1", params![uuid, received])?;
    Ok(())
}

/// Forgets an upload; false if there was none.
pub fn end_upload(db: &Db<'_>, uuid: &str) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM uploads WHERE uuid = ?1", params![uuid])? > 0)
}
