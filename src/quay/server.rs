//! The address of a registry.

use std::fmt;

use url::Url;

/// Scheme, host, port and (rarely) path prefix of a registry, without a slash at the end: `https://quay.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    base: String,
    service: String,
}

/// Why a text is no address of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// It cannot be read.
    #[error("`{text}` is no address of a registry: {reason}")]
    Unreadable {
        /// What was given.
        text: String,
        /// Why.
        reason: String,
    },
    /// It is of another kind.
    #[error("`{text}` is no address of a registry: expected `https://` or `http://`, found `{scheme}:`")]
    Scheme {
        /// What was given.
        text: String,
        /// Its scheme.
        scheme: String,
    },
    /// It holds a user or password, which would end up in messages.
    #[error("an address of a registry takes no user and password; they are options of their own")]
    Credentials,
}

impl ServerUrl {
    /// Reads an address as people give it: `https` where no scheme stands, and without the `/api/v1` that other tools want.
    ///
    /// # Errors
    /// What cannot be the address of a registry.
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let trimmed = text.trim();
        let full = if trimmed.contains("://") { trimmed.to_owned() } else { format!("https://{trimmed}") };
        let unreadable =
            |reason: &str| ServerUrlError::Unreadable { text: trimmed.to_owned(), reason: reason.to_owned() };
        if trimmed.is_empty() {
            return Err(unreadable("it is empty"));
        }
        let url = Url::parse(&full).map_err(|error| unreadable(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme { text: trimmed.to_owned(), scheme: url.scheme().to_owned() });
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unreadable("it has no host"))?;
        let service = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/v1").or_else(|| path.strip_suffix("/api")).unwrap_or(path);
        Ok(Self { base: format!("{}://{service}{path}", url.scheme()), service })
    }

    /// The address without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Host and port as registry clients name them, `quay.example.com:8443`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, base, service) in [
            ("quay.example.com", "https://quay.example.com", "quay.example.com"),
            ("quay.example.com:8443/", "https://quay.example.com:8443", "quay.example.com:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://Quay.example.com:443/api/v1/", "https://quay.example.com", "quay.example.com"),
            (" https://[::1]:9000/prefix/api/v1 ", "https://[::1]:9000/prefix", "[::1]:9000"),
        ] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!((url.as_str(), url.service()), (base, service), "{text}");
        }
        for text in ["", "ftp://quay", "https://", "https://user:hunter2@quay", "http://a b"] {
            assert!(ServerUrl::parse(text).is_err(), "{text}");
        }
        assert!(!ServerUrl::parse("https://user:hunter2@quay").unwrap_err().to_string().contains("hunter2"));
    }
}
