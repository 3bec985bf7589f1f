//! Archives that the host's `unzip` reads.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::Output;

/// An entry of a zip archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// One archive and what of it is meant.
pub(super) struct Zip<'a> {
    pub(super) archive: &'a Path,
    pub(super) include: &'a [String],
    pub(super) exclude: &'a [String],
    pub(super) extra: &'a [String],
}

impl Zip<'_> {
    /// The entries.
    pub(super) fn entries(&self, ctx: &Ctx) -> Result<Vec<Entry>, ModuleError> {
        let mut argv: Vec<std::ffi::OsString> = vec!["unzip".into(), "-v".into(), self.archive.into()];
        self.select(&mut argv);
        let output = ctx
            .command(argv)
            .env("LC_ALL", "C.UTF-8")
            .run()?
            .success(&format!("reading the archive `{}`", self.archive.display()))?;
        Ok(output.out().lines().filter_map(read_entry).collect())
    }

    fn select(&self, argv: &mut Vec<std::ffi::OsString>) {
        argv.extend(self.include.iter().map(Into::into));
        if !self.exclude.is_empty() {
            argv.push("-x".into());
            argv.extend(self.exclude.iter().map(Into::into));
        }
    }

    /// Unpacks it.
    pub(super) fn unpack(&self, dest: &Path, keep_newer: bool, ctx: &Ctx) -> Result<Output, ModuleError> {
        let mut argv: Vec<std::ffi::OsString> = vec!["unzip".into(), "-o".into()];
        if keep_newer {
            argv.push("-u".into());
        }
        argv.extend(self.extra.iter().map(Into::into));
        argv.push(self.archive.into());
        self.select(&mut argv);
        argv.extend(["-d".into(), dest.into()]);
        let output = ctx.command(argv).env("LC_ALL", "C.UTF-8").run()?;
        // 1 is a warning, and all has been unpacked
        if output.rc == 1 {
            return Ok(output);
        }
        output.success(&format!("failed to unpack {} to {}", self.archive.display(), dest.display()))
    }
}

/// A line of `unzip -v`: length, method, size, ratio, date, time, CRC-32, name.
fn read_entry(line: &str) -> Option<Entry> {
    let mut rest = line;
    let mut word = || {
        let text = rest.trim_start();
        let (word, after) = text.split_at(text.find(' ').unwrap_or(text.len()));
        rest = after;
        word.to_owned()
    };
    let size = word().parse().ok()?;
    let (_method, _packed, ratio) = (word(), word(), word());
    let (_date, _time, crc) = (word(), word(), word());
    ratio.strip_suffix('%')?;
    let crc = u32::from_str_radix(&crc, 16).ok().filter(|_| crc.len() == 8)?;
    // two blanks stand before the name, which may begin with one itself
    let name = rest.strip_prefix("  ")?.to_owned();
    Some(Entry { name, size, crc })
}

impl Entry {
    /// Whether a path is what the entry holds.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        if self.name.ends_with('/') {
            return Ok(path.is_dir());
        }
        // a link in the archive holds its target as content
        if let Ok(target) = path.read_link() {
            use std::os::unix::ffi::OsStrExt as _;
            let target = target.as_os_str().as_bytes();
            if target.len() as u64 == self.size && crc32fast::hash(target) == self.crc {
                return Ok(true);
            }
        }
        match path.metadata() {
            Ok(meta) if meta.len() == self.size && meta.is_file() => Ok(crc_of(path)? == self.crc),
            Ok(_) => Ok(false),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn crc_of(path: &Path) -> io::Result<u32> {
    let mut file = File::open(path)?;
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(crc.finalize());
        }
        crc.update(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_unzips_list() {
        let line = "       4  Stored        4   0% 2026-11-21 15:04 55ca6286  a b/c.txt";
        assert_eq!(read_entry(line), Some(Entry { name: "a b/c.txt".to_owned(), size: 4, crc: 0x55ca_6286 }));
        assert_eq!(read_entry("--------          -------  ---                            -------"), None);
        assert_eq!(read_entry("       4                4   0%                            1 file"), None);
    }
}
