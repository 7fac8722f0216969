//! The real lists, if they lie beside the checkout.

use std::path::{Path, PathBuf};

#[path = "../../tests/support/packed.rs"]
mod packed;

/// Where the lists are kept, if they are here.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/lists");
    folder.is_dir().then_some(folder)
}

/// All list files, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    packed::below(folder)
}

/// Text of one file.
pub fn text(file: &Path) -> String {
    let packed = std::fs::read(file).expect("a list that can be read");
    let octets = zstd::decode_all(&packed[..]).expect("a list that can be unpacked");
    String::from_utf8_lossy(&octets).into_owned()
}
