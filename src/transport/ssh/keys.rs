//! What a file with a private key tells without its passphrase.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A private key as it stands in its file.
pub(super) struct PrivateKey {
    pub(super) text: Zeroizing<String>,
    pub(super) encrypted: bool,
    /// The public key as SSH's wire has it.
    pub(super) public: Option<Vec<u8>>,
}

/// Reads a private key.
pub(super) fn read(path: &Path) -> io::Result<PrivateKey> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => io::Error::other("this is no private key"),
        _ => error,
    })?);
    if !text.contains("PRIVATE KEY-----") {
        let what = if text.starts_with("PuTTY-User-Key-File") {
            "this is PuTTY's format, which `puttygen -O private-openssh` turns into OpenSSH's"
        } else {
            "this is no private key"
        };
        return Err(io::Error::other(what));
    }
    let own = text.contains("BEGIN OPENSSH PRIVATE KEY").then(|| header(&text)).flatten();
    let encrypted = match &own {
        Some((cipher, _)) => cipher != "none",
        None => text.contains("ENCRYPTED"),
    };
    let public = own.map(|(_, public)| public).or_else(|| public_beside(path));
    Ok(PrivateKey { text, encrypted, public })
}

/// The public key of a private key's file, from it or from the file beside it.
pub(super) fn public_of(path: &Path) -> Option<Vec<u8>> {
    read(path).ok()?.public.or_else(|| public_beside(path))
}

/// A path with another end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A public key or certificate in one line: its kind, its key.
pub(super) fn line(path: &Path) -> Option<(String, Vec<u8>)> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.split_whitespace();
    let (kind, key) = (words.next()?, words.next()?);
    Some((kind.to_owned(), STANDARD.decode(key).ok()?))
}

fn public_beside(path: &Path) -> Option<Vec<u8>> {
    line(&beside(path, ".pub")).map(|(_, key)| key)
}

/// The open head of OpenSSH's own format: the name of its cipher and the public key.
fn header(text: &str) -> Option<(String, Vec<u8>)> {
    let body: String = text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let bytes = Zeroizing::new(STANDARD.decode(body).ok()?);
    let rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let (cipher, rest) = string(rest)?;
    let (_derivation, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (_count, rest) = rest.split_first_chunk::<4>()?;
    let (public, _) = string(rest)?;
    Some((String::from_utf8_lossy(cipher).into_owned(), public.to_vec()))
}

/// A string of SSH's wire, and what follows.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::known_hosts::kind_of;
    use super::*;

    fn wire(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes()[..], part].concat()).collect()
    }

    #[test]
    fn an_encrypted_key_shows_its_public_half() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let public = wire(&[b"ssh-ed25519", &[7; 32]]);
        let head = wire(&[b"aes256-ctr", b"bcrypt", b"salt and rounds"]);
        let body = [b"openssh-key-v1\0", &head[..], &[0, 0, 0, 1], &wire(&[&public, b"sealed"])].concat();
        let marker = |what| format!("-----{what} OPENSSH PRIVATE KEY-----\n");
        fs::write(&path, format!("{}{}\n{}", marker("BEGIN"), STANDARD.encode(body), marker("END"))).unwrap();
        let key = read(&path).unwrap();
        assert!(key.encrypted);
        assert_eq!(kind_of(&key.public.unwrap()), "ssh-ed25519");
    }

    #[test]
    fn what_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "PuTTY-User-Key-File-3: ssh-ed25519\n").unwrap();
        assert!(read(&path).err().unwrap().to_string().contains("puttygen"));
        fs::write(&path, "ssh-ed25519 AAAA").unwrap();
        assert_eq!(read(&path).err().unwrap().to_string(), "this is no private key");
    }
}
