//! Storage quotas of namespaces and their limits.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, LimitKind, QuotaId, QuotaLimitId};

/// How much a namespace may hold.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Its row, which is also its number in the API.
    pub id: QuotaId,
    /// The namespace.
    pub namespace_id: AccountId,
    /// Bytes.
    pub limit_bytes: i64,
}

/// What happens at a share of a quota.
#[derive(Clone, Copy, Debug)]
pub struct QuotaLimit {
    /// Its row, which is also its number in the API.
    pub id: QuotaLimitId,
    /// What happens.
    pub kind: LimitKind,
    /// At which share.
    pub percent: i64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Quota> {
    Ok(Quota { id: row.get(0)?, namespace_id: row.get(1)?, limit_bytes: row.get(2)? })
}

fn read_limit(row: &Row<'_>) -> rusqlite::Result<QuotaLimit> {
    Ok(QuotaLimit { id: row.get(0)?, kind: row.get(1)?, percent: row.get(2)? })
}

/// The quota of a namespace.
pub fn of_namespace(db: &Db<'_>, namespace: AccountId) -> Result<Option<Quota>, StoreError> {
    db.one("SELECT id, namespace_id, limit_bytes FROM quotas WHERE namespace_id = ?1", params![namespace], read)
}

/// Adds a quota.
pub fn create(db: &Db<'_>, namespace: AccountId, limit_bytes: i64) -> Result<QuotaId, StoreError> {
    db.insert("INSERT INTO quotas (namespace_id, limit_bytes) VALUES (?1, ?2)", params![namespace, limit_bytes])
        .map(QuotaId)
}

/// Changes a quota.
pub fn set_bytes(db: &Db<'_>, id: QuotaId, limit_bytes: i64) -> Result<(), StoreError> {
    db.run("UPDATE quotas SET limit_bytes = ?2 WHERE id = ?1", params![id, limit_bytes])?;
    Ok(())
}

/// Removes a quota with its limits.
pub fn delete(db: &Db<'_>, id: QuotaId) -> Result<(), StoreError> {
    db.run("DELETE FROM quotas WHERE id = ?1", params![id])?;
    Ok(())
}

/// The limits of a quota, oldest first.
pub fn limits(db: &Db<'_>, quota: QuotaId) -> Result<Vec<QuotaLimit>, StoreError> {
    db.all("SELECT id, kind, percent FROM quota_limits WHERE quota_id = ?1 ORDER BY id", params![quota], read_limit)
}

/// One limit of a quota.
pub fn limit(db: &Db<'_>, quota: QuotaId, id: QuotaLimitId) -> Result<Option<QuotaLimit>, StoreError> {
    db.one("SELECT id, kind, percent FROM quota_limits WHERE quota_id = ?1 AND id = ?2", params![quota, id], read_limit)
}

/// Adds a limit.
pub fn add_limit(db: &Db<'_>, quota: QuotaId, kind: LimitKind, percent: i64) -> Result<QuotaLimitId, StoreError> {
    db.insert("INSERT INTO quota_limits (quota_id, kind, percent) VALUES (?1, ?2, ?3)", params![quota, kind, percent])
        .map(QuotaLimitId)
}

/// Writes a limit.
pub fn update_limit(db: &Db<'_>, limit: QuotaLimit) -> Result<(), StoreError> {
    db.run(
        "UPDATE quota_limits SET kind = ?2, percent = ?3 WHERE id = ?1",
        params![limit.id, limit.kind, limit.percent],
    )?;
    Ok(())
}

/// Removes a limit.
pub fn remove_limit(db: &Db<'_>, id: QuotaLimitId) -> Result<(), StoreError> {
    db.run("DELETE FROM quota_limits WHERE id = ?1", params![id])?;
    Ok(())
}
