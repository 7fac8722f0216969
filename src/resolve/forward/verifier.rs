//! Certificates of forwarders, judged at a time that can be.
//!
//! A board that starts in 1970 finds every certificate "not valid yet", and with all forwarders over TLS no
//! time server would ever resolve. While the wall clock is behind what can be, certificates are verified at
//! the latest time known to be past; one that begins after that, at the time when it begins. A certificate
//! that had ended by then stays refused, and the clock alone never makes one good that was not signed.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use crate::clock::Watch;
use crate::clock::judge::Judgement;

/// Certificates of one chain that may each begin later than the one looked at before. Real chains have four.
const LATER_MAX: usize = 8;

/// Verifies as the library does, at a time that can be.
#[derive(Debug)]
pub(super) struct Verifier {
    library: Arc<WebPkiServerVerifier>,
    watch: Arc<Watch>,
}

impl Verifier {
    pub(super) fn new(library: Arc<WebPkiServerVerifier>, watch: Arc<Watch>) -> Self {
        Self { library, watch }
    }

    /// The latest time that is known to be past, where the clock shows an earlier one.
    fn behind(&self, now: UnixTime) -> Option<UnixTime> {
        let is_behind = match self.watch.judge(now.as_secs()) {
            Judgement::BeforeRelease | Judgement::BeforeSeen | Judgement::Behind => true,
            Judgement::Plausible | Judgement::Ahead => false,
        };
        let past = self.watch.past().max(now.as_secs());
        is_behind.then(|| UnixTime::since_unix_epoch(std::time::Duration::from_secs(past)))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify =
            |now| self.library.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let Some(mut at) = self.behind(now) else { return verify(now) };
        for _ in 0..LATER_MAX {
            match verify(at) {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before, ..
                })) if not_before > at => at = not_before,
                judged => return judged,
            }
        }
        verify(at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.library.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.library.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.library.supported_verify_schemes()
    }
}
