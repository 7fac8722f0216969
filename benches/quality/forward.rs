//! How much of what a list gains later is blocked before: over the versions of one list.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use lachan::app::lists::starter_sources;
use lachan::dns::name::OwnedName;
use lachan::dns::public_suffix::registrable;
use lachan::lists::catalogue;
use lachan::update::compile::{Source, Text};

use super::filter::Filter;
use super::names::{names_in, shared, unpacked};

/// The list whose versions lie beside the checkout, by its folder.
const SERIES: [(&str, &str); 1] = [("hostsVN-gambling-VN", "hostsvn-gambling-vn")];
/// Versions between the one that is known and the one that is asked.
const STEPS: [usize; 3] = [1, 5, 20];

/// The series beside the checkout.
pub fn at_hand() -> Vec<PathBuf> {
    let folders =
        shared().into_iter().flat_map(|shared| SERIES.map(|(name, _)| shared.join("updates").join(name)));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// Measures one series.
pub fn run(folder: &Path) {
    let files = super::packed::below(folder);
    let id =
        SERIES.iter().find(|(name, _)| folder.ends_with(name)).map_or("hostsvn-gambling-vn", |(_, id)| id);
    let entry =
        catalogue::all().into_iter().find(|entry| entry.spec.id == *id).expect("a source of the catalogue");
    println!(
        "\n## forward in time: {}, {} versions of `{id}` after the starter lists",
        folder.display(),
        files.len()
    );
    println!(
        "\n| known until | asked | domains that are new | blocked for THCS |\n| --- | --- | --: | --: |"
    );
    let (mut all, mut caught) = (0, 0);
    for step in STEPS {
        let pairs = files.iter().zip(files.iter().skip(step)).step_by(step);
        let (mut of_step, mut caught_of_step) = (0, 0);
        for (known, asked) in pairs {
            let text = Text::Embedded(Box::leak(unpacked(known).into_boxed_str()));
            let mut sources = starter_sources(true);
            let before = domains(known);
            sources.push(Source { spec: entry.spec.clone(), version: "then".into(), text });
            let filter = Filter::of(&sources);
            let new: Vec<OwnedName> = domains(asked).difference(&before).cloned().collect();
            let blocked = new.iter().filter(|name| filter.blocked_as(name)[1].is_some()).count();
            (of_step, caught_of_step) = (of_step + new.len(), caught_of_step + blocked);
        }
        let share = caught_of_step as f64 * 100.0 / of_step.max(1) as f64;
        println!("| {step} versions before | each | {of_step} | {share:.1} % |");
        (all, caught) = (all + of_step, caught + caught_of_step);
    }
    println!("| all | | {all} | {:.1} % |", caught as f64 * 100.0 / all.max(1) as f64);
}

/// What was registered, of a version's names.
fn domains(path: &Path) -> HashSet<OwnedName> {
    let names = names_in(&unpacked(path)).into_iter();
    names.filter_map(|name| Some(registrable(name.as_name())?.to_owned())).collect()
}
