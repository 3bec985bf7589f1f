//! Browser sessions: a cookie, perhaps a signed-in user, and the CSRF token that writes must show.

use rusqlite::params;

use super::db::Db;
use super::error::StoreError;
use super::secrets::digest;
use super::types::AccountId;

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Digest of the cookie.
    pub id_hash: String,
    /// Who signed in.
    pub user_id: Option<AccountId>,
    /// What a write must show.
    pub csrf_token: String,
    /// When that user last proved the password.
    pub signed_in_ms: Option<i64>,
}

/// Keeps a session for this cookie.
pub fn create(db: &Db<'_>, cookie: &str, csrf_token: &str) -> Result<Session, StoreError> {
    let session =
        Session { id_hash: digest(cookie), user_id: None, csrf_token: csrf_token.to_owned(), signed_in_ms: None };
    db.run(
        "INSERT INTO sessions (id_hash, csrf_token, created_ms) VALUES (?1, ?2, ?3)",
        params![session.id_hash, csrf_token, db.now_ms()],
    )?;
    Ok(session)
}

/// The session of a cookie.
pub fn by_cookie(db: &Db<'_>, cookie: &str) -> Result<Option<Session>, StoreError> {
    db.one(
        "SELECT id_hash, user_id, csrf_token, signed_in_ms FROM sessions WHERE id_hash = ?1",
        params![digest(cookie)],
        |row| {
            Ok(Session {
                id_hash: row.get(0)?,
                user_id: row.get(1)?,
                csrf_token: row.get(2)?,
                signed_in_ms: row.get(3)?,
            })
        },
    )
}

/// Writes who is signed in and what a write must show.
pub fn update(db: &Db<'_>, session: &Session) -> Result<(), StoreError> {
    db.run(
        "UPDATE sessions SET user_id = ?2, csrf_token = ?3, signed_in_ms = ?4 WHERE id_hash = ?1",
        params![session.id_hash, session.user_id, session.csrf_token, session.signed_in_ms],
    )?;
    Ok(())
}

/// Forgets a session.
pub fn delete(db: &Db<'_>, session: &Session) -> Result<(), StoreError> {
    db.run("DELETE FROM sessions WHERE id_hash = ?1", params![session.id_hash])?;
    Ok(())
}

/// Signs a user out everywhere.
pub fn end_of_user(db: &Db<'_>, user: AccountId) -> Result<(), StoreError> {
    db.run("UPDATE sessions SET user_id = NULL, signed_in_ms = NULL WHERE user_id = ?1", params![user])?;
    Ok(())
}
