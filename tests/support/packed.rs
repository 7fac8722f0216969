//! The packed files of a folder.

use std::path::{Path, PathBuf};

/// Every packed file below `folder`, in order.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
            let path = entry.expect("an entry that can be read").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.retain(|file| file.extension().is_some_and(|ending| ending == "zst"));
    found.sort();
    found
}
