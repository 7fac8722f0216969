//! The byte streams below the library's transports, watched: how often octets came, and whether the
//! stream ended.
//!
//! The library tells of an ended connection only to who uses it next. Its transports are generic over the
//! stream, so a stream that counts what passes tells at once.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::io::{AsyncRead, AsyncWrite, IoSlice};
use hickory_net::runtime::{DnsTcpStream, RuntimeProvider, TokioHandle, TokioRuntimeProvider, TokioTime};
use tokio::sync::Notify;

/// What is seen of one connection's stream.
#[derive(Default)]
pub(super) struct Pulse {
    reads: AtomicU64,
    ended: AtomicBool,
    /// Queries that wait for an answer over it.
    waiting: AtomicU32,
    changed: Notify,
}

impl Pulse {
    /// How often octets came.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Relaxed)
    }

    /// Whether no further query can be sent.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// Notes that no further query can be sent.
    pub(super) fn end(&self) {
        if !self.ended.swap(true, Relaxed) {
            self.changed.notify_one();
        }
    }

    /// Queries that wait for an answer.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    pub(super) fn begin_waiting(&self) {
        self.waiting.fetch_add(1, Relaxed);
    }

    pub(super) fn end_waiting(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }

    /// Waits for the end, or for octets that nobody waits for (such as a GOAWAY of HTTP/2).
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
        if self.waiting() == 0 {
            self.changed.notify_one();
        }
    }
}

/// The library's runtime with watched streams.
#[derive(Clone)]
pub(super) struct Runtime {
    inner: TokioRuntimeProvider,
    pulse: Arc<Pulse>,
}

impl Runtime {
    /// Streams are watched by `pulse`.
    pub(super) fn new(pulse: Arc<Pulse>) -> Self {
        Self { inner: TokioRuntimeProvider::new(), pulse }
    }
}

impl RuntimeProvider for Runtime {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = <TokioRuntimeProvider as RuntimeProvider>::Udp;
    type Tcp = Watched;

    fn create_handle(&self) -> Self::Handle {
        self.inner.create_handle()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        source: Option<SocketAddr>,
        wait: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Tcp>>>> {
        let connecting = self.inner.connect_tcp(server, source, wait);
        let pulse = self.pulse.clone();
        Box::pin(async move { Ok(Watched { stream: connecting.await?, pulse }) })
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<Self::Udp>>>> {
        self.inner.bind_udp(local, server)
    }
}

/// A TCP stream that tells its [`Pulse`] what happens.
pub(super) struct Watched {
    stream: <TokioRuntimeProvider as RuntimeProvider>::Tcp,
    pulse: Arc<Pulse>,
}

impl DnsTcpStream for Watched {
    type Time = TokioTime;
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.stream).poll_read(context, octets);
        match &read {
            Poll::Ready(Ok(1..)) => self.pulse.read(),
            Poll::Ready(Ok(0) | Err(_)) => self.pulse.end(),
            Poll::Pending => {}
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

/// Whatever ends the transport above drops its stream.
impl Drop for Watched {
    fn drop(&mut self) {
        self.pulse.end();
    }
}
