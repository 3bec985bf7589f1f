//! The user that tasks run as, and its environment.

use rustix::process::{getegid, geteuid, getgid, getuid};

use super::Facts;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::value::{Key, Map, Value};

pub(super) fn user(facts: &mut Facts, ctx: &Ctx) -> Result<(), ModuleError> {
    let account = match ctx.user_of(getuid().as_raw())? {
        Some(user) => Some(user),
        None => match ctx.variable("USER") {
            Some(name) => ctx.user(&name)?,
            None => None,
        },
    };
    if let Some(user) = account {
        facts.set("user_id", user.name);
        facts.set("user_uid", i64::from(user.uid));
        facts.set("user_gid", i64::from(user.gid));
        facts.set("user_gecos", user.gecos);
        facts.set("user_dir", user.home);
        facts.set("user_shell", user.shell);
    }
    facts.set("real_user_id", i64::from(getuid().as_raw()));
    facts.set("effective_user_id", i64::from(geteuid().as_raw()));
    facts.set("real_group_id", i64::from(getgid().as_raw()));
    facts.set("effective_group_id", i64::from(getegid().as_raw()));
    Ok(())
}

pub(super) fn env(facts: &mut Facts, ctx: &Ctx) {
    let both = ctx.services.environment().iter().chain(&ctx.environment);
    let map: Map = both.map(|(name, value)| (Key::from(name.as_str()), Value::from(value.as_str()))).collect();
    facts.set("env", map);
}
