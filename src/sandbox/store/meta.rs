//! What the server itself must remember.

use rusqlite::params;

use super::db::Db;
use super::error::StoreError;
use super::secrets;
use crate::value::Secret;

/// The server's own key: made once, kept for the life of the state.
pub fn key(db: &Db<'_>) -> Result<Secret, StoreError> {
    let known = db.one("SELECT value FROM meta WHERE name = 'key'", [], |row| row.get(0))?;
    if let Some(known) = known {
        return Ok(known);
    }
    let key = Secret::new(secrets::upper(64));
    db.run("INSERT INTO meta (name, value) VALUES ('key', ?1)", params![key])?;
    Ok(key)
}
