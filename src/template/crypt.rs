//! Password hashes as `crypt(3)` writes them: SHA-crypt, MD5-crypt and bcrypt.

use rand::RngExt as _;
use sha2::Digest;

use super::fault::{Fault, Outcome};

/// The alphabet of `crypt`'s own base 64, least significant bits first.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What a salt may be made of.
const SALT: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./";

/// How a password is to be hashed, as far as its user says.
#[derive(Default)]
pub(crate) struct Wish {
    pub(crate) salt: Option<String>,
    pub(crate) salt_size: Option<u32>,
    pub(crate) rounds: Option<u32>,
    pub(crate) ident: Option<String>,
}

/// Hashes a password. The names of the types are Ansible's, short or long.
pub(crate) fn hash(kind: &str, password: &[u8], wish: &Wish) -> Outcome<String> {
    match kind {
        "sha512" | "sha512_crypt" => sha_crypt::<sha2::Sha512>(password, wish, "6", 656_000, SHA512_ORDER),
        "sha256" | "sha256_crypt" => sha_crypt::<sha2::Sha256>(password, wish, "5", 535_000, SHA256_ORDER),
        "md5" | "md5_crypt" => {
            let salt = salt(wish, 8, 8)?;
            Ok(md5_crypt(password, &salt))
        }
        "blowfish" | "bcrypt" => bcrypt_hash(password, wish),
        other => Err(Fault::new(format!("crypt type `{other}` is not supported"))
            .help(Some("the types are sha512, sha256, blowfish, md5".to_owned()))),
    }
}

/// Hashes a password for a user outside templates; an error is a sentence.
pub(crate) fn hash_password(
    kind: &str,
    password: &str,
    salt: Option<String>,
    size: Option<u32>,
) -> Result<String, String> {
    let wish = Wish { salt, salt_size: size, ..Wish::default() };
    hash(kind, password.as_bytes(), &wish).map_err(|fault| fault.message().to_owned())
}

/// A salt of so many characters. Each of them is one that all of the types take.
pub(crate) fn random_salt(size: usize) -> String {
    let mut random = rand::rng();
    (0..size).filter_map(|_| SALT.get(random.random_range(0..SALT.len())).map(|byte| char::from(*byte))).collect()
}

fn salt(wish: &Wish, size: usize, most: usize) -> Outcome<String> {
    if let Some(salt) = &wish.salt {
        if !salt.bytes().all(|byte| SALT.contains(&byte)) {
            return Err(Fault::new("the salt may hold letters, digits, `.` and `/` only"));
        }
        if salt.len() > most {
            return Err(Fault::new(format!("the salt may have {most} characters at most")));
        }
        Ok(salt.clone())
    } else {
        let size = wish.salt_size.map_or(size, |size| size as usize).min(most);
        let mut random = rand::rng();
        Ok((0..size)
            .filter_map(|_| SALT.get(random.random_range(0..SALT.len())).map(|byte| char::from(*byte)))
            .collect())
    }
}

/// Ulrich Drepper's SHA-crypt.
fn sha_crypt<D: Digest>(
    password: &[u8],
    wish: &Wish,
    id: &str,
    default_rounds: u32,
    order: &[[usize; 3]],
) -> Outcome<String> {
    let salt = salt(wish, 16, 16)?;
    let rounds = wish.rounds.unwrap_or(default_rounds);
    if !(1000..=999_999_999).contains(&rounds) {
        return Err(Fault::new("the rounds must be between 1000 and 999999999"));
    }
    let salt_bytes = salt.as_bytes();
    let size = <D as Digest>::output_size();
    let b = D::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize();
    let mut a = D::new().chain_update(password).chain_update(salt_bytes);
    let mut left = password.len();
    while left > 0 {
        let take = left.min(size);
        a.update(b.get(..take).unwrap_or(&[]));
        left -= take;
    }
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            a.update(&b);
        } else {
            a.update(password);
        }
        bits >>= 1;
    }
    let mut a = a.finalize();
    let mut dp = D::new();
    for _ in 0..password.len() {
        dp.update(password);
    }
    let dp = dp.finalize();
    let p: Vec<u8> = dp.iter().copied().cycle().take(password.len()).collect();
    let mut ds = D::new();
    for _ in 0..16 + usize::from(a.first().copied().unwrap_or(0)) {
        ds.update(salt_bytes);
    }
    let ds = ds.finalize();
    let s: Vec<u8> = ds.iter().copied().cycle().take(salt_bytes.len()).collect();
    for round in 0..rounds {
        let mut c = D::new();
        if round % 2 == 1 {
            c.update(&p);
        } else {
            c.update(&a);
        }
        if round % 3 != 0 {
            c.update(&s);
        }
        if round % 7 != 0 {
            c.update(&p);
        }
        if round % 2 == 1 {
            c.update(&a);
        } else {
            c.update(&p);
        }
        a = c.finalize();
    }
    let shown = if rounds == 5000 { String::new() } else { format!("rounds={rounds}$") };
    let mut out = format!("${id}${shown}{salt}$");
    encode(&a, order, &mut out);
    Ok(out)
}

/// Groups of three bytes as four characters; a place past the end is no byte, and saves its characters.
fn encode(bytes: &[u8], order: &[[usize; 3]], out: &mut String) {
    for group in order {
        let mut value = 0_u32;
        let mut present = 0;
        for index in group {
            value <<= 8;
            if let Some(byte) = bytes.get(*index) {
                value |= u32::from(*byte);
                present += 1;
            }
        }
        for _ in 0..=present {
            out.extend(ALPHABET.get((value & 63) as usize).map(|byte| char::from(*byte)));
            value >>= 6;
        }
    }
}

const NONE: usize = usize::MAX;

const SHA512_ORDER: &[[usize; 3]] = &[
    [0, 21, 42],
    [22, 43, 1],
    [44, 2, 23],
    [3, 24, 45],
    [25, 46, 4],
    [47, 5, 26],
    [6, 27, 48],
    [28, 49, 7],
    [50, 8, 29],
    [9, 30, 51],
    [31, 52, 10],
    [53, 11, 32],
    [12, 33, 54],
    [34, 55, 13],
    [56, 14, 35],
    [15, 36, 57],
    [37, 58, 16],
    [59, 17, 38],
    [18, 39, 60],
    [40, 61, 19],
    [62, 20, 41],
    [NONE, NONE, 63],
];

const SHA256_ORDER: &[[usize; 3]] = &[
    [0, 10, 20],
    [21, 1, 11],
    [12, 22, 2],
    [3, 13, 23],
    [24, 4, 14],
    [15, 25, 5],
    [6, 16, 26],
    [27, 7, 17],
    [18, 28, 8],
    [9, 19, 29],
    [NONE, 31, 30],
];

const MD5_ORDER: &[[usize; 3]] = &[[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [NONE, NONE, 11]];

/// Poul-Henning Kamp's MD5-crypt.
fn md5_crypt(password: &[u8], salt: &str) -> String {
    use md5::Md5;
    let salt_bytes = salt.as_bytes();
    let b = Md5::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize();
    let mut a = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt_bytes);
    let mut left = password.len();
    while left > 0 {
        let take = left.min(16);
        a.update(b.get(..take).unwrap_or(&[]));
        left -= take;
    }
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            a.update([0]);
        } else {
            a.update(password.get(..1).unwrap_or(&[]));
        }
        bits >>= 1;
    }
    let mut a = a.finalize();
    for round in 0..1000 {
        let mut c = Md5::new();
        if round % 2 == 1 {
            c.update(password);
        } else {
            c.update(a);
        }
        if round % 3 != 0 {
            c.update(salt_bytes);
        }
        if round % 7 != 0 {
            c.update(password);
        }
        if round % 2 == 1 {
            c.update(a);
        } else {
            c.update(password);
        }
        a = c.finalize();
    }
    let mut out = format!("$1${salt}$");
    encode(&a, MD5_ORDER, &mut out);
    out
}

/// bcrypt, whose salt is 22 characters of yet another base 64.
fn bcrypt_hash(password: &[u8], wish: &Wish) -> Outcome<String> {
    const BCRYPT: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let salt: [u8; 16] = match &wish.salt {
        None => rand::rng().random(),
        Some(salt) => {
            let wrong = || Fault::new("a salt for blowfish has 22 letters, digits, `.` or `/`");
            if salt.len() != 22 {
                return Err(wrong());
            }
            let mut bits = 0_u32;
            let mut held = 0;
            let mut out = Vec::with_capacity(16);
            for byte in salt.bytes() {
                let value = BCRYPT.iter().position(|known| *known == byte).ok_or_else(wrong)?;
                bits = bits << 6 | u32::try_from(value).unwrap_or(0);
                held += 6;
                if held >= 8 {
                    held -= 8;
                    out.push(u8::try_from(bits >> held & 255).unwrap_or(0));
                }
            }
            out.get(..16).and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?
        }
    };
    let version = match wish.ident.as_deref() {
        None | Some("2b") => bcrypt::Version::TwoB,
        Some("2a") => bcrypt::Version::TwoA,
        Some("2y") => bcrypt::Version::TwoY,
        Some(other) => return Err(Fault::new(format!("ident `{other}` is none of 2a, 2b, 2y"))),
    };
    let parts = bcrypt::hash_with_salt(password, wish.rounds.unwrap_or(12), salt)
        .map_err(|error| Fault::new(format!("the password cannot be hashed: {error}")))?;
    Ok(parts.format_for_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(salt: &str, rounds: Option<u32>) -> Wish {
        Wish { salt: Some(salt.to_owned()), rounds, ..Wish::default() }
    }

    // what crypt(3) of glibc answers
    #[test]
    fn hashes_are_those_of_crypt() {
        assert_eq!(
            hash("sha512", b"Hello world!", &with("saltstring", Some(5000))).unwrap(),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
        assert_eq!(
            hash("sha256", b"Hello world!", &with("saltstring", Some(5000))).unwrap(),
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
        );
        assert_eq!(
            hash("sha256", b"Hello world!", &with("saltstringsaltst", Some(10000))).unwrap(),
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"
        );
    }

    #[test]
    fn md5_and_blowfish_are_those_of_crypt() {
        assert_eq!(hash("md5", b"password", &with("salt", None)).unwrap(), "$1$salt$qJH7.N4xYta3aEG/dfqo/0");
        let hashed = hash("bcrypt", b"password", &with("abcdefghijklmnopqrstuu", Some(4))).unwrap();
        assert!(hashed.starts_with("$2b$04$abcdefghijklmnopqrstuu"), "{hashed}");
        assert!(bcrypt::verify("password", &hashed).unwrap());
    }

    #[test]
    fn a_salt_is_drawn_where_none_is_given() {
        let one = hash("sha256", b"p", &Wish { rounds: Some(1000), ..Wish::default() }).unwrap();
        let other = hash("sha256", b"p", &Wish { rounds: Some(1000), ..Wish::default() }).unwrap();
        assert_ne!(one, other);
    }
}
