//! `lachan log` as the IT teacher types it: the words of the screen, totals that can be defended, who read what.

use crate::support::client::ask_from;
use crate::support::server::{School, flat, lachan};

const A: u16 = 1;
const AAAA: u16 = 28;
const PUPIL: &str = "127.3.0.7";
const OTHER_PUPIL: &str = "127.3.0.8";
const TEACHER: &str = "127.4.0.7";

/// A school where two pupils and a teacher (whose group is only monitored) asked for what is forbidden.
fn school() -> School {
    let school = School::new();
    // Nobody listens there: what is allowed fails at once, and no name is asked outside.
    let nobody = "127.0.0.1:9".parse().unwrap();
    school.config(
        Some(nobody),
        "[[group]]\nname = \"Phòng máy 1\"\ntier = \"lower_secondary\"\nfrom = [\"127.3.0.0/16\"]\n\
         [[group]]\nname = \"Giáo viên\"\ntier = \"staff\"\nmode = \"monitor\"\nfrom = [\"127.4.0.0/16\"]\n\
         [school_rules]\nblock = [{ name = \"cam.example\", reason = \"quyết định\", by = \"hiệu trưởng\" }]\n",
    );
    let server = school.serve();
    for (client, name, rtype) in [
        (PUPIL, "thu-chan.lachan.example", A),
        (PUPIL, "thu-chan.lachan.example", AAAA),
        (PUPIL, "thu-chan.lachan.example", A),
        (OTHER_PUPIL, "thu-chan.lachan.example", A),
        (PUPIL, "www.cam.example", A),
        (TEACHER, "www.cam.example", A),
    ] {
        ask_from(client, server.address, name, rtype);
    }
    assert!(server.stop().success());
    school
}

fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_is_asked_in_the_words_of_the_screen_and_says_what_it_leaves_out() {
    let school = school();
    let count = |args: &[&str]| {
        let rows = json_lines(&school.run_ok(&[&["log", "--format", "json"], args].concat()));
        rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(count(&[]), 6);
    for (args, expected) in [
        (&["--group", "Phòng máy 1"][..], 5),
        (&["--group", "phong may 1"], 5),
        (&["--tier", "THCS"], 5),
        (&["--tier", "trung hoc co so"], 5),
        (&["--tier", "staff"], 1),
        (&["--category", "test"], 4),
        (&["--category", "Thử bộ lọc"], 4),
        (&["--category", "quy định của trường"], 2),
        (&["--effect", "chỉ đếm"], 1),
        (&["--effect", "blocked"], 5),
        (&["--name", "https://www.cam.example/x"], 2),
        (&["--name", "*.cam.example"], 2),
        (&["--since", "1w"], 6),
        (&["--since", "hôm nay", "--until", "2w"], 0),
    ] {
        assert_eq!(count(args), expected, "{args:?}");
    }
    for (args, likely) in [
        (["--group", "Phong mai 1"], "`Phòng máy 1`"),
        (["--tier", "thsc"], "`THCS`"),
        (["--category", "co bax"], "`Cờ bạc`"),
        (["--since", "hôm kia"], "hôm qua"),
    ] {
        let output = school.run(&[&["log"], &args[..]].concat());
        let said = flat(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(likely), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    // What was only counted does not look like a block.
    let table = school.run_ok(&["log"]).replace("\n  ", " ");
    let marked = |group: &str| {
        let lines = table.lines().filter(|line| line.contains(group)).collect::<Vec<_>>();
        (lines.len(), lines.iter().filter(|line| line.contains("* chỉ đếm")).count())
    };
    assert_eq!(marked(" Giáo viên; "), (1, 1), "{table}");
    // Five, if a minute ended in between.
    let pupils = marked("Phòng máy 1");
    assert!((4..=5).contains(&pupils.0) && pupils.1 == 0, "{table}");
    assert!(!table.contains("hiện "), "{table}");
    let cut = school.run_ok(&["log", "--limit", "2"]);
    assert!(
        cut.ends_with("để lấy hết\n") && cut.contains(&format!("hiện 2 trong {} dòng", pupils.0 + 1)),
        "{cut}"
    );
    // A spreadsheet knows the encoding.
    let csv = school.run_ok(&["log", "--format", "csv"]);
    assert!(csv.starts_with("\u{feff}time,group,") && csv.contains("Phòng máy 1"), "{csv}");
}

#[test]
fn totals_tell_questions_and_visits_names_days_and_groups() {
    let school = school();
    let totals: serde_json::Value =
        serde_json::from_str(&school.run_ok(&["log", "--totals", "--format", "json"])).unwrap();
    assert_eq!(totals["attempts"], 6, "{totals}");
    // Of one device, the same name in the same minute is one visit (a minute may have ended in between).
    let visits = totals["visits"].as_u64().unwrap();
    assert!((4..=6).contains(&visits), "{totals}");
    assert_eq!(totals["by_effect"]["monitored"], 1);
    let days = totals["by_day"].as_object().unwrap();
    assert_eq!(days.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 6, "{totals}");
    let cell = |group: &str, category: &str| {
        let cells = totals["by_group_category"].as_array().unwrap();
        let cell = cells.iter().find(|cell| cell["group"] == group && cell["category"] == category);
        cell.map_or(0, |cell| cell["attempts"].as_u64().unwrap())
    };
    assert_eq!((cell("Phòng máy 1", "test"), cell("Phòng máy 1", "none")), (4, 1), "{totals}");
    assert_eq!(cell("Giáo viên", "none"), 1);
    let first = &totals["by_name"][0];
    assert_eq!(
        (&first["name"], &first["attempts"]),
        (&"thu-chan.lachan.example".into(), &4.into()),
        "{totals}"
    );
    let table = school.run_ok(&["log", "--totals"]);
    for part in ["Lượt truy cập", "ngày", "tên bị chặn nhiều nhất", "Phòng máy 1", "chỉ đếm"]
    {
        assert!(table.contains(part), "{part}:\n{table}");
    }
    assert!(
        school
            .run_ok(&["log", "--totals", "--format", "csv"])
            .starts_with("\u{feff}by,what,category,attempts\n")
    );
}

#[test]
fn who_read_rows_of_devices_can_be_read_and_totals_leave_no_trace() {
    let school = school();
    school.run_ok(&["log", "--totals"]);
    assert_eq!(school.run_ok(&["log", "access", "--format", "json"]), "");
    school.run_ok(&["log", "--group", "Phòng máy 1", "--limit", "1"]);
    let rows = school.run_ok(&["log", "--format", "csv"]).lines().count() as u64 - 1;
    let readings = json_lines(&school.run_ok(&["log", "access", "--format", "json"]));
    let told: Vec<_> = readings
        .iter()
        .map(|reading| (reading["filter"].as_str().unwrap(), reading["rows"].as_u64()))
        .collect();
    assert_eq!(told, [("all", Some(rows)), ("group=\"Phòng máy 1\"", Some(1))]);
    let table = school.run_ok(&["log", "access"]);
    assert!(table.contains("ai xem") && table.contains("uid "), "{table}");
    let cut = school.run_ok(&["log", "access", "--limit", "1"]);
    assert!(cut.contains("chỉ hiện 1 dòng mới nhất"), "{cut}");
}

#[test]
fn who_read_the_log_is_the_systems_word_and_not_the_environments() {
    let school = school();
    let mut command = lachan();
    command.arg("log").arg("--config").arg(school.path("lachan.toml"));
    for variable in ["USER", "LOGNAME", "SUDO_USER", "USERNAME"] {
        command.env(variable, "hieu-truong");
    }
    assert!(command.output().unwrap().status.success());
    let read = school.run_ok(&["log", "access", "--format", "json"]);
    let who = json_lines(&read)[0]["who"].as_str().unwrap().to_owned();
    let me = nix::unistd::getuid();
    let name = nix::unistd::User::from_uid(me).unwrap().map_or(String::new(), |user| user.name);
    assert!(who.starts_with(&format!("uid {me} ({name})")), "{who}");
    assert!(!who.contains("hieu-truong"), "{who}");
}
