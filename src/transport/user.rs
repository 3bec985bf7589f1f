//! The user who runs this program.

use std::fs;

/// The name of that user, from `/etc/passwd`; where it is not there (a directory service), its number.
pub(super) fn local_user() -> String {
    let number = rustix::process::getuid().as_raw().to_string();
    let table = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    name.unwrap_or(number)
}
