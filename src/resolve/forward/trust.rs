//! Whose certificates we believe: the public CAs, and those of the school or its Department.

use std::path::Path;
use std::sync::Arc;

use hickory_resolver::TlsConfig;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::upstream::Transport;
use super::verifier::Verifier;
use crate::clock::Watch;
use crate::resolve::upstream::connections::opener::Protocol;
use crate::resolve::{Error, file};

/// CA certificates in one file. The bundle of a whole operating system has some 150.
const CERTIFICATES_MAX: usize = 512;

/// The TLS clients of all forwarders; certificates are judged at a time that can be.
pub(super) struct Trusted {
    tls: Arc<ClientConfig>,
    https: Arc<ClientConfig>,
}

impl Trusted {
    /// With the public CAs, and those of a file.
    pub(super) fn new(ca_file: Option<&Path>, watch: &Arc<Watch>) -> Result<Self, Error> {
        let mut tls = client(ca_file, watch)?;
        // Every connection shows a certificate: a resumed session would hide that it was replaced, or that it
        // expired. It would save no round trip (RFC 8446 §2.2).
        tls.resumption = Resumption::disabled();
        let mut https = tls.clone();
        https.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { tls: Arc::new(tls), https: Arc::new(https) })
    }

    /// What is spoken to a server of this transport, over TCP.
    pub(super) fn protocol(&self, transport: &Transport) -> Protocol {
        match transport {
            Transport::Plain | Transport::Tcp => Protocol::Plain,
            Transport::Tls { name } => {
                let name = ServerName::try_from(name.clone()).expect("checked when it was read");
                Protocol::Tls { name, trusted: self.tls.clone() }
            }
            Transport::Https { name, path } => Protocol::Https {
                name: Arc::from(name.as_str()),
                path: Arc::from(path.as_str()),
                trusted: self.https.clone(),
            },
        }
    }
}

fn client(ca_file: Option<&Path>, watch: &Arc<Watch>) -> Result<ClientConfig, Error> {
    let library = |why: String| Error::Library(why);
    let mut client = TlsConfig::new().map_err(|error| library(error.to_string()))?.config;
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        add_certificates(&mut roots, path)?;
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), client.crypto_provider().clone())
            .build()
            .map_err(|error| library(error.to_string()))?;
    client.dangerous().set_certificate_verifier(Arc::new(Verifier::new(verifier, watch.clone())));
    Ok(client)
}

/// Adds the certificates of a file of the school's.
fn add_certificates(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let malformed = |why: String| Error::Certificates { path: path.to_owned(), why };
    let text = file::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let public = roots.len();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        if roots.len() == public + CERTIFICATES_MAX {
            return Err(malformed(format!("more than {CERTIFICATES_MAX} certificates")));
        }
        let certificate = certificate.map_err(|error| malformed(error.to_string()))?;
        roots.add(certificate).map_err(|error| malformed(error.to_string()))?;
    }
    if roots.len() == public {
        return Err(malformed("no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Ed25519 CA certificate of a hundred years.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBLjCB4aADAgECAhRcviYODI1PvM1OyFSRnIBLnNWF3jAFBgMrZXAwDDEKMAgGA1UEAwwBeDAgFw0yNjExMjUxMz\n\
        Q3NDJaGA8yMTI2MTEwMTEzNDc0MlowDDEKMAgGA1UEAwwBeDAqMAUGAytlcAMhAARYl57jd+yD9CFtTDX6QaNKpErU\n\
        oMk3Lv+OqpbJvGnno1MwUTAdBgNVHQ4EFgQUpVgdATRUPr/nPgkOQSfIoNu3MiIwHwYDVR0jBBgwFoAUpVgdATRUPr\n\
        /nPgkOQSfIoNu3MiIwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQCvJ6+3Ro5vook4BQVzNdkKuUXe/o5pJrkHkLGp\n\
        /+uObkaP96Yd+4IEy/zTiP8gIXAoULoTP9Wt5LMlfcYgKuQH\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn a_bundle_is_taken_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, CERTIFICATE.repeat(CERTIFICATES_MAX)).unwrap();
        assert!(client(Some(&path), &Arc::default()).is_ok());
        std::fs::write(&path, CERTIFICATE.repeat(CERTIFICATES_MAX + 1)).unwrap();
        assert!(client(Some(&path), &Arc::default()).unwrap_err().to_string().contains("more than 512"));
    }

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
            let error = client(Some(&path), &Arc::default()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(client(None, &Arc::default()).is_ok());
    }
}
