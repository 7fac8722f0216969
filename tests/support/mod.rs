//! Users as values: authorities, a signed internet of them, a server under test, a client that asks.

pub mod authority;
pub mod client;
pub mod forwarder;
pub mod internet;
pub mod packed;
pub mod primary;
pub mod server;
pub mod upstream;
pub mod web;

use std::path::PathBuf;

/// The shared test data, if it lies beside the checkout. CI insists on it; a user's checkout passes
/// without it and says what was left out.
pub fn shared(what: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(what);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs {}", path.display());
    println!("left out: {what} does not lie beside the checkout");
    None
}

/// A program from Debian, which often keeps servers where users' PATH does not look. `tests/run`
/// installs it; a plain `cargo test` without it says what was left out.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs {name}");
        println!("left out: {name} is not installed");
    }
    found
}

/// Unpacks a `.zst` file of the shared data.
pub fn unpack(file: &std::path::Path) -> Vec<u8> {
    zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap()
}
