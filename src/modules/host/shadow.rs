//! `/etc/shadow`: passwords as they are stored, and their ages.

use serde::Serialize;

use crate::modules::context::Ctx;
use crate::value::Secret;

/// One line of `/etc/shadow`. Days are counted from 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// The encrypted password; `!` in front of it locks it.
    pub password: Secret,
    /// Fewest days between two changes of the password.
    pub min: Option<i64>,
    /// Most days between two changes of the password.
    pub max: Option<i64>,
    /// Days of warning.
    pub warn: Option<i64>,
    /// Days from the end of the password to that of the account.
    pub inactive: Option<i64>,
    /// The day on which the account ends.
    pub expire: Option<i64>,
}

impl Shadow {
    fn parse(line: &str) -> Option<(&str, Self)> {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let password = Secret::new(parts.next()?);
        let _last_change = parts.next();
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        let (min, max, warn, inactive, expire) = (number(), number(), number(), number(), number());
        Some((name, Self { password, min, max, warn, inactive, expire }))
    }

    /// Whether the password is locked.
    pub fn is_locked(&self) -> bool {
        self.password.expose().starts_with('!')
    }
}

impl Ctx {
    /// The shadow entry of a user: from the file or, where others keep it, from `getent`. `None` where there is none, or
    /// where this user may not see it.
    pub fn shadow(&self, user: &str) -> Option<Shadow> {
        let find = |text: &str| {
            text.lines().filter_map(Shadow::parse).find(|(name, _)| *name == user).map(|(_, shadow)| shadow)
        };
        let file = std::fs::read("/etc/shadow").ok();
        file.and_then(|bytes| find(&String::from_utf8_lossy(&bytes))).or_else(|| {
            let output = self.run_tool("getent", ["shadow", user]).ok()?;
            find(&output.out())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_gaps() {
        let (name, shadow) = Shadow::parse("jane:!$6$x$y:19000:0:99999:7:::").unwrap();
        assert_eq!((name, shadow.password.expose(), shadow.is_locked()), ("jane", "!$6$x$y", true));
        assert_eq!((shadow.min, shadow.max, shadow.warn, shadow.expire), (Some(0), Some(99999), Some(7), None));
        assert_eq!(Shadow::parse("old:x").unwrap().1.min, None);
    }
}
