//! Logins from `~/.netrc`.

use crate::value::Secret;

/// The login for a host, of `machine` entries or the `default`.
pub(super) fn login(text: &str, host: &str) -> Option<(String, Secret)> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let (mut ours, mut user, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if ours && user.is_some() {
                    break;
                }
                ours = word == "default" || words.next() == Some(host);
                (user, password) = (None, None);
            }
            "login" | "user" => user = words.next(),
            "password" => password = words.next(),
            "account" => {
                words.next();
            }
            // a macro goes to the next empty line, which is gone by now; entries after it are not found
            "macdef" => break,
            _ => {}
        }
    }
    let user = user.filter(|_| ours)?;
    Some((user.to_owned(), Secret::new(password.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_by_host_and_default() {
        let text =
            "machine a login me password one\nmachine b\n  login you\n  password two\ndefault login all password x\n";
        let of = |host| login(text, host).map(|(user, password)| (user, password.expose().to_owned()));
        assert_eq!(of("a"), Some(("me".into(), "one".into())));
        assert_eq!(of("b"), Some(("you".into(), "two".into())));
        assert_eq!(of("c"), Some(("all".into(), "x".into())));
        assert!(login("machine a login me password one", "b").is_none());
    }
}
