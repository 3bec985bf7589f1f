//! Lines of `authorized_keys`.

/// A public key with its options and comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// Options as they are written, without what stands between them and the key.
    pub(super) options: String,
    /// The kind, such as `ssh-ed25519`.
    pub(super) kind: String,
    /// The key itself, in base 64.
    pub(super) key: String,
    /// Whatever stands behind the key.
    pub(super) comment: String,
}

/// Kinds of keys that OpenSSH knows.
const KINDS: &[&str] = &[
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "ssh-dss",
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-xmss@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
];

fn is_kind(word: &str) -> bool {
    let certified = |kind: &&str| word.strip_suffix("-cert-v01@openssh.com").is_some_and(|word| kind.starts_with(word));
    KINDS.contains(&word) || KINDS.iter().any(certified)
}

/// Splits at blanks that are not within double quotes.
fn split(line: &str) -> Vec<&str> {
    let (mut words, mut start, mut quoted, mut escaped) = (Vec::new(), None, false, false);
    for (at, c) in line.char_indices() {
        if c.is_whitespace() && !quoted {
            words.extend(start.take().and_then(|start: usize| line.get(start..at)));
            continue;
        }
        start.get_or_insert(at);
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
    }
    words.extend(start.and_then(|start| line.get(start..)));
    words
}

impl PublicKey {
    /// Reads a line; `None` where it holds no key.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let words = split(line);
        let at = words.iter().position(|word| is_kind(word))?;
        let mut rest = words.iter().skip(at).map(|word| (*word).to_owned());
        let (kind, key) = (rest.next()?, rest.next()?);
        let comment = rest.collect::<Vec<_>>().join(" ");
        Some(Self { options: words.get(..at)?.join(" "), kind, key, comment })
    }

    /// The line.
    pub(super) fn line(&self) -> String {
        let Self { options, kind, key, comment } = self;
        let blank = if options.is_empty() { "" } else { " " };
        format!("{options}{blank}{kind} {key} {comment}").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_comments_may_hold_blanks() {
        let line = r#"from="a b",command="echo \"x y\"",no-pty ssh-rsa AAAA a  comment"#;
        let key = PublicKey::parse(line).unwrap();
        assert_eq!(key.options, r#"from="a b",command="echo \"x y\"",no-pty"#);
        assert_eq!((key.kind.as_str(), key.key.as_str(), key.comment.as_str()), ("ssh-rsa", "AAAA", "a comment"));
        assert_eq!(PublicKey::parse("ssh-ed25519 AAAA").unwrap().line(), "ssh-ed25519 AAAA");
        assert_eq!(PublicKey::parse("ssh-rsa-cert-v01@openssh.com AA").unwrap().kind, "ssh-rsa-cert-v01@openssh.com");
        for wrong in ["nonsense", "# ssh-rsa AAAA", "ssh-rsa", ""] {
            assert_eq!(PublicKey::parse(wrong), None, "{wrong}");
        }
    }
}
