//! Tags: each row is one life of a tag, from the push that began it to its replacement, deletion or expiry.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::immutability;
use super::policies::PolicyOwner;
use super::types::{ManifestId, RepositoryId, TagId};

/// One life of a tag.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Its row.
    pub id: TagId,
    /// The repository.
    pub repository_id: RepositoryId,
    /// The tag.
    pub name: String,
    /// What it points at.
    pub manifest_id: ManifestId,
    /// That manifest's digest.
    pub digest: String,
    /// That manifest's media type.
    pub media_type: String,
    /// Sum of that manifest's layers.
    pub layers_size: Option<i64>,
    /// When this life began.
    pub start_ms: i64,
    /// When it ended or will end.
    pub end_ms: Option<i64>,
    /// Whether it came from a restore.
    pub reversion: bool,
    /// Whether it may not be moved or deleted.
    pub immutable: bool,
}

/// Which names a tag list is about.
#[derive(Clone, Copy, Debug, Default)]
pub enum NameFilter<'a> {
    /// Every tag.
    #[default]
    Any,
    /// Exactly this one.
    Equal(&'a str),
    /// Those that hold this text.
    Contains(&'a str),
}

/// Which lives a tag list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lives {
    /// Only those that are not over.
    Alive,
    /// Those that ended too.
    All,
}

const SELECT: &str = "SELECT tags.id, tags.repository_id, tags.name, tags.manifest_id, manifests.digest, manifests.media_type, \
     manifests.layers_size, tags.start_ms, tags.end_ms, tags.reversion, tags.immutable \
     FROM tags JOIN manifests ON manifests.id = tags.manifest_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Tag> {
    Ok(Tag {
        id: row.get(0)?,
        repository_id: row.get(1)?,
        name: row.get(2)?,
        manifest_id: row.get(3)?,
        digest: row.get(4)?,
        media_type: row.get(5)?,
        layers_size: row.get(6)?,
        start_ms: row.get(7)?,
        end_ms: row.get(8)?,
        reversion: row.get(9)?,
        immutable: row.get(10)?,
    })
}

/// The living tag of this name.
pub fn alive(db: &Db<'_>, repository: RepositoryId, name: &str) -> Result<Option<Tag>, StoreError> {
    db.one(
        &format!(
            "{SELECT} WHERE tags.repository_id = ?1 AND tags.name = ?2 AND tags.hidden = 0 \
             AND (tags.end_ms IS NULL OR tags.end_ms > ?3) ORDER BY tags.start_ms DESC, tags.id DESC LIMIT 1"
        ),
        params![repository, name, db.now_ms()],
        read,
    )
}

/// Whether a living or hidden tag keeps a manifest, or an index does that is itself kept.
pub fn keeps(db: &Db<'_>, manifest: ManifestId) -> Result<bool, StoreError> {
    Ok(db.number(
        "SELECT COUNT(*) FROM tags WHERE manifest_id = ?1 AND (end_ms IS NULL OR end_ms > ?2)",
        params![manifest, db.now_ms()],
    )? > 0)
}

/// Lets a tag point at a manifest from now on; the life it had ends. Returns the new life.
pub fn set(
    db: &Db<'_>,
    repository: RepositoryId,
    name: &str,
    manifest: ManifestId,
    origin: Origin,
) -> Result<TagId, StoreError> {
    end(db, repository, name, db.now_ms())?;
    db.insert(
        "INSERT INTO tags (repository_id, name, manifest_id, start_ms, reversion, immutable) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            repository,
            name,
            manifest,
            db.now_ms(),
            origin == Origin::Restore,
            immutability::holds(db, repository, name)?
        ],
    )
    .map(TagId)
}

/// Where a new life of a tag comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A push, or a move by the API.
    Push,
    /// A restore from the history.
    Restore,
}

/// Keeps a manifest that was pushed by digest alive until the time.
pub fn set_hidden(
    db: &Db<'_>,
    repository: RepositoryId,
    manifest: ManifestId,
    end_ms: Option<i64>,
) -> Result<TagId, StoreError> {
    db.insert(
        "INSERT INTO tags (repository_id, name, manifest_id, start_ms, end_ms, hidden) VALUES (?1, ?2, ?3, ?4, ?5, 1)",
        params![repository, format!("$temp-{}", uuid::Uuid::new_v4()), manifest, db.now_ms(), end_ms],
    )
    .map(TagId)
}

/// Ends every living life of a tag at a time; tells how many there were.
pub fn end(db: &Db<'_>, repository: RepositoryId, name: &str, at_ms: i64) -> Result<usize, StoreError> {
    db.run(
        "UPDATE tags SET end_ms = ?3 WHERE repository_id = ?1 AND name = ?2 AND hidden = 0 \
         AND (end_ms IS NULL OR end_ms > ?4)",
        params![repository, name, at_ms, db.now_ms()],
    )
}

/// Ends every living tag of a manifest; returns their names.
pub fn end_of_manifest(db: &Db<'_>, manifest: ManifestId) -> Result<Vec<String>, StoreError> {
    db.all(
        "UPDATE tags SET end_ms = ?2 WHERE manifest_id = ?1 AND (end_ms IS NULL OR end_ms > ?2) RETURNING name",
        params![manifest, db.now_ms()],
        |row| row.get(0),
    )
}

/// Sets when a life ends; `None` is never.
pub fn set_end(db: &Db<'_>, id: TagId, end_ms: Option<i64>) -> Result<(), StoreError> {
    db.run("UPDATE tags SET end_ms = ?2 WHERE id = ?1", params![id, end_ms])?;
    Ok(())
}

/// Lets a life be moved and deleted, or not.
pub fn set_immutable(db: &Db<'_>, id: TagId, immutable: bool) -> Result<(), StoreError> {
    db.run("UPDATE tags SET immutable = ?2 WHERE id = ?1", params![id, immutable])?;
    Ok(())
}

/// Lives, the youngest first, from `offset`, at most `limit`.
pub fn list(
    db: &Db<'_>,
    repository: RepositoryId,
    lives: Lives,
    names: NameFilter<'_>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Tag>, StoreError> {
    let mut sql = format!("{SELECT} WHERE tags.repository_id = ?1 AND tags.hidden = 0");
    if lives == Lives::Alive {
        sql.push_str(" AND (tags.end_ms IS NULL OR tags.end_ms > ?2)");
    } else {
        sql.push_str(" AND ?2 IS NOT NULL");
    }
    let text = match names {
        NameFilter::Any => {
            sql.push_str(" AND ?3 = ''");
            ""
        }
        NameFilter::Equal(text) => {
            sql.push_str(" AND tags.name = ?3");
            text
        }
        NameFilter::Contains(text) => {
            sql.push_str(" AND instr(tags.name, ?3) > 0");
            text
        }
    };
    sql.push_str(" ORDER BY tags.start_ms DESC, tags.id DESC LIMIT ?4 OFFSET ?5");
    db.all(&sql, params![repository, db.now_ms(), text, limit, offset], read)
}

/// The names of living tags after a name, by name, at most `limit`: the registry's tag list.
pub fn names(db: &Db<'_>, repository: RepositoryId, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    db.all(
        "SELECT DISTINCT name FROM tags WHERE repository_id = ?1 AND name > ?2 AND hidden = 0 \
         AND (end_ms IS NULL OR end_ms > ?3) ORDER BY name LIMIT ?4",
        params![repository, after, db.now_ms(), limit],
        |row| row.get(0),
    )
}

/// The names of the living tags of a manifest, oldest first.
pub fn names_of_manifest(db: &Db<'_>, manifest: ManifestId) -> Result<Vec<String>, StoreError> {
    db.all(
        "SELECT name FROM tags WHERE manifest_id = ?1 AND hidden = 0 AND (end_ms IS NULL OR end_ms > ?2) ORDER BY id",
        params![manifest, db.now_ms()],
        |row| row.get(0),
    )
}

/// Whether this tag ever pointed at this manifest, hidden lives excepted.
pub fn ever(db: &Db<'_>, repository: RepositoryId, name: &str, manifest: ManifestId) -> Result<bool, StoreError> {
    Ok(db.number(
        "SELECT COUNT(*) FROM tags WHERE repository_id = ?1 AND name = ?2 AND manifest_id = ?3 AND hidden = 0",
        params![repository, name, manifest],
    )? > 0)
}

/// When the youngest life of any tag began: what Quay calls the repository's last modification.
pub fn last_modified_ms(db: &Db<'_>, repository: RepositoryId) -> Result<Option<i64>, StoreError> {
    db.one(
        "SELECT start_ms FROM tags WHERE repository_id = ?1 AND hidden = 0 AND (end_ms IS NULL OR end_ms > ?2) \
         ORDER BY start_ms DESC LIMIT 1",
        params![repository, db.now_ms()],
        |row| row.get(0),
    )
}

/// Moves the end of a tag's past lives with a manifest back to a time; tells how many there were.
pub fn forget(
    db: &Db<'_>,
    repository: RepositoryId,
    name: &str,
    digest: &str,
    end_ms: i64,
) -> Result<usize, StoreError> {
    db.run(
        "UPDATE tags SET end_ms = ?4 WHERE repository_id = ?1 AND name = ?2 AND hidden = 0 AND end_ms <= ?5 AND end_ms > ?4 \
         AND manifest_id = (SELECT id FROM manifests WHERE repository_id = ?1 AND digest = ?3)",
        params![repository, name, digest, end_ms, db.now_ms()],
    )
}

/// The living tags of a repository, or of all repositories of a namespace.
pub fn alive_of(db: &Db<'_>, owner: PolicyOwner) -> Result<Vec<(TagId, RepositoryId, String)>, StoreError> {
    db.all(
        "SELECT tags.id, tags.repository_id, tags.name FROM tags \
         JOIN repositories ON repositories.id = tags.repository_id \
         WHERE (repositories.namespace_id = ?1 OR repositories.id = ?2) AND tags.hidden = 0 \
         AND (tags.end_ms IS NULL OR tags.end_ms > ?3)",
        params![owner.namespace(), owner.repository(), db.now_ms()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
