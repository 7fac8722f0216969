//! Names of real lists, by a splitting of its own: enough for plain, hosts, ABP, dnsmasq, wildcard and
//! zone files, and independent of the readers in `lists`. Used by the benchmark and by a test.

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

/// Names with their lines, lower-case.
pub fn names(text: &str) -> impl Iterator<Item = (u32, String)> {
    (1u32..).zip(text.lines()).filter_map(|(line, text)| Some((line, name_in(text)?)))
}

fn name_in(line: &str) -> Option<String> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let line =
        ["0.0.0.0", "127.0.0.1"].iter().find_map(|sink| line.strip_prefix(sink)).unwrap_or(line).trim();
    let token = line.split_ascii_whitespace().next()?;
    let token = ["||", "*.", "local=/", "server=/"]
        .iter()
        .find_map(|start| token.strip_prefix(start))
        .unwrap_or(token);
    let token = token.split_once('^').map_or(token, |(name, _)| name);
    let name = token.trim_end_matches(['/', '.']).to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
    };
    let last = name.rsplit('.').next()?;
    let fits = name.contains('.') && name.len() <= 253 && !last.bytes().all(|it| it.is_ascii_digit());
    (fits && name.split('.').all(is_label)).then_some(name)
}
