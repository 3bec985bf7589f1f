//! OAuth applications of organizations.

use rusqlite::{Row, params};

use super::db::Db;
use super::error::StoreError;
use super::types::{AccountId, ApplicationId};
use crate::value::Secret;

/// An OAuth application.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its row.
    pub id: ApplicationId,
    /// The organization.
    pub organization_id: AccountId,
    /// Its public identity, 20 letters and digits.
    pub client_id: String,
    /// Its password.
    pub client_secret: Secret,
    /// Shown name; need not be unique.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Where it lives.
    pub application_uri: String,
    /// Where tokens may be sent to.
    pub redirect_uri: String,
    /// Whose picture it shows.
    pub avatar_email: Option<String>,
}

/// What of an application its owner sets.
#[derive(Clone, Debug, Default)]
pub struct ApplicationFields<'a> {
    /// Shown name.
    pub name: &'a str,
    /// Free text.
    pub description: &'a str,
    /// Where it lives.
    pub application_uri: &'a str,
    /// Where tokens may be sent to.
    pub redirect_uri: &'a str,
    /// Whose picture it shows.
    pub avatar_email: Option<&'a str>,
}

const SELECT: &str = "SELECT id, organization_id, client_id, client_secret, name, description, application_uri, redirect_uri, avatar_email FROM applications";

fn read(row: &Row<'_>) -> rusqlite::Result<Application> {
    Ok(Application {
        id: row.get(0)?,
        organization_id: row.get(1)?,
        client_id: row.get(2)?,
        client_secret: row.get(3)?,
        name: row.get(4)?,
        description: row.get(5)?,
        application_uri: row.get(6)?,
        redirect_uri: row.get(7)?,
        avatar_email: row.get(8)?,
    })
}

/// Adds an application.
pub fn create(
    db: &Db<'_>,
    organization: AccountId,
    client_id: &str,
    client_secret: &str,
    fields: &ApplicationFields<'_>,
) -> Result<ApplicationId, StoreError> {
    db.insert(
        "INSERT INTO applications (organization_id, client_id, client_secret, name, description, application_uri, \
         redirect_uri, avatar_email) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            organization,
            client_id,
            client_secret,
            fields.name,
            fields.description,
            fields.application_uri,
            fields.redirect_uri,
            fields.avatar_email
        ],
    )
    .map(ApplicationId)
}

/// The application with this row number.
pub fn by_id(db: &Db<'_>, id: ApplicationId) -> Result<Option<Application>, StoreError> {
    db.one(&format!("{SELECT} WHERE id = ?1"), params![id], read)
}

/// The application with this public identity.
pub fn by_client_id(db: &Db<'_>, client_id: &str) -> Result<Option<Application>, StoreError> {
    db.one(&format!("{SELECT} WHERE client_id = ?1"), params![client_id], read)
}

/// Those of an organization, oldest first.
pub fn list(db: &Db<'_>, organization: AccountId) -> Result<Vec<Application>, StoreError> {
    db.all(&format!("{SELECT} WHERE organization_id = ?1 ORDER BY id"), params![organization], read)
}

/// Writes what its owner sets.
pub fn update(db: &Db<'_>, id: ApplicationId, fields: &ApplicationFields<'_>) -> Result<(), StoreError> {
    db.run(
        "UPDATE applications SET name = ?2, description = ?3, application_uri = ?4, redirect_uri = ?5, avatar_email = ?6 \
         WHERE id = ?1",
        params![
            id,
            fields.name,
            fields.description,
            fields.application_uri,
            fields.redirect_uri,
            fields.avatar_email
        ],
    )?;
    Ok(())
}

/// Gives it another password.
pub fn set_secret(db: &Db<'_>, id: ApplicationId, secret: &str) -> Result<(), StoreError> {
    db.run("UPDATE applications SET client_secret = ?2 WHERE id = ?1", params![id, secret])?;
    Ok(())
}

/// Removes it with its tokens.
pub fn delete(db: &Db<'_>, id: ApplicationId) -> Result<(), StoreError> {
    db.run("DELETE FROM applications WHERE id = ?1", params![id])?;
    Ok(())
}
