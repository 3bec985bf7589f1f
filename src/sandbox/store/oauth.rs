//! OAuth tokens, codes and assigned authorizations. Of a token or code only the SHA-256 is kept.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::secrets::digest;
use super::types::{AccountId, ApplicationId, OauthTokenId};

/// A token that an application may use for a user.
#[derive(Clone, Debug)]
pub struct OauthToken {
    /// Its row.
    pub id: OauthTokenId,
    /// Quay's name for it.
    pub uuid: String,
    /// The application.
    pub application_id: ApplicationId,
    /// Who acts.
    pub user_id: AccountId,
    /// Given name, since 3.18.
    pub name: Option<String>,
    /// Granted scopes, separated by spaces or commas as they were asked for.
    pub scope: String,
    /// When it was made.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
    /// When it was last used.
    pub last_accessed_ms: Option<i64>,
}

/// What a new token needs.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// The application.
    pub application: ApplicationId,
    /// Who acts.
    pub user: AccountId,
    /// Given name.
    pub name: Option<&'a str>,
    /// Granted scopes.
    pub scope: &'a str,
    /// When it ends.
    pub expires_ms: i64,
}

/// A code to be exchanged for a token.
#[derive(Clone, Debug)]
pub struct OauthCode {
    /// The application.
    pub application_id: ApplicationId,
    /// Who acts.
    pub user_id: AccountId,
    /// Granted scopes.
    pub scope: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// When it ends.
    pub expires_ms: i64,
}

/// A token that an administrator lets another user collect.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Its name.
    pub uuid: String,
    /// The application.
    pub application_id: ApplicationId,
    /// Who may collect it.
    pub user_id: AccountId,
    /// Scopes.
    pub scope: String,
    /// Where the token is to be sent.
    pub redirect_uri: String,
    /// `token` or `code`.
    pub response_type: String,
}

const SELECT: &str =
    "SELECT id, uuid, application_id, user_id, name, scope, created_ms, expires_ms, last_accessed_ms FROM oauth_tokens";

fn read(row: &Row<'_>) -> rusqlite::Result<OauthToken> {
    Ok(OauthToken {
        id: row.get(0)?,
        uuid: row.get(1)?,
        application_id: row.get(2)?,
        user_id: row.get(3)?,
        name: row.get(4)?,
        scope: row.get(5)?,
        created_ms: row.get(6)?,
        expires_ms: row.get(7)?,
        last_accessed_ms: row.get(8)?,
    })
}

/// Keeps a token and returns its UUID.
pub fn create(db: &Db<'_>, token: &str, new: NewToken<'_>) -> Result<String, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    db.insert(
        "INSERT INTO oauth_tokens (uuid, token_hash, application_id, user_id, name, scope, created_ms, expires_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![uuid, digest(token), new.application, new.user, new.name, new.scope, db.now_ms(), new.expires_ms],
    )?;
    Ok(uuid)
}

/// The token with this text, expired or not.
pub fn by_token(db: &Db<'_>, token: &str) -> Result<Option<OauthToken>, StoreError> {
    db.one(&format!("{SELECT} WHERE token_hash = ?1"), params![digest(token)], read)
}

/// The token of an application with this UUID.
pub fn by_uuid(db: &Db<'_>, application: ApplicationId, uuid: &str) -> Result<Option<OauthToken>, StoreError> {
    db.one(&format!("{SELECT} WHERE application_id = ?1 AND uuid = ?2"), params![application, uuid], read)
}

/// The tokens of an application, newest first, before row `before`.
pub fn of_application(
    db: &Db<'_>,
    application: ApplicationId,
    before: OauthTokenId,
    limit: i64,
) -> Result<Vec<OauthToken>, StoreError> {
    db.all(
        &format!("{SELECT} WHERE application_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
        params![application, before, limit],
        read,
    )
}

/// The tokens of a user, oldest first.
pub fn of_user(db: &Db<'_>, user: AccountId) -> Result<Vec<OauthToken>, StoreError> {
    db.all(&format!("{SELECT} WHERE user_id = ?1 ORDER BY id"), params![user], read)
}

/// Notes that it was used now.
pub fn touch(db: &Db<'_>, id: OauthTokenId) -> Result<(), StoreError> {
    db.run("UPDATE oauth_tokens SET last_accessed_ms = ?2 WHERE id = ?1", params![id, db.now_ms()])?;
    Ok(())
}

/// Revokes it.
pub fn delete(db: &Db<'_>, id: OauthTokenId) -> Result<(), StoreError> {
    db.run("DELETE FROM oauth_tokens WHERE id = ?1", params![id])?;
    Ok(())
}

/// Keeps a code.
pub fn create_code(db: &Db<'_>, code: &str, new: &OauthCode) -> Result<(), StoreError> {
    db.run(
        "INSERT INTO oauth_codes (code_hash, application_id, user_id, scope, redirect_uri, expires_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![digest(code), new.application_id, new.user_id, new.scope, new.redirect_uri, new.expires_ms],
    )?;
    Ok(())
}

/// Takes a code out: it serves once.
pub fn take_code(db: &Db<'_>, application: ApplicationId, code: &str) -> Result<Option<OauthCode>, StoreError> {
    db.one(
        "DELETE FROM oauth_codes WHERE code_hash = ?1 AND application_id = ?2 \
         RETURNING application_id, user_id, scope, redirect_uri, expires_ms",
        params![digest(code), application],
        |row| {
            Ok(OauthCode {
                application_id: row.get(0)?,
                user_id: row.get(1)?,
                scope: row.get(2)?,
                redirect_uri: row.get(3)?,
                expires_ms: row.get(4)?,
            })
        },
    )
}

const SELECT_ASSIGNMENT: &str =
    "SELECT uuid, application_id, user_id, scope, redirect_uri, response_type FROM oauth_assignments";

fn read_assignment(row: &Row<'_>) -> rusqlite::Result<Assignment> {
    Ok(Assignment {
        uuid: row.get(0)?,
        application_id: row.get(1)?,
        user_id: row.get(2)?,
        scope: row.get(3)?,
        redirect_uri: row.get(4)?,
        response_type: row.get(5)?,
    })
}

/// Keeps an assignment.
pub fn assign(db: &Db<'_>, new: &Assignment) -> Result<(), StoreError> {
    db.run(
        "INSERT INTO oauth_assignments (uuid, application_id, user_id, scope, redirect_uri, response_type) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![new.uuid, new.application_id, new.user_id, new.scope, new.redirect_uri, new.response_type],
    )?;
    Ok(())
}

/// What a user may collect.
pub fn assignments(db: &Db<'_>, user: AccountId) -> Result<Vec<Assignment>, StoreError> {
    db.all(&format!("{SELECT_ASSIGNMENT} WHERE user_id = ?1 ORDER BY uuid"), params![user], read_assignment)
}

/// One of a user's assignments.
pub fn assignment(db: &Db<'_>, user: AccountId, uuid: &str) -> Result<Option<Assignment>, StoreError> {
    db.one(&format!("{SELECT_ASSIGNMENT} WHERE user_id = ?1 AND uuid = ?2"), params![user, uuid], read_assignment)
}

/// Removes an assignment.
pub fn unassign(db: &Db<'_>, uuid: &str) -> Result<(), StoreError> {
    db.run("DELETE FROM oauth_assignments WHERE uuid = ?1", params![uuid])?;
    Ok(())
}
