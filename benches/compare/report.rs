//! The figures as tables of Markdown.

use std::fmt::Write;
use std::time::Duration;

use super::Choices;
use super::conditions::Conditions;
use super::generator::Tally;
use super::measure::{Figures, RATE, RELOAD_RATE, Visit};
use super::questions::{Blocked, Kind};
use super::streams::{CONNECTIONS, IN_FLIGHT};

/// A core that is used more than this is what holds things up.
const BUSY: f64 = 0.95;

/// Work put off that is worth telling, in µs an answer.
const LATER: f64 = 0.3;

/// Everything, with its conditions.
pub fn table(before: &Conditions, choices: &Choices, blocked: &Blocked, figures: &[Figures]) -> String {
    let sections = [
        conditions(before, choices, blocked),
        costs(figures),
        speeds(figures),
        streams(figures),
        memory(figures),
        troubles(figures),
    ];
    sections.join("\n")
}

fn conditions(before: &Conditions, choices: &Choices, blocked: &Blocked) -> String {
    format!(
        "{}: {}, {} cores, Linux {}, load {} at the start and {} at the end, \
         niceness {}. {} names blocked ({} of them \
         made up), {} rounds in turn, {} s a visit; medians.\n",
        before.day,
        before.processor,
        before.cores,
        before.kernel,
        before.load,
        Conditions::now().load,
        before.nice,
        thousands(blocked.names.len()),
        thousands(blocked.made_up),
        choices.rounds,
        choices.visit.as_secs(),
    )
}

/// Processor time an answer.
fn costs(figures: &[Figures]) -> String {
    let floor = |kind| {
        let floor = figures.iter().find(|it| it.is_floor());
        floor.map_or(f64::NAN, |it| it.median(kind, |visit| visit.cost))
    };
    let mut text = String::from(
        "CPU-µs an answer (user + system), in parentheses the part in user mode. The mixes are 80 % cached names \
         and 20 % of 1,000 blocked names, or of all:\n\n\
         | | cached | 1,000 blocked | any blocked | mix of 1,000 | lowest–highest | ÷ floor | mix of all \
         | lowest–highest | ÷ floor | never asked before |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for it in figures {
        let cell = |kind| {
            let (cost, user) = (it.median(kind, |visit| visit.cost), it.median(kind, |visit| visit.user));
            match it.median(kind, |visit| visit.later) {
                later if later >= LATER => format!("{cost:.1} ({user:.1}), {later:.1} of it later"),
                unknown if unknown.is_nan() => "—".into(),
                _ => format!("{cost:.1} ({user:.1})"),
            }
        };
        let mix = |kind| {
            let (least, most) = it.range(kind);
            let ratio = it.median(kind, |visit| visit.cost) / floor(kind);
            match ratio.is_nan() {
                true => format!("{} | — | —", cell(kind)),
                false => format!("{} | {least:.1}–{most:.1} | {ratio:.2}", cell(kind)),
            }
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            with_version(it),
            cell(Kind::Cached),
            cell(Kind::Repeated),
            cell(Kind::Blocked),
            mix(Kind::Mix),
            mix(Kind::WideMix),
            if it.is_floor() { "—".into() } else { cell(Kind::Miss) },
        );
    }
    text
}

/// Answers a second, who held them up, and how long single answers took.
fn speeds(figures: &[Figures]) -> String {
    let mut text = format!(
        "Thousand answers a second with 128 questions in flight; which core was full with the mix; and the \
         time of answers to {} questions of the mix a second:\n\n\
         | | cached | 1,000 blocked | any blocked | mix | never asked | server, generator busy | bottleneck | p50 µs | p99 µs \
         | p99.9 µs |\n\
         | --- | --: | --: | --: | --: | --: | --: | --- | --: | --: | --: |\n",
        thousands(RATE as usize),
    );
    for it in figures {
        let speed = |kind| whole(it.median(kind, |visit| visit.speed) / 1e3);
        let server = it.median(Kind::Mix, |visit| visit.server_busy);
        let generator = it.median(Kind::Mix, |visit| visit.generator_busy);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} %, {} % | {} | {} | {} | {} |",
            it.title,
            speed(Kind::Cached),
            speed(Kind::Repeated),
            speed(Kind::Blocked),
            speed(Kind::Mix),
            if it.is_floor() { "—".into() } else { speed(Kind::Miss) },
            whole(server * 100.0),
            whole(generator * 100.0),
            bottleneck(server, generator),
            whole(it.median_time(|times| times.half)),
            whole(it.median_time(|times| times.p99)),
            whole(it.median_time(|times| times.p999)),
        );
    }
    text
}

/// Processor time an answer over connections that live long.
fn streams(figures: &[Figures]) -> String {
    let mut text = format!(
        "Cached names over {CONNECTIONS} TCP connections, {IN_FLIGHT} questions in flight on each; CPU-µs an \
         answer:\n\n\
         | | TCP cached, CPU-µs | lowest–highest | ÷ floor | thousand a second | server, generator busy |\n\
         | --- | --: | --: | --: | --: | --: |\n",
    );
    let cost = |it: &Figures| it.median(Kind::Streams, |visit| visit.cost);
    let floor = figures.iter().find(|it| it.is_floor()).map_or(f64::NAN, cost);
    for it in figures {
        let median = |what: fn(&Visit) -> f64| it.median(Kind::Streams, what);
        if cost(it).is_nan() {
            continue;
        }
        let (least, most) = it.range(Kind::Streams);
        let _ = writeln!(
            text,
            "| {} | {:.1} ({:.1}) | {least:.1}–{most:.1} | {:.2} | {:.0} | {:.0} %, {:.0} % |",
            it.title,
            cost(it),
            median(|visit| visit.user),
            cost(it) / floor,
            median(|visit| visit.speed) / 1e3,
            median(|visit| visit.server_busy) * 100.0,
            median(|visit| visit.generator_busy) * 100.0,
        );
    }
    text
}

fn bottleneck(server: f64, generator: f64) -> &'static str {
    if server.is_nan() {
        return "—";
    }
    match (server >= BUSY, generator >= BUSY) {
        (true, true) => "both",
        (true, false) => "server",
        (false, true) => "**generator**",
        (false, false) => "**neither**",
    }
}

/// A figure without a fraction; of what was not measured, a dash.
fn whole(figure: f64) -> String {
    if figure.is_nan() { "—".into() } else { format!("{figure:.0}") }
}

/// Memory, the way to a list in force, and the way to the next one.
fn memory(figures: &[Figures]) -> String {
    let mut text = format!(
        "Memory with the list in force, MB resident (of it not backed by a file); from the start to \
         the first name blocked, the first time and the next; a reload for one more name under {} questions \
         a second:\n\n\
         | | blocks by | memory | first start | next start | reload by | in force after | longest silence \
         | questions lost |\n\
         | --- | --- | --: | --: | --: | --- | --: | --: | --: |\n",
        thousands(RELOAD_RATE as usize),
    );
    for it in figures.iter().filter(|it| !it.is_floor()) {
        let mb = |octets: u64| octets as f64 / 1e6;
        let _ = write!(
            text,
            "| {} | {} | {:.0} ({:.0}) | {} | {} ",
            it.title,
            it.blocks_by,
            mb(it.memory.0),
            mb(it.memory.1),
            span(it.load),
            span(it.load_again),
        );
        let Some(reload) = it.reload else {
            text += "| | | | |\n";
            continue;
        };
        let in_force = reload.in_force.map_or("**never**".into(), span);
        let silence = span(reload.silence);
        let _ = writeln!(text, "| {} | {in_force} | {silence} | {} |", reload.how, thousands(reload.lost));
    }
    text
}

/// A time, in seconds or in thousandths.
fn span(time: Duration) -> String {
    match time.as_millis() {
        short @ 0..1_000 => format!("{short} ms"),
        long => format!("{:.1} s", long as f64 / 1e3),
    }
}

/// What was not answered as it should be, if anything.
fn troubles(figures: &[Figures]) -> String {
    let mut text = String::new();
    for it in figures.iter().filter(|it| !it.is_floor()) {
        let Tally { resolved, blocked, failed, lost } = it.wrong;
        if resolved + blocked + failed + lost > 0 {
            let _ = writeln!(
                text,
                "- {}: {} blocked names resolved, {} others blocked, {} failures, {} questions lost.",
                it.title,
                thousands(resolved),
                thousands(blocked),
                thousands(failed),
                thousands(lost),
            );
        }
    }
    match text.as_str() {
        "" => "All questions of all visits were answered as they should be.\n".into(),
        _ => format!("Not answered as it should be, in all visits together:\n\n{text}"),
    }
}

fn with_version(figures: &Figures) -> String {
    format!("{} {}", figures.title, figures.version).trim().to_owned()
}

/// `1234567` as `1,234,567`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
