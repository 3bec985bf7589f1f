//! The options that all Quay modules share. They are those of `infra.quay_configuration`, and some of our own.

use serde::Deserialize;

use crate::value::Secret;

/// The shared options of one task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) token: Option<&'a Secret>,
    pub(super) token_file: Option<&'a str>,
    pub(super) username: Option<&'a str>,
    pub(super) password: Option<&'a Secret>,
    pub(super) validate_certs: Option<bool>,
    pub(super) ca_path: Option<&'a str>,
    pub(super) timeout: Option<f64>,
}

/// Whether a thing shall be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It shall be there, and be as the other options say.
    #[default]
    Present,
    /// It shall not be there.
    Absent,
}

/// A list that adds to what is there, or replaces it.
pub(super) fn yes() -> bool {
    true
}

/// Defines a module's options, and adds those that all Quay modules share.
macro_rules! quay_options {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* $field: $type,)*
            /// Address of the registry; `https` where no scheme stands. Without it the environment variable `QUAY_HOST`
            /// counts, and without that `http://127.0.0.1`.
            quay_host: Option<String>,
            /// OAuth token to call with. Without it, `quay_token_file`, `quay_username` and `quay_password` the environment
            /// variable `QUAY_TOKEN` counts. Not together with a user name.
            quay_token: Option<crate::value::Secret>,
            /// File that holds the OAuth token, alone or as `export NAME=token` (not in `infra.quay_configuration`). With
            /// `quay_username` and `quay_password` too, the token is used while it is valid and that user's, and the password
            /// otherwise.
            quay_token_file: Option<String>,
            /// User to sign in as. Much cheaper for the registry than a token, and can do what tokens cannot. Without it the
            /// environment variable `QUAY_USERNAME` counts.
            quay_username: Option<String>,
            /// The user's password. Without it the environment variable `QUAY_PASSWORD` counts.
            quay_password: Option<crate::value::Secret>,
            /// Whether the registry's certificate must be valid. Without it the environment variable `QUAY_VERIFY_SSL`
            /// counts, and without that it must.
            #[serde(alias = "verify_ssl")]
            #[schemars(extend("x-aliases" = ["verify_ssl"]))]
            validate_certs: Option<bool>,
            /// File with the certificates of further authorities to trust, in PEM form (not in `infra.quay_configuration`).
            /// Without it the environment variable `QUAY_CA_PATH` counts.
            #[serde(alias = "quay_ca_path")]
            #[schemars(extend("x-aliases" = ["quay_ca_path"]))]
            ca_path: Option<String>,
            /// Seconds that one request may take. Without it the environment variable `QUAY_TIMEOUT` counts, and without that
            /// 30. (Requests that may be repeated are, so that a task may take longer.)
            timeout: Option<f64>,
        }

        impl $name {
            fn connection(&self) -> super::options::Connection<'_> {
                super::options::Connection {
                    host: self.quay_host.as_deref(),
                    token: self.quay_token.as_ref(),
                    token_file: self.quay_token_file.as_deref(),
                    username: self.quay_username.as_deref(),
                    password: self.quay_password.as_ref(),
                    validate_certs: self.validate_certs,
                    ca_path: self.ca_path.as_deref(),
                    timeout: self.timeout,
                }
            }
        }
    };
}

pub(super) use quay_options;
