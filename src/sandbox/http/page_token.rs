//! Page tokens: where the next page starts, sealed so that a client cannot build one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use crate::sandbox::access::Sealer;

/// Seals the row number that the next page starts at.
pub fn seal(sealer: &Sealer, start: i64) -> String {
    let mut token = start.to_be_bytes().to_vec();
    token.extend(sealer.tag(&[b"page", &start.to_be_bytes()]));
    URL_SAFE.encode(token)
}

/// The row number in a token. As in Quay, a token that cannot be opened means the first page.
pub fn open(sealer: &Sealer, token: &str) -> Option<i64> {
    let bytes = URL_SAFE.decode(token).ok()?;
    let (start, tag) = bytes.split_first_chunk::<8>()?;
    (sealer.tag(&[b"page", start]) == tag).then(|| i64::from_be_bytes(*start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;

    #[test]
    fn only_our_own_tokens_open() {
        let sealer = Sealer::new(&Secret::new("key"));
        assert_eq!(open(&sealer, &seal(&sealer, 4711)), Some(4711));
        assert_eq!(open(&sealer, "garbage"), None);
        assert_eq!(open(&Sealer::new(&Secret::new("other")), &seal(&sealer, 4711)), None);
    }
}
