//! Policies that keep tags from being moved and deleted.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::policies::PolicyOwner;
use super::types::RepositoryId;

/// A policy: which tags are immutable.
#[derive(Clone, Debug)]
pub struct ImmutabilityPolicy {
    /// Its name.
    pub uuid: String,
    /// A regular expression for tags.
    pub tag_pattern: String,
    /// Whether it is about the tags that match, or about the others.
    pub tag_pattern_matches: bool,
}

const SELECT: &str = "SELECT uuid, tag_pattern, tag_pattern_matches FROM immutability_policies";

fn read(row: &Row<'_>) -> rusqlite::Result<ImmutabilityPolicy> {
    Ok(ImmutabilityPolicy { uuid: row.get(0)?, tag_pattern: row.get(1)?, tag_pattern_matches: row.get(2)? })
}

impl ImmutabilityPolicy {
    /// Whether a tag of this name is immutable by it. A pattern that cannot be read holds for nothing.
    pub fn holds(&self, tag: &str) -> bool {
        // Quay uses Python's `re.match`, which is bound to the start only
        let pattern = fancy_regex::Regex::new(&format!("^(?:{})", self.tag_pattern));
        pattern.is_ok_and(|pattern| pattern.is_match(tag).unwrap_or(false) == self.tag_pattern_matches)
    }
}

/// Adds a policy and returns its UUID.
pub fn create(db: &Db<'_>, owner: PolicyOwner, pattern: &str, matches: bool) -> Result<String, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    db.insert(
        "INSERT INTO immutability_policies (uuid, namespace_id, repository_id, tag_pattern, tag_pattern_matches) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![uuid, owner.namespace(), owner.repository(), pattern, matches],
    )?;
    Ok(uuid)
}

/// The policies of an owner, oldest first.
pub fn list(db: &Db<'_>, owner: PolicyOwner) -> Result<Vec<ImmutabilityPolicy>, StoreError> {
    db.all(
        &format!("{SELECT} WHERE (namespace_id = ?1 OR repository_id = ?2) ORDER BY id"),
        params![owner.namespace(), owner.repository()],
        read,
    )
}

/// Writes a policy.
pub fn update(db: &Db<'_>, policy: &ImmutabilityPolicy) -> Result<(), StoreError> {
    db.run(
        "UPDATE immutability_policies SET tag_pattern = ?2, tag_pattern_matches = ?3 WHERE uuid = ?1",
        params![policy.uuid, policy.tag_pattern, policy.tag_pattern_matches],
    )?;
    Ok(())
}

/// Removes a policy.
pub fn delete(db: &Db<'_>, uuid: &str) -> Result<(), StoreError> {
    db.run("DELETE FROM immutability_policies WHERE uuid = ?1", params![uuid])?;
    Ok(())
}

/// Whether a policy of the repository or its namespace makes a tag immutable.
pub fn holds(db: &Db<'_>, repository: RepositoryId, tag: &str) -> Result<bool, StoreError> {
    let policies = db.all(
        &format!(
            "{SELECT} WHERE repository_id = ?1 \
             OR namespace_id = (SELECT namespace_id FROM repositories WHERE id = ?1)"
        ),
        params![repository],
        read,
    )?;
    Ok(policies.iter().any(|policy| policy.holds(tag)))
}
