//! Secrets on the wire. [`Secret`] serializes as asterisks everywhere; the fields that must carry the real text to or from
//! a server say so with these functions.

use serde::{Serialize, Serializer};

use crate::value::Secret;

/// Writes a secret in clear: `#[serde(serialize_with = "wire::clear")]`.
///
/// # Errors
/// Those of the serializer.
pub fn clear<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Writes an optional secret in clear.
///
/// # Errors
/// Those of the serializer.
pub fn clear_option<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}
