//! A school with the starter lists, as it comes: what queries are answered from.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use lachan::app::lists;
use lachan::app::world::Basis;
use lachan::config::{self, Context, Settings};
use lachan::filter::Index;
use lachan::model::roster::Roster;
use lachan::query::{Responder, World};
use lachan::resolve::cache::{Cache, TtlBounds};
use lachan::update::compile::compile;

/// Clients of three groups: filtered by lists, held to an allow set, and answered with a block page.
const CONFIG: &str = r#"
[access]
allow = ["127.0.0.0/8"]

[[group]]
name = "lists"
tier = "primary"
from = ["127.0.0.1"]

[[group]]
name = "set"
tier = "primary"
mode = "allow-only"
allow_sets = ["learning"]
from = ["127.0.0.2"]

[[group]]
name = "page"
tier = "upper_secondary"
from = ["127.0.0.3"]

[policy.tier.upper_secondary]
answer = "page"
page = ["192.0.2.80", "2001:db8::80"]
"#;

/// The settings of [`CONFIG`].
pub fn settings() -> Settings {
    let context = Context {
        folder: PathBuf::from("."),
        state: PathBuf::from("/nowhere"),
        stand_ins: Default::default(),
    };
    config::read_text("lachan.toml", CONFIG, &context).unwrap_or_else(|report| panic!("{report}"))
}

/// An index of the starter lists. Its file is gone: a mapping needs none.
pub fn index() -> Arc<Index> {
    static INDEX: OnceLock<Arc<Index>> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let sources = lists::starter_sources(true);
        let made = compile(&sources, lists::protected(), None, &folder.path().join("index"), &mut |_| ());
        Arc::new(made.expect("the starter lists make an index").index)
    };
    INDEX.get_or_init(build).clone()
}

/// A responder for all that only look what would be answered.
pub fn shared_responder() -> &'static Responder {
    static RESPONDER: OnceLock<Responder> = OnceLock::new();
    RESPONDER.get_or_init(|| responder(1 << 16))
}

/// A responder that answers from a world with both, with a cache of so many octets in front.
pub fn responder(cache_octets: u64) -> Responder {
    Responder::new(own_world(), Cache::new(cache_octets, TtlBounds::default()))
}

fn own_world() -> World {
    let (groups, list_numbers) = (Roster::default(), Roster::default());
    Basis { settings: &settings(), groups: &groups, lists: &list_numbers, watch: &Arc::default() }
        .build(index(), Default::default())
        .expect("a world")
}
