//! The figures as pictures: bars, one a server, the parts of a bar on top of each other.

use std::fmt::Write;

use super::measure::Figures;
use super::questions::Kind;

const WIDTH: f64 = 760.0;
/// Where bars start, after the titles, and where the longest one ends.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 680.0;
const ROW: f64 = 28.0;
const TOP: f64 = 64.0;
/// Of the parts of a bar, in order.
const COLOURS: [&str; 3] = ["#2b6cb0", "#90cdf4", "#d6e4f0"];

/// One picture.
struct Bars<'a> {
    title: &'a str,
    /// What the parts of a bar are.
    parts: &'a [&'a str],
    /// Each server's parts.
    rows: Vec<(&'a str, Vec<f64>)>,
}

/// All pictures, with the names of their files.
pub fn all(figures: &[Figures]) -> Vec<(&'static str, String)> {
    let cost = |kind: Kind| {
        let split = |it: &Figures| {
            let user = it.median(kind, |visit| visit.user);
            vec![user, it.median(kind, |visit| visit.cost) - user]
        };
        figures.iter().map(|it| (it.title, split(it))).collect::<Vec<_>>()
    };
    let parts = &["user", "system"];
    let servers = || figures.iter().filter(|it| !it.is_floor());
    let mb = |octets: u64| octets as f64 / 1e6;
    let memory = |it: &Figures| vec![mb(it.memory.1), mb(it.memory.0.saturating_sub(it.memory.1))];
    let times = |it: &Figures| {
        let (half, p99) = (it.median_time(|times| times.half), it.median_time(|times| times.p99));
        vec![half, p99 - half]
    };
    let silence = |it: &Figures| vec![it.reload.map_or(0.0, |reload| reload.silence.as_secs_f64())];
    vec![
        (
            "cost-cached.svg",
            Bars { title: "CPU-µs an answer, cached", parts, rows: cost(Kind::Cached) }.draw(),
        ),
        (
            "cost-blocked.svg",
            Bars { title: "CPU-µs an answer, 1,000 blocked names", parts, rows: cost(Kind::Repeated) }.draw(),
        ),
        ("cost-mix.svg", Bars { title: "CPU-µs an answer, 80/20 mix", parts, rows: cost(Kind::Mix) }.draw()),
        (
            "times.svg",
            Bars {
                title: "µs until an answer at a fixed rate",
                parts: &["median", "99 of 100"],
                rows: figures.iter().map(|it| (it.title, times(it))).collect(),
            }
            .draw(),
        ),
        (
            "memory.svg",
            Bars {
                title: "MB resident, list in force",
                parts: &["anonymous", "backed by files"],
                rows: servers().map(|it| (it.title, memory(it))).collect(),
            }
            .draw(),
        ),
        (
            "silence.svg",
            Bars {
                title: "longest silence in a reload, seconds",
                parts: &["seconds"],
                rows: servers().map(|it| (it.title, silence(it))).collect(),
            }
            .draw(),
        ),
    ]
}

impl Bars<'_> {
    fn draw(&self) -> String {
        let height = TOP + ROW * self.rows.len() as f64 + 12.0;
        let sums = self.rows.iter().map(|(_, parts)| parts.iter().sum::<f64>());
        let longest = sums.filter(|sum| sum.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
             <text x=\"16\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>\n",
            self.title,
        );
        for (at, (part, colour)) in self.parts.iter().zip(COLOURS).enumerate() {
            let x = LEFT + 130.0 * at as f64;
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"36\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"47\">{part}</text>",
                x + 17.0,
            );
        }
        for (at, (title, parts)) in self.rows.iter().enumerate() {
            self.row(&mut svg, TOP + ROW * at as f64, title, parts, (RIGHT - LEFT) / longest);
        }
        svg + "</svg>\n"
    }

    fn row(&self, svg: &mut String, y: f64, title: &str, parts: &[f64], scale: f64) {
        let weight = if title == "Lá Chắn" { "bold" } else { "normal" };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"{weight}\">{title}</text>",
            LEFT - 8.0,
            y + 15.0,
        );
        let mut x = LEFT;
        for (part, colour) in parts.iter().zip(COLOURS) {
            let width = if part.is_finite() { part.max(0.0) * scale } else { 0.0 };
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"20\" fill=\"{colour}\"/>"
            );
            x += width;
        }
        let sum: f64 = parts.iter().sum();
        let places = if sum < 10.0 { 2 } else { 0 };
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\">{sum:.places$}</text>", x + 5.0, y + 15.0);
    }
}
