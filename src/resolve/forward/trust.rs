//! Whose certificates we believe: the public CAs, and those of the school or its Department.

use std::path::Path;
use std::sync::Arc;

use hickory_resolver::TlsConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::resolve::Error;

/// CA certificates in one file; more are no school's own.
const CERTIFICATES_MAX: usize = 256;

/// The TLS client of all forwarders.
pub(super) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    let library = |why: String| Error::Library(why);
    let mut client = TlsConfig::new().map_err(|error| library(error.to_string()))?.config;
    let Some(path) = ca_file else { return Ok(client) };
    let malformed = |why: String| Error::Certificates { path: path.to_owned(), why };
    let text = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let public = roots.len();
    for certificate in CertificateDer::pem_slice_iter(&text).take(CERTIFICATES_MAX) {
        let certificate = certificate.map_err(|error| malformed(error.to_string()))?;
        roots.add(certificate).map_err(|error| malformed(error.to_string()))?;
    }
    if roots.len() == public {
        return Err(malformed("no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), client.crypto_provider().clone())
            .build()
            .map_err(|error| library(error.to_string()))?;
    client.dangerous().set_certificate_verifier(verifier);
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_and_so_is_one_that_is_none() {
        let folder = tempfile::tempdir().unwrap();
        for (text, says) in [
            ("", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "CA certificates"),
            ("-----BEGIN CERTIFICATE-----\n", "CA certificates"),
        ] {
            let path = folder.path().join("ca.pem");
            std::fs::write(&path, text).unwrap();
            let error = client(Some(&path)).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(client(None).is_ok());
    }
}
