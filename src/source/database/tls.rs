//! TLS with the meanings that libpq gives to `sslmode`.

use super::ConnectError;
use super::target::Host;
use postgres::config::SslNegotiation;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) type Tls = MakeRustlsConnect;

/// `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// What the URL and the environment say about TLS.
#[derive(Clone, Debug)]
pub(super) struct TlsSettings {
    pub mode: Mode,
    pub negotiation: SslNegotiation,
    /// The file of trusted certificates; without one, the system's are trusted.
    pub roots: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Whether the server's name is sent in the handshake.
    pub sends_name: bool,
}

/// Makes what encrypts a connection to `host`.
pub(super) fn new(settings: &TlsSettings, host: &Host) -> Result<Tls, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let unusable = |e: &dyn std::fmt::Display| ConnectError::Tls {
        server: host.full(),
        reason: e.to_string(),
    };
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(&e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| file_error(key, &e))?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|e| unusable(&e))?
        }
        _ => builder.with_no_client_auth(),
    };
    config.enable_sni = settings.sends_name;
    if settings.negotiation == SslNegotiation::Direct {
        // Without this protocol name the server drops a direct connection (docs, sslnegotiation).
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let list: Vec<_> = read.map_err(|e| file_error(path, &e))?;
    if list.is_empty() {
        return Err(file_error(path, &"it holds no PEM certificate"));
    }
    Ok(list)
}

fn file_error(path: &Path, reason: &dyn std::fmt::Display) -> ConnectError {
    ConnectError::CertificateFile {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, ConnectError> {
    let mut verifier = Verifier {
        provider: Arc::clone(provider),
        chain: None,
        pinned: Vec::new(),
        checks_name: settings.mode == Mode::VerifyFull,
    };
    // As libpq: `require` checks the chain, too, when there is a file of trusted certificates.
    let checks_chain = match settings.mode {
        Mode::VerifyCa | Mode::VerifyFull => true,
        Mode::Require => settings.roots.is_some(),
        _ => false,
    };
    if !checks_chain {
        return Ok(verifier);
    }
    let mut roots = RootCertStore::empty();
    match &settings.roots {
        Some(path) => {
            verifier.pinned = certificates(path)?;
            roots.add_parsable_certificates(verifier.pinned.iter().cloned());
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
    {
        Ok(chain) => verifier.chain = Some(chain),
        // Only an empty store is refused.
        Err(_) => return Err(ConnectError::NoTrustedCertificates),
    }
    Ok(verifier)
}

/// Checks as much of the server's certificate as `sslmode` asks for.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of the file: one of them may be the server's own.
    pinned: Vec<CertificateDer<'static>>,
    checks_name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is the last thing checked: the chain is good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            // A self-signed certificate that is its own root (`openssl req -x509`), as OpenSSL
            // takes it; webpki refuses to see a certificate authority as a server.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self
                    .pinned
                    .iter()
                    .any(|p| p.as_ref() == certificate.as_ref()) =>
            {
                if self.checks_name {
                    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// The TLS error inside `error`, if it is one.
pub(super) fn failure(error: &postgres::Error) -> Option<&Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>();
        if let Some(found) = inner.and_then(|e| e.get_ref()?.downcast_ref::<Error>()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
