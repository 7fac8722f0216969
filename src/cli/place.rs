//! Which config and which state folder a command means.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::args::Place;
use super::out::Failure;
use crate::app;
use crate::config::{Look, Settings};

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

/// The settings that the command means: of the config file that it names, else what we ship.
///
/// # Errors
/// The mistakes of the config file, as they are shown to people.
pub fn settings(at: &Place) -> Result<Settings, Failure> {
    settings_at(&place(at))
}

/// The settings of a place whose config file has been found.
///
/// # Errors
/// As [`settings`].
pub fn settings_at(place: &app::Place) -> Result<Settings, Failure> {
    Ok(app::settings(place).map_err(|report| format!("\n{}", report.render(look())))?)
}

/// The control socket of the server that the command means. A config with mistakes does not hide it:
/// it stands where it stood, in the state folder.
///
/// # Errors
/// Neither a config that can be read nor a state folder.
pub fn control_socket(place: &Place) -> Result<PathBuf, Failure> {
    match (settings(place), &place.state) {
        (Ok(settings), _) => Ok(settings.control),
        (Err(_), Some(state)) => Ok(state.join(app::CONTROL_SOCKET)),
        (Err(error), None) => Err(error),
    }
}

/// How mistakes are drawn on standard error: with colours where a terminal looks on that wants them.
pub fn look() -> Look {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stderr().is_terminal() && !plain { Look::Colours } else { Look::Plain }
}
