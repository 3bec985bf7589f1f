//! Lists of mounts: `/proc/mounts`, `/etc/fstab`, and what is known of a mounted file system.

use std::path::{Path, PathBuf};

use crate::modules::host::glob;
use crate::value::{Map, Value};

/// One line of `/proc/mounts` or `/etc/fstab`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::system) struct MountLine {
    pub(in crate::modules::system) device: String,
    pub(in crate::modules::system) mount: String,
    pub(in crate::modules::system) fstype: String,
    pub(in crate::modules::system) options: String,
    pub(in crate::modules::system) dump: i64,
    pub(in crate::modules::system) passno: i64,
}

impl MountLine {
    /// Reads a line; `None` for comments and whatever else is no mount.
    pub(in crate::modules::system) fn parse(line: &str) -> Option<Self> {
        if line.trim_start().starts_with('#') {
            return None;
        }
        let mut fields = line.split_whitespace().map(unescape);
        let (device, mount, fstype) = (fields.next()?, fields.next()?, fields.next()?);
        let options = fields.next().unwrap_or_else(|| "defaults".to_owned());
        let mut number = || fields.next().and_then(|field| field.parse().ok()).unwrap_or(0);
        Some(Self { device, mount, fstype, options, dump: number(), passno: number() })
    }

    /// The mounts of this host, in their order: of two at one place the later one is seen.
    pub(in crate::modules::system) fn all() -> Vec<Self> {
        let text = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        text.lines().filter_map(Self::parse).collect()
    }

    /// Whether it is on another host, whose silence would block whoever asks for sizes.
    pub(in crate::modules::system) fn is_remote(&self) -> bool {
        self.device.contains(":/") || self.device.starts_with("//")
    }

    /// What the line says, as facts have it.
    pub(in crate::modules::system) fn values(&self) -> Map {
        Map::from([
            ("mount".into(), Value::from(self.mount.as_str())),
            ("device".into(), Value::from(self.device.as_str())),
            ("fstype".into(), Value::from(self.fstype.as_str())),
            ("options".into(), Value::from(self.options.as_str())),
            ("dump".into(), Value::from(self.dump)),
            ("passno".into(), Value::from(self.passno)),
        ])
    }
}

/// Sizes of the file system that is mounted somewhere; empty where they cannot be told.
pub(in crate::modules::system) fn sizes(mount: &str) -> Map {
    let Ok(size) = rustix::fs::statvfs(mount) else { return Map::new() };
    let facts = [
        ("size_total", size.f_frsize * size.f_blocks),
        ("size_available", size.f_frsize * size.f_bavail),
        ("block_size", size.f_bsize),
        ("block_total", size.f_blocks),
        ("block_available", size.f_bavail),
        ("block_used", size.f_blocks.saturating_sub(size.f_bavail)),
        ("inode_total", size.f_files),
        ("inode_available", size.f_favail),
        ("inode_used", size.f_files.saturating_sub(size.f_favail)),
    ];
    facts.into_iter().map(|(key, value)| (key.into(), Value::from(value))).collect()
}

/// The UUIDs of file systems on disks of this host.
pub(in crate::modules::system) struct Uuids(Vec<(PathBuf, String)>);

impl Uuids {
    /// All of them.
    pub(in crate::modules::system) fn read() -> Self {
        let links = glob(Path::new("/dev/disk/by-uuid/*"));
        let pair = |link: PathBuf| {
            let id = link.file_name()?.to_string_lossy().into_owned();
            Some((link.canonicalize().ok()?, id))
        };
        Self(links.into_iter().filter_map(pair).collect())
    }

    /// That of a device.
    pub(in crate::modules::system) fn of(&self, device: &str) -> Option<&str> {
        let real = Path::new(device).canonicalize().unwrap_or_else(|_| PathBuf::from(device));
        self.0.iter().find(|(path, _)| *path == real).map(|(_, id)| id.as_str())
    }
}

/// Blanks and the like stand as octal numbers in these lists.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let code = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => out.push(char::from(code)),
            None => out.push('\\'),
        }
        rest = rest.get(at + if code.is_some() { 4 } else { 1 }..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_blanks_and_gaps() {
        let line = MountLine::parse("/dev/sda1\t/mnt/a\\040b\\x  ext4 rw,noatime 0 2").unwrap();
        assert_eq!((line.mount.as_str(), line.options.as_str(), line.passno), ("/mnt/a b\\x", "rw,noatime", 2));
        assert_eq!(MountLine::parse("tmpfs /t tmpfs").unwrap().options, "defaults");
        assert_eq!(MountLine::parse("# UNCONFIGURED FSTAB FOR BASE SYSTEM"), None);
    }
}
