//! Filters that hash and encode.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sha2::Digest as _;

use crate::template::crypt;
use crate::template::eval::{Args, Run, int_of};
use crate::template::fault::{Fault, Outcome};
use crate::template::item::{Item, Object};

/// The bytes of a text, or those that `encode` made.
fn bytes(run: &Run<'_, '_>, item: &Item) -> Outcome<Vec<u8>> {
    match item {
        Item::Object(object) => match &**object {
            Object::Bytes(bytes) => Ok(bytes.clone()),
            _ => run.display(item).map(String::into_bytes),
        },
        item => run.display(item).map(String::into_bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn digest(kind: &str, bytes: &[u8]) -> Outcome<String> {
    Ok(match kind {
        "md5" => hex(&md5::Md5::digest(bytes)),
        "sha1" => hex(&sha1::Sha1::digest(bytes)),
        "sha224" => hex(&sha2::Sha224::digest(bytes)),
        "sha256" => hex(&sha2::Sha256::digest(bytes)),
        "sha384" => hex(&sha2::Sha384::digest(bytes)),
        "sha512" => hex(&sha2::Sha512::digest(bytes)),
        other => {
            let help = "the types are md5, sha1, sha224, sha256, sha384, sha512".to_owned();
            return Err(Fault::new(format!("unsupported hash type `{other}`")).help(Some(help)));
        }
    })
}

/// `hash(hashtype='sha1')`.
pub(super) fn hash(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [kind] = args.bind(["hashtype"])?;
    let kind = kind.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "sha1".to_owned());
    digest(&kind, &bytes(run, item)?).map(Item::text)
}

/// `checksum`, `sha1`: SHA-1 in hexadecimal.
pub(super) fn sha1(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    digest("sha1", &bytes(run, item)?).map(Item::text)
}

/// `md5`.
pub(super) fn md5(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    args.none()?;
    digest("md5", &bytes(run, item)?).map(Item::text)
}

/// The encodings that base 64 may be asked for.
#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Utf8,
    Utf16 { big: bool },
    Latin1,
}

fn encoding(run: &Run<'_, '_>, item: Option<Item>) -> Outcome<Encoding> {
    let name = item.map(|item| run.display(&item)).transpose()?.unwrap_or_else(|| "utf-8".to_owned());
    Ok(match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" => Encoding::Utf8,
        "utf-16-le" | "utf-16le" => Encoding::Utf16 { big: false },
        "utf-16-be" | "utf-16be" => Encoding::Utf16 { big: true },
        "latin-1" | "latin1" | "iso-8859-1" => Encoding::Latin1,
        _ => return Err(Fault::new(format!("encoding `{name}` is not supported"))),
    })
}

/// `b64encode(encoding='utf-8', urlsafe=false)`.
pub(super) fn b64encode(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [encoding_name, urlsafe] = args.bind(["encoding", "urlsafe"])?;
    let urlsafe = urlsafe.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let bytes = match encoding(run, encoding_name)? {
        Encoding::Utf8 => bytes(run, item)?,
        Encoding::Utf16 { big } => run
            .display(item)?
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect(),
        Encoding::Latin1 => run
            .display(item)?
            .chars()
            .map(|c| u8::try_from(u32::from(c)).map_err(|_| Fault::new("the text has characters that latin-1 has not")))
            .collect::<Outcome<_>>()?,
    };
    Ok(Item::text(if urlsafe { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }))
}

/// `b64decode(encoding='utf-8', urlsafe=false)`.
pub(super) fn b64decode(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [encoding_name, urlsafe] = args.bind(["encoding", "urlsafe"])?;
    let urlsafe = urlsafe.map(|item| run.truthy(&item)).transpose()?.unwrap_or(false);
    let encoding = encoding(run, encoding_name)?;
    // Python passes over what is not of the alphabet, line ends above all
    let text: String = run
        .display(item)?
        .chars()
        .map(|c| match c {
            '-' if urlsafe => '+',
            '_' if urlsafe => '/',
            c => c,
        })
        .filter(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c))
        .collect();
    let bytes = STANDARD.decode(text).map_err(|_| Fault::new("the text is not base 64"))?;
    let units = |big: bool| -> Vec<u16> {
        bytes
            .chunks_exact(2)
            .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
            .map(|pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
            .collect()
    };
    let not_text = || Fault::new("what was encoded is not text");
    Ok(Item::text(match encoding {
        // what is not text is kept as far as it goes, as Ansible's surrogates do
        Encoding::Utf8 => String::from_utf8_lossy(&bytes).into_owned(),
        Encoding::Utf16 { big } => String::from_utf16(&units(big)).map_err(|_| not_text())?,
        Encoding::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }))
}

/// `to_uuid(namespace=Ansible's)`: a UUID of version 5.
pub(super) fn to_uuid(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [namespace] = args.bind(["namespace"])?;
    let namespace = if let Some(namespace) = namespace {
        uuid::Uuid::parse_str(&run.display(&namespace)?).map_err(|_| Fault::new("the namespace is not a UUID"))?
    } else {
        uuid::uuid!("361e6d51-faec-444a-9079-341386da8e2e")
    };
    Ok(Item::text(uuid::Uuid::new_v5(&namespace, run.display(item)?.as_bytes()).to_string()))
}

/// `password_hash(hashtype='sha512', salt=None, salt_size=None, rounds=None, ident=None)`: for `/etc/shadow` and the like.
pub(super) fn password_hash(run: &mut Run<'_, '_>, item: &Item, args: Args) -> Outcome {
    let [kind, salt, salt_size, rounds, ident] = args.bind(["hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let text = |item: Option<Item>| match item {
        Some(item) if !item.is_null() => run.display(&item).map(Some),
        _ => Ok(None),
    };
    let number = |item: Option<Item>| match item {
        Some(item) if !item.is_null() => {
            u32::try_from(int_of(&item)?).map(Some).map_err(|_| Fault::new("a number is out of range"))
        }
        _ => Ok(None),
    };
    let kind = text(kind)?.unwrap_or_else(|| "sha512".to_owned());
    let wish =
        crypt::Wish { salt: text(salt)?, salt_size: number(salt_size)?, rounds: number(rounds)?, ident: text(ident)? };
    crypt::hash(&kind, run.display(item)?.as_bytes(), &wish).map(Item::text)
}
