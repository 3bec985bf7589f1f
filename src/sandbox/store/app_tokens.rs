//! Application-specific tokens: long passwords of a user for registry clients.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::AccountId;
use crate::value::Secret;

/// An application-specific token.
#[derive(Clone, Debug)]
pub struct AppToken {
    /// Quay's name for it.
    pub uuid: String,
    /// Whose it is.
    pub user_id: AccountId,
    /// Shown name; need not be unique.
    pub title: String,
    /// The password. Kept in clear, because Quay gives it back.
    pub token_code: Secret,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends, if ever.
    pub expires_ms: Option<i64>,
    /// When it was last used.
    pub last_accessed_ms: Option<i64>,
}

const SELECT: &str =
    "SELECT uuid, user_id, title, token_code, created_ms, expires_ms, last_accessed_ms FROM app_tokens";

fn read(row: &Row<'_>) -> rusqlite::Result<AppToken> {
    Ok(AppToken {
        uuid: row.get(0)?,
        user_id: row.get(1)?,
        title: row.get(2)?,
        token_code: row.get(3)?,
        created_ms: row.get(4)?,
        expires_ms: row.get(5)?,
        last_accessed_ms: row.get(6)?,
    })
}

/// Adds a token and returns its UUID.
pub fn create(
    db: &Db<'_>,
    user: AccountId,
    title: &str,
    token_code: &str,
    expires_ms: Option<i64>,
) -> Result<String, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    db.insert(
        "INSERT INTO app_tokens (uuid, user_id, title, token_code, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![uuid, user, title, token_code, db.now_ms(), expires_ms],
    )?;
    Ok(uuid)
}

/// Those of a user, oldest first.
pub fn of_user(db: &Db<'_>, user: AccountId) -> Result<Vec<AppToken>, StoreError> {
    db.all(&format!("{SELECT} WHERE user_id = ?1 ORDER BY id"), params![user], read)
}

/// Those of everybody, oldest first.
pub fn all(db: &Db<'_>) -> Result<Vec<AppToken>, StoreError> {
    db.all(&format!("{SELECT} ORDER BY id"), [], read)
}

/// One of a user's.
pub fn by_uuid(db: &Db<'_>, user: AccountId, uuid: &str) -> Result<Option<AppToken>, StoreError> {
    db.one(&format!("{SELECT} WHERE user_id = ?1 AND uuid = ?2"), params![user, uuid], read)
}

/// The one with this password.
pub fn by_code(db: &Db<'_>, code: &str) -> Result<Option<AppToken>, StoreError> {
    db.one(&format!("{SELECT} WHERE token_code = ?1"), params![code], read)
}

/// Notes that it was used now.
pub fn touch(db: &Db<'_>, uuid: &str) -> Result<(), StoreError> {
    db.run("UPDATE app_tokens SET last_accessed_ms = ?2 WHERE uuid = ?1", params![uuid, db.now_ms()])?;
    Ok(())
}

/// Revokes it; false if there was none.
pub fn delete(db: &Db<'_>, user: AccountId, uuid: &str) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM app_tokens WHERE user_id = ?1 AND uuid = ?2", params![user, uuid])? > 0)
}
