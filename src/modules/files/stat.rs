//! `stat`.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{Access, access};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::modules::action::Action;
use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{FileKind, FileMeta, digest_file, show_mode};
use crate::modules::outcome::Outcome;
use crate::value::{Map, Value};

/// An algorithm for checksums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Checksum {
    Md5,
    #[default]
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Checksum {
    /// The checksum of a file, in hexadecimal.
    pub fn of_file(self, path: &Path) -> std::io::Result<String> {
        let (_, sum) = match self {
            Self::Md5 => digest_file::<md5::Md5>(path),
            Self::Sha1 => digest_file::<sha1::Sha1>(path),
            Self::Sha224 => digest_file::<Sha224>(path),
            Self::Sha256 => digest_file::<Sha256>(path),
            Self::Sha384 => digest_file::<Sha384>(path),
            Self::Sha512 => digest_file::<Sha512>(path),
        }?;
        Ok(sum)
    }
}

/// Tells what the file system knows about a path, in the return value `stat`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stat {
    /// The path.
    #[serde(alias = "dest", alias = "name")]
    #[schemars(extend("x-aliases" = ["dest", "name"]))]
    path: String,
    /// Where the path is a link, look at what it leads to.
    #[serde(default)]
    follow: bool,
    /// Return the checksum of a regular file that can be read.
    #[serde(default = "yes")]
    get_checksum: bool,
    /// The algorithm of the checksum.
    #[serde(default, alias = "checksum", alias = "checksum_algo")]
    #[schemars(extend("x-aliases" = ["checksum", "checksum_algo"]))]
    checksum_algorithm: Checksum,
    /// Return media type and character set, guessed from the first bytes.
    #[serde(default = "yes", alias = "mime", alias = "mime_type", alias = "mime-type")]
    #[schemars(extend("x-aliases" = ["mime", "mime_type", "mime-type"]))]
    get_mime: bool,
    /// Return the attributes of the file system that `lsattr` shows.
    #[serde(default = "yes", alias = "attr", alias = "attributes")]
    #[schemars(extend("x-aliases" = ["attr", "attributes"]))]
    get_attributes: bool,
    /// Return the SELinux context; there is none on a host without SELinux.
    #[serde(default)]
    get_selinux_context: bool,
}

fn yes() -> bool {
    true
}

impl Action for Stat {
    fn run(&self, ctx: &mut Ctx) -> Result<Outcome, ModuleError> {
        let path = ctx.resolve(&self.path);
        let meta = if self.follow { ctx.meta_following(&path)? } else { ctx.meta(&path)? };
        let Some(meta) = meta else {
            let absent: Map = [("exists".into(), Value::Bool(false))].into();
            return Ok(Outcome::ok().with("stat", absent));
        };
        if self.get_selinux_context && Path::new("/sys/fs/selinux/enforce").exists() {
            return Err(ModuleError::new("option `get_selinux_context` is not supported yet on a host with SELinux"));
        }
        let mut values = numbers(&path, &meta, ctx);
        let mut add = |key: &str, value: Value| {
            values.insert(key.into(), value);
        };
        if meta.kind == FileKind::Link
            && let Ok(target) = fs::read_link(&path)
        {
            add("lnk_target", Value::from(target.to_string_lossy().into_owned()));
            add("lnk_source", Value::from(ctx.real_path(&path).to_string_lossy().into_owned()));
        }
        if self.get_checksum
            && meta.kind == FileKind::File
            && let Ok(sum) = self.checksum_algorithm.of_file(&path)
        {
            add("checksum", sum.into());
        }
        if self.get_mime {
            let (mime, charset) = guess(&path, meta.kind);
            add("mimetype", mime.into());
            add("charset", charset.into());
        }
        if self.get_attributes {
            let flags = flags(&path, meta.kind);
            add("attr_flags", flags.iter().map(|(letter, _)| *letter).collect::<String>().into());
            add("attributes", Value::list(flags.iter().map(|(_, name)| Value::from(*name)).collect()));
        }
        Ok(Outcome::ok().with("stat", values))
    }
}

pub(super) fn numbers(path: &Path, meta: &FileMeta, ctx: &Ctx) -> Map {
    let raw = &meta.raw;
    let of = raw.file_type();
    let mode = raw.mode();
    #[expect(clippy::cast_precision_loss, reason = "Ansible returns times as floating-point seconds")]
    let time = |seconds: i64, nanos: i64| Value::Float(seconds as f64 + nanos as f64 / 1e9);
    let bit = |bit: u32| Value::Bool(mode & bit != 0);
    let may = |what| Value::Bool(access(path, what).is_ok());
    let owner = meta.ownership();
    [
        ("exists", Value::Bool(true)),
        ("path", Value::from(path.to_string_lossy().into_owned())),
        ("mode", show_mode(mode).into()),
        ("isdir", of.is_dir().into()),
        ("ischr", of.is_char_device().into()),
        ("isblk", of.is_block_device().into()),
        ("isreg", of.is_file().into()),
        ("isfifo", of.is_fifo().into()),
        ("islnk", of.is_symlink().into()),
        ("issock", of.is_socket().into()),
        ("uid", i64::from(owner.uid).into()),
        ("gid", i64::from(owner.gid).into()),
        ("size", raw.size().into()),
        ("inode", raw.ino().into()),
        ("dev", raw.dev().into()),
        ("nlink", raw.nlink().into()),
        ("atime", time(raw.atime(), raw.atime_nsec())),
        ("mtime", time(raw.mtime(), raw.mtime_nsec())),
        ("ctime", time(raw.ctime(), raw.ctime_nsec())),
        ("wusr", bit(0o200)),
        ("rusr", bit(0o400)),
        ("xusr", bit(0o100)),
        ("wgrp", bit(0o020)),
        ("rgrp", bit(0o040)),
        ("xgrp", bit(0o010)),
        ("woth", bit(0o002)),
        ("roth", bit(0o004)),
        ("xoth", bit(0o001)),
        ("isuid", bit(0o4000)),
        ("isgid", bit(0o2000)),
        ("blocks", raw.blocks().into()),
        ("block_size", raw.blksize().into()),
        ("device_type", raw.rdev().into()),
        ("readable", may(Access::READ_OK)),
        ("writeable", may(Access::WRITE_OK)),
        ("executable", may(Access::EXEC_OK)),
        ("pw_name", ctx.user_name(owner.uid).into()),
        ("gr_name", ctx.group_name(owner.gid).into()),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value))
    .collect()
}

/// Media type and character set, from what the path is and how the file begins.
fn guess(path: &Path, kind: FileKind) -> (&'static str, &'static str) {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\x7fELF", "application/x-executable"),
        (b"\x1f\x8b", "application/gzip"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x89PNG", "image/png"),
        (b"%PDF-", "application/pdf"),
        (b"\xfd7zXZ\0", "application/x-xz"),
    ];
    match kind {
        FileKind::Directory => return ("inode/directory", "binary"),
        FileKind::File => {}
        FileKind::Link | FileKind::Special => return ("unknown", "unknown"),
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(8192).read_to_end(&mut start));
    if read.is_err() {
        return ("unknown", "unknown");
    }
    if start.is_empty() {
        return ("inode/x-empty", "binary");
    }
    if let Some((_, mime)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return (mime, "binary");
    }
    let text = match std::str::from_utf8(&start) {
        Ok(_) => true,
        // the last character may be cut in two
        Err(error) => error.valid_up_to() + 4 > start.len() && start.len() == 8192,
    };
    if !text || start.contains(&0) {
        return ("application/octet-stream", "binary");
    }
    let mime = if start.starts_with(b"#!") && shell(&start) { "text/x-shellscript" } else { "text/plain" };
    (mime, if start.is_ascii() { "us-ascii" } else { "utf-8" })
}

fn shell(start: &[u8]) -> bool {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.split([' ', '/']).any(|word| matches!(word, "sh" | "bash" | "dash" | "ksh" | "zsh"))
}

/// Flags that the file system keeps about a file, by letter and name.
const FLAGS: &[(u32, char, &str)] = &[
    (0x0000_0001, 's', "securedeletion"),
    (0x0000_0002, 'u', "undelete"),
    (0x0000_0008, 'S', "synchronous"),
    (0x0001_0000, 'D', "dirsync"),
    (0x0000_0010, 'i', "immutable"),
    (0x0000_0020, 'a', "append"),
    (0x0000_0040, 'd', "nodump"),
    (0x0000_0080, 'A', "noatime"),
    (0x0000_0004, 'c', "compressed"),
    (0x0000_0800, 'E', "encrypted"),
    (0x0000_4000, 'j', "journalled"),
    (0x0000_1000, 'I', "indexed"),
    (0x0000_8000, 't', "notailmerging"),
    (0x0002_0000, 'T', "topdir"),
    (0x0008_0000, 'e', "extents"),
    (0x0080_0000, 'C', "nocow"),
    (0x1000_0000, 'N', "inline_data"),
    (0x2000_0000, 'P', "project"),
];

fn flags(path: &Path, kind: FileKind) -> Vec<(char, &'static str)> {
    if !matches!(kind, FileKind::File | FileKind::Directory) {
        return Vec::new();
    }
    let Ok(file) = fs::File::open(path) else { return Vec::new() };
    // many file systems keep no flags
    let Ok(bits) = rustix::fs::ioctl_getflags(&file) else { return Vec::new() };
    FLAGS.iter().filter(|(bit, ..)| bits.bits() & bit != 0).map(|(_, letter, name)| (*letter, *name)).collect()
}
