//! `lachan reload`: the running server reads config and lists again.

use super::args::ReloadArgs;
use super::out::{Ended, Failure};
use super::place;
use super::screen::Screen;
use crate::control::Request;

/// Asks for a reload and prints what came of it.
///
/// # Errors
/// No server to ask.
pub fn run(args: &ReloadArgs, screen: &Screen) -> Result<Ended, Failure> {
    let socket = place::control_socket(&args.place);
    super::reply::tell(crate::control::client::ask(&socket, &Request::Reload)?, screen)
}
