//! TLS to the server: whom to trust.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// A connector that encrypts and checks certificate and name, by the roots in a file or the system's.
pub(super) fn tls(root_certificates: Option<&str>) -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::options("TLS cannot be set up", Some(error.into())))?
        .with_root_certificates(match root_certificates {
            Some(path) => roots_from(path)?,
            None => native_roots()?,
        })
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots_from(path: &str) -> Result<RootCertStore, StoreError> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::options("sslrootcert names no file of certificates", Some(error))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(e.into()))? {
        let certificate = certificate.map_err(|error| unreadable(error.into()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.into()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there is no certificate in it".into()));
    }
    Ok(roots)
}

fn native_roots() -> Result<RootCertStore, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry some that no library reads; the others serve.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let source = found.errors.into_iter().next().map(Into::into);
        return Err(StoreError::options(
            "the system has no root certificates",
            source,
        ));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roots.pem");
        let refused = |path: &std::path::Path| {
            matches!(
                roots_from(path.to_str().unwrap()),
                Err(StoreError::Options { .. })
            )
        };
        assert!(refused(&path), "a missing file");
        std::fs::write(&path, "nothing of the kind").unwrap();
        assert!(refused(&path), "a file of something else");
        let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, rubbish).unwrap();
        assert!(refused(&path), "a certificate that is none");
    }
}
