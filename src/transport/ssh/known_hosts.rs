//! Which keys hosts have: OpenSSH's `known_hosts` files.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::words::fits_list;

/// The known keys of one host.
#[derive(Debug, Default)]
pub(super) struct KnownHost {
    keys: Vec<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    Key,
    Revoked,
    Authority,
}

#[derive(Debug)]
struct Line {
    marker: Marker,
    kind: String,
    key: Vec<u8>,
    path: PathBuf,
    number: usize,
}

/// What is known about a key that a host shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    /// No key of this host is known.
    Unknown,
    /// Another key is known: where.
    Changed(String),
    /// It is marked `@revoked`: where.
    Revoked(String),
}

impl KnownHost {
    /// Reads the lines about `name` (see [`name`]) from those of the files that are there.
    pub(super) fn read(files: &[PathBuf], name: &str) -> Result<Self, (PathBuf, io::Error)> {
        let mut known = Self::default();
        for path in files {
            match fs::read(path) {
                Ok(bytes) => known.text(&String::from_utf8_lossy(&bytes), path, name),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((path.clone(), error)),
            }
        }
        Ok(known)
    }

    fn text(&mut self, text: &str, path: &Path, name: &str) {
        for (index, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace().peekable();
            let marker = match words.peek() {
                Some(&"@revoked") => Marker::Revoked,
                Some(&"@cert-authority") => Marker::Authority,
                // a comment, a marker of a later OpenSSH, an empty line
                Some(word) if word.starts_with(['#', '@']) => continue,
                Some(_) => Marker::Key,
                None => continue,
            };
            if marker != Marker::Key {
                words.next();
            }
            let (Some(hosts), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else { continue };
            if !is_about(hosts, name) {
                continue;
            }
            // what cannot be read cannot be the host's key
            let Ok(key) = STANDARD.decode(key) else { continue };
            self.keys.push(Line { marker, kind: kind.to_owned(), key, path: path.to_owned(), number: index + 1 });
        }
    }

    /// What is known about this key.
    pub(super) fn check(&self, key: &[u8]) -> Verdict {
        if let Some(line) = self.keys.iter().find(|line| line.marker == Marker::Revoked && line.key == key) {
            return Verdict::Revoked(line.place());
        }
        let mut own = self.keys.iter().filter(|line| line.marker == Marker::Key).peekable();
        if own.peek().is_none() {
            return Verdict::Unknown;
        }
        let kind = kind_of(key);
        let mut other = None;
        for line in own {
            if line.key == key {
                return Verdict::Known;
            }
            // one of the same kind tells the most
            if other.is_none() || (line.kind == kind && other.is_some_and(|other: &Line| other.kind != kind)) {
                other = Some(line);
            }
        }
        other.map_or(Verdict::Unknown, |line| Verdict::Changed(line.place()))
    }

    /// The kinds of the known keys (`ssh-ed25519`), which the server is asked for first.
    pub(super) fn kinds(&self) -> Vec<&str> {
        self.keys.iter().filter(|line| line.marker == Marker::Key).map(|line| line.kind.as_str()).collect()
    }

    /// A line that trusts an authority, if there is no key beside it.
    pub(super) fn only_authority(&self) -> Option<String> {
        let authority = self.keys.iter().find(|line| line.marker == Marker::Authority)?;
        self.kinds().is_empty().then(|| authority.place())
    }
}

impl Line {
    fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.number)
    }
}

/// The name under which a host stands in the files.
pub(super) fn name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// `SHA256:…` as `ssh-keygen -l` writes it.
pub(super) fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// The kind that a public key names at its head.
pub(super) fn kind_of(key: &[u8]) -> String {
    let length = key.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    let name = key.get(4..4 + length.min(64)).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Adds a key for a host.
pub(super) fn remember(path: &Path, name: &str, key: &[u8], hashed: Hashed) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let name = match hashed {
        Hashed::No => name.to_owned(),
        Hashed::Yes => {
            let salt: [u8; 20] = rand::random();
            format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hash(&salt, name)))
        }
    };
    // a last line without its end would swallow the new one
    let ends_open = fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let start = if ends_open { "\n" } else { "" };
    let line = format!("{start}{name} {} {}\n", kind_of(key), STANDARD.encode(key));
    // in one piece, since many hosts are met at once
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.write_all(line.as_bytes())
}

/// `HashKnownHosts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hashed {
    Yes,
    No,
}

fn is_about(hosts: &str, name: &str) -> bool {
    match hosts.strip_prefix("|1|").and_then(|rest| rest.split_once('|')) {
        Some((salt, hashed)) => match (STANDARD.decode(salt), STANDARD.decode(hashed)) {
            (Ok(salt), Ok(hashed)) => hash(&salt, name) == hashed,
            _ => false,
        },
        None => fits_list(hosts.split(','), name),
    }
}

fn hash(salt: &[u8], name: &str) -> Vec<u8> {
    // HMAC takes a key of any length
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(salt) else { return Vec::new() };
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIIWK5DWoa47Ny/1PJRp2OtDXMIbyoXX9OrSw6u7gYv6u";
    const TWO: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIDVdp5nVtbkyGv3pNwXpLhGNm7eKXvCkDiYxAcHIbYZC";

    fn key(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    fn known(text: &str, name: &str) -> KnownHost {
        let mut known = KnownHost::default();
        known.text(text, Path::new("kh"), name);
        known
    }

    #[test]
    fn names_ports_patterns_and_negations() {
        let text = format!(
            "# c\n\nweb,10.0.0.1 ssh-ed25519 {ONE} me@x\n[db]:2222 ssh-ed25519 {TWO}\n*.org,!bad.org ssh-ed25519 {ONE}\n"
        );
        let verdict = |host, port, text_of_key| known(&text, &name(host, port)).check(&key(text_of_key));
        assert_eq!(verdict("WEB", 22, ONE), Verdict::Known);
        assert_eq!(verdict("10.0.0.1", 22, ONE), Verdict::Known);
        assert_eq!(verdict("web", 2222, ONE), Verdict::Unknown);
        assert_eq!(verdict("db", 2222, TWO), Verdict::Known);
        assert_eq!(verdict("db", 22, TWO), Verdict::Unknown);
        assert_eq!(verdict("a.org", 22, ONE), Verdict::Known);
        assert_eq!(verdict("bad.org", 22, ONE), Verdict::Unknown);
        assert_eq!(verdict("web", 22, TWO), Verdict::Changed("kh:3".to_owned()));
    }

    #[test]
    fn hashed_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/known_hosts");
        remember(&path, "[web]:2222", &key(ONE), Hashed::Yes).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("|1|") && !text.contains("web"));
        let known = KnownHost::read(std::slice::from_ref(&path), "[web]:2222").unwrap();
        assert_eq!(known.check(&key(ONE)), Verdict::Known);
        assert_eq!(KnownHost::read(&[path], "web").unwrap().check(&key(ONE)), Verdict::Unknown);
        // made by `ssh-keygen -H`
        let made = format!("|1|1S3AI7RVrQ44DgUfLdF/osQSrZU=|y4lUdXsvDvtVS8YcRaj4QiDyzXQ= ssh-ed25519 {ONE}\n");
        assert_eq!(super::tests::known(&made, "db.example.org").check(&key(ONE)), Verdict::Known);
    }

    #[test]
    fn markers() {
        let text =
            format!("@revoked * ssh-ed25519 {ONE}\nweb ssh-ed25519 {ONE}\n@cert-authority *.org ssh-ed25519 {TWO}\n");
        assert_eq!(known(&text, "web").check(&key(ONE)), Verdict::Revoked("kh:1".to_owned()));
        assert_eq!(known(&text, "a.org").check(&key(TWO)), Verdict::Unknown);
        assert_eq!(known(&text, "a.org").only_authority().as_deref(), Some("kh:3"));
        assert_eq!(known(&text, "web").only_authority(), None);
    }

    #[test]
    fn a_line_without_its_end_swallows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known_hosts");
        fs::write(&path, format!("web ssh-ed25519 {ONE}")).unwrap();
        remember(&path, "db", &key(TWO), Hashed::No).unwrap();
        for (name, text) in [("web", ONE), ("db", TWO)] {
            let known = KnownHost::read(std::slice::from_ref(&path), name).unwrap();
            assert_eq!(known.check(&key(text)), Verdict::Known);
        }
    }

    #[test]
    fn fingerprints() {
        assert_eq!(kind_of(&key(ONE)), "ssh-ed25519");
        assert_eq!(fingerprint(b""), "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
