//! `lachan serve`: runs the resolver, and says plainly where it listens and how to try it.

use std::path::Path;

use super::args::ServeArgs;
use super::out::{Ended, Failure};
use super::page::Page;
use super::place;
use super::screen::{Paint, Screen};
use crate::app::listen::{BURST, to_try};
use crate::app::{self, Greeting};
use crate::i18n::{Message, msg};
use crate::lists::starter::TEST_NAME;
use crate::sys::udp::RECEIVE_BUFFER;

/// Runs until told to stop.
///
/// A config with mistakes does not keep it from starting; that is said.
///
/// # Errors
/// No address can be bound.
pub fn run(args: &ServeArgs, screen: &Screen) -> Result<Ended, Failure> {
    let place = place::place(&args.place);
    let config = place.config.clone();
    let chosen = app::last_good::choose(&place);
    app::init_log(args.log_json, chosen.settings.journal.time_zone.clone());
    app::serve(place, chosen, |greeting| {
        // A terminal that went away is no reason to stop serving.
        let _ = page(greeting, config.as_deref(), screen).print();
    })?;
    Ok(Ended::Done)
}

fn page<'s>(greeting: &Greeting, config: Option<&Path>, screen: &'s Screen) -> Page<'s> {
    let mut page = Page::new(screen);
    let version = env!("CARGO_PKG_VERSION");
    page.painted(Paint::Heading, &msg!("serve-serving", version = version, names = greeting.names));
    for missing in &greeting.missing {
        page.item(&msg!("serve-missing", what = missing.clone()));
    }
    if let Some(trouble) = &greeting.config_trouble {
        page.item(trouble);
    }
    if let Some(held) = &greeting.folder_held {
        page.item(held);
    }
    if let Some(room) = greeting.small_room {
        page.item(&msg!("serve-small-room", room = room, burst = BURST));
        page.line(&format!("  sysctl -w net.core.rmem_max={RECEIVE_BUFFER}"));
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |what: Message, value: String| rows.push((screen.say(&what), value));
    for address in &greeting.addresses {
        row(msg!("serve-dns"), format!("{address} (UDP, TCP)"));
    }
    let config =
        config.map_or_else(|| screen.say(&msg!("serve-defaults")), |file| file.display().to_string());
    row(msg!("serve-config"), config);
    row(msg!("serve-state"), greeting.state.display().to_string());
    if let Some(address) = greeting.addresses.first() {
        let address = to_try(*address);
        row(msg!("serve-try"), format!("dig @{} -p {} {TEST_NAME}", address.ip(), address.port()));
    }
    page.pairs(&rows);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::assert_reads_well;
    use crate::i18n::Lang;

    fn greeting(small_room: Option<usize>) -> Greeting {
        Greeting {
            addresses: vec![
                "0.0.0.0:53".parse().unwrap(),
                "[2001:db8:1234:5678:9abc:def0:1234:5678]:53".parse().unwrap(),
            ],
            missing: vec![msg!(
                "listener-trouble",
                address = "192.0.2.1:53",
                transports = "UDP, TCP",
                what = msg!(
                    "port-held-by-resolved",
                    program = msg!("another-program"),
                    address = "127.0.0.53:53"
                )
            )],
            config_trouble: Some(msg!("config-has-mistakes")),
            folder_held: Some(msg!(
                "state-held",
                folder = "/var/lib/lachan",
                program = msg!("another-program")
            )),
            small_room,
            state: "/var/lib/lachan".into(),
            names: 1_000_000,
        }
    }

    #[test]
    fn a_small_receive_buffer_is_told_with_the_remedy() {
        let screen = Screen { lang: Lang::Vi, columns: 80, colours: false };
        let text = |small_room| page(&greeting(small_room), None, &screen).text();
        assert!(!text(None).contains("sysctl"));
        let told = text(Some(184));
        for part in ["184 câu hỏi", "1.000.000 tên", "\n  sysctl -w net.core.rmem_max=4194304\n"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn every_line_fits_and_is_in_one_language() {
        for screen in Screen::all() {
            let config = Some(Path::new("/etc/lachan/lachan.toml"));
            assert_reads_well(&screen, &page(&greeting(Some(184)), config, &screen).text());
        }
    }
}
