//! Fills a sandbox with many repositories and tags at once: to measure, and to rehearse pruning on something of a real
//! registry's size. The images are real, if tiny: they can be pulled.

use std::str::FromStr;

use rusqlite::params;

use super::error::SandboxError;
use super::new_repository;
use super::server::App;
use super::store::accounts::{self, Account, NewAccount};
use super::store::repositories::{self, NewRepository};
use super::store::{AccountKind, Db, RepositoryKind, StoreError, TeamRole, Visibility, teams};
use super::tiny_image;

/// Repositories made in one transaction.
const BATCH: u32 = 50;
/// So many tags of a repository share a manifest.
const TAGS_PER_MANIFEST: u32 = 4;
const DAY_MS: i64 = 86_400_000;

/// What to fill in: `organization:repositories:tags:days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The organization, made if absent; a superuser owns it. If it exists already, nothing is filled in.
    pub organization: String,
    /// How many repositories it gets.
    pub repositories: u32,
    /// How many tags each of them gets.
    pub tags: u32,
    /// The age of the oldest tag in days; the others are spread evenly between it and now.
    pub days: u32,
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let [organization, repositories, tags, days] = parts.as_slice() else {
            return Err("give ORGANIZATION:REPOSITORIES:TAGS:DAYS, such as `big:100:50:365`".to_owned());
        };
        let number = |text: &str| text.parse::<u32>().map_err(|error| format!("`{text}`: {error}"));
        Ok(Self {
            organization: (*organization).to_owned(),
            repositories: number(repositories)?,
            tags: number(tags)?,
            days: number(days)?,
        })
    }
}

/// Fills a sandbox in; does nothing where the organization exists.
pub fn seed(app: &App, seed: &Seed) -> Result<(), SandboxError> {
    let content = tiny_image::content(&app.state)?;
    let made = app.store.write_blocking(|db| organization(app, db, &seed.organization))?;
    let Some((organization, creator)) = made else { return Ok(()) };
    let mut done = 0;
    while done < seed.repositories {
        let end = seed.repositories.min(done + BATCH);
        app.store.write_blocking(|db| {
            for number in done..end {
                repository(db, &organization, creator.as_ref(), number, seed, &content)?;
            }
            Ok::<_, StoreError>(())
        })?;
        done = end;
    }
    Ok(())
}

/// Makes the organization and finds who is to have made its repositories; `None` where it exists.
fn organization(app: &App, db: &Db<'_>, name: &str) -> Result<Option<(Account, Option<Account>)>, StoreError> {
    if accounts::by_name(db, name)?.is_some() {
        return Ok(None);
    }
    let new = NewAccount {
        kind: AccountKind::Organization,
        name,
        email: None,
        password_hash: None,
        tag_expiration_s: app.settings.default_tag_expiration_s(),
        prompts: "",
        verified: true,
    };
    let id = accounts::create(db, &new)?;
    let owners = teams::create(db, id, "owners", TeamRole::Admin, "")?;
    let mut creator = None;
    for superuser in &app.settings.super_users {
        if let Some(user) = accounts::find(db, AccountKind::User, superuser)? {
            teams::add_member(db, owners, user.id)?;
            creator.get_or_insert(user);
        }
    }
    Ok(accounts::by_id(db, id)?.map(|organization| (organization, creator)))
}

fn repository(
    db: &Db<'_>,
    organization: &Account,
    creator: Option<&Account>,
    number: u32,
    seed: &Seed,
    content: &[(String, usize)],
) -> Result<(), StoreError> {
    let name = format!("repository-{number:05}");
    // every third one is public
    let visibility = if number.is_multiple_of(3) { Visibility::Public } else { Visibility::Private };
    let new = NewRepository {
        namespace: organization.id,
        name: &name,
        kind: RepositoryKind::Image,
        visibility,
        description: None,
    };
    let id = match creator {
        Some(creator) => new_repository::create(db, new, creator)?,
        None => repositories::create(db, new)?,
    };
    tiny_image::put_blobs(db, id, content)?;
    let mut manifest = None;
    for tag in 0..seed.tags {
        if tag % TAGS_PER_MANIFEST == 0 {
            manifest = Some(tiny_image::put_manifest(db, id, content, &format!("{name} {tag}"))?);
        }
        let Some(manifest) = manifest else { continue };
        // the first tag is the oldest
        let age = i64::from(seed.days) * DAY_MS * i64::from(seed.tags - tag) / i64::from(seed.tags);
        db.insert(
            "INSERT INTO tags (repository_id, name, manifest_id, start_ms) VALUES (?1, ?2, ?3, ?4)",
            params![id, format!("tag-{tag:05}"), manifest, db.now_ms() - age],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::server::Config;
    use crate::sandbox::store::tags::{self, Lives, NameFilter};

    #[test]
    fn tags_are_spread_over_the_days_and_a_second_time_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let app = App::open(&Config::new(dir.path()), "127.0.0.1:1".into()).unwrap();
        let wanted: Seed = "big:3:10:100".parse().unwrap();
        seed(&app, &wanted).unwrap();
        seed(&app, &wanted).unwrap();
        app.store
            .read_blocking(|db| {
                let repository = repositories::by_name(db, "big", "repository-00002")?.unwrap();
                assert_eq!(repositories::count(db, repository.namespace_id)?, 3);
                let tags = tags::list(db, repository.id, Lives::Alive, NameFilter::Any, 0, 100)?;
                let ages: Vec<i64> =
                    tags.iter().map(|tag| (db.now_ms() - tag.start_ms + DAY_MS / 2) / DAY_MS).collect();
                assert_eq!(ages, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
                assert_eq!(repository.size_bytes, 23);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert!("big:3:10".parse::<Seed>().is_err() && "big:x:1:1".parse::<Seed>().is_err());
    }
}
