//! What comes with a new repository: its creator administers it, and the organization's default permissions apply.

use crate::sandbox::store::accounts::Account;
use crate::sandbox::store::prototypes::{self, Prototype};
use crate::sandbox::store::repositories::{self, NewRepository};
use crate::sandbox::store::{Db, Grantee, RepositoryId, RepositoryRole, StoreError, permissions};

/// Adds a repository that `creator` makes, with the permissions that it begins with.
pub(in crate::sandbox) fn create(
    db: &Db<'_>,
    new: NewRepository<'_>,
    creator: &Account,
) -> Result<RepositoryId, StoreError> {
    let id = repositories::create(db, new)?;
    permissions::set(db, id, Grantee::Account(creator.id), RepositoryRole::Admin)?;
    // users have no default permissions
    if creator.id != new.namespace {
        for prototype in applying(prototypes::list(db, new.namespace)?, creator) {
            permissions::set(db, id, prototype.delegate, prototype.role)?;
        }
    }
    Ok(id)
}

/// The default permissions for what this creator makes. Of several for one delegate, the one that names the creator wins,
/// then the oldest.
fn applying(all: Vec<Prototype>, creator: &Account) -> Vec<Prototype> {
    let mut chosen: Vec<Prototype> = Vec::new();
    for prototype in all {
        match prototype.activating_id {
            Some(activating) if activating != creator.id => continue,
            _ => {}
        }
        match chosen.iter_mut().find(|other| other.delegate == prototype.delegate) {
            None => chosen.push(prototype),
            Some(other) if other.activating_id.is_none() && prototype.activating_id.is_some() => *other = prototype,
            Some(_) => {}
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Clock;
    use crate::sandbox::store::accounts::{self, NewAccount};
    use crate::sandbox::store::{AccountId, AccountKind, RepositoryKind, Store, TeamRole, Visibility, robots, teams};

    fn account(db: &Db<'_>, kind: AccountKind, name: &str) -> AccountId {
        let new = NewAccount {
            kind,
            name,
            email: None,
            password_hash: None,
            tag_expiration_s: 0,
            prompts: "",
            verified: true,
        };
        accounts::create(db, &new).unwrap()
    }

    #[test]
    fn default_permissions_apply_and_those_of_the_creator_win() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Clock::default()).unwrap();
        store
            .write_blocking(|db| {
                let acme = account(db, AccountKind::Organization, "acme");
                let alice = account(db, AccountKind::User, "alice");
                let bob = account(db, AccountKind::User, "bob");
                let robot = robots::create(db, acme, "acme+ci", "token", "", "{}")?;
                let team = teams::create(db, acme, "devs", TeamRole::Member, "")?;
                prototypes::create(db, acme, None, Grantee::Account(robot), RepositoryRole::Write)?;
                prototypes::create(db, acme, Some(alice), Grantee::Team(team), RepositoryRole::Admin)?;
                prototypes::create(db, acme, None, Grantee::Team(team), RepositoryRole::Read)?;
                prototypes::create(db, acme, Some(bob), Grantee::Account(bob), RepositoryRole::Read)?;
                let new = |name, namespace| NewRepository {
                    namespace,
                    name,
                    kind: RepositoryKind::Image,
                    visibility: Visibility::Private,
                    description: None,
                };
                let creator = |name| accounts::by_name(db, name).map(Option::unwrap);
                let app = create(db, new("app", acme), &creator("alice")?)?;
                let role = |repository, grantee| permissions::get(db, repository, grantee).unwrap();
                assert_eq!(role(app, Grantee::Account(alice)), Some(RepositoryRole::Admin));
                assert_eq!(role(app, Grantee::Account(robot)), Some(RepositoryRole::Write));
                assert_eq!(role(app, Grantee::Team(team)), Some(RepositoryRole::Admin));
                assert_eq!(role(app, Grantee::Account(bob)), None);
                let other = create(db, new("other", acme), &creator("acme+ci")?)?;
                // as in Quay, a default permission for the creator itself replaces its administration
                assert_eq!(role(other, Grantee::Account(robot)), Some(RepositoryRole::Write));
                assert_eq!(role(other, Grantee::Team(team)), Some(RepositoryRole::Read));
                let own = create(db, new("own", alice), &creator("alice")?)?;
                assert_eq!(role(own, Grantee::Account(alice)), Some(RepositoryRole::Admin));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
