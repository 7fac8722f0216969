//! The real lists, if they lie beside the checkout.

use std::path::{Path, PathBuf};

/// Where the lists are kept, if they are here.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/lists");
    folder.is_dir().then_some(folder)
}

/// All list files, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "zst"));
    files.sort();
    files
}

/// Text of one file.
pub fn text(file: &Path) -> String {
    let packed = std::fs::read(file).expect("a list that can be read");
    let octets = zstd::decode_all(&packed[..]).expect("a list that can be unpacked");
    String::from_utf8_lossy(&octets).into_owned()
}
