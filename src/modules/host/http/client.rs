//! Clients, one for each combination of settings and kept for the run, so that connections are used again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Certificate, Client, Identity, NoProxy, Proxy, redirect};
use rustls::{ClientConfig, RootCertStore};

use super::request::HttpError;
use crate::modules::context::Ctx;

/// What a client is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Refuse servers whose certificate is not valid.
    pub validate_certs: bool,
    /// PEM file with the only authorities to believe.
    pub ca_path: Option<PathBuf>,
    /// PEM file with the client's own certificate.
    pub client_cert: Option<PathBuf>,
    /// PEM file with its key, where that is not in the same file.
    pub client_key: Option<PathBuf>,
    /// Use the proxies that the environment names.
    pub use_proxy: bool,
    /// How long to wait for a connection, and for each part of the answer.
    pub timeout: Duration,
    /// Unpack compressed answers.
    pub decompress: bool,
    /// Connect to this socket instead of the URL's host.
    pub unix_socket: Option<PathBuf>,
}

/// The proxies that the environment names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Proxies {
    http: Option<String>,
    https: Option<String>,
    except: Option<String>,
}

/// The clients of a run.
#[derive(Debug, Default)]
struct Clients(Mutex<Vec<(HttpSettings, Proxies, Client)>>);

impl Ctx {
    /// The client with these settings.
    pub fn http_client(&self, settings: &HttpSettings) -> Result<Client, HttpError> {
        let proxies = if settings.use_proxy { self.proxies() } else { Proxies::default() };
        let clients = self.services.get::<Clients>();
        let mut clients = clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clients.iter().find(|(known, with, _)| known == settings && *with == proxies);
        if let Some((.., client)) = known {
            return Ok(client.clone());
        }
        let client = build(settings, &proxies)?;
        clients.push((settings.clone(), proxies, client.clone()));
        Ok(client)
    }

    fn proxies(&self) -> Proxies {
        let get = |name: &str| {
            let value = self.variable(name).or_else(|| self.variable(&name.to_ascii_uppercase()));
            value.filter(|value| !value.is_empty())
        };
        Proxies { http: get("http_proxy"), https: get("https_proxy"), except: get("no_proxy") }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, HttpError> {
    fs::read(path).map_err(|source| HttpError::Read { path: path.to_owned(), source })
}

fn build(settings: &HttpSettings, proxies: &Proxies) -> Result<Client, HttpError> {
    // another part of the program may have installed it, which comes to the same
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(settings.timeout)
        .read_timeout(settings.timeout)
        .http1_only()
        .no_proxy();
    if !settings.decompress {
        builder = builder.no_gzip();
    }
    if let Some(socket) = &settings.unix_socket {
        builder = builder.unix_socket(socket.as_path());
    }
    let except = proxies.except.as_deref().and_then(NoProxy::from_string);
    let proxy = |made: reqwest::Result<Proxy>| match made {
        Ok(proxy) => Ok(proxy.no_proxy(except.clone())),
        Err(source) => Err(HttpError::Proxy { source: source.without_url() }),
    };
    if let Some(url) = &proxies.http {
        builder = builder.proxy(proxy(Proxy::http(url))?);
    }
    if let Some(url) = &proxies.https {
        builder = builder.proxy(proxy(Proxy::https(url))?);
    }
    let identity = identity(settings)?;
    let native = rustls_native_certs::load_native_certs().certs;
    let only = settings.ca_path.is_some();
    if settings.validate_certs && !only && native.is_empty() && identity.is_none() {
        // a host without authorities of its own: Mozilla's are built in
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        builder = builder.tls_backend_preconfigured(config);
    } else {
        let authorities = match &settings.ca_path {
            Some(path) => Certificate::from_pem_bundle(&read(path)?)
                .map_err(|source| HttpError::Certificate { path: path.clone(), source })?,
            // single certificates that cannot be read are common in the wild and no reason to fail
            None => native.iter().filter_map(|der| Certificate::from_der(der).ok()).collect(),
        };
        builder = builder
            .tls_backend_rustls()
            .tls_certs_only(authorities)
            .tls_danger_accept_invalid_certs(!settings.validate_certs);
        if let Some(identity) = identity {
            builder = builder.identity(identity);
        }
    }
    builder.build().map_err(|source| HttpError::Client { source })
}

fn identity(settings: &HttpSettings) -> Result<Option<Identity>, HttpError> {
    let Some(path) = &settings.client_cert else { return Ok(None) };
    let mut pem = read(path)?;
    if let Some(key) = &settings.client_key {
        pem.push(b'\n');
        pem.extend(read(key)?);
    }
    Identity::from_pem(&pem).map(Some).map_err(|source| HttpError::Certificate { path: path.clone(), source })
}
