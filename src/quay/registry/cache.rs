//! What was read in this run.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::pool::Who;
use crate::quay::error::QuayError;

/// Something that is read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Item {
    /// The caller: whether its credentials are valid.
    Caller,
    /// An organization with its teams.
    Organization(String),
    /// The robots of an organization.
    Robots(String),
    /// The caller's own robots.
    OwnRobots,
    /// The default permissions of an organization.
    Prototypes(String),
    /// The applications of an organization.
    Applications(String),
    /// The members of a team: organization and team.
    Members(String, String),
    /// The first page of a namespace's repositories.
    FirstRepositories(String),
    /// All repositories of a namespace.
    Repositories(String),
    /// One repository: namespace and name.
    Repository(String, String),
    /// The roles of a robot in the repositories of its organization: organization and short name.
    RobotRoles(String, String),
    /// The roles of a team in the repositories of its organization.
    TeamRoles(String, String),
    /// The permissions of a repository: namespace and name.
    Permissions(String, String),
}

impl Item {
    /// The namespace that it belongs to.
    fn namespace(&self) -> Option<&str> {
        match self {
            Self::Caller | Self::OwnRobots => None,
            Self::Organization(name)
            | Self::Robots(name)
            | Self::Prototypes(name)
            | Self::Applications(name)
            | Self::Members(name, _)
            | Self::FirstRepositories(name)
            | Self::Repositories(name)
            | Self::Repository(name, _)
            | Self::RobotRoles(name, _)
            | Self::TeamRoles(name, _)
            | Self::Permissions(name, _) => Some(name),
        }
    }
}

type Slot = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

/// What was read, by reader and item.
#[derive(Debug, Default)]
pub(super) struct Cache {
    slots: Mutex<HashMap<(Who, Item), Slot>>,
}

impl Cache {
    /// The item, read on the first call; concurrent calls wait for the same reading. A failed reading is not kept.
    pub(super) async fn get<T, F>(&self, who: &Who, item: Item, read: F) -> Result<Arc<T>, QuayError>
    where
        T: Any + Send + Sync,
        F: AsyncFn() -> Result<T, QuayError>,
    {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry((who.clone(), item)).or_default())
        };
        let read = async || -> Result<Arc<T>, QuayError> { Ok(Arc::new(read().await?)) };
        let stored = slot.get_or_try_init(async || -> Result<Arc<dyn Any + Send + Sync>, QuayError> {
            let value: Arc<dyn Any + Send + Sync> = read().await?;
            Ok(value)
        });
        match Arc::clone(stored.await?).downcast::<T>() {
            Ok(value) => Ok(value),
            // an item always holds the same type, which its one reader in `reads.rs` gives it
            Err(_) => read().await,
        }
    }

    /// Forgets an item.
    pub(super) fn forget(&self, item: &Item) {
        self.forget_where(|known| known == item);
    }

    /// Forgets everything of a namespace.
    pub(super) fn forget_namespace(&self, namespace: &str) {
        self.forget_where(|known| known.namespace() == Some(namespace));
    }

    /// Forgets the roles of all robots and teams of a namespace.
    pub(super) fn forget_roles(&self, namespace: &str) {
        self.forget_where(|known| match known {
            Item::RobotRoles(of, _) | Item::TeamRoles(of, _) => of == namespace,
            _ => false,
        });
    }

    fn forget_where(&self, forgotten: impl Fn(&Item) -> bool) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(_, item), _| !forgotten(item));
    }

    /// Mends what `who` has read of an item, so that it needs no second reading; others forget it.
    pub(super) fn mend<T: Any + Send + Sync + Clone>(&self, who: &Who, item: &Item, change: impl FnOnce(&mut T)) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (who.clone(), item.clone());
        let own = slots.remove(&key).and_then(|slot| slot.get().cloned()).and_then(|value| value.downcast::<T>().ok());
        slots.retain(|(_, known), _| known != item);
        if let Some(value) = own {
            let mut value = Arc::unwrap_or_clone(value);
            change(&mut value);
            let value: Arc<dyn Any + Send + Sync> = Arc::new(value);
            slots.insert(key, Arc::new(OnceCell::new_with(Some(value))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn an_item_is_read_once_until_it_is_forgotten() {
        let (cache, reads) = (Cache::default(), AtomicU32::new(0));
        let item = || Item::Robots("acme".into());
        let read = |who: Who| {
            let (cache, reads) = (&cache, &reads);
            async move {
                let read = async || Ok(vec![reads.fetch_add(1, Ordering::SeqCst)]);
                cache.get::<Vec<u32>, _>(&who, item(), read).await.unwrap()
            }
        };
        assert_eq!(*read(Who::Nobody).await, [0]);
        assert_eq!(*read(Who::Nobody).await, [0]);
        assert_eq!(*read(Who::Token([1; 32])).await, [1]);
        cache.mend::<Vec<u32>>(&Who::Nobody, &item(), |list| list.push(7));
        assert_eq!(*read(Who::Nobody).await, [0, 7]);
        assert_eq!(*read(Who::Token([1; 32])).await, [2]);
        cache.forget_namespace("other");
        assert_eq!(*read(Who::Nobody).await, [0, 7]);
        cache.forget_namespace("acme");
        assert_eq!(*read(Who::Nobody).await, [3]);
        let failed =
            cache.get::<u32, _>(&Who::Nobody, Item::Caller, async || Err(QuayError::Pages { request: "x".into() }));
        assert!(failed.await.is_err());
        assert_eq!(*cache.get::<u32, _>(&Who::Nobody, Item::Caller, async || Ok(5)).await.unwrap(), 5);
    }
}
