//! Signed tokens, in the form of JWTs. Only the sandbox itself reads them, so they are signed with its own key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::sandbox::access::Sealer;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says, in Quay's names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// `quay`.
    pub(super) iss: String,
    /// The service that it was asked for.
    pub(super) aud: Option<String>,
    /// Not before, in seconds since 1970.
    pub(super) nbf: i64,
    /// Issued at.
    pub(super) iat: i64,
    /// Ends at.
    pub(super) exp: i64,
    /// The user's or robot's name, or `(anonymous)`.
    pub(super) sub: String,
    /// What its holder may do.
    pub(super) access: Vec<Access>,
    /// Who its holder is, in Quay's own terms.
    pub(super) context: serde_json::Value,
}

/// Rights on one repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Access {
    /// `repository`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Its full name.
    pub(super) name: String,
    /// `pull`, `push`, `*`; empty where nothing is allowed.
    pub(super) actions: Vec<String>,
}

impl Claims {
    /// Whether the holder may do this (`pull` or `push`) with a repository. Each right includes the weaker ones.
    pub(super) fn allows(&self, repository: &str, action: &str) -> bool {
        let enough: &[&str] = if action == "pull" { &["pull", "push", "*"] } else { &["push", "*"] };
        self.access
            .iter()
            .filter(|access| access.kind == "repository" && access.name == repository)
            .any(|access| access.actions.iter().any(|action| enough.contains(&action.as_str())))
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwtError {
    /// It is no token of this sandbox.
    #[error("Invalid token")]
    Invalid,
    /// Its signature is not ours.
    #[error("Signature verification failed")]
    Signature,
    /// It has ended.
    #[error("Signature has expired")]
    Expired,
    /// It is not valid yet.
    #[error("The token is not yet valid (nbf)")]
    TooEarly,
}

/// Makes a token.
pub(super) fn sign(sealer: &Sealer, claims: &Claims) -> Result<String, serde_json::Error> {
    let body = serde_json::to_vec(claims)?;
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(body));
    let signature = URL_SAFE_NO_PAD.encode(sealer.tag(&[b"registry", text.as_bytes()]));
    Ok(format!("{text}.{signature}"))
}

/// Reads a token. `now` is in seconds since 1970.
pub(super) fn verify(sealer: &Sealer, token: &str, now: i64) -> Result<Claims, JwtError> {
    let (text, signature) = token.rsplit_once('.').ok_or(JwtError::Invalid)?;
    let (header, body) = text.split_once('.').ok_or(JwtError::Invalid)?;
    // the algorithm is ours to choose, never the token's
    if header != URL_SAFE_NO_PAD.encode(HEADER) {
        return Err(JwtError::Invalid);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtError::Invalid)?;
    let right = sealer.tag(&[b"registry", text.as_bytes()]);
    if !bool::from(right.ct_eq(&signature)) {
        return Err(JwtError::Signature);
    }
    let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| JwtError::Invalid)?;
    let claims: Claims = serde_json::from_slice(&body).map_err(|_| JwtError::Invalid)?;
    if now >= claims.exp {
        return Err(JwtError::Expired);
    }
    if now < claims.nbf {
        return Err(JwtError::TooEarly);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(&Secret::new(key))
    }

    fn claims() -> Claims {
        Claims {
            iss: "quay".into(),
            aud: Some("127.0.0.1:8080".into()),
            nbf: 100,
            iat: 100,
            exp: 3700,
            sub: "acme+ci".into(),
            access: vec![Access {
                kind: "repository".into(),
                name: "acme/app".into(),
                actions: vec!["push".into(), "pull".into()],
            }],
            context: serde_json::json!({ "version": 2 }),
        }
    }

    #[test]
    fn a_token_reads_back_until_it_ends() {
        let token = sign(&sealer("key"), &claims()).unwrap();
        assert_eq!(verify(&sealer("key"), &token, 100), Ok(claims()));
        assert_eq!(verify(&sealer("key"), &token, 3700), Err(JwtError::Expired));
        assert_eq!(verify(&sealer("key"), &token, 99), Err(JwtError::TooEarly));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let token = sign(&sealer("key"), &claims()).unwrap();
        assert_eq!(verify(&sealer("other"), &token, 100), Err(JwtError::Signature));
        let (text, signature) = token.rsplit_once('.').unwrap();
        let mut more = claims();
        more.access[0].actions.push("*".into());
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&more).unwrap());
        let header = text.split_once('.').unwrap().0;
        assert_eq!(verify(&sealer("key"), &format!("{header}.{body}.{signature}"), 100), Err(JwtError::Signature));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert_eq!(verify(&sealer("key"), &format!("{none}.{body}."), 100), Err(JwtError::Invalid));
        for text in ["", "a", "a.b", "a.b.c", "...."] {
            assert_eq!(verify(&sealer("key"), text, 100), Err(JwtError::Invalid), "{text}");
        }
    }

    #[test]
    fn stronger_rights_include_weaker_ones() {
        let mut claims = claims();
        claims.access[0].actions = vec!["pull".into()];
        assert!(claims.allows("acme/app", "pull") && !claims.allows("acme/app", "push"));
        claims.access[0].actions = vec!["*".into()];
        assert!(claims.allows("acme/app", "pull") && claims.allows("acme/app", "push"));
        assert!(!claims.allows("acme/other", "pull"));
        claims.access[0].actions.clear();
        assert!(!claims.allows("acme/app", "pull"));
    }
}
