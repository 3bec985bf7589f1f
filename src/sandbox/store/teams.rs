//! Teams and who is in them.

use rusqlite::{Row, params};

use super::accounts::{self, Account};
use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, TeamId, TeamRole};

/// A team of an organization.
#[derive(Clone, Debug)]
pub struct Team {
    /// Its row.
    pub id: TeamId,
    /// The organization.
    pub organization_id: AccountId,
    /// Unique in the organization.
    pub name: String,
    /// What it may do in the organization.
    pub role: TeamRole,
    /// Free text.
    pub description: String,
}

const COLUMNS: &str = "teams.id, teams.organization_id, teams.name, teams.role, teams.description";

fn read(row: &Row<'_>) -> rusqlite::Result<Team> {
    Ok(Team {
        id: row.get(0)?,
        organization_id: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        description: row.get(4)?,
    })
}

/// Adds a team.
pub fn create(
    db: &Db<'_>,
    organization: AccountId,
    name: &str,
    role: TeamRole,
    description: &str,
) -> Result<TeamId, StoreError> {
    db.insert(
        "INSERT INTO teams (organization_id, name, role, description) VALUES (?1, ?2, ?3, ?4)",
        params![organization, name, role, description],
    )
    .map(TeamId)
}

/// The team with this row number.
pub fn by_id(db: &Db<'_>, id: TeamId) -> Result<Option<Team>, StoreError> {
    db.one(&format!("SELECT {COLUMNS} FROM teams WHERE id = ?1"), params![id], read)
}

/// The team of an organization by name.
pub fn by_name(db: &Db<'_>, organization: AccountId, name: &str) -> Result<Option<Team>, StoreError> {
    db.one(
        &format!("SELECT {COLUMNS} FROM teams WHERE organization_id = ?1 AND name = ?2"),
        params![organization, name],
        read,
    )
}

/// The teams of an organization, oldest first.
pub fn list(db: &Db<'_>, organization: AccountId) -> Result<Vec<Team>, StoreError> {
    db.all(&format!("SELECT {COLUMNS} FROM teams WHERE organization_id = ?1 ORDER BY id"), params![organization], read)
}

/// The teams that an account is in, in one organization or in all.
pub fn of_member(db: &Db<'_>, account: AccountId, organization: Option<AccountId>) -> Result<Vec<Team>, StoreError> {
    db.all(
        &format!(
            "SELECT {COLUMNS} FROM teams JOIN team_members ON team_members.team_id = teams.id \
             WHERE team_members.account_id = ?1 AND (?2 IS NULL OR teams.organization_id = ?2) ORDER BY teams.id"
        ),
        params![account, organization],
        read,
    )
}

/// Writes role and description.
pub fn update(db: &Db<'_>, team: &Team) -> Result<(), StoreError> {
    db.run(
        "UPDATE teams SET role = ?2, description = ?3 WHERE id = ?1",
        params![team.id, team.role, team.description],
    )?;
    Ok(())
}

/// Removes a team with its memberships and permissions.
pub fn delete(db: &Db<'_>, id: TeamId) -> Result<(), StoreError> {
    db.run("DELETE FROM teams WHERE id = ?1", params![id])?;
    Ok(())
}

/// The members of a team, in the order they joined.
pub fn members(db: &Db<'_>, team: TeamId) -> Result<Vec<Account>, StoreError> {
    db.all(
        &format!(
            "SELECT {} FROM accounts JOIN team_members ON team_members.account_id = accounts.id \
             WHERE team_members.team_id = ?1 ORDER BY team_members.id",
            accounts::COLUMNS
        ),
        params![team],
        accounts::read,
    )
}

/// How many accounts are in a team.
pub fn member_count(db: &Db<'_>, team: TeamId) -> Result<i64, StoreError> {
    db.number("SELECT COUNT(*) FROM team_members WHERE team_id = ?1", params![team])
}

/// How many repositories grant something to a team.
pub fn repository_count(db: &Db<'_>, team: TeamId) -> Result<i64, StoreError> {
    db.number("SELECT COUNT(*) FROM permissions WHERE team_id = ?1", params![team])
}

/// Adds a member; false if it was in the team already.
pub fn add_member(db: &Db<'_>, team: TeamId, account: AccountId) -> Result<bool, StoreError> {
    Ok(db.run("INSERT OR IGNORE INTO team_members (team_id, account_id) VALUES (?1, ?2)", params![team, account])? > 0)
}

/// Removes a member; false if it was not in the team.
pub fn remove_member(db: &Db<'_>, team: TeamId, account: AccountId) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM team_members WHERE team_id = ?1 AND account_id = ?2", params![team, account])? > 0)
}

/// Removes an account from every team of an organization.
pub fn remove_everywhere(db: &Db<'_>, organization: AccountId, account: AccountId) -> Result<usize, StoreError> {
    db.run(
        "DELETE FROM team_members WHERE account_id = ?2 \
         AND team_id IN (SELECT id FROM teams WHERE organization_id = ?1)",
        params![organization, account],
    )
}

/// The organizations that an account is in through a team, by name.
pub fn organizations_of(db: &Db<'_>, account: AccountId) -> Result<Vec<Account>, StoreError> {
    db.all(
        &format!(
            "SELECT DISTINCT {} FROM accounts JOIN teams ON teams.organization_id = accounts.id \
             JOIN team_members ON team_members.team_id = teams.id \
             WHERE team_members.account_id = ?1 ORDER BY accounts.name",
            accounts::COLUMNS
        ),
        params![account],
        accounts::read,
    )
}

/// The strongest role that an account has in an organization through its teams.
pub fn role_of(db: &Db<'_>, account: AccountId, organization: AccountId) -> Result<Option<TeamRole>, StoreError> {
    Ok(of_member(db, account, Some(organization))?.into_iter().map(|team| team.role).max())
}

/// Someone who was asked into a team.
#[derive(Clone, Debug)]
pub enum Invite {
    /// A user.
    User(Box<Account>),
    /// Somebody by e-mail.
    Email(String),
}

/// Invites a user. As in Quay, repeated invitations pile up.
pub fn invite_user(db: &Db<'_>, team: TeamId, account: AccountId) -> Result<(), StoreError> {
    db.insert("INSERT INTO team_invites (team_id, account_id) VALUES (?1, ?2)", params![team, account])?;
    Ok(())
}

/// Invites an e-mail address.
pub fn invite_email(db: &Db<'_>, team: TeamId, email: &str) -> Result<(), StoreError> {
    db.insert("INSERT INTO team_invites (team_id, email) VALUES (?1, ?2)", params![team, email])?;
    Ok(())
}

/// Who was asked into a team, oldest invitation first.
pub fn invites(db: &Db<'_>, team: TeamId) -> Result<Vec<Invite>, StoreError> {
    let rows: Vec<(Option<AccountId>, Option<String>)> =
        db.all("SELECT account_id, email FROM team_invites WHERE team_id = ?1 ORDER BY id", params![team], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut out = Vec::new();
    for row in rows {
        match row {
            (Some(id), _) => out.extend(accounts::by_id(db, id)?.map(|account| Invite::User(Box::new(account)))),
            (None, Some(email)) => out.push(Invite::Email(email)),
            (None, None) => {}
        }
    }
    Ok(out)
}

/// Takes invitations of a user back; false if there was none.
pub fn uninvite_user(db: &Db<'_>, team: TeamId, account: AccountId) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM team_invites WHERE team_id = ?1 AND account_id = ?2", params![team, account])? > 0)
}

/// Takes invitations of an e-mail address back; false if there was none.
pub fn uninvite_email(db: &Db<'_>, team: TeamId, email: &str) -> Result<bool, StoreError> {
    Ok(db.run("DELETE FROM team_invites WHERE team_id = ?1 AND email = ?2", params![team, email])? > 0)
}

/// The team of an organization's owners, made where it is missing.
pub fn owners(db: &Db<'_>, organization: AccountId) -> Result<TeamId, StoreError> {
    match list(db, organization)?.into_iter().find(|team| team.role == TeamRole::Admin) {
        Some(team) => Ok(team.id),
        None => create(db, organization, "owners", TeamRole::Admin, ""),
    }
}

/// Removes an account from every team.
pub fn leave_all(db: &Db<'_>, account: AccountId) -> Result<(), StoreError> {
    db.run("DELETE FROM team_members WHERE account_id = ?1", params![account])?;
    Ok(())
}

/// How many users the teams with the admin role of an organization have, without one account.
pub fn other_admins(db: &Db<'_>, organization: AccountId, without: AccountId) -> Result<i64, StoreError> {
    db.number(
        "SELECT COUNT(DISTINCT team_members.account_id) FROM team_members \
         JOIN teams ON teams.id = team_members.team_id JOIN accounts ON accounts.id = team_members.account_id \
         WHERE teams.organization_id = ?1 AND teams.role = 'admin' AND accounts.kind = 'user' AND accounts.id <> ?2",
        params![organization, without],
    )
}

/// Whether an account is in a team.
pub fn is_member(db: &Db<'_>, team: TeamId, account: AccountId) -> Result<bool, StoreError> {
    Ok(db.number("SELECT COUNT(*) FROM team_members WHERE team_id = ?1 AND account_id = ?2", params![team, account])?
        > 0)
}

/// The users in any team of an organization, by name.
pub fn users_of(db: &Db<'_>, organization: AccountId) -> Result<Vec<Account>, StoreError> {
    db.all(
        &format!(
            "SELECT DISTINCT {} FROM accounts JOIN team_members ON team_members.account_id = accounts.id \
             JOIN teams ON teams.id = team_members.team_id \
             WHERE teams.organization_id = ?1 AND accounts.kind = 'user' ORDER BY accounts.name",
            accounts::COLUMNS
        ),
        params![organization],
        accounts::read,
    )
}
