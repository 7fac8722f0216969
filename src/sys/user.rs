//! Who runs this program: the system's word, not the environment's.

use std::path::Path;

use nix::unistd::{Uid, User, getuid};

use super::whole::read_file;

/// Octets of the file of users that are read.
const USERS_MAX: u64 = 1 << 20;

/// The user who runs this process.
pub fn real_user() -> u32 {
    getuid().as_raw()
}

/// The user who logged in, if the kernel knows: it stays the same through `sudo` and `su`, and nobody can set it
/// again (audit's `loginuid`).
pub fn login_user() -> Option<u32> {
    let text = read_file(Path::new("/proc/self/loginuid"), 32).ok()?;
    let user = String::from_utf8(text).ok()?.trim().parse().ok()?;
    // The kernel's word for none.
    (user != u32::MAX).then_some(user)
}

/// The name of a user, from wherever the system has its users. May wait for a directory service.
pub fn name(user: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(user)).ok().flatten().map(|found| found.name)
}

/// The name of a user of this machine. Waits for nobody, so that a start may ask.
pub fn local_name(user: u32) -> Option<String> {
    local_name_in(Path::new("/etc/passwd"), user)
}

fn local_name_in(users: &Path, user: u32) -> Option<String> {
    let octets = read_file(users, USERS_MAX).ok()?;
    let text = String::from_utf8_lossy(&octets);
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_its_number() {
        let users = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            users.path(),
            "root:x:0:0::/root:/bin/sh\nbroken\nlan:x:1000:1000::/home/lan:/bin/sh\n",
        )
        .unwrap();
        assert_eq!(local_name_in(users.path(), 1000).as_deref(), Some("lan"));
        assert_eq!(local_name_in(users.path(), 1001), None);
        assert_eq!(local_name_in(Path::new("/nowhere/at/all"), 0), None);
        assert_eq!(name(0).as_deref(), Some("root"));
    }
}
