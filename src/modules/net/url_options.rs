//! The options that all modules which talk HTTP share.

use crate::modules::context::Ctx;
use crate::modules::error::ModuleError;
use crate::modules::host::{Follow, HttpSettings, Request};
use crate::value::{Secret, Text, Value, python_str};

/// The shared options of one task.
pub(super) struct UrlOptions<'o> {
    pub(super) headers: Option<&'o Value>,
    pub(super) unredirected: &'o [String],
    pub(super) username: Option<&'o String>,
    pub(super) password: Option<&'o Text>,
    pub(super) force_basic_auth: bool,
    pub(super) use_netrc: bool,
    pub(super) validate_certs: bool,
    pub(super) client_cert: Option<&'o String>,
    pub(super) client_key: Option<&'o String>,
    pub(super) use_proxy: bool,
    pub(super) http_agent: &'o str,
    pub(super) decompress: bool,
    pub(super) use_gssapi: bool,
    pub(super) ciphers: &'o [String],
    pub(super) timeout: u64,
}

impl UrlOptions<'_> {
    /// Refuses what there is only in Ansible.
    pub(super) fn check(&self) -> Result<(), ModuleError> {
        if self.use_gssapi {
            return Err(ModuleError::new("option `use_gssapi` is not supported"));
        }
        if !self.ciphers.is_empty() {
            return Err(ModuleError::new("option `ciphers` is not supported"));
        }
        Ok(())
    }

    /// A request without a body that follows every redirect.
    pub(super) fn request(&self, method: &str, url: &str) -> Result<Request, ModuleError> {
        let mut headers = vec![("User-Agent".to_owned(), Secret::new(self.http_agent))];
        if let Some(given) = self.headers {
            let map = given.as_map().ok_or_else(|| ModuleError::new("option `headers`: expected a mapping"))?;
            for (name, value) in map {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name.to_string()));
                headers.push((name.to_string(), Secret::new(python_str(value))));
            }
        }
        Ok(Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers,
            unredirected: self.unredirected.to_vec(),
            body: None,
            follow: Follow::Always,
            login: self.username.map(|user| {
                let password = self.password.map_or("", |password| password.as_str());
                (user.clone(), Secret::new(password))
            }),
            force_basic_auth: self.force_basic_auth,
            use_netrc: self.use_netrc,
        })
    }

    /// What the client is made with.
    pub(super) fn settings(&self, ctx: &Ctx) -> HttpSettings {
        let path = |option: Option<&String>| option.map(|path| ctx.resolve(path));
        HttpSettings {
            validate_certs: self.validate_certs,
            ca_path: None,
            client_cert: path(self.client_cert),
            client_key: path(self.client_key),
            use_proxy: self.use_proxy,
            timeout: std::time::Duration::from_secs(self.timeout.max(1)),
            decompress: self.decompress,
            unix_socket: None,
        }
    }
}

/// Defines a module's options, and adds those that all modules which talk HTTP share, and those of a file. `timeout` and
/// `url_username` differ between the modules.
macro_rules! url_options {
    ($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        $crate::modules::host::file_options! {
            $(#[$meta])*
            pub struct $name {
                $($body)*
                /// Headers by name.
                #[schemars(with = "Option<std::collections::BTreeMap<String, String>>")]
                headers: Option<$crate::value::Value>,
                /// Headers that a redirected request leaves out.
                #[serde(default)]
                unredirected_headers: Vec<String>,
                /// Password for basic authentication.
                #[serde(alias = "password")]
                #[schemars(with = "Option<crate::value::Secret>", extend("x-aliases" = ["password"]))]
                url_password: Option<$crate::value::Text>,
                /// Send user name and password at once, not only when the server asks for them.
                #[serde(default)]
                force_basic_auth: bool,
                /// Look for user name and password in `~/.netrc`.
                #[serde(default = "yes")]
                use_netrc: bool,
                /// Refuse a server whose certificate is not valid.
                #[serde(default = "yes")]
                validate_certs: bool,
                /// PEM file with a certificate of the client, and its key where `client_key` is not given.
                client_cert: Option<String>,
                /// PEM file with the key of `client_cert`.
                client_key: Option<String>,
                /// Use the proxies that the environment names.
                #[serde(default = "yes")]
                use_proxy: bool,
                /// How the client calls itself.
                #[serde(default = "agent")]
                http_agent: String,
                /// Unpack a compressed answer.
                #[serde(default = "yes")]
                decompress: bool,
                /// Not supported: Kerberos authentication.
                #[serde(default)]
                use_gssapi: bool,
                /// Not supported: the TLS ciphers are rustls's.
                #[serde(default)]
                ciphers: Vec<String>,
            }
        }

        fn yes() -> bool {
            true
        }

        fn agent() -> String {
            "ansible-httpget".to_owned()
        }

        impl $name {
            fn url_options(&self) -> $crate::modules::net::url_options::UrlOptions<'_> {
                $crate::modules::net::url_options::UrlOptions {
                    headers: self.headers.as_ref(),
                    unredirected: &self.unredirected_headers,
                    username: self.url_username.as_ref(),
                    password: self.url_password.as_ref(),
                    force_basic_auth: self.force_basic_auth,
                    use_netrc: self.use_netrc,
                    validate_certs: self.validate_certs,
                    client_cert: self.client_cert.as_ref(),
                    client_key: self.client_key.as_ref(),
                    use_proxy: self.use_proxy,
                    http_agent: &self.http_agent,
                    decompress: self.decompress,
                    use_gssapi: self.use_gssapi,
                    ciphers: &self.ciphers,
                    timeout: self.timeout,
                }
            }
        }
    };
}
pub(super) use url_options;
