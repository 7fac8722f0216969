//! TOML errors in words of our own: the parser's are English, and point at where it noticed, not at what was typed.

use std::ops::Range;

use super::mistake::{Code, Mistake, Said};
use super::source::FileNo;

/// Quotes that word processors and messengers put in place of `"` and `'`.
const CURLY: &[char] = &['“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '″', '′', '＂', '＇'];

/// What is said of one syntax error.
pub(super) struct Explained {
    /// The mistake.
    pub mistake: Mistake,
    /// Whether the line itself shows what is wrong, so that it cannot be the echo of an earlier error.
    pub is_certain: bool,
}

/// Explains the error that the parser saw at `span`.
pub(super) fn explain(file: FileNo, text: &str, span: Range<usize>, message: &str) -> Explained {
    let line = line_around(text, span.start);
    let content = &text[line.clone()];
    if let Some((at, character)) = outside_quotes(content).find(|(_, character)| !character.is_ascii()) {
        let start = line.start + at;
        let place = file.place(start..start + character.len_utf8());
        let (what, fix, meant) = strange(content, character);
        let mistake = Mistake::new(Code::Syntax, place, character.to_string(), what).fix(fix).meant(meant);
        return Explained { mistake, is_certain: true };
    }
    let (what, fix) = usual(text, &line, &span, message);
    let excerpt = text[span.clone()].lines().next().unwrap_or_default().trim();
    let mut mistake = Mistake::new(Code::Syntax, file.place(span), excerpt, what).fix(fix);
    if message == "duplicate key"
        && let Some(first) = first_of(text, &line, &mistake.found)
    {
        mistake = mistake.also(file.place(first), Said::new("lần đầu", "the first"));
    }
    Explained { mistake, is_certain: false }
}

/// A character that TOML has no use for outside quotes.
fn strange(content: &str, character: char) -> (Said, Said, Option<String>) {
    if CURLY.contains(&character) {
        let straight: String =
            content.chars().map(|c| if CURLY.contains(&c) { '"' } else { c }).collect::<String>();
        let what = Said::new(
            format!("dấu ngoặc kép cong {character}: Word, Zalo hay điện thoại tự đổi khi gõ"),
            format!("a curly quote {character}, as word processors and messengers make them"),
        );
        let fix = Said::new(
            "gõ lại bằng dấu ngoặc kép thẳng \" (Notepad, nano)",
            "type straight quotes \" instead (Notepad, nano)",
        );
        return (what, fix, Some(straight.trim().to_owned()));
    }
    let code = format!("U+{:04X}", u32::from(character));
    if character.is_whitespace() || crate::dns::idna::is_invisible(character) {
        let what = Said::new(
            format!(
                "khoảng trắng lạ hoặc ký tự không nhìn thấy ({code}), thường do chép từ trang web hay Word"
            ),
            format!("a strange space or invisible character ({code}), often copied from a web page or Word"),
        );
        let fix = Said::new("xoá đi rồi gõ lại dấu cách thường", "delete it and type a plain space");
        return (what, fix, None);
    }
    let what = Said::new(
        format!("ký tự `{character}` ({code}) nằm ngoài dấu ngoặc kép"),
        format!("the character `{character}` ({code}) stands outside quotes"),
    );
    let fix = Said::new(
        "tên mục chỉ gồm a–z, 0–9, _ và -; chữ thì đặt trong dấu ngoặc kép \"…\"",
        "keys are of a–z, 0–9, _ and - only; text stands in quotes \"…\"",
    );
    (what, fix, None)
}

/// What the parser's message means, and what to do.
fn usual(text: &str, line: &Range<usize>, span: &Range<usize>, message: &str) -> (Said, Said) {
    let content = text[line.clone()].trim();
    let said = |vi: &str, en: &str| Said::new(vi, en);
    // An array without its end goes on into the next key or table; the parser misses a comma there.
    let begins_anew = content.starts_with('[') || content.split_once('=').is_some_and(|(key, _)| is_key(key));
    let at_start = text[line.start..span.start.max(line.start)].trim().is_empty();
    match message {
        _ if message == "duplicate key" && content.starts_with('[') => (
            said("bảng này đã có ở trên", "this table is there already, above"),
            said(
                "gộp hai bảng làm một; nhiều nhóm, nhiều danh sách thì ghi hai ngoặc: [[group]], [[list]]",
                "join the two; for several groups or lists write double brackets: [[group]], [[list]]",
            ),
        ),
        "duplicate key" => (
            said("mục này đã có trong bảng", "this key is in the table already"),
            said("chỉ giữ một dòng", "keep one of the lines"),
        ),
        _ if message.starts_with("unclosed table") || message.starts_with("unclosed array table") => (
            said("tên bảng thiếu dấu `]`", "the table's name lacks its `]`"),
            said(
                "viết `[resolve]` hoặc `[[group]]` trên một dòng riêng",
                "write `[resolve]` or `[[group]]` on a line of its own",
            ),
        ),
        _ if message.starts_with("unclosed array")
            || (message.starts_with("missing comma between array elements") && begins_anew && at_start) =>
        {
            let opened = opened_at(text, span.start).map_or(String::new(), |line| format!(" ({line})"));
            (
                Said::new(
                    format!("danh sách mở ở dòng trên{opened} chưa có dấu `]`"),
                    format!("the list opened above{opened} lacks its `]`"),
                ),
                said("thêm `]` vào cuối danh sách", "add `]` where the list ends"),
            )
        }
        _ if message.starts_with("missing comma") => (
            said("thiếu dấu phẩy giữa hai giá trị", "a comma is missing between two values"),
            said(
                "viết [\"a\", \"b\"] hoặc { name = \"a\", by = \"b\" }",
                "write [\"a\", \"b\"] or { name = \"a\", by = \"b\" }",
            ),
        ),
        _ if message.starts_with("extra comma") => {
            (said("thừa dấu phẩy", "there is a comma too many"), said("xoá dấu phẩy thừa", "delete it"))
        }
        _ if message.starts_with("unclosed inline table") || message.contains("inline table") => (
            said(
                "bảng trên một dòng `{ … }` viết chưa đúng hoặc thiếu dấu `}`",
                "the table `{ … }` is not complete, or lacks its `}`",
            ),
            said("viết { name = \"a\", by = \"b\" }", "write { name = \"a\", by = \"b\" }"),
        ),
        _ if message.contains("escape") || message.starts_with("too few unicode") => (
            said("dấu `\\` trong ngoặc kép có nghĩa riêng", "a `\\` in quotes has a meaning of its own"),
            said(
                "viết \\\\, hoặc dùng ngoặc đơn: 'C:\\lists'",
                "write \\\\, or use single quotes: 'C:\\lists'",
            ),
        ),
        _ if message.starts_with("invalid basic string")
            || message.starts_with("invalid literal string")
            || message.starts_with("invalid multi-line") =>
        {
            (
                said(
                    "chuỗi chưa đóng dấu ngoặc kép, hoặc có ký tự điều khiển",
                    "a text lacks its closing quote, or has a control character",
                ),
                said("thêm \" vào cuối chuỗi", "add \" where the text ends"),
            )
        }
        // Behind `key =` nothing stands.
        _ if content.ends_with('=') && !message.contains('`') => (
            said("dòng này thiếu giá trị", "this line lacks its value"),
            said("viết `tên_mục = \"giá trị\"`", "write `key = \"value\"`"),
        ),
        _ if message.contains("must be quoted")
            || message.starts_with("missing opening quote")
            || message.starts_with("invalid boolean") =>
        {
            let value = content.split_once('=').map_or(content, |(_, value)| value.trim());
            (
                said("chữ phải nằm trong dấu ngoặc kép", "text stands in quotes"),
                Said::new(format!("viết \"{value}\""), format!("write \"{value}\"")),
            )
        }
        "carriage return must be followed by newline" => (
            said("dòng kết thúc bằng CR (kiểu máy cũ)", "lines end in CR only"),
            said(
                "lưu lại tệp với kiểu xuống dòng của Windows hoặc Linux",
                "save the file with line ends of Windows or Linux",
            ),
        ),
        _ if message.contains("with a dotted key") => (
            said(
                "mục này đã có giá trị khác ở trên, không thể là bảng nữa",
                "this key has another value above; it cannot be a table too",
            ),
            said(
                "xoá một trong hai; nhiều nhóm thì ghi [[group]]",
                "remove one of the two; for several groups write [[group]]",
            ),
        ),
        _ if message.contains("assignment")
            || message.starts_with("key with no value")
            || message.contains("missing value") =>
        {
            (
                said("dòng này thiếu dấu `=` hoặc thiếu giá trị", "this line lacks its `=` or its value"),
                said(
                    "viết `tên_mục = \"giá trị\"`; ghi chú thì bắt đầu bằng #",
                    "write `key = \"value\"`; a comment begins with #",
                ),
            )
        }
        _ if message.contains("extra `=`")
            || message.contains("extra assignment")
            || message.contains("unexpected `=`") =>
        {
            (
                said("thừa dấu `=`", "there is a `=` too many"),
                said("mỗi dòng một mục: `tên_mục = \"giá trị\"`", "one key a line: `key = \"value\"`"),
            )
        }
        _ if message.contains("key") => (
            said("tên mục viết chưa đúng", "this is not how a key is written"),
            said("tên mục chỉ gồm a–z, 0–9, _ và -", "keys are of a–z, 0–9, _ and - only"),
        ),
        _ if message.contains("integer")
            || message.contains("zero")
            || message.contains("sign")
            || message.contains("radix")
            || message.contains("digits") =>
        {
            (
                said("số viết chưa đúng", "this is not how a number is written"),
                said(
                    "viết số nguyên, ví dụ 53; kèm đơn vị thì đặt trong ngoặc kép: \"30s\"",
                    "write a whole number, such as 53; with a unit it stands in quotes: \"30s\"",
                ),
            )
        }
        _ => (
            Said::new("không đúng cú pháp TOML", format!("not TOML: {message}")),
            said(
                "xem dấu ngoặc kép, dấu phẩy, dấu = ở dòng này và dòng ngay trước",
                "look at quotes, commas and = on this line and the one before",
            ),
        ),
    }
}

/// Characters of a line that stand neither in quotes nor in a comment.
fn outside_quotes(content: &str) -> impl Iterator<Item = (usize, char)> {
    let mut within: Option<char> = None;
    let mut escaped = false;
    let mut is_comment = false;
    content.char_indices().filter(move |(_, character)| {
        if is_comment {
            return false;
        }
        match (within, *character) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(quote), character) if character == quote => within = None,
            (Some(_), _) => {}
            (None, quote @ ('"' | '\'')) => within = Some(quote),
            (None, '#') => is_comment = true,
            (None, _) => return true,
        }
        false
    })
}

/// The line that an offset stands on, without its end.
fn line_around(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    start..end
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The line, from 1, of the nearest `[` before that opens a list and is not closed on its line.
fn opened_at(text: &str, before: usize) -> Option<usize> {
    let lines: Vec<&str> = text[..before].lines().collect();
    let opens = |line: &&str| {
        let marks = |mark: char| outside_quotes(line).filter(|(_, character)| *character == mark).count();
        line.contains('=') && marks('[') > marks(']')
    };
    lines.iter().rposition(opens).map(|line| line + 1)
}

/// Where the key or table that stands twice stands first.
fn first_of(text: &str, line: &Range<usize>, key: &str) -> Option<Range<usize>> {
    let content = text[line.clone()].trim();
    let mut start = 0;
    let mut found = None;
    for other in text[..line.start].split_inclusive('\n') {
        let trimmed = other.trim();
        let at = start + (other.len() - other.trim_start().len());
        if content.starts_with('[') {
            if trimmed == content {
                return Some(at..at + trimmed.len());
            }
        } else if trimmed.starts_with('[') {
            // Another table begins: what stood before is not of it.
            found = None;
        } else if trimmed.split_once('=').is_some_and(|(left, _)| left.trim() == key) {
            found = found.or(Some(at..at + key.len()));
        }
        start += other.len();
    }
    found
}
