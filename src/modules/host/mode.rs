//! File modes as users write them: `0644`, `"0644"`, `u=rwX,g-w`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A mode as an option: a number, octal text, or symbolic changes to what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All permission bits.
    Bits(u32),
    /// Changes in the manner of `chmod`, checked to be well formed.
    Symbolic(Vec<Clause>),
}

/// One comma-separated part of a symbolic mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// For whom; nobody named means everybody, within the umask.
    users: Vec<User>,
    masked: bool,
    changes: Vec<(Operator, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Owner,
    Group,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Remove,
    Set,
}

/// Why a mode could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ModeError {
    /// Neither octal nor symbolic.
    #[error("`{0}` is not a file mode: octal (\"0644\") or symbolic (\"u=rw,g=r\") is expected")]
    Malformed(String),
    /// More than permission bits.
    #[error("mode {0} holds more than permission bits")]
    Excess(i64),
}

/// All bits that `chmod` knows.
const ALL: u32 = 0o7777;

impl Mode {
    /// Reads text: octal digits or symbolic changes.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix("0o").unwrap_or(trimmed);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let bits = u32::from_str_radix(digits, 8).map_err(|_| ModeError::Malformed(text.to_owned()))?;
            return Self::from_bits(i64::from(bits));
        }
        let clauses: Option<Vec<_>> = trimmed.split(',').map(Clause::parse).collect();
        clauses.map(Self::Symbolic).ok_or_else(|| ModeError::Malformed(text.to_owned()))
    }

    /// A mode given as a number, such as YAML's `0644` (which is 420).
    pub fn from_bits(bits: i64) -> Result<Self, ModeError> {
        u32::try_from(bits).ok().filter(|bits| bits & !ALL == 0).map(Self::Bits).ok_or(ModeError::Excess(bits))
    }

    /// The permission bits that this mode gives to something that has `current` now.
    #[must_use]
    pub fn apply(&self, current: u32, is_dir: bool, umask: u32) -> u32 {
        match self {
            Self::Bits(bits) => *bits,
            Self::Symbolic(clauses) => {
                clauses.iter().fold(current & ALL, |mode, clause| clause.apply(mode, is_dir, umask))
            }
        }
    }
}

impl Clause {
    fn parse(text: &str) -> Option<Self> {
        let who_ends = text.find(['+', '-', '='])?;
        let (who, mut rest) = text.split_at(who_ends);
        let users = match who {
            "" | "a" => vec![User::Owner, User::Group, User::Other],
            _ => who
                .chars()
                .map(|c| match c {
                    'u' => Some(User::Owner),
                    'g' => Some(User::Group),
                    'o' => Some(User::Other),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        };
        let mut changes = Vec::new();
        while let Some(sign) = rest.chars().next() {
            let operator = match sign {
                '+' => Operator::Add,
                '-' => Operator::Remove,
                _ => Operator::Set,
            };
            rest = rest.get(1..)?;
            let (perms, after) = rest.split_at(rest.find(['+', '-', '=']).unwrap_or(rest.len()));
            if !perms.chars().all(|c| "rwxXstugo".contains(c)) {
                return None;
            }
            changes.push((operator, perms.to_owned()));
            rest = after;
        }
        Some(Self { users, masked: who.is_empty(), changes })
    }

    fn apply(&self, mut mode: u32, is_dir: bool, umask: u32) -> u32 {
        for (operator, perms) in &self.changes {
            for user in &self.users {
                let bits = perms.chars().fold(0, |bits, perm| bits | self.bits(perm, *user, mode, is_dir, umask));
                mode = match operator {
                    Operator::Add => mode | bits,
                    Operator::Remove => mode & !bits,
                    Operator::Set => mode & !user.mask() | bits,
                };
            }
        }
        mode & ALL
    }

    fn bits(&self, perm: char, user: User, mode: u32, is_dir: bool, umask: u32) -> u32 {
        let shift = user.shift();
        let plain = |bit: u32| {
            let bit = bit << shift;
            if self.masked { bit & !umask } else { bit }
        };
        match perm {
            'r' => plain(4),
            'w' => plain(2),
            'x' => plain(1),
            // execution only where it makes sense: folders, and what somebody may execute already
            'X' if is_dir || mode & 0o111 != 0 => 1 << shift,
            's' => match user {
                User::Owner => 0o4000,
                User::Group => 0o2000,
                User::Other => 0,
            },
            't' if user == User::Other => 0o1000,
            'u' => (mode >> 6 & 7) << shift,
            'g' => (mode >> 3 & 7) << shift,
            'o' => (mode & 7) << shift,
            _ => 0,
        }
    }
}

impl User {
    fn shift(self) -> u32 {
        match self {
            Self::Owner => 6,
            Self::Group => 3,
            Self::Other => 0,
        }
    }

    fn mask(self) -> u32 {
        match self {
            Self::Owner => 0o4700,
            Self::Group => 0o2070,
            Self::Other => 0o1007,
        }
    }
}

/// As it can be written in an option.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => f.write_str(&show_mode(*bits)),
            Self::Symbolic(clauses) => {
                for (index, clause) in clauses.iter().enumerate() {
                    if index > 0 {
                        f.write_str(",")?;
                    }
                    clause.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.masked {
            for user in &self.users {
                f.write_str(match user {
                    User::Owner => "u",
                    User::Group => "g",
                    User::Other => "o",
                })?;
            }
        }
        for (operator, perms) in &self.changes {
            let sign = match operator {
                Operator::Add => '+',
                Operator::Remove => '-',
                Operator::Set => '=',
            };
            write!(f, "{sign}{perms}")?;
        }
        Ok(())
    }
}

struct ModeVisitor;

impl Visitor<'_> for ModeVisitor {
    type Value = Mode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file mode such as \"0644\" or \"u=rw,g=r\"")
    }

    fn visit_i64<E: serde::de::Error>(self, bits: i64) -> Result<Mode, E> {
        Mode::from_bits(bits).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, bits: u64) -> Result<Mode, E> {
        Mode::from_bits(i64::try_from(bits).unwrap_or(i64::MAX)).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Mode, E> {
        Mode::parse(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeVisitor)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "format": "mode" })
    }
}

/// A mode, or the wish to keep the source's (`mode: preserve`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceMode {
    /// As the source file has it.
    Preserve,
    /// This one.
    Given(Mode),
}

impl<'de> Deserialize<'de> for SourceMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = SourceMode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a file mode or `preserve`")
            }
            fn visit_i64<E: serde::de::Error>(self, bits: i64) -> Result<SourceMode, E> {
                ModeVisitor.visit_i64(bits).map(SourceMode::Given)
            }
            fn visit_u64<E: serde::de::Error>(self, bits: u64) -> Result<SourceMode, E> {
                ModeVisitor.visit_u64(bits).map(SourceMode::Given)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SourceMode, E> {
                if text.trim() == "preserve" {
                    return Ok(SourceMode::Preserve);
                }
                ModeVisitor.visit_str(text).map(SourceMode::Given)
            }
        }
        deserializer.deserialize_any(V).map_err(D::Error::custom)
    }
}

impl JsonSchema for SourceMode {
    fn schema_name() -> Cow<'static, str> {
        "SourceMode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Mode::json_schema(generator)
    }
}

/// The bits as Ansible prints them: `0644`.
#[must_use]
pub fn show_mode(bits: u32) -> String {
    format!("0{:03o}", bits & ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str, current: u32, is_dir: bool) -> u32 {
        Mode::parse(text).unwrap().apply(current, is_dir, 0o022)
    }

    #[test]
    fn octal_and_symbolic_modes() {
        assert_eq!(on("0644", 0, false), 0o644);
        assert_eq!(on("755", 0, false), 0o755);
        assert_eq!(on("u=rwX,g=rX,o=", 0o600, false), 0o640);
        assert_eq!(on("u=rwX,g=rX,o=", 0o600, true), 0o750);
        assert_eq!(on("u=rwX,go-w", 0o766, false), 0o744);
        assert_eq!(on("+w", 0o444, false), 0o644);
        assert_eq!(on("a+w", 0o444, false), 0o666);
        assert_eq!(on("g=u,o-rwx", 0o604, false), 0o660);
        assert_eq!(on("u+s,g+s,o+t", 0o755, true), 0o7755);
        assert_eq!(on("u=rw-x+X", 0o700, true), 0o700);
    }

    #[test]
    fn modes_are_written_as_they_are_read() {
        for text in ["0644", "u=rwX,go-w", "+w", "ug=rx+s,o="] {
            let mode = Mode::parse(text).unwrap();
            assert_eq!(mode.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_mode_is_refused() {
        for text in ["rw", "u=q", "z+r", "", "99999", "0o8"] {
            assert!(Mode::parse(text).is_err(), "{text}");
        }
        assert_eq!(Mode::from_bits(0o644), Ok(Mode::Bits(0o644)));
        assert!(Mode::from_bits(64400).is_err());
    }
}
