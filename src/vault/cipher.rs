//! Opening and sealing: PBKDF2-HMAC-SHA256, AES-256 in counter mode, PKCS#7 padding, HMAC-SHA256 over the ciphertext.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::envelope::Envelope;
use super::password::Password;
use super::secrets::VaultError;

const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;
const SALT: usize = 32;

struct Keys {
    cipher: Zeroizing<[u8; 32]>,
    hmac: Zeroizing<[u8; 32]>,
    counter: [u8; BLOCK],
}

impl Keys {
    fn derive(password: &Password, salt: &[u8]) -> Self {
        let mut keys = Self { cipher: Zeroizing::new([0; 32]), hmac: Zeroizing::new([0; 32]), counter: [0; BLOCK] };
        let mut out = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.expose(), salt, ROUNDS, out.as_mut_slice());
        let targets = keys.cipher.iter_mut().chain(keys.hmac.iter_mut()).chain(keys.counter.iter_mut());
        for (target, byte) in targets.zip(out.iter()) {
            *target = *byte;
        }
        keys
    }

    fn apply(&self, bytes: &mut [u8]) {
        Ctr128BE::<Aes256>::new((&*self.cipher).into(), &self.counter.into()).apply_keystream(bytes);
    }

    fn mac(&self, ciphertext: &[u8]) -> Result<Hmac<Sha256>, VaultError> {
        // HMAC takes keys of any length, so this cannot fail; the error names what would be broken
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.hmac.as_ref())
            .map_err(|_| VaultError::Format("its HMAC key cannot be used".to_owned()))?;
        mac.update(ciphertext);
        Ok(mac)
    }
}

/// Opens an envelope with one password; `None` where the password is another.
pub(super) fn open(envelope: &Envelope, password: &Password) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    let keys = Keys::derive(password, &envelope.salt);
    // compares in constant time
    if keys.mac(&envelope.ciphertext)?.verify_slice(&envelope.hmac).is_err() {
        return Ok(None);
    }
    let mut plain = Zeroizing::new(envelope.ciphertext.clone());
    keys.apply(&mut plain);
    let padding = usize::from(plain.last().copied().unwrap_or_default());
    let length = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
    match length {
        Some(length) if plain.iter().skip(length).all(|byte| usize::from(*byte) == padding) => {
            plain.truncate(length);
            Ok(Some(plain))
        }
        _ => Err(VaultError::Format("its padding is wrong".to_owned())),
    }
}

/// Seals bytes with a password under a fresh salt.
pub(super) fn seal(plain: &[u8], password: &Password, id: Option<&str>) -> Result<Envelope, VaultError> {
    let salt: [u8; SALT] = rand::random();
    let keys = Keys::derive(password, &salt);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut bytes = Vec::with_capacity(plain.len() + padding);
    bytes.extend_from_slice(plain);
    bytes.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    keys.apply(&mut bytes);
    let hmac = keys.mac(&bytes)?.finalize().into_bytes().to_vec();
    Ok(Envelope { id: id.map(str::to_owned), salt: salt.to_vec(), hmac, ciphertext: bytes })
}
