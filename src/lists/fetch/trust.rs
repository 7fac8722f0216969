//! Whose certificates count: the CAs of the system's own store, the public ones that the program brings
//! along, and those of the files that the config names.
//!
//! The system's store is where a school's IT installs the CA of a firewall that inspects TLS, and that of an
//! internal mirror.

use std::path::Path;

use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::sys::whole::read_file;

/// Octets of a file of CA certificates. The bundle of a whole operating system has 220,000.
const FILE_MAX: u64 = 4 << 20;

/// The CAs, and what was wrong with the files, for whoever has a certificate refused then.
pub(super) fn roots(files: &[impl AsRef<Path>]) -> (RootCerts, Option<String>) {
    let mut complaints = Vec::new();
    let mut all: Vec<Certificate<'static>> =
        webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|one| Certificate::from_der(one)).collect();
    // A system without a store is no error: the public CAs are there all the same.
    let system = rustls_native_certs::load_native_certs();
    all.extend(system.certs.iter().map(|one| Certificate::from_der(one).to_owned()));
    for file in files {
        match read(file.as_ref()) {
            Ok(own) => all.extend(own),
            Err(why) => complaints.push(format!("{}: {why}", file.as_ref().display())),
        }
    }
    (RootCerts::from(all), (!complaints.is_empty()).then(|| complaints.join("; ")))
}

/// The certificates of a PEM file.
///
/// # Errors
/// A sentence for the person who wrote the config.
pub(super) fn read(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let text = read_file(path, FILE_MAX).map_err(|error| error.to_string())?;
    let mut certificates = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| error.to_string())? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err("no certificate in PEM (-----BEGIN CERTIFICATE-----)".into());
    }
    Ok(certificates)
}
