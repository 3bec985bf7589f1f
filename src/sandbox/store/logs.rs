//! The action log, and messages to all users.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;

/// An entry of the action log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Its row; later entries have higher numbers.
    pub id: i64,
    /// What happened, in Quay's words.
    pub kind: String,
    /// In which namespace.
    pub namespace: Option<String>,
    /// In which repository.
    pub repository: Option<String>,
    /// Who did it.
    pub performer: Option<String>,
    /// From where.
    pub ip: Option<String>,
    /// A JSON object as text.
    pub metadata: String,
    /// When.
    pub at_ms: i64,
}

/// What a new entry needs.
#[derive(Clone, Copy, Debug)]
pub struct NewLogEntry<'a> {
    /// What happened, in Quay's words.
    pub kind: &'a str,
    /// In which namespace.
    pub namespace: Option<&'a str>,
    /// In which repository.
    pub repository: Option<&'a str>,
    /// Who did it.
    pub performer: Option<&'a str>,
    /// From where.
    pub ip: Option<&'a str>,
    /// A JSON object as text.
    pub metadata: &'a str,
}

/// Which entries are wanted.
#[derive(Clone, Copy, Debug)]
pub struct LogFilter<'a> {
    /// In this namespace; all if absent.
    pub namespace: Option<&'a str>,
    /// In this repository.
    pub repository: Option<&'a str>,
    /// By this account.
    pub performer: Option<&'a str>,
    /// Not before.
    pub from_ms: i64,
    /// Before.
    pub to_ms: i64,
}

/// A message to all users.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub uuid: String,
    /// Its text.
    pub content: String,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// `text/plain` or `text/markdown`.
    pub media_type: String,
}

const WHERE: &str = "WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR repository = ?2) \
     AND (?3 IS NULL OR performer = ?3) AND at_ms >= ?4 AND at_ms < ?5";

fn read(row: &Row<'_>) -> rusqlite::Result<LogEntry> {
    Ok(LogEntry {
        id: row.get(0)?,
        kind: row.get(1)?,
        namespace: row.get(2)?,
        repository: row.get(3)?,
        performer: row.get(4)?,
        ip: row.get(5)?,
        metadata: row.get(6)?,
        at_ms: row.get(7)?,
    })
}

/// Adds an entry.
pub fn add(db: &Db<'_>, new: NewLogEntry<'_>) -> Result<(), StoreError> {
    db.insert(
        "INSERT INTO logs (kind, namespace, repository, performer, ip, metadata, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![new.kind, new.namespace, new.repository, new.performer, new.ip, new.metadata, db.now_ms()],
    )?;
    Ok(())
}

/// Entries with a row number below `before`, the youngest first.
pub fn list(db: &Db<'_>, filter: LogFilter<'_>, before: i64, limit: i64) -> Result<Vec<LogEntry>, StoreError> {
    db.all(
        &format!(
            "SELECT id, kind, namespace, repository, performer, ip, metadata, at_ms FROM logs {WHERE} AND id < ?6 \
             ORDER BY id DESC LIMIT ?7"
        ),
        params![filter.namespace, filter.repository, filter.performer, filter.from_ms, filter.to_ms, before, limit],
        read,
    )
}

/// How many entries of each kind each day has: kind, count, the day's first millisecond.
pub fn aggregate(db: &Db<'_>, filter: LogFilter<'_>) -> Result<Vec<(String, i64, i64)>, StoreError> {
    db.all(
        &format!(
            "SELECT kind, COUNT(*), at_ms / 86400000 * 86400000 AS day FROM logs {WHERE} GROUP BY kind, day ORDER BY day, kind"
        ),
        params![filter.namespace, filter.repository, filter.performer, filter.from_ms, filter.to_ms],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// The messages to all users, oldest first.
pub fn messages(db: &Db<'_>) -> Result<Vec<Message>, StoreError> {
    db.all("SELECT uuid, content, severity, media_type FROM messages ORDER BY created_ms", [], |row| {
        Ok(Message { uuid: row.get(0)?, content: row.get(1)?, severity: row.get(2)?, media_type: row.get(3)? })
    })
}

/// Adds a message.
pub fn add_message(db: &Db<'_>, content: &str, severity: &str, media_type: &str) -> Result<(), StoreError> {
    db.run(
        "INSERT INTO messages (uuid, content, severity, media_type, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![uuid::Uuid::new_v4().to_string(), content, severity, media_type, db.now_ms()],
    )?;
    Ok(())
}

/// Removes a message.
pub fn remove_message(db: &Db<'_>, uuid: &str) -> Result<(), StoreError> {
    db.run("DELETE FROM messages WHERE uuid = ?1", params![uuid])?;
    Ok(())
}
