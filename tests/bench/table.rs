//! The table scenario × resolver in `tests/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::play::Outcome;
use super::resolvers::Resolver;
use super::run::{Cell, scenarios};

const BEGIN: &str = "<!-- table: begin -->";
const END: &str = "<!-- table: end -->";
/// Letters of a reason that the table has room for.
const REASON_MAX: usize = 160;

/// Writes the table between its marks.
pub fn update(file: &Path, cells: &[Cell]) {
    let text = fs::read_to_string(file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the table's begin");
    let (_, after) = rest.split_once(END).expect("the table's end");
    fs::write(file, format!("{before}{BEGIN}\n{}{END}{after}", table(cells))).unwrap();
}

fn table(cells: &[Cell]) -> String {
    let mut rows: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    for cell in cells {
        rows.entry(&cell.scenario).or_default().push(cell);
    }
    let files = scenarios();
    let mut text = String::from(
        "| scenario | lachan | unbound | knot | bind | what differs |\n| --- | :-: | :-: | :-: | :-: | --- |\n",
    );
    for (name, row) in &rows {
        let marks: Vec<&str> = Resolver::ALL
            .iter()
            .map(|resolver| {
                mark(row.iter().find(|cell| cell.resolver == *resolver).map(|cell| &cell.outcome))
            })
            .collect();
        let reasons: Vec<String> = row.iter().filter_map(|cell| reason(cell)).collect();
        let promise = fs::read_to_string(&files[*name]).unwrap();
        let promise = promise.lines().next().unwrap_or_default().trim_start_matches("; ").to_owned();
        text += &format!(
            "| `{name}`: {} | {} | {} |\n",
            cell_text(&promise),
            marks.join(" | "),
            reasons.join("; ")
        );
    }
    let passed = |resolver: Resolver| {
        let of = cells.iter().filter(|cell| cell.resolver == resolver);
        let applicable = of.clone().filter(|cell| !matches!(cell.outcome, Outcome::NotApplicable(_))).count();
        format!("{} of {applicable}", of.filter(|cell| cell.outcome == Outcome::Passed).count())
    };
    let sums: Vec<String> = Resolver::ALL.iter().map(|resolver| passed(*resolver)).collect();
    text + &format!("| **passed** | {} | |\n", sums.join(" | "))
}

fn mark(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "✓",
        Some(Outcome::Failed(_)) => "✗",
        Some(Outcome::NotApplicable(_)) => "n/a",
        None => "",
    }
}

fn reason(cell: &Cell) -> Option<String> {
    let why = match &cell.outcome {
        Outcome::Passed => return None,
        Outcome::Failed(why) | Outcome::NotApplicable(why) => why,
    };
    let why = why.split("; ").next().unwrap();
    let short: String = why.chars().take(REASON_MAX).collect();
    Some(format!("{}: {}", cell.resolver, cell_text(&short)))
}

/// Nothing that would end a cell.
fn cell_text(text: &str) -> String {
    text.replace('|', "/").replace('\n', " ")
}
