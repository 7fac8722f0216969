//! What is written down of each source of the catalogue: its rules, what only it has, and what it hits by mistake.

use std::collections::HashMap;
use std::fmt::Write as _;

use lachan::lists::measured::Figures;
use lachan::model::rule::Origin;

use super::filter::{Filter, TIERS};
use super::names::{Kind, NameFile};
use super::sets::ListSet;

/// Figures of each source of a set, by id, from one index of all of them.
pub fn measure(set: &ListSet, files: &[NameFile]) -> Vec<(String, Figures)> {
    let filter = Filter::of(&set.sources);
    let mut figures: HashMap<String, Figures> = HashMap::new();
    for (id, count) in filter.alone() {
        figures.entry(id).or_default().alone = count;
    }
    let [pupils, staff] =
        ["THCS", "GV"].map(|word| TIERS.iter().position(|(it, _)| *it == word).expect("a tier"));
    for name in corpora(files).flat_map(|file| &file.names) {
        for (id, closes) in filter.takers(name) {
            let of = figures.entry(id.to_owned()).or_default();
            of.pupils += u32::from(closes[pupils]);
            of.staff += u32::from(closes[staff]);
        }
    }
    let mut all: Vec<(String, Figures)> = Vec::new();
    for (at, source) in
        set.sources.iter().enumerate().filter(|(_, source)| source.spec.origin() == Origin::Downloaded)
    {
        let found = figures.remove(&source.spec.id).unwrap_or_default();
        all.push((source.spec.id.clone(), Figures { rules: filter.names_of(at), ..found }));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Name files that people use and no list should take, each with its names.
pub fn corpora(files: &[NameFile]) -> impl Iterator<Item = &NameFile> {
    files.iter().filter(|file| file.kind == Kind::Good)
}

/// The file's text.
pub fn printed(date: &str, set: &ListSet, files: &[NameFile], figures: &[(String, Figures)]) -> String {
    let mut text = String::from(
        "# Số đo của từng nguồn trong catalogue.toml. Do công cụ viết, không sửa tay:\n\
         # Figures of each source of catalogue.toml. Written by a tool, not by hand:\n\
         # cargo bench --bench quality -- --measured blocklists/measured.toml\n\
         # rules: quy tắc có hiệu lực / rules in force. alone: tên chỉ nguồn này có / names that no other source has.\n\
         # pupils, staff: tên trong [[corpus]] bị nguồn này chặn, với THCS và với giáo viên, cán bộ, nếu chỉ hỏi nguồn này.\n\
         # pupils, staff: names of [[corpus]] that it blocks for lower secondary and for staff, if it alone is asked.\n\n",
    );
    let _ = writeln!(text, "date = \"{date}\"\nabsent = {:?}\n", set.absent);
    for file in corpora(files) {
        let _ = writeln!(text, "[[corpus]]\nname = {:?}\nnames = {}\n", file.name, file.names.len());
    }
    for (id, Figures { rules, alone, pupils, staff }) in figures {
        let _ = writeln!(
            text,
            "[[source]]\nid = {id:?}\nrules = {rules}\nalone = {alone}\npupils = {pupils}\nstaff = {staff}\n"
        );
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
