//! The figures as tables of Markdown.

use std::fmt::Write;

use super::conditions::Conditions;
use super::measure::{Figures, Part, Seen};

/// Whom the others are divided by.
const BESIDE: &str = "Unbound";

pub fn table(before: &Conditions, rounds: usize, misses: usize, figures: &[Figures]) -> String {
    let after = Conditions::now();
    let mut text = format!(
        "{}: {}, {} cores, Linux {}, load {} at the start and {} at the end, niceness {}; {rounds} rounds in turn, \
         {misses} names that miss.\n",
        before.day, before.processor, before.cores, before.kernel, before.load, after.load, before.nice,
    );
    for part in [Part::Together, Part::Alone] {
        times(&mut text, part, figures);
    }
    costs(&mut text, figures);
    text
}

fn times(text: &mut String, part: Part, figures: &[Figures]) {
    if figures.iter().all(|one| one.median(part, |seen| seen.took_ms).is_none()) {
        return;
    }
    let _ = write!(
        text,
        "\n| {part:?} | median ms | lowest–highest | ÷ Unbound | p95 ms | ÷ Unbound | max ms | all, s | failed | queries a name |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n"
    );
    for one in figures {
        let figure = |of: fn(&Seen) -> f64| one.median(part, of);
        let Some([median, low, high]) = figure(|seen| seen.median_ms) else { continue };
        let middle = |of| figure(of).map_or(0.0, |all| all[0]);
        let _ = writeln!(
            text,
            "| {} | {median:.0} | {low:.0}–{high:.0} | {} | {:.0} | {} | {:.0} | {:.1} | {} | {:.2} |",
            one.title,
            ratio(figures, one, part, |seen| seen.median_ms),
            middle(|seen| seen.p95_ms),
            ratio(figures, one, part, |seen| seen.p95_ms),
            middle(|seen| seen.max_ms),
            middle(|seen| seen.took_ms) / 1e3,
            middle(|seen| seen.failed),
            middle(|seen| seen.queries),
        );
    }
}

fn costs(text: &mut String, figures: &[Figures]) {
    if figures.iter().all(|one| one.median(Part::Miss, |seen| seen.cpu_us).is_none()) {
        return;
    }
    *text += "\n| Miss | CPU-µs a name | of it in user mode | lowest–highest | ÷ Unbound | failed | queries a name |\n\
              | --- | --: | --: | --: | --: | --: | --: |\n";
    for one in figures {
        let Some([cpu, low, high]) = one.median(Part::Miss, |seen| seen.cpu_us) else { continue };
        let middle = |of: fn(&Seen) -> f64| one.median(Part::Miss, of).map_or(0.0, |all| all[0]);
        let _ = writeln!(
            text,
            "| {} | {cpu:.1} | {:.1} | {low:.1}–{high:.1} | {} | {} | {:.2} |",
            one.title,
            middle(|seen| seen.user_us),
            ratio(figures, one, Part::Miss, |seen| seen.cpu_us),
            middle(|seen| seen.failed),
            middle(|seen| seen.queries),
        );
    }
}

fn ratio(figures: &[Figures], one: &Figures, part: Part, of: fn(&Seen) -> f64) -> String {
    let beside = figures.iter().find(|other| other.title.starts_with(BESIDE));
    match (beside.and_then(|other| other.median(part, of)), one.median(part, of)) {
        (Some(other), Some(own)) if other[0] > 0.0 => format!("{:.2}", own[0] / other[0]),
        _ => "—".to_owned(),
    }
}
