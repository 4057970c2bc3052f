//! Encryption between us and PostgreSQL, in the meaning that libpq's `sslmode` has for everybody else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{StoreError, StoreResult};

/// What `sslmode` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    Disable,
    /// Encrypted where the server offers it, whoever the server is.
    #[default]
    Prefer,
    /// Encrypted, whoever the server is; with a root certificate the same as `VerifyCa`.
    Require,
    /// The server's certificate is signed by a known authority.
    VerifyCa,
    /// And it is the certificate of the host that was asked for.
    VerifyFull,
}

impl Mode {
    pub(super) fn from_code(code: &str) -> Option<Mode> {
        Some(match code {
            "disable" => Mode::Disable,
            // What libpq tries in the other order; the outcome is the same for who wants encryption.
            "allow" | "prefer" => Mode::Prefer,
            "require" => Mode::Require,
            "verify-ca" => Mode::VerifyCa,
            "verify-full" => Mode::VerifyFull,
            _ => return None,
        })
    }

    /// The same for the client, which does not judge certificates.
    pub(super) fn for_client(self) -> SslMode {
        match self {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        }
    }
}

/// Everything in an address that says how to encrypt.
#[derive(Debug, Clone, Default)]
pub(super) struct Encryption {
    pub(super) mode: Mode,
    /// Certificates of the authorities to trust; without it those that the system trusts.
    pub(super) root_certificate: Option<PathBuf>,
    /// Our own certificate and key, where the server asks for them.
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

fn invalid(message: String) -> StoreError {
    StoreError::Invalid { message }
}

impl Encryption {
    /// What makes encrypted connections. Reads the files that it names.
    pub(super) fn connector(&self) -> StoreResult<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Internal(format!("encryption cannot be used: {error}")))?;
        let verified = match self.mode {
            Mode::Disable | Mode::Prefer => None,
            Mode::Require if self.root_certificate.is_none() => None,
            Mode::Require | Mode::VerifyCa => Some(false),
            Mode::VerifyFull => Some(true),
        };
        let builder = match verified {
            None => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyServer { provider })),
            Some(true) => builder.with_root_certificates(self.roots()?),
            Some(false) => {
                let roots = Arc::new(self.roots()?);
                let inner = WebPkiServerVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|error| invalid(format!("sslrootcert: {error}")))?;
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(AnyName { inner }))
            }
        };
        let config = match (&self.certificate, &self.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate, "sslcert")?;
                let private = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| unreadable("sslkey", key, &error))?;
                builder
                    .with_client_auth_cert(chain, private)
                    .map_err(|error| {
                        invalid(format!("sslcert and sslkey do not go together: {error}"))
                    })?
            }
            _ => {
                return Err(invalid(
                    "database_url has one of sslcert and sslkey: it takes both".to_owned(),
                ));
            }
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn roots(&self) -> StoreResult<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if let Some(path) = &self.root_certificate {
            for certificate in certificates(path, "sslrootcert")? {
                roots
                    .add(certificate)
                    .map_err(|error| invalid(format!("sslrootcert {}: {error}", path.display())))?;
            }
            return Ok(roots);
        }
        // One that cannot be read is no reason to refuse the others.
        let (added, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            return Err(invalid(
                "this system has no certificates of authorities (Debian: the package ca-certificates): install \
                 them, or name a file with sslrootcert in database_url"
                    .to_owned(),
            ));
        }
        Ok(roots)
    }
}

fn certificates(path: &Path, what: &str) -> StoreResult<Vec<CertificateDer<'static>>> {
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(what, path, &error))?;
    if found.is_empty() {
        return Err(invalid(format!(
            "{what} {} has no certificate in it",
            path.display()
        )));
    }
    Ok(found)
}

fn unreadable(what: &str, path: &Path, error: &rustls::pki_types::pem::Error) -> StoreError {
    invalid(format!("cannot read {what} {}: {error}", path.display()))
}

/// Takes any certificate, as `sslmode=require` does: nobody on the way can listen, somebody in the way
/// could answer for the server.
#[derive(Debug)]
struct AnyServer {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Takes a certificate of a known authority for whatever name, as `sslmode=verify-ca` does.
#[derive(Debug)]
struct AnyName {
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // The name is looked at last: everything else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
