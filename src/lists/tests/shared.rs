//! The public lists beside the checkout: too large for it, and not ours.

use std::path::{Path, PathBuf};

/// The folder of data, or `None` with a line that says what is left out. CI must have it.
pub(super) fn folder(part: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{part} must be there in CI");
    println!("left out: no public lists at ../shared/data/{part}");
    None
}

pub(super) fn unpacked(file: &Path) -> Vec<u8> {
    let packed = std::fs::File::open(file).expect("the file was listed");
    zstd::decode_all(packed).expect("the file is whole")
}
