//! What a user without rights is told: which right is missing, and how to get it.

use std::os::unix::process::CommandExt;

use crate::support::server::{School, lachan};

/// `nobody`.
const STRANGER: u32 = 65534;

#[test]
fn a_user_without_rights_is_told_which_is_missing_and_what_to_type() {
    if !is_root() {
        eprintln!("left out: only root can run a command as another user");
        return;
    }
    let school = School::new();
    let _server = school.serve_without_config();
    // The binary must be within reach of that user, whatever the folder of the build is.
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    let binary = folder.path().join("lachan");
    std::fs::copy(env!("CARGO_BIN_EXE_lachan"), &binary).unwrap();
    set_mode(&binary, 0o755);
    for command in [&["status"][..], &["reload"], &["check", "x.example"], &["log"], &["lists", "update"]] {
        let mut as_stranger = std::process::Command::new(&binary);
        as_stranger.args(command).arg("--state").arg(school.state()).env("LACHAN_CONFIG", "").uid(STRANGER);
        as_stranger.env("LACHAN_LANG", "vi");
        let output = as_stranger.current_dir("/").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("không có quyền") && said.contains("sudo lachan"), "{command:?}: {said}");
        assert!(said.contains(command[0]), "{command:?}: {said}");
    }
}

#[test]
fn a_server_that_does_not_run_is_told_in_vietnamese_too() {
    let school = School::new();
    std::fs::create_dir_all(school.state()).unwrap();
    let output = lachan().args(["status", "--state"]).arg(school.state()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("không thấy máy chủ nào"), "{said}");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
