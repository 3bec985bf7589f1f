//! Users that earlier tasks of a check-mode run would have made. Later tasks cannot sign in as them, and must not fail for it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::modules::context::Ctx;

/// The users, by name: a run in check mode talks to one registry or to several that it treats alike.
#[derive(Debug, Default)]
struct ForeseenUsers(Mutex<BTreeSet<String>>);

/// Notes that a user would have been made, where this is check mode.
pub(super) fn note(username: &str, ctx: &Ctx) {
    if ctx.mode.check {
        let users = ctx.services.get::<ForeseenUsers>();
        users.0.lock().unwrap_or_else(PoisonError::into_inner).insert(username.to_owned());
    }
}

/// Whether a user would be there by now, but is not because this is check mode.
pub(super) fn is_foreseen(username: &str, ctx: &Ctx) -> bool {
    ctx.mode.check
        && ctx.services.get::<ForeseenUsers>().0.lock().unwrap_or_else(PoisonError::into_inner).contains(username)
}
