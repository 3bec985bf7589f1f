//! Auto-prune policies of namespaces and repositories.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, RepositoryId};

/// What a policy belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOwner {
    /// A user or organization.
    Namespace(AccountId),
    /// A repository.
    Repository(RepositoryId),
}

impl PolicyOwner {
    pub(super) fn namespace(self) -> Option<AccountId> {
        match self {
            Self::Namespace(id) => Some(id),
            Self::Repository(_) => None,
        }
    }

    pub(super) fn repository(self) -> Option<RepositoryId> {
        match self {
            Self::Namespace(_) => None,
            Self::Repository(id) => Some(id),
        }
    }
}

/// The rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// `number_of_tags` or `creation_date`.
    pub method: String,
    /// A JSON number or string as text.
    pub value: String,
    /// A regular expression that limits it to some tags.
    pub tag_pattern: Option<String>,
    /// Whether it is about the tags that match, or about the others.
    pub tag_pattern_matches: bool,
}

/// An auto-prune policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub uuid: String,
    /// Its rule.
    pub rule: PolicyRule,
}

const SELECT: &str = "SELECT uuid, method, value, tag_pattern, tag_pattern_matches FROM prune_policies \
     WHERE (namespace_id = ?1 OR repository_id = ?2)";

fn read(row: &Row<'_>) -> rusqlite::Result<Policy> {
    Ok(Policy {
        uuid: row.get(0)?,
        rule: PolicyRule {
            method: row.get(1)?,
            value: row.get(2)?,
            tag_pattern: row.get(3)?,
            tag_pattern_matches: row.get(4)?,
        },
    })
}

/// Adds a policy and returns its UUID.
pub fn create(db: &Db<'_>, owner: PolicyOwner, rule: &PolicyRule) -> Result<String, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    db.insert(
        "INSERT INTO prune_policies (uuid, namespace_id, repository_id, method, value, tag_pattern, tag_pattern_matches) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            uuid,
            owner.namespace(),
            owner.repository(),
            rule.method,
            rule.value,
            rule.tag_pattern,
            rule.tag_pattern_matches
        ],
    )?;
    Ok(uuid)
}

/// The policies of an owner, oldest first.
pub fn list(db: &Db<'_>, owner: PolicyOwner) -> Result<Vec<Policy>, StoreError> {
    db.all(&format!("{SELECT} ORDER BY id"), params![owner.namespace(), owner.repository()], read)
}

/// One policy of an owner.
pub fn by_uuid(db: &Db<'_>, owner: PolicyOwner, uuid: &str) -> Result<Option<Policy>, StoreError> {
    db.one(&format!("{SELECT} AND uuid = ?3"), params![owner.namespace(), owner.repository(), uuid], read)
}

/// Writes the rule of a policy.
pub fn update(db: &Db<'_>, policy: &Policy) -> Result<(), StoreError> {
    db.run(
        "UPDATE prune_policies SET method = ?2, value = ?3, tag_pattern = ?4, tag_pattern_matches = ?5 WHERE uuid = ?1",
        params![
            policy.uuid,
            policy.rule.method,
            policy.rule.value,
            policy.rule.tag_pattern,
            policy.rule.tag_pattern_matches
        ],
    )?;
    Ok(())
}

/// Removes a policy.
pub fn delete(db: &Db<'_>, uuid: &str) -> Result<(), StoreError> {
    db.run("DELETE FROM prune_policies WHERE uuid = ?1", params![uuid])?;
    Ok(())
}
