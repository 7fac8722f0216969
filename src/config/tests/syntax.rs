//! TOML errors, as a teacher makes them.

use super::*;
use crate::config::mistake::Code;

/// A config; the line that is pointed at; words that must stand in what is said, in either language.
const WRITTEN: &[(&str, usize, &str, &str)] = &[
    ("[school]\nname = “Trường”\n", 2, "ngoặc kép cong", "curly quote"),
    ("[school]\nlevel = [‘primary’]\n", 2, "ngoặc kép cong", "curly quote"),
    ("[school]\nname = \"Trường”\nlevel = [\"primary\"]\n", 2, "ngoặc kép", "quote"),
    ("[school]\nname\u{a0}= \"x\"\n", 2, "khoảng trắng lạ", "strange space"),
    ("[school]\n\u{200b}name = \"x\"\n", 2, "không nhìn thấy", "invisible"),
    ("[school]\ntên = \"x\"\n", 2, "ngoài dấu ngoặc kép", "outside quotes"),
    ("[school]\nname = Trường\n", 2, "ngoài dấu ngoặc kép", "outside quotes"),
    ("[school]\nname = truong\n", 2, "phải nằm trong dấu ngoặc kép", "stands in quotes"),
    ("[school]\nname \"x\"\n", 2, "thiếu dấu `=`", "lacks its `=`"),
    ("[school]\nname =\n", 2, "thiếu", "lacks"),
    ("[school]\nname = \"x\n", 2, "chưa đóng dấu ngoặc kép", "closing quote"),
    ("[school\nname = \"x\"\n", 1, "thiếu dấu `]`", "lacks its `]`"),
    ("[[group\nname = \"x\"\n", 1, "thiếu dấu `]`", "lacks its `]`"),
    ("[listen]\ndns = [\"10.0.0.1\"\nworkers = 1\n", 3, "chưa có dấu `]`", "lacks its `]`"),
    ("[listen]\ndns = [\"10.0.0.1\" \"10.0.0.2\"]\n", 2, "thiếu dấu phẩy", "comma"),
    ("[school]\nname = \"a\"\n[school]\nlevel = [\"primary\"]\n", 3, "đã có ở trên", "there already"),
    ("[school]\nname = \"a\"\nname = \"b\"\n", 3, "đã có trong bảng", "already"),
    ("[[local]]\nzone = \"a\"\nfile = \"C:\\ds.txt\"\n", 3, "nghĩa riêng", "of its own"),
];

#[test]
fn each_is_told_in_words_of_our_own_on_its_line() {
    for (text, line, vi, en) in WRITTEN {
        let report = read(text).unwrap_err();
        let mistakes = report.mistakes();
        let mistake = mistakes.iter().find(|mistake| mistake.code == Code::Syntax).expect(text);
        assert_eq!(report.locate(&mistake.at).1, *line, "{text}\n{report}");
        assert!(mistake.what.vi.contains(vi), "{text}\n{report}");
        assert!(mistake.what.en.contains(en), "{text}\n{report}");
        assert!(mistake.fix.is_some(), "{text}\n{report}");
    }
}

#[test]
fn each_line_with_curly_quotes_is_told_and_how_it_should_be() {
    let text = "[school]\nname = “Trường “A””\nlevel = [“primary”]\n[journal]\ndevice = ‘none’\n";
    let report = read(text).unwrap_err();
    let meant: Vec<_> =
        report.mistakes().iter().map(|mistake| mistake.suggestion.as_deref().unwrap()).collect();
    assert_eq!(meant, ["name = \"Trường \"A\"\"", "level = [\"primary\"]", "device = \"none\""], "{report}");
}

#[test]
fn what_windows_and_word_processors_add_is_harmless_where_toml_takes_it() {
    for text in [
        "[school]\r\nname = \"x\"\r\n",
        "[school]\n\tname\t=\t\"x\"\n",
        "[school]\nname = \"Trường “A”\" # ‘x’\n",
    ] {
        assert!(read(text).is_ok(), "{text}: {}", read(text).unwrap_err());
    }
}

#[test]
fn a_file_in_utf_16_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lachan.toml");
    let units: Vec<u8> = "version = 1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for octets in [[&[0xff, 0xfe][..], &units].concat(), units] {
        std::fs::write(&path, octets).unwrap();
        let report = crate::config::read_file(&path).unwrap_err();
        assert_eq!(report.mistakes()[0].code, Code::Unreadable);
        assert!(report.mistakes()[0].what.vi.contains("UTF-16"), "{report}");
    }
}
