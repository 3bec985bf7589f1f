//! Default permissions: what a new repository of an organization grants. Quay calls them prototypes, and keeps duplicates.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, PrototypeId, RepositoryRole, TeamId};

/// A default permission.
#[derive(Clone, Debug)]
pub struct Prototype {
    /// Its row.
    pub id: PrototypeId,
    /// Quay's name for it.
    pub uuid: String,
    /// The organization.
    pub organization_id: AccountId,
    /// Only repositories that this account makes; all if absent.
    pub activating_id: Option<AccountId>,
    /// Who gets the permission.
    pub delegate: Grantee,
    /// Which.
    pub role: RepositoryRole,
}

/// Who holds a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// A user or robot.
    Account(AccountId),
    /// A team.
    Team(TeamId),
}

impl Grantee {
    /// The account, if it is one.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::Team(_) => None,
        }
    }

    /// The team, if it is one.
    pub fn team(self) -> Option<TeamId> {
        match self {
            Self::Account(_) => None,
            Self::Team(id) => Some(id),
        }
    }

    pub(crate) fn read(account: Option<AccountId>, team: Option<TeamId>) -> rusqlite::Result<Self> {
        // a CHECK of the table lets exactly one of them be set
        account.map(Self::Account).or(team.map(Self::Team)).ok_or(rusqlite::Error::InvalidQuery)
    }
}

const SELECT: &str =
    "SELECT id, uuid, organization_id, activating_id, delegate_account_id, delegate_team_id, role FROM prototypes";

fn read(row: &Row<'_>) -> rusqlite::Result<Prototype> {
    Ok(Prototype {
        id: row.get(0)?,
        uuid: row.get(1)?,
        organization_id: row.get(2)?,
        activating_id: row.get(3)?,
        delegate: Grantee::read(row.get(4)?, row.get(5)?)?,
        role: row.get(6)?,
    })
}

/// Adds a default permission and returns its UUID.
pub fn create(
    db: &Db<'_>,
    organization: AccountId,
    activating: Option<AccountId>,
    delegate: Grantee,
    role: RepositoryRole,
) -> Result<String, StoreError> {
    let uuid = uuid::Uuid::new_v4().to_string();
    db.insert(
        "INSERT INTO prototypes (uuid, organization_id, activating_id, delegate_account_id, delegate_team_id, role) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![uuid, organization, activating, delegate.account(), delegate.team(), role],
    )?;
    Ok(uuid)
}

/// Those of an organization, oldest first.
pub fn list(db: &Db<'_>, organization: AccountId) -> Result<Vec<Prototype>, StoreError> {
    db.all(&format!("{SELECT} WHERE organization_id = ?1 ORDER BY id"), params![organization], read)
}

/// One of an organization.
pub fn by_uuid(db: &Db<'_>, organization: AccountId, uuid: &str) -> Result<Option<Prototype>, StoreError> {
    db.one(&format!("{SELECT} WHERE organization_id = ?1 AND uuid = ?2"), params![organization, uuid], read)
}

/// Changes the role.
pub fn set_role(db: &Db<'_>, id: PrototypeId, role: RepositoryRole) -> Result<(), StoreError> {
    db.run("UPDATE prototypes SET role = ?2 WHERE id = ?1", params![id, role])?;
    Ok(())
}

/// Removes it.
pub fn delete(db: &Db<'_>, id: PrototypeId) -> Result<(), StoreError> {
    db.run("DELETE FROM prototypes WHERE id = ?1", params![id])?;
    Ok(())
}
