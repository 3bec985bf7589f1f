//! Who this process is.

use std::fs;

/// Whether this process runs as a user already. Users are read from the file: name services do not work in a static binary.
pub(super) fn is_own(user: &str) -> bool {
    let own = rustix::process::geteuid().as_raw();
    if let Ok(uid) = user.parse::<u32>() {
        return uid == own;
    }
    if user == "root" {
        return own == 0;
    }
    // where it cannot be read, becoming the user tells what is wrong
    let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
    text.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() == Some(user) && fields.nth(1).and_then(|uid| uid.parse().ok()) == Some(own)
    })
}
