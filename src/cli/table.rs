//! Rows under headings, as wide as the screen: columns shrink, and where that is not enough each row becomes a
//! block of lines.

use unicode_width::UnicodeWidthStr;

use super::screen::{Paint, Screen};
use super::wrap::{longest_word, wrap};
use crate::model::visible::visible;

/// Columns between two columns.
const GAP: usize = 2;
/// Lines of one row; more of them, and the row is a block.
const ROW_LINES_MAX: usize = 2;
/// Lines of the headings.
const HEADING_LINES_MAX: usize = 3;
/// Columns before the lines of a block.
const INDENT: usize = 2;

/// Rows under headings.
#[derive(Debug)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: impl IntoIterator<Item = String>) -> Self {
        Self { headings: headings.into_iter().map(shown).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// The table as lines, none wider than the screen.
    pub fn lines(&self, screen: &Screen) -> Vec<String> {
        match self.widths(screen.columns) {
            Some(widths) => self.grid(&widths, screen),
            None => self.blocks(screen),
        }
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &String> {
        self.rows.iter().filter_map(move |row| row.get(column))
    }

    /// Whether a column has nothing but numbers: they stand to the right.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.cells(column).filter(|cell| !cell.is_empty()).peekable();
        let is_number = |cell: &String| {
            cell.starts_with(|c: char| c.is_ascii_digit())
                && cell.chars().all(|c| c.is_ascii_digit() || ".,%".contains(c))
        };
        cells.peek().is_some() && cells.all(is_number)
    }

    /// The width of each column, if all rows fit into lines.
    fn widths(&self, columns: usize) -> Option<Vec<usize>> {
        let widest = |column: usize, width: fn(&str) -> usize| {
            let cells = self.cells(column).map(|cell| width(cell)).max().unwrap_or(0);
            cells.max(width(&self.headings[column]))
        };
        let all = 0..self.headings.len();
        let mut widths: Vec<usize> =
            all.clone().map(|column| widest(column, UnicodeWidthStr::width)).collect();
        let least: Vec<usize> = all.clone().map(|column| widest(column, longest_word)).collect();
        let of_cells: Vec<usize> =
            all.map(|column| self.cells(column).map(|cell| cell.width()).max().unwrap_or(0)).collect();
        let gaps = GAP * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > columns {
            let shrinks = |column: &usize| widths[*column] > least[*column];
            // A heading in two lines costs one line, a cell in two lines one for each row.
            let cost = |column: &usize| (widths[*column] > of_cells[*column], widths[*column]);
            let widest = (0..widths.len()).filter(shrinks).max_by_key(cost)?;
            widths[widest] -= 1;
        }
        let lines = |row: &[String]| {
            row.iter().zip(&widths).map(|(cell, width)| wrap(cell, *width, 0).len()).max().unwrap_or(0)
        };
        let fits = self.rows.iter().all(|row| lines(row) <= ROW_LINES_MAX)
            && lines(&self.headings) <= HEADING_LINES_MAX;
        fits.then_some(widths)
    }

    fn grid(&self, widths: &[usize], screen: &Screen) -> Vec<String> {
        let numeric: Vec<bool> = (0..widths.len()).map(|column| self.is_numeric(column)).collect();
        let head = grid_row(&self.headings, widths, &numeric).into_iter();
        let mut lines: Vec<String> = head.map(|line| screen.paint(Paint::Heading, &line)).collect();
        lines.extend(self.rows.iter().flat_map(|row| grid_row(row, widths, &numeric)));
        lines
    }

    fn blocks(&self, screen: &Screen) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let mut cells = self.headings.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            if let Some((heading, cell)) = cells.next() {
                lines.extend(wrap(&format!("{heading}: {cell}"), screen.columns, INDENT));
            }
            let rest: Vec<_> = cells.map(|(heading, cell)| (heading.as_str(), cell.as_str())).collect();
            lines.extend(pairs(&rest, INDENT, screen.columns));
        }
        lines
    }
}

/// The lines of one row.
fn grid_row(row: &[String], widths: &[usize], numeric: &[bool]) -> Vec<String> {
    let cells: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, width)| wrap(cell, *width, 0)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        let mut line = String::new();
        for ((cell, width), numeric) in cells.iter().zip(widths).zip(numeric) {
            let cell = cell.get(at).map_or("", String::as_str);
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let gap = " ".repeat(GAP);
            line += &if *numeric { format!("{pad}{cell}{gap}") } else { format!("{cell}{pad}{gap}") };
        }
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// What is on the left, and its value beside it; a long value goes on below itself.
pub fn pairs(rows: &[(&str, &str)], indent: usize, columns: usize) -> Vec<String> {
    let width = rows.iter().map(|(what, _)| what.width()).max().unwrap_or(0).min(columns / 2);
    let column = indent + width + GAP;
    let mut lines = Vec::new();
    for (what, value) in rows {
        let what = wrap(what, width, 0);
        let value = wrap(value, columns.saturating_sub(column), 0);
        for at in 0..what.len().max(value.len()) {
            let (what, value) = (what.get(at), value.get(at));
            let what = what.map_or("", String::as_str);
            let pad = " ".repeat((width + GAP).saturating_sub(what.width()));
            let line = format!("{}{what}{pad}{}", " ".repeat(indent), value.map_or("", String::as_str));
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// A cell as it is shown. Made so before widths are measured; a cell is one line.
fn shown(cell: String) -> String {
    visible(&cell).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    fn screen(columns: usize) -> Screen {
        Screen { lang: Lang::Vi, columns, colours: false }
    }

    fn table(headings: &[&str], rows: &[&[&str]]) -> Table {
        let mut table = Table::new(headings.iter().map(|text| text.to_string()));
        rows.iter().for_each(|row| table.row(row.iter().map(|cell| cell.to_string())));
        table
    }

    #[test]
    fn columns_line_up_under_vietnamese_letters_and_numbers_stand_to_the_right() {
        let table = table(&["cấp học", "số"], &[&["Tiểu học", "12"], &["THCS", "1.234"]]);
        assert_eq!(table.lines(&screen(80)), ["cấp học      số", "Tiểu học     12", "THCS      1.234"]);
    }

    #[test]
    fn a_cell_shows_what_would_be_hidden_and_stays_one_line() {
        let table = table(&["nhóm", "số"], &[&["a\u{202e}b\u{1b}[2J\nc", "1"], &["d", "2"]]);
        let lines = table.lines(&screen(80));
        assert_eq!(lines[1], "a\\u{202e}b\\u{1b}[2J c   1");
        assert_eq!(lines[2].len(), lines[1].len());
    }

    #[test]
    fn long_cells_go_on_in_a_second_line_and_longer_ones_make_blocks() {
        let table = table(
            &["vùng", "dòng không dùng được", "nguồn"],
            &[&["rpz.example", "3", "tệp của trường"], &["b.example", "12", ""]],
        );
        assert_eq!(
            table.lines(&screen(40)),
            [
                "vùng          dòng không  nguồn",
                "               dùng được",
                "rpz.example            3  tệp của trường",
                "b.example             12",
            ]
        );
        assert_eq!(
            table.lines(&screen(24)),
            [
                "vùng: rpz.example",
                "  dòng không    3",
                "  dùng được",
                "  nguồn         tệp của",
                "                trường",
                "vùng: b.example",
                "  dòng không    12",
                "  dùng được",
            ]
        );
    }
}
