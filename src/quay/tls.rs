//! TLS: one crypto provider, the system's authorities (Mozilla's where the system has none), and authorities of one's own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whose certificates are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Those that the system's authorities signed.
    #[default]
    System,
    /// Those, and those that the authorities in this PEM file signed.
    WithAuthorities(PathBuf),
    /// All. The connection is encrypted, but the other end may be anybody.
    Anything,
}

/// Why no TLS configuration could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("cannot read the authorities in `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("`{path}` holds no certificate in PEM form")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate of the file cannot be used.
    #[error("a certificate in `{path}` cannot be used")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The provider lacks what TLS needs.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// The crypto provider of all connections. Also makes it the process's default, which parts of reqwest expect.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    if let Some(provider) = CryptoProvider::get_default() {
        return Arc::clone(provider);
    }
    // another thread may have been quicker, which comes to the same
    let _ = ring::default_provider().install_default();
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()))
}

/// A client's TLS configuration.
///
/// # Errors
/// A file of authorities that cannot be read or used.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    let mut config = match trust {
        Trust::Anything => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth(),
        Trust::System => builder.with_root_certificates(system_roots()).with_no_client_auth(),
        Trust::WithAuthorities(path) => {
            let mut roots = system_roots();
            add_authorities(&mut roots, path)?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    // Quay's nginx limits the rate of requests per HTTP/2 connection, and plain connections are as fast for us
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // single certificates that cannot be read are common in the wild and no reason to fail
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn add_authorities(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let pem = fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let Ok(certificate) = certificate else { return Err(TlsError::NoCertificate { path: path.to_owned() }) };
        roots.add(certificate).map_err(|source| TlsError::Certificate { path: path.to_owned(), source })?;
        found = true;
    }
    if found { Ok(()) } else { Err(TlsError::NoCertificate { path: path.to_owned() }) }
}

/// Believes every certificate, but still has the other end prove that it holds the key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn files_without_certificates_are_refused() {
        assert!(client_config(&Trust::System).is_ok());
        assert!(client_config(&Trust::Anything).is_ok());
        assert!(matches!(
            client_config(&Trust::WithAuthorities("/nonexistent/ca.pem".into())),
            Err(TlsError::Read { .. })
        ));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"not a certificate").unwrap();
        assert!(matches!(
            client_config(&Trust::WithAuthorities(file.path().into())),
            Err(TlsError::NoCertificate { .. })
        ));
    }
}
