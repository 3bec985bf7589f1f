//! The first user, sessions and OAuth.

use serde::{Deserialize, Serialize};

use super::wire;
use crate::value::Secret;

/// Answer of `GET /csrf_token`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CsrfToken {
    /// Goes into `X-CSRF-Token` of writes, or `_csrf_token` of forms.
    #[serde(serialize_with = "wire::clear")]
    pub csrf_token: Secret,
}

/// Body of `POST /api/v1/signin` and, without the name, of `/api/v1/signin/verify`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The user.
    pub username: String,
    /// The password, or the encrypted one.
    #[serde(serialize_with = "wire::clear")]
    pub password: Secret,
}

/// Answer of a refused sign-in (403).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInRefused {
    /// The e-mail address must be confirmed first.
    #[serde(default)]
    pub needs_email_verification: bool,
    /// Name or password are wrong, or the user is disabled.
    #[serde(default)]
    pub invalid_credentials: bool,
    /// Quay's explanation.
    #[serde(default)]
    pub message: Option<String>,
}

/// Body of `POST /api/v1/user/initialize`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InitializeUser {
    /// The first user, who must be listed in `SUPER_USERS` to become a superuser.
    pub username: String,
    /// At least 8 characters, no blanks.
    #[serde(serialize_with = "wire::clear")]
    pub password: Secret,
    /// Needed with mailing on; `null` is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether to give a token of all scopes, valid for 2.5 hours.
    #[serde(default)]
    pub access_token: bool,
}

/// Answer of `POST /api/v1/user/initialize`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Initialized {
    /// The token, if one was asked for.
    #[serde(default, serialize_with = "wire::clear_option", skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// The address.
    #[serde(default)]
    pub email: Option<String>,
    /// The password encrypted for use with registry clients.
    #[serde(serialize_with = "wire::clear")]
    pub encrypted_password: Secret,
    /// The user.
    pub username: String,
}

/// Form of `POST /oauth/authorizeapp`. The answer is a redirect to `redirect_uri` with `#access_token=…&expires_in=…`, or
/// with `?error=…`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizeForm {
    /// `token`.
    pub response_type: String,
    /// The application.
    pub client_id: String,
    /// `<server>/oauth/localapp`, or the one that the application has.
    pub redirect_uri: String,
    /// Scopes separated by blanks.
    #[serde(default)]
    pub scope: String,
    /// The session's token.
    #[serde(
        rename = "_csrf_token",
        default,
        serialize_with = "wire::clear_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub csrf_token: Option<Secret>,
    /// Given back in the redirect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}
