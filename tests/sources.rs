//! No public source takes much of what people use: each source of the catalogue against the corpora beside the checkout.

#[allow(dead_code, reason = "the benchmark uses the rest")]
#[path = "../benches/quality/filter.rs"]
mod filter;
#[allow(dead_code, reason = "the benchmark uses the rest")]
#[path = "../benches/quality/measured.rs"]
mod measured;
#[allow(dead_code, reason = "the benchmark uses the rest")]
#[path = "../benches/quality/names.rs"]
mod names;
#[allow(dead_code, reason = "the benchmark uses the rest")]
#[path = "../benches/quality/sets.rs"]
mod sets;

use lachan::lists::measured as written;

use super::support::packed;

/// Names of the corpora that one source may close to staff. Most are pornography, gambling and piracy that was popular
/// once; what is more than that is a list that does not know what it lists.
const STAFF_MAX: u32 = 160;

#[test]
fn no_source_of_the_catalogue_takes_many_names_that_people_use_from_staff() {
    if names::shared().is_none() {
        println!("left out: the public lists and corpora are not beside the checkout");
        return;
    }
    let (set, files) = (sets::ListSet::named("catalogue"), names::good_at_hand());
    let found = measured::measure(&set, &files);
    let written = written::embedded();
    let mut wrong = Vec::new();
    for (id, figures) in &found {
        if figures.staff > STAFF_MAX {
            wrong.push(format!("{id} takes {} names, {STAFF_MAX} are let pass", figures.staff));
        }
        // Our own lists and protected names change a little between two measurements.
        let told = written.sources.get(id).map_or(0, |figures| figures.staff);
        if figures.staff.abs_diff(told) > 20 {
            wrong.push(format!("{id} takes {} names, blocklists/measured.toml says {told}", figures.staff));
        }
    }
    assert!(found.len() >= 50, "{}", found.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
