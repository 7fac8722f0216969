//! Opens one connection to a forwarder over TCP, TLS or HTTPS, on the library's transports.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_net::h2::HttpsClientStream;
use hickory_net::tcp::TcpClientStream;
use hickory_net::tls::tls_client_connect_with_bind_addr;
use hickory_net::xfer::{DnsClientStream, DnsExchange, DnsMultiplexer};
use hickory_net::{BufDnsStreamHandle, NetError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use super::PIPELINE_MAX;
use super::connection::{Channel, Refusal};
use super::watched::{Pulse, Runtime};

/// How one server's connections are opened.
pub(in crate::resolve) struct Opener {
    /// Address and port.
    pub server: SocketAddr,
    /// Where connections come from; the kernel's choice, if none.
    pub source: Option<SocketAddr>,
    /// What is spoken over TCP.
    pub protocol: Protocol,
    /// Time for a connection, its handshakes included, and for one answer over it.
    pub time_limit: Duration,
}

/// What is spoken over TCP.
pub(in crate::resolve) enum Protocol {
    /// Length-prefixed messages (RFC 7766).
    Plain,
    /// The same over TLS (RFC 7858).
    Tls { name: ServerName<'static>, trusted: Arc<ClientConfig> },
    /// HTTP/2 over TLS (RFC 8484).
    Https { name: Arc<str>, path: Arc<str>, trusted: Arc<ClientConfig> },
}

impl Opener {
    /// Opens a connection; its stream is watched by `pulse`. Must run on the driver.
    pub(super) async fn open(&self, pulse: Arc<Pulse>) -> Result<Channel, Refusal> {
        match timeout(self.time_limit, self.connect(pulse)).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(error)) if is_distrusted(&error) => Err(Refusal::Distrusted),
            Ok(Err(_)) | Err(_) => Err(Refusal::NoConnection),
        }
    }

    async fn connect(&self, pulse: Arc<Pulse>) -> Result<Channel, NetError> {
        let runtime = Runtime::new(pulse.clone());
        match &self.protocol {
            Protocol::Plain => {
                let (opening, messages) = TcpClientStream::new(self.server, self.source, None, runtime);
                Ok(self.multiplex(opening.await?, messages, pulse))
            }
            Protocol::Tls { name, trusted } => {
                let (opening, messages) = tls_client_connect_with_bind_addr(
                    self.server,
                    self.source,
                    name.clone(),
                    trusted.clone(),
                    runtime,
                );
                Ok(self.multiplex(opening.await?, messages, pulse))
            }
            Protocol::Https { name, path, trusted } => {
                let mut builder = HttpsClientStream::builder(trusted.clone(), runtime);
                if let Some(source) = self.source {
                    builder.bind_addr(source);
                }
                builder.request_timeout(self.time_limit);
                Ok(Channel::Https(builder.build(self.server, name.clone(), path.clone()).await?))
            }
        }
    }

    /// Many queries over one stream of messages.
    fn multiplex(
        &self,
        stream: impl DnsClientStream,
        messages: BufDnsStreamHandle,
        pulse: Arc<Pulse>,
    ) -> Channel {
        let multiplexer = DnsMultiplexer::new(stream, messages)
            .with_timeout(self.time_limit)
            .with_max_active_requests(PIPELINE_MAX as usize);
        let (exchange, background) = DnsExchange::from_stream(multiplexer);
        tokio::spawn(async move {
            background.await;
            pulse.end();
        });
        Channel::Messages(exchange)
    }
}

/// Whether a handshake ended because the server's certificate does not convince us.
fn is_distrusted(error: &NetError) -> bool {
    let NetError::Io(error) = error else { return false };
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}
