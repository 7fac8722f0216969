//! Which config and which state folder a command means.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::args::Place;
use super::out::Failure;
use super::screen::{Screen, is_plain};
use crate::app;
use crate::app::last_good::{self, Chosen};
use crate::config::{Context, Look, Settings};
use crate::i18n::{Message, msg};
use crate::sys::whole::open_file;

/// Where an installed server has its config, see `deploy/lachan.service`.
const INSTALLED: &str = "/etc/lachan/lachan.toml";

/// The config file that is meant: the one given, else the environment's (empty means none), else that
/// of an installed server, so that `lachan status` at its terminal speaks of that server.
pub fn config_file(given: Option<&PathBuf>) -> Option<PathBuf> {
    let installed = || Some(PathBuf::from(INSTALLED)).filter(|file| file.exists());
    match (given, std::env::var_os("LACHAN_CONFIG")) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(named)) => Some(named).filter(|named| !named.is_empty()).map(PathBuf::from),
        (None, None) => installed(),
    }
}

/// The place as the program wants it.
pub fn place(place: &Place) -> app::Place {
    app::Place { config: config_file(place.config.as_ref()), state: place.state.clone() }
}

/// The settings of the server that a command asks about: of the config file that it names, else what we ship. Where
/// nothing names a state folder and this user has no server of his own, it is the system's. Where the config has
/// mistakes, they are those that a server uses in its stead: the command still finds the server and what it keeps.
///
/// # Errors
/// None at present.
pub fn settings(at: &Place, screen: &Screen) -> Result<Settings, Failure> {
    let chosen = chosen(at);
    if let Some(why) = &chosen.why_not {
        screen.complain(&why.brief);
    }
    Ok(chosen.settings)
}

fn chosen(at: &Place) -> Chosen {
    let place = place(at);
    let chosen = last_good::choose(&place);
    let state = &chosen.settings.state;
    let is_own = place.state.is_none() && *state == Context::of_this_machine(Path::new(".")).state;
    match is_own && is_the_systems(state, Path::new(SYSTEM_STATE)) {
        true => last_good::choose(&app::Place { state: Some(SYSTEM_STATE.into()), ..place }),
        false => chosen,
    }
}

/// Where the service keeps its state, see `deploy/lachan.service`.
const SYSTEM_STATE: &str = "/var/lib/lachan";
/// What a server leaves in its state folder: its control socket, its index, its journal.
const TRACES: [&str; 3] = [app::CONTROL_SOCKET, "index.lachan", "journal.sqlite"];

/// Whether the server that is meant is the system's: it is there, and no server ran with this user's folder.
fn is_the_systems(own: &Path, system: &Path) -> bool {
    let ran_here = TRACES.iter().any(|trace| own.join(trace).symlink_metadata().is_ok());
    // A dynamic user's folder is a link into one that only root may enter.
    own != system && !ran_here && system.symlink_metadata().is_ok()
}

/// Makes sure that this user may read a file of the server's, if it is there.
///
/// # Errors
/// Which right is missing, and how to get it.
pub fn may_read(path: &Path) -> Result<(), Failure> {
    match open_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(no_right(path).into()),
        _ => Ok(()),
    }
}

/// Which right is missing, and the same command with it.
pub fn no_right(path: &Path) -> Message {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    msg!("no-right", path = path, command = format!("\nsudo lachan {}", typed.join(" ")))
}

/// The control socket of the server that the command means. That server may run with another config than the
/// present one: the last that passed, or one that was read before the file was changed. So the first place where
/// a server listens is meant.
pub fn control_socket(at: &Place) -> PathBuf {
    let chosen = chosen(at).settings;
    let kept = last_good::load(&chosen.state).map(|settings| settings.control);
    let in_state = chosen.state.join(app::CONTROL_SOCKET);
    let mut places = vec![chosen.control];
    places.extend(kept);
    // A server that runs keeps the state folder that its config named at the start.
    let pointed = config_file(at.config.as_ref()).and_then(|config| last_good::pointed(&config));
    places.extend(pointed.map(|state| state.join(app::CONTROL_SOCKET)));
    places.push(in_state);
    places.extend(at.state.as_ref().map(|state| state.join(app::CONTROL_SOCKET)));
    let listens = |path: &&PathBuf| crate::control::socket::connect(path).is_ok();
    places.iter().find(listens).unwrap_or(&places[0]).clone()
}

/// How mistakes are drawn on standard error: with colours where a terminal looks on that wants them.
pub fn look() -> Look {
    if std::io::stderr().is_terminal() && !is_plain() { Look::Colours } else { Look::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_server_is_meant_where_this_user_ran_none() {
        let folder = tempfile::tempdir().unwrap();
        let (own, system) = (folder.path().join("own"), folder.path().join("system"));
        assert!(!is_the_systems(&own, &system), "there is none");
        std::fs::create_dir_all(&system).unwrap();
        assert!(is_the_systems(&own, &system));
        assert!(!is_the_systems(&system, &system));
        std::fs::create_dir_all(&own).unwrap();
        assert!(is_the_systems(&own, &system), "an empty folder is no server");
        std::fs::write(own.join("journal.sqlite"), "").unwrap();
        assert!(!is_the_systems(&own, &system));
        // A link that this user may not follow is a folder all the same.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/absent/private/lachan", &link).unwrap();
        assert!(is_the_systems(&folder.path().join("none"), &link));
    }
}
