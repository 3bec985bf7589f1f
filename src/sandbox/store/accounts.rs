//! Users and organizations, which share one name space, and what robots have in common with them.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, AccountKind};
use crate::value::Secret;

/// A user, organization or robot.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its row.
    pub id: AccountId,
    /// Quay's outer identity of it.
    pub uuid: String,
    /// What it is.
    pub kind: AccountKind,
    /// Its unique name; a robot's is `namespace+name`.
    pub name: String,
    /// E-mail; accounts made without one get a random UUID, as in Quay.
    pub email: Option<String>,
    /// bcrypt; absent where nobody can sign in with a password.
    pub password_hash: Option<Secret>,
    /// A disabled account can do nothing.
    pub enabled: bool,
    /// Whether the e-mail was confirmed, or need not be.
    pub verified: bool,
    /// How long deleted tags can be restored, in seconds.
    pub tag_expiration_s: i64,
    /// Profile.
    pub given_name: Option<String>,
    /// Profile.
    pub family_name: Option<String>,
    /// Profile.
    pub company: Option<String>,
    /// Profile.
    pub location: Option<String>,
    /// Whether invoices are mailed.
    pub invoice_email: bool,
    /// To which address.
    pub invoice_email_address: Option<String>,
    /// Prompts that were not answered yet, comma-separated.
    pub prompts: String,
    /// When it was made.
    pub created_ms: i64,
}

/// What a new account needs.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// What it is.
    pub kind: AccountKind,
    /// Its name, already checked.
    pub name: &'a str,
    /// Its e-mail.
    pub email: Option<&'a str>,
    /// bcrypt hash of its password.
    pub password_hash: Option<&'a str>,
    /// How long deleted tags can be restored, in seconds.
    pub tag_expiration_s: i64,
    /// Prompts to show, comma-separated.
    pub prompts: &'a str,
    /// Whether the e-mail needs no confirmation.
    pub verified: bool,
}

pub(crate) const COLUMNS: &str = "accounts.id, accounts.uuid, accounts.kind, accounts.name, accounts.email, \
     accounts.password_hash, accounts.enabled, accounts.tag_expiration_s, accounts.given_name, accounts.family_name, \
     accounts.company, accounts.location, accounts.invoice_email, accounts.invoice_email_address, accounts.prompts, \
     accounts.created_ms, accounts.verified";

/// How many columns [`COLUMNS`] names: further ones of a statement start here.
pub(crate) const COLUMN_COUNT: usize = 17;

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        uuid: row.get(1)?,
        kind: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        password_hash: row.get(5)?,
        enabled: row.get(6)?,
        tag_expiration_s: row.get(7)?,
        given_name: row.get(8)?,
        family_name: row.get(9)?,
        company: row.get(10)?,
        location: row.get(11)?,
        invoice_email: row.get(12)?,
        invoice_email_address: row.get(13)?,
        prompts: row.get(14)?,
        created_ms: row.get(15)?,
        verified: row.get(16)?,
    })
}

/// Adds an account.
pub fn create(db: &Db<'_>, new: &NewAccount<'_>) -> Result<AccountId, StoreError> {
    db.insert(
        "INSERT INTO accounts (uuid, kind, name, email, password_hash, tag_expiration_s, prompts, created_ms, verified) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            uuid::Uuid::new_v4().to_string(),
            new.kind,
            new.name,
            new.email,
            new.password_hash,
            new.tag_expiration_s,
            new.prompts,
            db.now_ms(),
            new.verified
        ],
    )
    .map(AccountId)
}

/// The account with this row number.
pub fn by_id(db: &Db<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    db.one(&format!("SELECT {COLUMNS} FROM accounts WHERE id = ?1"), params![id], read)
}

/// The account with this name, of any kind.
pub fn by_name(db: &Db<'_>, name: &str) -> Result<Option<Account>, StoreError> {
    db.one(&format!("SELECT {COLUMNS} FROM accounts WHERE name = ?1"), params![name], read)
}

/// The account with this name if it is of this kind.
pub fn find(db: &Db<'_>, kind: AccountKind, name: &str) -> Result<Option<Account>, StoreError> {
    Ok(by_name(db, name)?.filter(|account| account.kind == kind))
}

/// The user with this e-mail.
pub fn user_by_email(db: &Db<'_>, email: &str) -> Result<Option<Account>, StoreError> {
    db.one(&format!("SELECT {COLUMNS} FROM accounts WHERE kind = 'user' AND email = ?1"), params![email], read)
}

/// All accounts of a kind, oldest first, with a row number above `after`, at most `limit`.
pub fn list(db: &Db<'_>, kind: AccountKind, after: AccountId, limit: i64) -> Result<Vec<Account>, StoreError> {
    db.all(
        &format!("SELECT {COLUMNS} FROM accounts WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
        params![kind, after, limit],
        read,
    )
}

/// Accounts of a kind whose name starts with the prefix, by name.
pub fn with_prefix(db: &Db<'_>, kind: AccountKind, prefix: &str, limit: i64) -> Result<Vec<Account>, StoreError> {
    // a range instead of LIKE: names are case-sensitive and may hold `_` and `%` has no meaning in them
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM accounts WHERE kind = ?1 AND name >= ?2 AND name < ?2 || char(1114111) \
             ORDER BY name LIMIT ?3"
        ),
        params![kind, prefix, limit],
        read,
    )
}

/// How many accounts of a kind exist.
pub fn count(db: &Db<'_>, kind: AccountKind) -> Result<i64, StoreError> {
    db.number("SELECT COUNT(*) FROM accounts WHERE kind = ?1", params![kind])
}

/// Whether no user exists yet.
pub fn is_empty(db: &Db<'_>) -> Result<bool, StoreError> {
    Ok(db.number("SELECT EXISTS (SELECT 1 FROM accounts)", [])? == 0)
}

/// Writes every column of an account that can change.
pub fn update(db: &Db<'_>, account: &Account) -> Result<(), StoreError> {
    db.run(
        "UPDATE accounts SET kind = ?2, name = ?3, email = ?4, password_hash = ?5, enabled = ?6, tag_expiration_s = ?7, \
         given_name = ?8, family_name = ?9, company = ?10, location = ?11, invoice_email = ?12, \
         invoice_email_address = ?13, prompts = ?14, verified = ?15 WHERE id = ?1",
        params![
            account.id,
            account.kind,
            account.name,
            account.email,
            account.password_hash,
            account.enabled,
            account.tag_expiration_s,
            account.given_name,
            account.family_name,
            account.company,
            account.location,
            account.invoice_email,
            account.invoice_email_address,
            account.prompts,
            account.verified
        ],
    )?;
    Ok(())
}

/// Removes a user or organization with all that belongs to it; its name stays taken until `until_ms`.
pub fn delete(db: &Db<'_>, account: &Account, until_ms: i64) -> Result<(), StoreError> {
    db.run(
        "DELETE FROM accounts WHERE id IN (SELECT account_id FROM robots WHERE owner_id = ?1)",
        params![account.id],
    )?;
    db.run("DELETE FROM accounts WHERE id = ?1", params![account.id])?;
    db.run(
        "INSERT INTO retired_names (name, until_ms) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET until_ms = ?2",
        params![account.name, until_ms],
    )?;
    Ok(())
}

/// Whether a deleted account still holds the name.
pub fn is_retired(db: &Db<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(db.number("SELECT COUNT(*) FROM retired_names WHERE name = ?1 AND until_ms > ?2", params![name, db.now_ms()])?
        > 0)
}
