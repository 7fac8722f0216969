//! One rule for every start: it serves DNS with the best filter that can be had, says what is wrong, and heals by
//! itself. Only where no address at all can be bound does it fail.
//!
//! The tables run over every file that a server keeps in its state folder (found by looking, so that a new one is
//! among them), over every file that a config needs, and over disks that take nothing.

use std::fs::{self, File, Permissions};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::authority::free_address;
use crate::support::client::{Stream, ask};
use crate::support::server::{Server, flat, lachan, wait_for};

const A: u16 = 1;
/// Rows that run at a time: a start is mostly waiting for the disk.
const AT_A_TIME: usize = 4;
/// A user without rights, as Debian numbers `nobody`.
const NOBODY: u32 = 65_534;

/// On a starter list.
const STARTER: &str = "www.pornhub.com";
/// On the school's own list.
const LISTED: &str = "cuoc.example";
/// Blocked by a rule of the school.
const RULED: &str = "cam.example";
/// Blocked by a policy zone.
const ZONED: &str = "vung.example";
/// A name of the school's own zone.
const LOCAL: &str = "www.noibo.test";

/// A school with one of everything that a config may name, in a folder of its own.
#[derive(Debug)]
struct School {
    folder: TempDir,
    address: SocketAddr,
}

impl School {
    fn new() -> Self {
        let school = Self { folder: tempfile::tempdir().unwrap(), address: free_address() };
        school.write("list.txt", "cuoc.example\ncuoc2.example\n");
        school.write("noibo.zone", "@ 60 SOA ns admin 1 60 60 60 60\n@ 60 NS ns\nwww 60 A 10.0.0.1\n");
        school.write("rpz.zone", "@ 60 SOA ns admin 1 60 60 60 60\n@ 60 NS ns\nvung.example CNAME .\n");
        school.write("policy.toml", "version = 1\n[tier.lower_secondary]\nanswer = \"null\"\n");
        school.write("hints.txt", ". 3600 NS a.root.test.\na.root.test. 3600 A 127.0.0.2\n");
        school.write(
            "anchors.txt",
            ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n",
        );
        school.write("lachan.toml", &school.config());
        school
    }

    fn config(&self) -> String {
        format!(
            "version = 1\n[school]\nname = \"THCS Lá Chắn\"\n[state]\nfolder = \"state\"\n\
             [listen]\ndns = [\"{}\"]\ncontrol = \"{}\"\n\
             [resolve]\nmode = \"forward\"\nroot_hints = \"hints.txt\"\ntrust_anchors = \"anchors.txt\"\n\
             [[resolve.forward]]\nzone = \".\"\nservers = [\"{}\"]\ndnssec = false\n\
             [[local]]\nzone = \"noibo.test\"\nfile = \"noibo.zone\"\n\
             [policy]\nfile = \"policy.toml\"\n\
             [[group]]\nname = \"Lớp 6A\"\ntier = \"lower_secondary\"\nfrom = [\"127.0.0.0/8\"]\n\
             [[list]]\nid = \"cua-truong\"\nfile = \"list.txt\"\ncategory = \"gambling\"\n\
             [[rpz]]\nzone = \"rpz.test\"\nfile = \"rpz.zone\"\n\
             [school_rules]\nblock = [{{ name = \"cam.example\", reason = \"thi\", by = \"IT\" }}]\n",
            self.address,
            self.path("control.sock").display(),
            upstream(),
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self) -> PathBuf {
        self.path("state")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The same school with the state that another one's server left.
    fn with_state_of(used: &Used) -> Self {
        let school = Self::new();
        copy_folder(&used.school.state(), &school.state());
        school
    }

    fn command(&self) -> Command {
        let mut command = lachan();
        command.arg("serve").arg("--config").arg(self.path("lachan.toml"));
        command
    }

    fn serve(&self) -> Server {
        Server::start(quiet(self.command()))
    }

    /// As a user without rights who owns the folder; none where this user may not become another.
    fn serve_as_nobody(&self) -> Option<Server> {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &NOBODY.to_string(), "--regid", &NOBODY.to_string(), "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_lachan")).arg("serve").arg("--config").arg(self.path("lachan.toml"));
        command.env("HOME", "/nonexistent");
        Some(Server::start(quiet(command)))
    }

    fn run(&self, args: &[&str]) -> (bool, String) {
        let output = lachan().args(args).arg("--config").arg(self.path("lachan.toml")).output().unwrap();
        (output.status.success(), flat(&[output.stdout, output.stderr].concat()))
    }

    fn status(&self) -> Option<Value> {
        let output =
            lachan().args(["status", "--json", "--config"]).arg(self.path("lachan.toml")).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }

    fn troubles(&self) -> String {
        self.status().expect("the server tells how it is")["troubles"].to_string()
    }

    fn wait_for_trouble(&self, words: &str) {
        let found = wait_for(|| self.troubles().contains(words).then_some(()));
        assert!(found.is_some(), "no trouble with `{words}`: {}", self.troubles());
    }

    /// Each look asks for the status too: that takes some milliseconds, so that the bound is one of time.
    fn wait_until(&self, what: &str, mut look: impl FnMut() -> bool) {
        let found = wait_for(|| {
            let found = look();
            if !found {
                let _ = self.status();
            }
            found.then_some(())
        });
        assert!(found.is_some(), "{what}");
    }

    fn wait_until_blocked(&self, server: SocketAddr, name: &str) {
        self.wait_until(&format!("{name} is not blocked"), || is_blocked(server, name));
    }

    fn wait_until_well(&self) {
        let well = wait_for(|| (self.troubles() == "[]").then_some(()));
        assert!(well.is_some(), "{}", self.troubles());
    }
}

/// What a server says on its terminal is not of interest here.
fn quiet(mut command: Command) -> Command {
    command.env("LACHAN_LOG", "off").env("LACHAN_LISTS_RECOMMENDED", "off");
    command
}

/// A school whose server has run, with a log and a journal that a crash left.
#[derive(Debug)]
struct Used {
    school: School,
}

impl Used {
    fn new() -> Self {
        let school = School::new();
        let server = school.serve();
        school.wait_until_blocked(server.address, LISTED);
        let stored = wait_for(|| (school.status()?["journal"]["stored"].as_u64()? > 0).then_some(()));
        assert!(stored.is_some());
        server.kill();
        Self { school }
    }

    /// Every file and folder of the state, relative; what only lives with the process is not among them.
    fn places(&self) -> Vec<PathBuf> {
        let mut places = Vec::new();
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(self.school.state().join(&folder)).unwrap().flatten() {
                let place = folder.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    open.push(place.clone());
                }
                places.push(place);
            }
        }
        places.sort();
        assert!(places.len() >= 10, "{places:?}");
        places
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy_folder(&entry.path(), &target),
            kind if kind.is_socket() => {}
            _ => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn is_blocked(server: SocketAddr, name: &str) -> bool {
    ask(server, name, A).is_blocked()
}

/// Answers every question with nothing, so that no name leaves this machine and no server seems dead.
fn upstream() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 4096];
            while let Ok((len, from)) = socket.recv_from(&mut packet) {
                // A response, with recursion, and no error.
                packet[2] |= 0x80;
                packet[3] = 0x80;
                let _ = socket.send_to(&packet[..len], from);
            }
        });
        address
    })
}

/// What holds of every start, whatever was wrong, before anything has had time to heal.
fn serves_and_filters(server: SocketAddr) {
    assert_eq!(ask(server, LOCAL, A).addresses(), ["10.0.0.1"]);
    assert_eq!(Stream::open(server).ask(LOCAL, A).addresses(), ["10.0.0.1"], "over TCP");
    for name in [STARTER, RULED, ZONED] {
        assert!(is_blocked(server, name), "{name}");
    }
}

/// Runs all rows, several at a time; tells all that failed.
fn run_rows<T: Send + std::fmt::Debug>(rows: Vec<T>, run: impl Fn(&T) + Sync) {
    let rows = Mutex::new(rows.into_iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { return };
                    if catch_unwind(AssertUnwindSafe(|| run(&row))).is_err() {
                        failed.lock().unwrap().push(format!("{row:?}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "rows that failed:\n{}", failed.join("\n"));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Absent,
    Empty,
    Cut,
    Flipped,
    Random,
    Folder,
    /// A pipe that nobody writes into.
    Pipe,
    Dangling,
    Link,
    /// Of its owner, with mode 0; the server runs without rights.
    Unreadable,
    /// Of root, private; the server runs without rights.
    NotOurs,
}

impl Damage {
    const ALL: [Damage; 11] = [
        Self::Absent,
        Self::Empty,
        Self::Cut,
        Self::Flipped,
        Self::Random,
        Self::Folder,
        Self::Pipe,
        Self::Dangling,
        Self::Link,
        Self::Unreadable,
        Self::NotOurs,
    ];
    /// Those that a folder may have.
    const OF_FOLDERS: [Damage; 5] =
        [Self::Absent, Self::Empty, Self::Dangling, Self::Unreadable, Self::NotOurs];

    fn needs_another_user(self) -> bool {
        matches!(self, Self::Unreadable | Self::NotOurs)
    }

    fn done_to(self, path: &Path) {
        let octets = fs::read(path).unwrap_or_default();
        if !matches!(self, Self::Unreadable | Self::NotOurs) {
            let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
        }
        match self {
            Self::Absent => {}
            Self::Empty => fs::write(path, b"").unwrap(),
            Self::Cut => fs::write(path, &octets[..octets.len() / 2]).unwrap(),
            Self::Flipped => {
                let mut octets = octets;
                let middle = octets.len() / 2;
                if let Some(octet) = octets.get_mut(middle) {
                    *octet ^= 0x10;
                }
                fs::write(path, octets).unwrap();
            }
            Self::Random => {
                let noise = (0u32..5000).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8);
                fs::write(path, noise.collect::<Vec<u8>>()).unwrap();
            }
            Self::Folder => fs::create_dir(path).unwrap(),
            Self::Pipe => mkfifo(path, Mode::S_IRWXU).unwrap(),
            Self::Dangling => symlink("/nowhere/at/all", path).unwrap(),
            Self::Link => {
                let elsewhere = path.with_extension("elsewhere");
                fs::write(&elsewhere, octets).unwrap();
                symlink(&elsewhere, path).unwrap();
            }
            Self::Unreadable => fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap(),
            Self::NotOurs => chown(path, Some(0), Some(0)).unwrap(),
        }
    }
}

/// Whether servers can be run as somebody else here.
fn can_become_nobody() -> bool {
    let tried = Command::new("setpriv")
        .args(["--reuid", &NOBODY.to_string(), "--regid", &NOBODY.to_string(), "--clear-groups"])
        .args([env!("CARGO_BIN_EXE_lachan"), "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        println!("left out: rows that need a second user (run as root)");
    }
    can
}

fn give_to_nobody(path: &Path) {
    if fs::symlink_metadata(path).unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap().flatten() {
            give_to_nobody(&entry.path());
        }
    }
    std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

#[test]
fn no_damage_to_any_file_of_the_state_folder_keeps_a_school_from_its_dns_and_its_filter() {
    let used = Used::new();
    let second_user = can_become_nobody();
    let mut rows = Vec::new();
    for place in used.places() {
        let is_folder = used.school.state().join(&place).is_dir();
        let damages = if is_folder { &Damage::OF_FOLDERS[..] } else { &Damage::ALL[..] };
        let possible = damages.iter().filter(|damage| second_user || !damage.needs_another_user());
        rows.extend(possible.map(|damage| (place.clone(), *damage)));
    }
    // The state folder itself.
    for damage in Damage::OF_FOLDERS.into_iter().filter(|damage| second_user || !damage.needs_another_user())
    {
        rows.push((PathBuf::new(), damage));
    }
    run_rows(rows, |(place, damage)| {
        let school = School::with_state_of(&used);
        if damage.needs_another_user() {
            give_to_nobody(school.folder.path());
        }
        let path = if place.as_os_str().is_empty() { school.state() } else { school.state().join(place) };
        damage.done_to(&path);
        let server = if damage.needs_another_user() {
            let Some(server) = school.serve_as_nobody() else { return };
            server
        } else {
            school.serve()
        };
        serves_and_filters(server.address);
        let index_is_sound = place.as_os_str() != "index.lachan" && !place.as_os_str().is_empty();
        if index_is_sound {
            assert!(is_blocked(server.address, LISTED), "a list in a sound index is in force from the start");
        } else if !damage.needs_another_user() && !place.as_os_str().is_empty() {
            school.wait_until_blocked(server.address, LISTED);
        }
        let is_obstacle =
            matches!(damage, Damage::Folder | Damage::Pipe | Damage::Unreadable | Damage::NotOurs);
        if ["journal.sqlite", "journal.key", "journal.lock"].iter().any(|name| place.as_os_str() == *name)
            && is_obstacle
        {
            school.wait_for_trouble("nhật ký");
        }
        if place.as_os_str().is_empty() && *damage == Damage::Empty {
            school.wait_for_trouble("thư mục trạng thái");
        }
        assert!(server.stop().success());
    });
}

#[test]
fn no_mistake_in_a_config_nor_in_any_file_that_it_needs_keeps_a_school_from_its_dns_and_its_filter() {
    let used = Used::new();
    let parts = ["lachan.toml", "noibo.zone", "policy.toml", "hints.txt", "anchors.txt"];
    // Files with a copy of their own are no part of the check.
    let copied = ["list.txt", "rpz.zone"];
    let broken = |part: &str| match part {
        "lachan.toml" | "policy.toml" => "version = 1\n[tier.lower_secundary]\nnmae = \"",
        _ => "half a li",
    };
    let rows = parts
        .iter()
        .chain(&copied)
        .flat_map(|part| ["absent", "broken", "zeros", "a pipe"].map(|how| (*part, how)));
    let rows: Vec<_> = rows.collect();
    run_rows(rows, |(part, how)| {
        let school = School::with_state_of(&used);
        // What this very school wrote is what is kept of it.
        school.serve().kill();
        match *how {
            "absent" => fs::remove_file(school.path(part)).unwrap(),
            "zeros" => fs::write(school.path(part), [0; 5000]).unwrap(),
            "a pipe" => Damage::Pipe.done_to(&school.path(part)),
            _ => school.write(part, broken(part)),
        }
        let server = school.serve();
        assert_eq!(server.address, school.address, "where the last good config says");
        serves_and_filters(server.address);
        assert!(is_blocked(server.address, LISTED));
        if parts.contains(part) {
            let (well, told) = school.run(&["status"]);
            assert!(!well && told.contains("bản tốt gần nhất"), "{told}");
            let (checked, told) = school.run(&["check", STARTER]);
            assert!(checked && told.contains("adult"), "{told}");
            let (checked, _) = school.run(&["log", "--totals"]);
            assert!(checked);
            let (reloaded, told) = school.run(&["reload"]);
            assert!(!reloaded && told.contains(part), "a reload says what is wrong: {told}");
        }
        assert!(server.stop().success());
    });
}

#[test]
fn a_config_that_may_not_be_read_is_told_as_that_by_the_start_and_by_every_command() {
    if !can_become_nobody() {
        return;
    }
    let school = School::new();
    assert!(school.serve().stop().success());
    give_to_nobody(school.folder.path());
    Damage::Unreadable.done_to(&school.path("lachan.toml"));
    let Some(server) = school.serve_as_nobody() else { return };
    serves_and_filters(server.address);
    let of_nobody = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &NOBODY.to_string(), "--regid", &NOBODY.to_string(), "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_lachan")).args(args).arg("--config").arg(school.path("lachan.toml"));
        let output = command.output().unwrap();
        flat(&[output.stdout, output.stderr].concat())
    };
    for args in
        [&["status"][..], &["log", "--totals"], &["lists", "status"], &["check", "--offline", STARTER]]
    {
        let told = of_nobody(args);
        for part in ["không đọc được tệp cấu hình", "nobody (uid 65534)", "quyền 0000", "chown"]
        {
            assert!(told.contains(part), "{args:?}, `{part}`: {told}");
        }
        assert!(!told.contains("có lỗi"), "{args:?}: {told}");
    }
    let told = of_nobody(&["status"]);
    assert!(told.contains("bản tốt gần nhất"), "{told}");
    assert!(server.stop().success());
}

#[test]
fn a_config_that_is_mended_takes_effect_by_itself() {
    let school = School::new();
    school.serve().kill();
    school.write("lachan.toml", &school.config().replace("lower_secondary", "lower_secundary"));
    let server = school.serve();
    school.wait_for_trouble("lower_secundary");
    school.write("lachan.toml", &school.config().replace("cam.example", "khac.example"));
    school.wait_until_blocked(server.address, "khac.example");
    school.wait_until_well();
    assert!(server.stop().success());
}

#[test]
fn a_first_start_with_a_broken_config_serves_what_can_be_read_of_it() {
    let school = School::new();
    school.write("lachan.toml", &format!("{}\n[[group]]\nname = \"x\"\ntier = \"y\"\n", school.config()));
    let server = school.serve();
    assert_eq!(server.address, school.address);
    serves_and_filters(server.address);
    school.wait_until_blocked(server.address, LISTED);
    school.wait_for_trouble("chỉ dùng những phần đọc được");
    school.wait_for_trouble("lachan.toml:3");
}

/// Runs the school's server with its state folder on a file system of its own, prepared by a shell script that has
/// the state folder as `$1`. None where that cannot be had here.
fn serve_on(school: &School, used: Option<&Used>, mount: &str, prepare: &str) -> Option<Server> {
    let allowed = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if !allowed.is_ok_and(|status| status.success()) {
        println!("left out: file systems of one's own (run as root)");
        return None;
    }
    fs::create_dir_all(school.state()).unwrap();
    let copy =
        used.map_or(String::new(), |used| format!("cp -a {}/. \"$1\";", used.school.state().display()));
    let script = format!(
        "mount -t tmpfs -o {mount} tmpfs \"$1\"; {copy} {prepare}; exec \"$0\" serve --config \"$2\""
    );
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script, env!("CARGO_BIN_EXE_lachan")]);
    command
        .arg(school.state())
        .arg(school.path("lachan.toml"))
        .env_remove("LACHAN_STATE")
        .stderr(Stdio::null());
    Some(Server::start(quiet(command)))
}

#[test]
fn a_disk_that_takes_nothing_costs_neither_dns_nor_filter_and_counts_wait_in_memory() {
    let used = Used::new();
    let rows = vec![
        // What the last run left of its log may have room for a few attempts more: then there is nothing to tell.
        ("full at a restart", Some(&used), "size=8m", "dd if=/dev/zero of=\"$1\"/filler 2>/dev/null", false),
        ("read-only at a restart", Some(&used), "size=8m", "mount -o remount,ro \"$1\"", true),
        ("full at the first start", None, "size=64k", "true", true),
        ("read-only at the first start", None, "size=8m,ro", "true", true),
    ];
    run_rows(rows, |(what, used, mount, prepare, is_told)| {
        let school = School::new();
        let Some(server) = serve_on(&school, *used, mount, prepare) else { return };
        serves_and_filters(server.address);
        if used.is_some() {
            assert!(is_blocked(server.address, LISTED), "{what}");
        }
        if *is_told {
            school.wait_for_trouble("nhật ký");
        }
        let counted = wait_for(|| {
            let journal = &school.status()?["journal"];
            (journal["waiting"].as_u64()? + journal["stored"].as_u64()? >= 3).then_some(())
        });
        assert!(counted.is_some(), "{what}: {:?}", school.status());
        server.kill();
    });
}

#[test]
fn a_list_that_a_full_disk_does_not_take_is_in_force_from_memory_and_that_is_told() {
    let school = School::new();
    let fill = "dd if=/dev/zero of=\"$1\"/filler 2>/dev/null";
    let Some(server) = serve_on(&school, None, "size=64k", fill) else { return };
    school.wait_until_blocked(server.address, LISTED);
    let notes = || school.status().unwrap()["notes"].to_string();
    assert!(notes().contains("cua-truong: chỉ có trong bộ nhớ"), "{}", notes());
    school.write("list.txt", "cuoc.example\nmoi.example\n");
    for command in [["lists", "update"].as_slice(), &["reload"]] {
        let (done, told) = school.run(command);
        assert!(done, "{command:?}: {told}");
        for name in [LISTED, "moi.example"] {
            school.wait_until_blocked(server.address, name);
        }
    }
    // The state of the disk is told in the language of the sentence.
    // Whether the disk takes the index's run files and then not the index, or not even those, is the disk's affair.
    school.wait_for_trouble("không lưu được vùng: đĩa đã đầy");
    let troubles = school.troubles();
    let of_index = ["không dựng được chỉ mục: đĩa đã đầy", "chỉ giữ trong bộ nhớ: đĩa đã đầy"];
    assert!(of_index.iter().any(|told| troubles.contains(told)), "{troubles}");
    assert!(troubles.contains("the disk is full"), "{troubles}");
    server.kill();
}

/// A kind of allow set that is declared and not there yet.
fn with_allow_set(school: &School) {
    let config = school.config()
        + "[[group]]\nname = \"Mầm non\"\ntier = \"preschool\"\nmode = \"allow-only\"\nfrom = [\"127.0.0.1/32\"]\n\
           allow_sets = [\"hoc\"]\n[[list]]\nid = \"hoc\"\nfile = \"hoc.txt\"\nkind = \"allow\"\n";
    school.write("lachan.toml", &config);
}

#[test]
fn an_allow_set_that_was_not_read_yet_is_empty_and_keeps_nobody_from_serving() {
    let school = School::new();
    with_allow_set(&school);
    let server = school.serve();
    let answer = ask(server.address, "elearn.example", A);
    assert!(answer.is_blocked());
    assert!(answer.errors[0].1.contains("chưa tải xong"), "{:?}", answer.errors);
    school.wait_for_trouble("hoc");
    school.write("hoc.txt", "elearn.example\n");
    let (done, told) = school.run(&["reload"]);
    assert!(done, "{told}");
    school.wait_until("the set is read", || !is_blocked(server.address, "elearn.example"));
    let answer = ask(server.address, "other.example", A);
    assert!(answer.is_blocked() && !answer.errors[0].1.contains("chưa tải xong"), "{:?}", answer.errors);
    assert!(server.stop().success());
    // The same after the index is lost, and on a running school that adds a set and starts again.
    File::options().write(true).open(school.state().join("index.lachan")).unwrap().set_len(0).unwrap();
    let server = school.serve();
    assert!(is_blocked(server.address, "other.example"));
    school.wait_until("the set is read", || !is_blocked(server.address, "elearn.example"));
}

#[test]
fn a_list_whose_copy_is_damaged_stays_in_force_and_is_read_again_at_once() {
    let used = Used::new();
    let text = used.places().into_iter().find(|place| place.extension().is_some_and(|end| end == "txt"));
    let text = text.expect("a kept text");
    for damage in
        [Damage::Absent, Damage::Empty, Damage::Cut, Damage::Flipped, Damage::Random, Damage::Folder]
    {
        let school = School::with_state_of(&used);
        damage.done_to(&school.state().join(&text));
        // Its source is away: only the index knows it.
        fs::rename(school.path("list.txt"), school.path("away.txt")).unwrap();
        let server = school.serve();
        assert!(is_blocked(server.address, LISTED), "{damage:?}");
        school.wait_for_trouble("cua-truong");
        let (_, told) = school.run(&["reload"]);
        assert!(is_blocked(server.address, LISTED), "{damage:?}, after a reload: {told}");
        if damage == Damage::Folder {
            fs::remove_dir(school.state().join(&text)).unwrap();
        }
        fs::rename(school.path("away.txt"), school.path("list.txt")).unwrap();
        school.run(&["reload"]);
        school.wait_until_well();
        assert!(is_blocked(server.address, LISTED), "{damage:?}");
        assert!(server.stop().success());
    }
}

#[test]
fn files_that_are_cut_in_place_while_they_are_in_use_end_nothing() {
    let school = School::new();
    // So many that records are mapped and not held.
    let names: String = (0..130_000).map(|number| long_name(number) + "\n").collect();
    school.write("list.txt", &format!("{names}{LISTED}\n"));
    let server = school.serve();
    school.wait_until_blocked(server.address, LISTED);
    for file in ["index.lachan", "journal.sqlite-shm", "journal.sqlite-wal", "index.lachan"] {
        File::options().write(true).open(school.state().join(file)).unwrap().set_len(0).unwrap();
        for number in 0..200 {
            ask(server.address, &long_name(number), A);
        }
        assert_eq!(ask(server.address, LOCAL, A).addresses(), ["10.0.0.1"], "{file}");
        for name in [STARTER, LISTED, RULED, ZONED, &long_name(77_777)] {
            school.wait_until_blocked(server.address, name);
        }
        let index = school.state().join("index.lachan");
        school
            .wait_until("the index is whole again", || fs::metadata(&index).is_ok_and(|meta| meta.len() > 0));
    }
    assert!(server.stop().success());
}

fn long_name(number: u32) -> String {
    format!("mot-ten-mien-that-dai-de-chiem-nhieu-cho-trong-bo-nho-{number}.dai.example")
}

#[test]
fn what_is_removed_while_running_is_put_back() {
    let school = School::new();
    let server = school.serve();
    school.wait_until_blocked(server.address, LISTED);
    school.wait_until_well();
    for file in ["state/index.lachan", "control.sock"] {
        fs::remove_file(school.path(file)).unwrap();
        let back = wait_for(|| {
            // Each look is an exchange with the server, whether its socket is there or not.
            assert!(is_blocked(server.address, LISTED));
            let _ = school.status();
            school.path(file).exists().then_some(())
        });
        assert!(back.is_some(), "{file}");
    }
    school.wait_until_well();
    assert!(server.stop().success());
}

#[test]
fn everything_in_the_state_folder_is_private_whatever_the_umask() {
    let school = School::new();
    let script = "umask 0; exec \"$0\" serve --config \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_lachan")]).arg(school.path("lachan.toml"));
    let server = Server::start(quiet(command));
    school.wait_until_blocked(server.address, LISTED);
    school.wait_until_well();
    let mut open = vec![school.state()];
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        assert_eq!(meta.permissions().mode() & 0o077, 0, "{}", path.display());
        if meta.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
        }
    }
    assert!(server.stop().success());
}

#[test]
fn a_key_that_is_a_link_is_not_written_through() {
    let school = School::new();
    assert!(school.serve().stop().success());
    // Where it is kept, now that the system gives no runtime folder, and where earlier versions kept it.
    let kept = fs::read_dir(school.path("state.run")).unwrap().next().expect("a key").unwrap().path();
    let old = school.state().join("journal.key");
    fs::remove_file(&kept).unwrap();
    school.write("precious", "precious");
    for link in [&kept, &old] {
        symlink(school.path("precious"), link).unwrap();
    }
    let server = school.serve();
    let _ = ask(server.address, LISTED, A);
    assert!(server.stop().success());
    assert_eq!(fs::read(school.path("precious")).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&old).is_err(), "the old one is gone, and not what it led to");
    assert!(fs::symlink_metadata(&kept).unwrap().is_file());
}

#[test]
fn a_port_that_another_program_holds_on_one_address_is_served_on_the_others_and_then_whole() {
    let school = School::new();
    let port = school.address.port();
    let stub = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 53), port));
    let held = UdpSocket::bind(stub).unwrap();
    let wildcard = format!("0.0.0.0:{port}");
    school.write("lachan.toml", &school.config().replace(&school.address.to_string(), &wildcard));
    let server = school.serve();
    serves_and_filters(school.address);
    let status = school.status().unwrap();
    let udp = status["listeners"].as_array().unwrap().iter().find(|one| one["transport"] == "udp").unwrap();
    assert_eq!((&udp["address"], &udp["bound"]), (&Value::from(wildcard), &Value::from(false)));
    let told = status["troubles"].to_string();
    assert!(told.contains(&stub.to_string()) && told.contains("DNSStubListener=no"), "{told}");
    assert!(!told.contains("6353"), "{told}");
    drop(held);
    school.wait_until_well();
    serves_and_filters(school.address);
    assert_eq!(ask(stub, LOCAL, A).addresses(), ["10.0.0.1"]);
    assert!(server.stop().success());
}

#[test]
fn an_address_that_is_not_here_keeps_no_other_from_being_served() {
    let school = School::new();
    let (here, away) = (school.address, format!("192.0.2.77:{}", school.address.port()));
    let both = format!("{here}\", \"{away}");
    school.write("lachan.toml", &school.config().replace(&here.to_string(), &both));
    let server = school.serve();
    assert_eq!(server.address, here);
    serves_and_filters(here);
    school.wait_for_trouble(&away);
    assert!(server.stop().success());
}

#[test]
fn where_no_address_can_be_bound_the_start_fails_and_says_why() {
    let school = School::new();
    let _held =
        (UdpSocket::bind(school.address).unwrap(), std::net::TcpListener::bind(school.address).unwrap());
    let output = school.command().output().unwrap();
    assert!(!output.status.success());
    let told = flat(&output.stderr);
    assert!(told.contains(&school.address.to_string()) && told.contains("đang giữ"), "{told}");
}

#[test]
fn a_second_server_with_the_same_state_folder_serves_and_leaves_the_first_ones_files_alone() {
    let school = School::new();
    let first = school.serve();
    school.wait_until_blocked(first.address, LISTED);
    school.wait_until_well();
    let (address, control) = (free_address(), school.path("control2.sock"));
    let other = |control: &Path| {
        let config = school.config().replace(&school.address.to_string(), &address.to_string());
        let config = config.replace("THCS Lá Chắn", "THCS Khác");
        let config = config.replace(school.path("control.sock").to_str().unwrap(), control.to_str().unwrap());
        school.write("other.toml", &config);
        let mut command = lachan();
        command.arg("serve").arg("--config").arg(school.path("other.toml"));
        Server::start(quiet(command))
    };
    let troubles = || {
        let output =
            lachan().args(["status", "--json", "--config"]).arg(school.path("other.toml")).output().unwrap();
        let status: Value = serde_json::from_slice(&output.stdout).ok()?;
        Some(status["troubles"].to_string())
    };
    let files = || {
        let mut files = ["index.lachan", "last-good/config.json", "server.lock"]
            .map(|name| fs::read(school.state().join(name)).unwrap());
        files.sort();
        files
    };
    let before = files();
    let second = other(&control);
    for server in [first.address, second.address] {
        serves_and_filters(server);
        assert!(is_blocked(server, LISTED), "what the index in the folder says, from the start");
    }
    let told = wait_for(|| troubles().filter(|told| told.contains("đang dùng thư mục trạng thái")));
    let told = told.expect("it says that the folder is another one's");
    assert!(told.contains(&format!("tiến trình {}", first.id())), "{told}");
    assert_eq!(files(), before);
    assert_eq!(school.troubles(), "[]", "the first has no trouble");
    // One that has the same control socket in its config does not take it away when it ends.
    assert!(second.stop().success());
    assert!(other(&school.path("control.sock")).stop().success());
    assert!(school.path("control.sock").exists());
    assert_eq!(school.troubles(), "[]");
    assert_eq!(files(), before);
    // The folder is taken over when the first ends.
    let second = other(&control);
    assert!(first.stop().success());
    school.wait_until("the folder is taken over", || troubles().is_some_and(|told| told == "[]"));
    serves_and_filters(second.address);
    assert!(second.stop().success());
}
