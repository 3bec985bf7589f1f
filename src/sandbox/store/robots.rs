//! Robot accounts of users and organizations.

use rusqlite::{Row, params};

use super::accounts::{self, NewAccount};
use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, AccountKind};
use crate::value::Secret;

/// A robot account.
#[derive(Clone, Debug)]
pub struct Robot {
    /// Its account.
    pub id: AccountId,
    /// The namespace that owns it.
    pub owner_id: AccountId,
    /// `namespace+shortname`.
    pub name: String,
    /// What it signs in with. Kept in clear, because Quay gives it back.
    pub token: Secret,
    /// Free text.
    pub description: String,
    /// A JSON object as text.
    pub metadata: String,
    /// A JSON list of trusted issuers as text.
    pub federation: String,
    /// When it was made.
    pub created_ms: i64,
    /// When it last signed in.
    pub last_accessed_ms: Option<i64>,
}

const SELECT: &str = "SELECT robots.account_id, robots.owner_id, accounts.name, robots.token, robots.description, \
     robots.metadata, robots.federation, accounts.created_ms, robots.last_accessed_ms \
     FROM robots JOIN accounts ON accounts.id = robots.account_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Robot> {
    Ok(Robot {
        id: row.get(0)?,
        owner_id: row.get(1)?,
        name: row.get(2)?,
        token: row.get(3)?,
        description: row.get(4)?,
        metadata: row.get(5)?,
        federation: row.get(6)?,
        created_ms: row.get(7)?,
        last_accessed_ms: row.get(8)?,
    })
}

/// Adds a robot; `name` is the whole name.
pub fn create(
    db: &Db<'_>,
    owner: AccountId,
    name: &str,
    token: &str,
    description: &str,
    metadata: &str,
) -> Result<AccountId, StoreError> {
    let new = NewAccount {
        kind: AccountKind::Robot,
        name,
        email: None,
        password_hash: None,
        tag_expiration_s: 0,
        prompts: "",
        verified: true,
    };
    let id = accounts::create(db, &new)?;
    db.insert(
        "INSERT INTO robots (account_id, owner_id, token, description, metadata) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id, owner, token, description, metadata],
    )?;
    Ok(id)
}

/// The robot with this whole name.
pub fn by_name(db: &Db<'_>, name: &str) -> Result<Option<Robot>, StoreError> {
    db.one(&format!("{SELECT} WHERE accounts.name = ?1"), params![name], read)
}

/// The robot of this account.
pub fn by_id(db: &Db<'_>, id: AccountId) -> Result<Option<Robot>, StoreError> {
    db.one(&format!("{SELECT} WHERE robots.account_id = ?1"), params![id], read)
}

/// The robots of a namespace, oldest first; a negative limit means all.
pub fn list(db: &Db<'_>, owner: AccountId, limit: i64) -> Result<Vec<Robot>, StoreError> {
    db.all(
        &format!("{SELECT} WHERE robots.owner_id = ?1 ORDER BY robots.account_id LIMIT ?2"),
        params![owner, limit],
        read,
    )
}

/// Gives it another token.
pub fn set_token(db: &Db<'_>, id: AccountId, token: &str) -> Result<(), StoreError> {
    db.run("UPDATE robots SET token = ?2 WHERE account_id = ?1", params![id, token])?;
    Ok(())
}

/// Sets the trusted issuers, a JSON list as text.
pub fn set_federation(db: &Db<'_>, id: AccountId, federation: &str) -> Result<(), StoreError> {
    db.run("UPDATE robots SET federation = ?2 WHERE account_id = ?1", params![id, federation])?;
    Ok(())
}

/// Notes that it signed in now.
pub fn touch(db: &Db<'_>, id: AccountId) -> Result<(), StoreError> {
    db.run("UPDATE robots SET last_accessed_ms = ?2 WHERE account_id = ?1", params![id, db.now_ms()])?;
    Ok(())
}

/// Removes it with its memberships and permissions.
pub fn delete(db: &Db<'_>, id: AccountId) -> Result<(), StoreError> {
    db.run("DELETE FROM accounts WHERE id = ?1 AND kind = 'robot'", params![id])?;
    Ok(())
}

/// The namespaces renamed with their owner: every robot's name starts with its owner's.
pub fn rename_owner(db: &Db<'_>, owner: AccountId, old: &str, new: &str) -> Result<(), StoreError> {
    db.run(
        "UPDATE accounts SET name = ?3 || substr(name, length(?2) + 1) \
         WHERE id IN (SELECT account_id FROM robots WHERE owner_id = ?1)",
        params![owner, old, new],
    )?;
    Ok(())
}
