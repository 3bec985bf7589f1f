//! The text form of an encrypted value: a header line and hexadecimal lines of 80 characters.

use zeroize::Zeroizing;

use super::secrets::VaultError;

/// The vault id of an envelope that names none.
pub const DEFAULT_ID: &str = "default";

const MAGIC: &str = "$ANSIBLE_VAULT";
const WIDTH: usize = 80;

/// Whether bytes are an envelope, as Ansible decides it: by the first word alone.
#[must_use]
pub fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC.as_bytes()) && bytes.is_ascii()
}

/// An envelope, taken apart but still closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The vault id in the header, if there is one: a hint which password to try first.
    pub id: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) hmac: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
}

impl Envelope {
    /// Takes an envelope apart. Blanks around its lines are ignored, so that an indented one can be read.
    ///
    /// # Errors
    /// [`VaultError::Format`] with what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let format = |what: &str| VaultError::Format(what.to_owned());
        let text = std::str::from_utf8(bytes).map_err(|_| format("it is not text"))?;
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default().trim();
        let mut fields = header.split(';').map(str::trim);
        if fields.next() != Some(MAGIC) {
            return Err(format("it does not start with `$ANSIBLE_VAULT;`"));
        }
        match fields.next() {
            Some("1.1" | "1.2") => {}
            Some(version) => return Err(VaultError::Format(format!("version `{version}` is not supported"))),
            None => return Err(format("its header has no version")),
        }
        match fields.next() {
            Some("AES256") => {}
            Some(cipher) => return Err(VaultError::Format(format!("the cipher `{cipher}` is not supported"))),
            None => return Err(format("its header names no cipher")),
        }
        let id = fields.next().filter(|id| !id.is_empty()).map(str::to_owned);
        let digits: String = lines.flat_map(str::split_whitespace).collect();
        let inner = unhex(digits.as_bytes()).ok_or_else(|| format("its body is not hexadecimal"))?;
        let mut parts = inner.splitn(3, |byte| *byte == b'\n').map(unhex);
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(salt), Some(hmac), Some(ciphertext)) => Ok(Self { id, salt, hmac, ciphertext }),
            _ => Err(format("its body is cut short or damaged")),
        }
    }

    /// The text form, ending in a newline: version 1.2 where there is an id other than `default`, else 1.1.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut inner = Zeroizing::new(Vec::new());
        for (index, part) in [&self.salt, &self.hmac, &self.ciphertext].into_iter().enumerate() {
            if index > 0 {
                inner.push(b'\n');
            }
            inner.extend_from_slice(hex(part).as_bytes());
        }
        let digits = hex(&inner);
        let mut out = match &self.id {
            Some(id) if id != DEFAULT_ID => format!("{MAGIC};1.2;AES256;{id}\n"),
            _ => format!("{MAGIC};1.1;AES256\n"),
        };
        let mut rest = digits.as_str();
        while !rest.is_empty() {
            let (line, below) = rest.split_at_checked(WIDTH).unwrap_or((rest, ""));
            out.push_str(line);
            out.push('\n');
            rest = below;
        }
        out
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_envelopes_say_what_is_wrong() {
        let cases = [
            ("", "it does not start with `$ANSIBLE_VAULT;`"),
            ("$ANSIBLE_VAULT", "its header has no version"),
            ("$ANSIBLE_VAULT;1.0;AES", "version `1.0` is not supported"),
            ("$ANSIBLE_VAULT;1.1", "its header names no cipher"),
            ("$ANSIBLE_VAULT;1.1;AES", "the cipher `AES` is not supported"),
            ("$ANSIBLE_VAULT;1.1;AES256\nxyz", "its body is not hexadecimal"),
            ("$ANSIBLE_VAULT;1.1;AES256\n616", "its body is not hexadecimal"),
            ("$ANSIBLE_VAULT;1.1;AES256\n6162", "its body is cut short or damaged"),
        ];
        for (text, expected) in cases {
            assert_eq!(Envelope::parse(text.as_bytes()), Err(VaultError::Format(expected.to_owned())), "{text}");
        }
    }

    #[test]
    fn an_id_makes_it_version_1_2() {
        let envelope = |id: Option<&str>| Envelope {
            id: id.map(str::to_owned),
            salt: vec![1; 32],
            hmac: vec![2; 32],
            ciphertext: vec![3; 16],
        };
        for id in [None, Some("prod"), Some("default")] {
            let text = envelope(id).to_text();
            let header = text.lines().next().unwrap();
            assert_eq!(
                header,
                if id == Some("prod") { "$ANSIBLE_VAULT;1.2;AES256;prod" } else { "$ANSIBLE_VAULT;1.1;AES256" }
            );
            assert!(text.lines().all(|line| line.len() <= 80) && text.ends_with('\n'));
            assert_eq!(Envelope::parse(text.as_bytes()).unwrap().ciphertext, vec![3; 16]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in "(\\$ANSIBLE_VAULT;1\\.[12];AES256(;x)?\n)?([0-9a-f \n]|0a|.){0,80}") {
            let _ = Envelope::parse(bytes.as_bytes());
        }
    }
}
