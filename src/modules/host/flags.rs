//! Attributes of the file system, as `chattr` and `lsattr` name them.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

use crate::modules::error::ModuleError;

/// The letters of `lsattr`, in its order.
const LETTERS: [(char, IFlags); 15] = [
    ('s', IFlags::SECURE_REMOVAL),
    ('u', IFlags::UNRM),
    ('S', IFlags::SYNC),
    ('D', IFlags::DIRSYNC),
    ('i', IFlags::IMMUTABLE),
    ('a', IFlags::APPEND),
    ('d', IFlags::NODUMP),
    ('A', IFlags::NOATIME),
    ('c', IFlags::COMPRESSED),
    ('j', IFlags::JOURNALING),
    ('t', IFlags::NOTAIL),
    ('T', IFlags::TOPDIR),
    ('C', IFlags::NOCOW),
    ('x', IFlags::from_bits_retain(0x0200_0000)),
    ('P', IFlags::PROJECT_INHERIT),
];

/// A change of attributes: `+i`, `-i`, or exactly `=i` (which is meant where no sign stands).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlagChange {
    Add(IFlags),
    Remove(IFlags),
    Set(IFlags),
}

impl FlagChange {
    pub(super) fn parse(text: &str) -> Result<Self, ModuleError> {
        let make = |letters: &str| {
            letters.chars().try_fold(IFlags::empty(), |flags, letter| match letter {
                // extents belong to the file system: `lsattr` shows them, nothing can change them
                'e' | '-' => Ok(flags),
                letter => match LETTERS.iter().find(|(known, _)| *known == letter) {
                    Some((_, flag)) => Ok(flags | *flag),
                    None => Err(ModuleError::new(format!("option `attributes`: `{letter}` is no attribute of files"))),
                },
            })
        };
        match text.split_at_checked(1) {
            Some(("+", letters)) => make(letters).map(Self::Add),
            Some(("-", letters)) => make(letters).map(Self::Remove),
            Some(("=", letters)) => make(letters).map(Self::Set),
            _ => make(text).map(Self::Set),
        }
    }

    /// The attributes that something with these shall have.
    pub(super) fn apply(self, now: IFlags) -> IFlags {
        match self {
            Self::Add(flags) => now | flags,
            Self::Remove(flags) => now - flags,
            Self::Set(flags) => (now - settable()) | flags,
        }
    }
}

fn settable() -> IFlags {
    LETTERS.iter().fold(IFlags::empty(), |all, (_, flag)| all | *flag)
}

/// The attributes of a path; `None` where nothing is there.
pub(super) fn read_flags(path: &Path) -> Result<Option<IFlags>, ModuleError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModuleError::because(format!("cannot open `{}`", path.display()), error)),
    };
    ioctl_getflags(&file)
        .map(Some)
        .map_err(|error| ModuleError::because(format!("cannot read the attributes of `{}`", path.display()), error))
}

/// Gives a path these attributes; what belongs to the file system, such as extents, stays as it is.
pub(super) fn set_flags(path: &Path, flags: IFlags) -> Result<(), ModuleError> {
    let failed = |error: io::Error| ModuleError::because(format!("chattr failed for `{}`", path.display()), error);
    let file = File::open(path).map_err(failed)?;
    ioctl_getflags(&file)
        .and_then(|now| ioctl_setflags(&file, (now - settable()) | (flags & settable())))
        .map_err(|error| failed(error.into()))
}

/// The attributes as `lsattr` has them, without its dashes.
pub(super) fn show_flags(flags: IFlags) -> String {
    LETTERS.iter().filter(|(_, flag)| flags.contains(*flag)).map(|(letter, _)| *letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_and_applied() {
        let now = IFlags::IMMUTABLE | IFlags::from_bits_retain(0x8_0000);
        let apply = |text: &str| show_flags(FlagChange::parse(text).unwrap().apply(now));
        assert_eq!(apply("+a"), "ia");
        assert_eq!(apply("-i"), "");
        assert_eq!(apply("A"), "A");
        assert_eq!(apply("=id"), "id");
        assert!(FlagChange::parse("=").unwrap().apply(now).bits() == 0x8_0000, "extents stay");
        assert!(FlagChange::parse("+q").is_err());
    }
}
