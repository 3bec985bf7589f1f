//! What repositories grant to accounts and teams.

use rusqlite::params;

use super::accounts::{self, Account};
use super::db::Db;
use super::error::StoreError;
use super::prototypes::Grantee;
use super::teams::Team;
use super::types::{AccountId, RepositoryId, RepositoryRole, TeamId};

/// Grants a role, or changes the granted one.
pub fn set(db: &Db<'_>, repository: RepositoryId, grantee: Grantee, role: RepositoryRole) -> Result<(), StoreError> {
    let changed = db.run(
        "UPDATE permissions SET role = ?4 WHERE repository_id = ?1 AND (account_id = ?2 OR team_id = ?3)",
        params![repository, grantee.account(), grantee.team(), role],
    )?;
    if changed == 0 {
        db.insert(
            "INSERT INTO permissions (repository_id, account_id, team_id, role) VALUES (?1, ?2, ?3, ?4)",
            params![repository, grantee.account(), grantee.team(), role],
        )?;
    }
    Ok(())
}

/// The role granted to exactly this grantee.
pub fn get(db: &Db<'_>, repository: RepositoryId, grantee: Grantee) -> Result<Option<RepositoryRole>, StoreError> {
    db.one(
        "SELECT role FROM permissions WHERE repository_id = ?1 AND (account_id = ?2 OR team_id = ?3)",
        params![repository, grantee.account(), grantee.team()],
        |row| row.get(0),
    )
}

/// Takes the role away; false if there was none.
pub fn remove(db: &Db<'_>, repository: RepositoryId, grantee: Grantee) -> Result<bool, StoreError> {
    Ok(db.run(
        "DELETE FROM permissions WHERE repository_id = ?1 AND (account_id = ?2 OR team_id = ?3)",
        params![repository, grantee.account(), grantee.team()],
    )? > 0)
}

/// The users and robots that a repository grants something, oldest grant first.
pub fn of_accounts(db: &Db<'_>, repository: RepositoryId) -> Result<Vec<(Account, RepositoryRole)>, StoreError> {
    db.all(
        &format!(
            "SELECT {}, permissions.role FROM permissions JOIN accounts ON accounts.id = permissions.account_id \
             WHERE permissions.repository_id = ?1 ORDER BY permissions.id",
            accounts::COLUMNS
        ),
        params![repository],
        |row| Ok((accounts::read(row)?, row.get(accounts::COLUMN_COUNT)?)),
    )
}

/// The teams that a repository grants something, oldest grant first.
pub fn of_teams(db: &Db<'_>, repository: RepositoryId) -> Result<Vec<(Team, RepositoryRole)>, StoreError> {
    db.all(
        "SELECT teams.id, teams.organization_id, teams.name, teams.role, teams.description, permissions.role \
         FROM permissions JOIN teams ON teams.id = permissions.team_id \
         WHERE permissions.repository_id = ?1 ORDER BY permissions.id",
        params![repository],
        |row| {
            let team = Team {
                id: row.get(0)?,
                organization_id: row.get(1)?,
                name: row.get(2)?,
                role: row.get(3)?,
                description: row.get(4)?,
            };
            Ok((team, row.get(5)?))
        },
    )
}

/// The repositories that grant something to a grantee, oldest grant first.
pub fn of_grantee(db: &Db<'_>, grantee: Grantee) -> Result<Vec<(RepositoryId, RepositoryRole)>, StoreError> {
    db.all(
        "SELECT repository_id, role FROM permissions WHERE account_id = ?1 OR team_id = ?2 ORDER BY id",
        params![grantee.account(), grantee.team()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The roles that an account has on a repository by itself and through its teams, strongest first.
pub fn effective(db: &Db<'_>, repository: RepositoryId, account: AccountId) -> Result<Vec<RepositoryRole>, StoreError> {
    let mut roles: Vec<RepositoryRole> = db.all(
        "SELECT role FROM permissions WHERE repository_id = ?1 AND account_id = ?2 \
         UNION ALL \
         SELECT permissions.role FROM permissions JOIN team_members ON team_members.team_id = permissions.team_id \
         WHERE permissions.repository_id = ?1 AND team_members.account_id = ?2",
        params![repository, account],
        |row| row.get(0),
    )?;
    roles.sort_unstable_by(|a, b| b.cmp(a));
    Ok(roles)
}

/// Removes everything that the repositories of a namespace grant to an account.
pub fn remove_in_namespace(db: &Db<'_>, namespace: AccountId, account: AccountId) -> Result<usize, StoreError> {
    db.run(
        "DELETE FROM permissions WHERE account_id = ?2 \
         AND repository_id IN (SELECT id FROM repositories WHERE namespace_id = ?1)",
        params![namespace, account],
    )
}

/// A user's or robot's direct grants in one namespace as repository names, by name.
pub fn repository_names(db: &Db<'_>, namespace: AccountId, account: AccountId) -> Result<Vec<String>, StoreError> {
    db.all(
        "SELECT repositories.name FROM permissions JOIN repositories ON repositories.id = permissions.repository_id \
         WHERE repositories.namespace_id = ?1 AND permissions.account_id = ?2 ORDER BY repositories.name",
        params![namespace, account],
        |row| row.get(0),
    )
}

/// The users with a direct grant in a namespace, and the repository, by grant.
pub fn user_grants(db: &Db<'_>, namespace: AccountId) -> Result<Vec<(Account, String)>, StoreError> {
    db.all(
        &format!(
            "SELECT {}, repositories.name FROM permissions JOIN accounts ON accounts.id = permissions.account_id \
             JOIN repositories ON repositories.id = permissions.repository_id \
             WHERE repositories.namespace_id = ?1 AND accounts.kind = 'user' ORDER BY permissions.id",
            accounts::COLUMNS
        ),
        params![namespace],
        |row| Ok((accounts::read(row)?, row.get(accounts::COLUMN_COUNT)?)),
    )
}

/// A team's grants, with repository name and whether it is public, oldest grant first.
pub fn of_team_named(db: &Db<'_>, team: TeamId) -> Result<Vec<(String, bool, RepositoryRole)>, StoreError> {
    named(db, Grantee::Team(team))
}

/// A robot's direct grants, with repository name and whether it is public, oldest grant first.
pub fn of_robot_named(db: &Db<'_>, robot: AccountId) -> Result<Vec<(String, bool, RepositoryRole)>, StoreError> {
    named(db, Grantee::Account(robot))
}

fn named(db: &Db<'_>, grantee: Grantee) -> Result<Vec<(String, bool, RepositoryRole)>, StoreError> {
    db.all(
        "SELECT repositories.name, repositories.visibility = 'public', permissions.role FROM permissions \
         JOIN repositories ON repositories.id = permissions.repository_id \
         WHERE permissions.account_id = ?1 OR permissions.team_id = ?2 ORDER BY permissions.id",
        params![grantee.account(), grantee.team()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
