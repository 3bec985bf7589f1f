//! The session cookie.

use axum::http::{HeaderMap, header};

/// Its name, as in Quay.
pub const NAME: &str = "_csrf_token";

/// The session that a request shows.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// The header that gives a session to a browser.
pub fn set(session: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{NAME}={session}{secure}; HttpOnly; Path=/; SameSite=Lax")
}
