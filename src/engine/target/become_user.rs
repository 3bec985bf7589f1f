//! `become` on this machine: accepted where the process is that user already.

use std::fs;

/// Why the process cannot act as a user, or `Ok` where it is that user.
pub(super) fn check(user: &str) -> Result<(), String> {
    let own = rustix::process::geteuid().as_raw();
    match uid_of(user) {
        Some(wanted) if wanted == own => Ok(()),
        Some(_) => Err(format!(
            "cannot become `{user}`: quaymaster runs as {}, and becoming another user is not supported yet; \
             run it as `{user}`",
            name_of(own).unwrap_or_else(|| format!("uid {own}"))
        )),
        None => Err(format!("cannot become `{user}`: there is no such user")),
    }
}

// read directly: name services do not work in a static binary
fn uid_of(user: &str) -> Option<u32> {
    if let Ok(uid) = user.parse() {
        return Some(uid);
    }
    if user == "root" {
        return Some(0);
    }
    entries().into_iter().find(|(name, _)| name == user).map(|(_, uid)| uid)
}

fn name_of(uid: u32) -> Option<String> {
    entries().into_iter().find(|(_, known)| *known == uid).map(|(name, _)| format!("`{name}`"))
}

fn entries() -> Vec<(String, u32)> {
    let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            Some((name, fields.nth(1)?.parse().ok()?))
        })
        .collect()
}
