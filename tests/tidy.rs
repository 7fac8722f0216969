//! Reads our own source: layers, circles, `unsafe`, homes of libraries, files that nobody reaches,
//! words that do not belong here. What ARCHITECTURE.md promises about the source is held here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom up. A module may import only from layers below its own.
const LAYERS: &[&[&str]] = &[
    &["dns", "sys"],
    &["model", "clock"],
    &["i18n"],
    &["lists", "filter", "policy", "rpz", "resolve", "journal"],
    &["query", "update", "control"],
    &["serve"],
    &["config"],
    &["app"],
    &["cli"],
];

/// Libraries with a home: the modules (or files) that may name them.
const HOMES: &[(&str, &[&str])] = &[
    // Besides: the text of record types that policy zones seldom have.
    ("hickory_proto", &["resolve", "rpz/text/rdata"]),
    ("hickory_net", &["resolve"]),
    ("hickory_resolver", &["resolve"]),
    // The scenarios play authoritative servers with it.
    ("hickory_server", &["resolve/scenarios"]),
    ("ring", &["rpz/transfer/tsig"]),
    ("rustls", &["resolve/forward", "resolve/upstream"]),
    ("webpki_roots", &["resolve/forward"]),
    ("rusqlite", &["journal/store", "journal/writer", "journal/tests"]),
    ("clap", &["cli"]),
    ("miette", &["config/mistake", "cli"]),
    ("memmap2", &["sys"]),
    ("nix", &["sys"]),
    ("rand", &["resolve"]),
    ("foldhash", &["query/packets"]),
    ("socket2", &["sys"]),
    ("idna", &["dns/idna"]),
    ("regex", &["model/pattern"]),
    ("regex_syntax", &["model/pattern"]),
    ("aho_corasick", &["model/pattern"]),
    ("ureq", &["lists/fetch"]),
    ("rustls_native_certs", &["lists/fetch"]),
    ("webpki_root_certs", &["lists/fetch"]),
    ("flate2", &["lists"]),
    ("psl", &["dns/public_suffix"]),
    ("zstd", &["journal/block", "lists/tests"]),
    ("zeroize", &["sys"]),
    ("fluent_bundle", &["i18n"]),
    ("unic_langid", &["i18n"]),
    ("terminal_size", &["cli/screen"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below `folder`, with its path from there and its text.
fn sources(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The module that a file belongs to; `main` and `lib` are no modules.
fn module(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The code of a file, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with("//"))
}

/// Rooms that a line of code names through `crate::`.
fn modules_named(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").map(|(at, _)| {
        let rest = &line[at + "crate::".len()..];
        &rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    })
}

#[test]
fn a_module_imports_only_from_layers_below() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("src")) {
        let Some(mine) = layer(module(&file)) else {
            assert!(["main", "lib"].contains(&module(&file)), "src/{file} is on no layer");
            continue;
        };
        for (at, line) in code(&text) {
            for theirs in modules_named(line).filter(|other| *other != module(&file)) {
                match layer(theirs) {
                    Some(layer) if layer < mine => {}
                    _ => wrong.push(format!("src/{file}:{at}: {line}")),
                }
            }
        }
    }
    // `dns` and `sys` share the ground layer; `sys` may borrow nothing from `dns`, and the other way round.
    assert!(wrong.is_empty(), "imports that go up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn a_grouped_import_from_the_crate_root_would_hide_who_needs_whom() {
    for (file, text) in sources(&root().join("src")) {
        for (at, line) in code(&text) {
            assert!(!line.contains("crate::{"), "src/{file}:{at}: one `use` a module, please");
        }
    }
}

#[test]
fn unsafe_stands_in_sys_only_and_each_block_says_why_it_is_sound() {
    for (file, text) in sources(&root().join("src")) {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in code(&text) {
            if line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe") {
                assert_eq!(module(&file), "sys", "src/{file}:{at}: unsafe outside `sys`");
                let reasoned = lines[at.saturating_sub(8)..at].iter().any(|line| line.contains("// SAFETY:"));
                assert!(reasoned, "src/{file}:{at}: unsafe without a `// SAFETY:` reason");
            }
        }
    }
}

#[test]
fn each_library_is_named_in_its_home_only() {
    let mut wrong = Vec::new();
    for (file, text) in sources(&root().join("src")) {
        // A module of ours may bear a library's name (`dns::idna`); who imports it means it.
        let ours = |library: &str| {
            code(&text)
                .any(|(_, line)| line.starts_with("use crate::") && line.ends_with(&format!("::{library};")))
        };
        let meant: Vec<_> = HOMES.iter().filter(|(library, _)| !ours(library)).collect();
        for (at, line) in code(&text) {
            for (library, homes) in &meant {
                let named = line.match_indices(&format!("{library}::")).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
                });
                if named && !homes.iter().any(|home| file.starts_with(home)) {
                    wrong.push(format!("src/{file}:{at}: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "libraries away from home:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_reached_from_the_crate_root() {
    let sources = sources(&root().join("src"));
    let mut reached: BTreeSet<String> = ["lib.rs", "main.rs"].map(String::from).into();
    let mut open: Vec<String> = reached.iter().cloned().collect();
    while let Some(file) = open.pop() {
        let folder = match file.rsplit_once('/') {
            Some((folder, "mod.rs")) => format!("{folder}/"),
            Some(_) => format!("{}/", file.trim_end_matches(".rs")),
            None if file == "lib.rs" || file == "main.rs" => String::new(),
            None => format!("{}/", file.trim_end_matches(".rs")),
        };
        for (_, line) in code(&sources[&file]) {
            let Some(rest) = line.strip_suffix(';') else { continue };
            let Some((_, name)) = rest.split_once("mod ") else { continue };
            for candidate in [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")] {
                if sources.contains_key(&candidate) && reached.insert(candidate.clone()) {
                    open.push(candidate);
                }
            }
        }
    }
    let lost: Vec<&String> = sources.keys().filter(|file| !reached.contains(*file)).collect();
    assert!(lost.is_empty(), "files that no `mod` reaches: {lost:?}");
}

#[test]
fn every_module_says_what_it_is() {
    for (file, text) in sources(&root().join("src")) {
        if file != "main.rs" {
            assert!(text.starts_with("//!"), "src/{file} does not say what it is");
        }
    }
}

#[test]
fn words_that_do_not_belong_here_stay_out() {
    let list = ["black", "white"].map(|colour| format!("{colour}list"));
    let unfinished = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    let silenced = ["#[", "#!["].map(|open| format!("{open}allow("));
    for (file, text) in sources(&root().join("src")) {
        for (at, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            for word in list.iter().chain(&unfinished).chain(&silenced) {
                assert!(!lower.contains(word.as_str()), "src/{file}:{}: `{word}`", at + 1);
            }
        }
    }
}

#[test]
fn tests_do_not_sleep_and_none_is_left_out() {
    let forbidden =
        [["thread::", "sleep("].concat(), ["#[", "ignore"].concat(), ["should", "_panic"].concat()];
    for (file, text) in sources(&root().join("tests")) {
        for (at, line) in text.lines().enumerate() {
            for word in &forbidden {
                assert!(!line.contains(word.as_str()), "tests/{file}:{}: `{word}`", at + 1);
            }
        }
    }
}

/// Where Vietnamese may stand outside of `i18n` and of tests, and why.
const VIETNAMESE: &[(&str, &str)] = &[
    ("model/category.rs", "the one table of categories: id, bit and both names"),
    ("model/tier.rs", "the one table of tiers"),
    ("model/service.rs", "the one table of services"),
    ("policy/mod.rs", "names of groups that no config names; stores know them by these"),
    ("lists/snapshot.rs", "the notice beside packed lists, in both languages at once"),
    ("app/world.rs", "the name of the school's own rules in stores"),
    ("config/words.rs", "what people call a tier, as they may write it"),
    ("config/nearest.rs", "letters and the plain ones that they are written with"),
    ("config/init/mod.rs", "answers that may be given"),
    ("config/init/range.rs", "answers that may be given"),
    ("config/fill/policy.rs", "the name of the program"),
];

/// The lines of a file without comments and without what is compiled for tests only.
fn shipped(text: &str) -> Vec<(usize, &str)> {
    let mut lines = text.lines().enumerate();
    let mut found = Vec::new();
    while let Some((at, line)) = lines.next() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim() == "#[cfg(test)]" {
            let end = format!("{indent}}}");
            // `mod tests;` is one line; all else ends with its brace.
            for (_, inner) in lines.by_ref() {
                if inner == end || (inner.starts_with(&format!("{indent}mod ")) && inner.ends_with(';')) {
                    break;
                }
            }
        } else if !line.trim().starts_with("//") {
            found.push((at + 1, line));
        }
    }
    found
}

#[test]
fn what_a_school_reads_stands_in_the_texts_and_not_in_the_code() {
    let is_vietnamese = |c: char| ('\u{1ea0}'..='\u{1ef9}').contains(&c) || "ăđơưĂĐƠƯ".contains(c);
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<&str> = VIETNAMESE.iter().map(|(place, _)| *place).collect();
    for (file, text) in sources(&root().join("src")) {
        let is_test = file.contains("/tests") || file.contains("scenarios/");
        if is_test || file.starts_with("i18n/") {
            continue;
        }
        for (at, line) in shipped(&text).into_iter().filter(|(_, line)| line.contains(is_vietnamese)) {
            match VIETNAMESE.iter().find(|(place, _)| file.starts_with(place)) {
                Some((place, _)) => {
                    unused.remove(place);
                }
                None => wrong.push(format!("src/{file}:{at}: {}", line.trim())),
            }
        }
    }
    assert!(wrong.is_empty(), "sentences outside of `i18n`:\n{}", wrong.join("\n"));
    assert!(unused.is_empty(), "nothing Vietnamese stands there any more: {unused:?}");
}
