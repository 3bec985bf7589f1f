//! An account as it is or shall be.

use serde::Serialize;

use super::user::UserModule;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Shadow, User};

/// An account that is there. `None` means: not asked for, or for the system to choose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserState {
    pub(super) name: String,
    pub(super) uid: Option<u32>,
    /// The primary group's number.
    pub(super) group: Option<u32>,
    /// The further groups, sorted; only where the task cares.
    pub(super) groups: Option<Vec<String>>,
    pub(super) comment: Option<String>,
    pub(super) home: Option<String>,
    pub(super) home_exists: bool,
    pub(super) shell: Option<String>,
    pub(super) shadow: Option<Shadow>,
    pub(super) key: KeyState,
}

/// The user's SSH key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeyState {
    /// There is none.
    None,
    /// It is there.
    Present,
    /// It shall be made anew.
    Renewed,
}

impl UserState {
    /// The entry of the account database.
    pub(super) fn find(options: &UserModule, ctx: &Ctx) -> Result<Option<User>, ModuleError> {
        let found = if options.local { ctx.local_user(&options.name)? } else { ctx.user(&options.name)? };
        // digits may have found an account by its number
        Ok(found.filter(|user| user.name == options.name))
    }

    /// The account as it is.
    pub(super) fn read(options: &UserModule, ctx: &Ctx) -> Result<Option<Self>, ModuleError> {
        let Some(user) = Self::find(options, ctx)? else { return Ok(None) };
        let groups = match &options.groups {
            Some(_) => {
                let groups = ctx.memberships(&user.name)?.into_iter().filter(|group| group.gid != user.gid);
                let mut names: Vec<String> = groups.map(|group| group.name).collect();
                names.sort();
                names.dedup();
                Some(names)
            }
            None => None,
        };
        let key = options.generate_ssh_key && options.key(&user.home, ctx).path.exists();
        Ok(Some(Self {
            name: user.name.clone(),
            uid: Some(user.uid),
            group: Some(user.gid),
            groups,
            comment: Some(user.gecos),
            home_exists: ctx.resolve(&user.home).exists(),
            home: Some(user.home),
            shell: Some(user.shell),
            shadow: ctx.shadow(&user.name),
            key: if key { KeyState::Present } else { KeyState::None },
        }))
    }
}
