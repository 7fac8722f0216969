//! How other servers are asked: name servers by sockets of our own ([`wires`]), forwarders by
//! [`datagram`]s or over the library's connections.
//!
//! The library's pool gives up on the first error and spends its whole deadline on one silent server. A
//! [`Link`] wraps each of its connections: a server that does not know EDNS is asked again without; each try
//! has a time of its own; and what each server did is counted.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use hickory_resolver::config::ConnectionConfig;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, ResponseCode};
use hickory_resolver::{ConnectionProvider, PoolContext};
use tokio::time::{Instant, timeout};

use tally::Tally;

pub(super) mod datagram;
mod heard;
pub(super) mod tally;
pub(super) mod wires;

/// Makes connections to one forwarder that count; see the module.
#[derive(Clone)]
pub(super) struct Provider {
    runtime: TokioRuntimeProvider,
    tally: Arc<Tally>,
    sources: Arc<[IpAddr]>,
    patience: Duration,
}

impl Provider {
    /// `sources` are the addresses to ask from (any, when empty; a family without one is not asked);
    /// `patience` is the time of one try.
    pub(super) fn new(tally: Arc<Tally>, sources: Arc<[IpAddr]>, patience: Duration) -> Self {
        Self { runtime: TokioRuntimeProvider::default(), tally, sources, patience }
    }

    fn source_for(&self, server: IpAddr) -> Result<Option<SocketAddr>, NetError> {
        source_for(&self.sources, server).ok_or_else(|| go_on("no source address of this family"))
    }
}

/// From which of `sources` a server is asked: from any where there are none. `None` where none is of the
/// server's family.
pub(super) fn source_for(sources: &[IpAddr], server: IpAddr) -> Option<Option<SocketAddr>> {
    if sources.is_empty() {
        return Some(None);
    }
    let found = sources.iter().find(|source| source.is_ipv4() == server.is_ipv4());
    found.map(|source| Some(SocketAddr::new(*source, 0)))
}

impl ConnectionProvider for Provider {
    type Conn = Link;
    type FutureConn = Pin<Box<dyn Future<Output = Result<Link, NetError>> + Send + 'static>>;
    type RuntimeProvider = TokioRuntimeProvider;

    fn new_connection(
        &self,
        ip: IpAddr,
        config: &ConnectionConfig,
        cx: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        let mut config = config.clone();
        config.bind_addr = self.source_for(ip)?;
        let tally = self.tally.clone();
        let connecting = self.runtime.new_connection(ip, &config, cx)?;
        let patience = self.patience;
        Ok(Box::pin(async move {
            match timeout(patience, connecting).await {
                Ok(Ok(exchange)) => Ok(Link { exchange, patience, tally }),
                Ok(Err(error)) => {
                    if is_distrusted(&error) {
                        tally.distrusted()
                    } else {
                        tally.failed()
                    }
                    Err(to_io(error))
                }
                Err(_) => {
                    tally.failed();
                    Err(NetError::Timeout)
                }
            }
        }))
    }

    fn runtime_provider(&self) -> &Self::RuntimeProvider {
        &self.runtime
    }
}

/// One connection to one server.
#[derive(Clone)]
pub(super) struct Link {
    exchange: DnsExchange<TokioRuntimeProvider>,
    patience: Duration,
    tally: Arc<Tally>,
}

impl DnsHandle for Link {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let link = self.clone();
        Box::pin(stream::once(async move { link.ask(request).await }))
    }
}

impl Link {
    async fn ask(&self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        let plain = request.edns.is_some().then(|| without_edns(&request));
        let mut response = self.try_once(request).await?;
        if knows_no_edns(&response)
            && let Some(plain) = plain
        {
            response = self.try_once(plain).await?;
        }
        // Whatever it says reaches the caller as octets, its RCODE there alone: the library must not turn a
        // negative answer into an error, or the octets would be lost.
        response.metadata.response_code = ResponseCode::Unknown(u16::MAX);
        Ok(response)
    }

    async fn try_once(&self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        self.tally.asked();
        let start = Instant::now();
        let found = match timeout(self.patience, self.exchange.send(request).first_answer()).await {
            Ok(found) => found.map_err(to_io),
            Err(_) => Err(NetError::Timeout),
        };
        match &found {
            Ok(_) => self.tally.answered(start.elapsed()),
            Err(_) => self.tally.failed(),
        }
        found
    }
}

fn without_edns(request: &DnsRequest) -> DnsRequest {
    let mut plain = request.clone();
    plain.edns = None;
    plain
}

fn knows_no_edns(response: &DnsResponse) -> bool {
    matches!(response.response_code, ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS)
}

/// An error after which the pool asks the next server.
fn go_on(why: &'static str) -> NetError {
    NetError::from(io::Error::other(why))
}

/// Whether a handshake ended because the server's certificate does not convince us.
fn is_distrusted(error: &NetError) -> bool {
    let NetError::Io(error) = error else { return false };
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// The library's pool goes on after I/O errors only; a broken message or a failed handshake is as good
/// a reason. Timeouts, and what the pool cures itself, stay what they are.
fn to_io(error: NetError) -> NetError {
    match error {
        NetError::Io(_) | NetError::Timeout | NetError::Busy | NetError::QueryCaseMismatch => error,
        other => NetError::from(io::Error::other(other.to_string())),
    }
}
