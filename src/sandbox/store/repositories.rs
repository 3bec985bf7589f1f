//! Repositories and stars.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, RepositoryId, RepositoryKind, RepositoryState, Visibility};

/// A repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Its row.
    pub id: RepositoryId,
    /// Its namespace.
    pub namespace_id: AccountId,
    /// The namespace's name.
    pub namespace: String,
    /// Its name in the namespace; may hold slashes.
    pub name: String,
    /// What it holds.
    pub kind: RepositoryKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who may write it.
    pub state: RepositoryState,
    /// Free text; a repository made by a push has none.
    pub description: Option<String>,
    /// Quay's token for status badges.
    pub status_token: String,
    /// Sum of its distinct blobs.
    pub size_bytes: i64,
    /// When it was made.
    pub created_ms: i64,
}

/// What a new repository needs.
#[derive(Clone, Copy, Debug)]
pub struct NewRepository<'a> {
    /// Its namespace.
    pub namespace: AccountId,
    /// Its name, already checked.
    pub name: &'a str,
    /// What it holds.
    pub kind: RepositoryKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Free text.
    pub description: Option<&'a str>,
}

/// Which repositories a list is about. All set conditions must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Of this namespace.
    pub namespace: Option<AccountId>,
    /// Starred by this user.
    pub starred_by: Option<AccountId>,
    /// That this account may see: public ones (if also asked for), its own, and those granted to it or its teams.
    pub visible_to: Option<Viewer>,
    /// With a row number of at least this.
    pub from: Option<RepositoryId>,
    /// Only of this kind.
    pub kind: Option<RepositoryKind>,
}

/// Through whose eyes a list is made.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The account, absent for anonymous.
    pub account: Option<AccountId>,
    /// Whether public repositories count.
    pub public: bool,
}

const COLUMNS: &str = "repositories.id, repositories.namespace_id, namespaces.name, repositories.name, repositories.kind, \
     repositories.visibility, repositories.state, repositories.description, repositories.status_token, \
     repositories.size_bytes, repositories.created_ms";
const FROM: &str = "FROM repositories JOIN accounts AS namespaces ON namespaces.id = repositories.namespace_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Repository> {
    Ok(Repository {
        id: row.get(0)?,
        namespace_id: row.get(1)?,
        namespace: row.get(2)?,
        name: row.get(3)?,
        kind: row.get(4)?,
        visibility: row.get(5)?,
        state: row.get(6)?,
        description: row.get(7)?,
        status_token: row.get(8)?,
        size_bytes: row.get(9)?,
        created_ms: row.get(10)?,
    })
}

/// Adds a repository.
pub fn create(db: &Db<'_>, new: NewRepository<'_>) -> Result<RepositoryId, StoreError> {
    db.insert(
        "INSERT INTO repositories (namespace_id, name, kind, visibility, description, status_token, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            new.namespace,
            new.name,
            new.kind,
            new.visibility,
            new.description,
            uuid::Uuid::new_v4().to_string(),
            db.now_ms()
        ],
    )
    .map(RepositoryId)
}

/// The repository with this row number.
pub fn by_id(db: &Db<'_>, id: RepositoryId) -> Result<Option<Repository>, StoreError> {
    db.one(&format!("SELECT {COLUMNS} {FROM} WHERE repositories.id = ?1"), params![id], read)
}

/// The repository with this name.
pub fn by_name(db: &Db<'_>, namespace: &str, name: &str) -> Result<Option<Repository>, StoreError> {
    db.one(
        &format!("SELECT {COLUMNS} {FROM} WHERE namespaces.name = ?1 AND repositories.name = ?2"),
        params![namespace, name],
        read,
    )
}

/// Repositories by row number, at most `limit`.
pub fn list(db: &Db<'_>, filter: Filter, limit: i64) -> Result<Vec<Repository>, StoreError> {
    let mut sql = format!("SELECT {COLUMNS} {FROM} WHERE repositories.id >= ?1");
    if filter.namespace.is_some() {
        sql.push_str(" AND repositories.namespace_id = ?2");
    }
    if filter.starred_by.is_some() {
        sql.push_str(" AND repositories.id IN (SELECT repository_id FROM stars WHERE account_id = ?3)");
    }
    if let Some(viewer) = filter.visible_to {
        sql.push_str(" AND (");
        if viewer.public {
            sql.push_str("repositories.visibility = 'public' OR ");
        }
        sql.push_str(
            "repositories.namespace_id = ?4 \
             OR repositories.id IN (SELECT repository_id FROM permissions WHERE account_id = ?4) \
             OR repositories.id IN (SELECT permissions.repository_id FROM permissions \
                JOIN team_members ON team_members.team_id = permissions.team_id WHERE team_members.account_id = ?4) \
             OR repositories.namespace_id IN (SELECT teams.organization_id FROM teams \
                JOIN team_members ON team_members.team_id = teams.id \
                WHERE team_members.account_id = ?4 AND teams.role = 'admin'))",
        );
    }
    if filter.kind.is_some() {
        sql.push_str(" AND repositories.kind = ?5");
    }
    sql.push_str(" ORDER BY repositories.id LIMIT ?6");
    db.all(
        // every parameter must be named somewhere, or SQLite refuses to bind it
        &format!("{sql} + 0 * coalesce(?2, ?3, ?4, ?5, 0)"),
        params![
            filter.from.unwrap_or(RepositoryId(0)),
            filter.namespace,
            filter.starred_by,
            filter.visible_to.and_then(|viewer| viewer.account),
            filter.kind,
            limit
        ],
        read,
    )
}

/// How many repositories a namespace has.
pub fn count(db: &Db<'_>, namespace: AccountId) -> Result<i64, StoreError> {
    db.number("SELECT COUNT(*) FROM repositories WHERE namespace_id = ?1", params![namespace])
}

/// The sum of the distinct blobs of a namespace's repositories, as quotas count it.
pub fn namespace_size(db: &Db<'_>, namespace: AccountId) -> Result<i64, StoreError> {
    db.number("SELECT SUM(size_bytes) FROM repositories WHERE namespace_id = ?1", params![namespace])
}

/// The sum over all repositories.
pub fn registry_size(db: &Db<'_>) -> Result<i64, StoreError> {
    db.number("SELECT SUM(size_bytes) FROM repositories", [])
}

/// Repositories whose name holds the text, by name.
pub fn search(db: &Db<'_>, text: &str, limit: i64) -> Result<Vec<Repository>, StoreError> {
    db.all(
        &format!("SELECT {COLUMNS} {FROM} WHERE instr(lower(repositories.name), lower(?1)) > 0 ORDER BY repositories.name LIMIT ?2"),
        params![text, limit],
        read,
    )
}

/// Writes description, visibility, state.
pub fn update(db: &Db<'_>, repository: &Repository) -> Result<(), StoreError> {
    db.run(
        "UPDATE repositories SET description = ?2, visibility = ?3, state = ?4 WHERE id = ?1",
        params![repository.id, repository.description, repository.visibility, repository.state],
    )?;
    Ok(())
}

/// Counts the distinct blobs of a repository's manifests anew. To be called when manifests came or went.
pub fn refresh_size(db: &Db<'_>, id: RepositoryId) -> Result<(), StoreError> {
    db.run(
        "UPDATE repositories SET size_bytes = coalesce((SELECT SUM(size) FROM blobs WHERE digest IN \
            (SELECT manifest_blobs.digest FROM manifest_blobs \
             JOIN manifests ON manifests.id = manifest_blobs.manifest_id WHERE manifests.repository_id = ?1)), 0) \
         WHERE id = ?1",
        params![id],
    )?;
    Ok(())
}

/// Removes a repository with all that is in it.
pub fn delete(db: &Db<'_>, id: RepositoryId) -> Result<(), StoreError> {
    db.run("DELETE FROM repositories WHERE id = ?1", params![id])?;
    Ok(())
}

/// Stars a repository; false if it was starred already.
pub fn star(db: &Db<'_>, user: AccountId, id: RepositoryId) -> Result<bool, StoreError> {
    Ok(db.run("INSERT OR IGNORE INTO stars (account_id, repository_id) VALUES (?1, ?2)", params![user, id])? > 0)
}

/// Takes the star away; false if there was none.
pub fn unstar(db: &Db<'_>, user: AccountId, id: RepositoryId) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM stars WHERE account_id = ?1 AND repository_id = ?2", params![user, id])? > 0)
}

/// Whether a user starred it.
pub fn is_starred(db: &Db<'_>, user: AccountId, id: RepositoryId) -> Result<bool, StoreError> {
    Ok(db.number("SELECT COUNT(*) FROM stars WHERE account_id = ?1 AND repository_id = ?2", params![user, id])? > 0)
}

/// How many users starred it.
pub fn stars(db: &Db<'_>, id: RepositoryId) -> Result<i64, StoreError> {
    db.number("SELECT COUNT(*) FROM stars WHERE repository_id = ?1", params![id])
}
