//! The program's own look-ups: the addresses of the servers that lists come from, asked of its own
//! resolver below every policy.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::config::Settings;
use crate::dns::idna;
use crate::dns::message::{self, RecordAt, Section};
use crate::dns::name::OwnedName;
use crate::dns::rdata::address;
use crate::dns::rrtype::RrType;
use crate::lists::fetch::Lookup;
use crate::query::Responder;
use crate::resolve::{Answer, Ask, Resolver};

/// Asks a resolver, which answers within its deadline. For threads that may block.
pub enum OwnLookup {
    /// The resolver of a running server, whichever is in force.
    Running { responder: Arc<Responder>, runtime: Handle },
    /// One that is there for this alone: a command without a server.
    Alone { resolver: Box<Resolver>, runtime: Runtime },
}

impl OwnLookup {
    /// Of a running server. Called on one of its threads.
    pub fn of(responder: Arc<Responder>) -> Option<Arc<dyn Lookup>> {
        let runtime = Handle::try_current().ok()?;
        Some(Arc::new(Self::Running { responder, runtime }))
    }

    /// As the config says, for a command without a server. Without one the system is asked.
    pub fn alone(settings: &Settings) -> Option<Arc<dyn Lookup>> {
        let resolver = Box::new(Resolver::new(settings.resolve.clone()).ok()?);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
        Some(Arc::new(Self::Alone { resolver, runtime }))
    }
}

async fn ask(resolver: &Resolver, name: &OwnedName) -> [Answer; 2] {
    let resolve = |rtype| resolver.resolve(Ask::new(name.clone(), rtype));
    let (v4, v6) = tokio::join!(resolve(RrType::A), resolve(RrType::AAAA));
    [v4, v6]
}

impl std::fmt::Debug for OwnLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnLookup")
    }
}

impl Lookup for OwnLookup {
    fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let Ok(name) = idna::to_name(host) else { return Vec::new() };
        let answers = match self {
            Self::Alone { resolver, runtime } => runtime.block_on(ask(resolver, &name)),
            Self::Running { responder, runtime } => {
                let resolver = responder.world().resolver.clone();
                runtime.block_on(ask(&resolver, &name))
            }
        };
        answers.iter().flat_map(addresses).collect()
    }
}

/// The addresses in an answer, whatever name the chain ends at.
fn addresses(answer: &Answer) -> Vec<IpAddr> {
    let Ok((_, records)) = message::records(&answer.wire) else { return Vec::new() };
    let of = |record: &RecordAt| address(record.rtype, answer.wire.get(record.rdata_at()..record.end())?);
    records.iter().filter(|record| record.section == Section::Answer).filter_map(of).collect()
}
