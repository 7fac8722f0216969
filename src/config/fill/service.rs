//! `[school]`, `[listen]`, `[access]`, `[journal]` and `[state]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::Filler;
use crate::config::mistake::said;
use crate::config::spec::Text;
use crate::config::spec::service::{AccessSpec, JournalSpec, ListenSpec, SchoolSpec, StateSpec};
use crate::config::{School, clash, say, value};
use crate::i18n::Lang;
use crate::journal;
use crate::journal::clock::vietnam;
use crate::journal::pseudonym::DeviceMode;
use crate::model::tier::Tier;
use crate::query::client::Refusal;
use crate::serve;

/// The word for what the program finds by itself.
const AUTO: &str = "auto";
const TIME_ZONE: &str = "Asia/Ho_Chi_Minh";
const DAY: Duration = Duration::from_secs(86_400);
/// Characters of a school's name or of a CHAOS text: one label's worth of TXT.
const TEXT_MAX: usize = 200;
/// UDP threads an address; more than any machine has cores for.
const WORKERS_MAX: usize = 256;
/// Queries or connections at a time: the files that a process may open at most on a stock kernel.
const AT_A_TIME_MAX: usize = 1 << 20;

/// Queries a second of one client: more than a machine here answers in all.
const RATE_MAX: usize = 100_000;

pub(super) fn state(filler: &Filler<'_>, spec: &StateSpec) -> PathBuf {
    path_or_auto(filler, &spec.folder, &filler.context.state)
}

pub(super) fn control(filler: &Filler<'_>, spec: &ListenSpec, state: &Path) -> PathBuf {
    path_or_auto(filler, &spec.control, &state.join("control.sock"))
}

fn path_or_auto(filler: &Filler<'_>, text: &Option<Text>, auto: &Path) -> PathBuf {
    match text {
        Some(text) if text.get_ref() != AUTO => filler.context.folder.join(text.get_ref()),
        _ => auto.to_owned(),
    }
}

pub(super) fn school(filler: &mut Filler<'_>, spec: &SchoolSpec) -> (School, TimeZone) {
    let mut levels = Vec::new();
    if let Some(texts) = &spec.level {
        for text in texts.get_ref() {
            let noun = said!("noun-tier-of-pupils");
            let Some(tier) = filler.tier_among(text, noun, &Tier::PUPILS) else { continue };
            if levels.contains(&tier) {
                let first = texts.get_ref().iter().find(|other| other.get_ref() == text.get_ref());
                let first = filler.at(first.unwrap_or(text));
                filler.note(clash::duplicate(filler.at(text), text.get_ref(), said!("noun-tier"), first));
            } else {
                levels.push(tier);
            }
        }
        if texts.get_ref().is_empty() {
            filler.note(say::empty(filler.at(texts), "level"));
        }
    }
    if levels.is_empty() {
        levels.push(Tier::Primary);
    }
    levels.sort_unstable();
    let name = spec.name.as_ref().map(|name| text_within(filler, name)).unwrap_or_default();
    let time_zone = spec.time_zone.as_ref().map_or(TIME_ZONE, |zone| zone.get_ref());
    let time_zone = TimeZone::get(time_zone).unwrap_or_else(|_| {
        if let Some(zone) = spec.time_zone.as_ref().filter(|zone| zone.get_ref() != TIME_ZONE) {
            filler.note(say::bad_time_zone(filler.at(zone), zone.get_ref()));
        }
        vietnam()
    });
    let language = said!("noun-language");
    let langs = Lang::ALL.map(|lang| (lang.id(), lang));
    let lang =
        spec.language.as_ref().and_then(|text| filler.word(text, language, &langs)).unwrap_or_default();
    (School { name, levels, lang }, time_zone)
}

fn text_within(filler: &mut Filler<'_>, text: &Text) -> String {
    let length = text.get_ref().chars().count();
    if length > TEXT_MAX {
        let found = length.to_string();
        filler.note(say::out_of_range(filler.at(text), &found, 0, TEXT_MAX));
    }
    text.get_ref().clone()
}

pub(super) fn serve(filler: &mut Filler<'_>, listen: &ListenSpec, access: &AccessSpec) -> serve::Settings {
    let shipped = serve::Settings::default();
    let mut chaos = |text: &Option<Text>| {
        text.as_ref().filter(|text| !text.get_ref().is_empty()).map(|text| text_within(filler, text))
    };
    let (version, hostname) = (chaos(&listen.version), chaos(&listen.hostname));
    let port = filler.number(&listen.unprivileged_port, serve::UNPRIVILEGED_PORT.into(), 0, u16::MAX.into());
    serve::Settings {
        dns: addresses(filler, listen, &shipped.dns),
        unprivileged_port: u16::try_from(port).ok().filter(|port| *port != 0),
        allow: allow(filler, access, &shipped.allow),
        refusal: access.refuse.as_ref().and_then(|word| refusal(filler, word)).unwrap_or(shipped.refusal),
        rate: filler.number(&access.rate, shipped.rate as usize, 0, RATE_MAX) as u32,
        workers: filler.number(&listen.workers, shipped.workers, 0, WORKERS_MAX),
        in_flight_max: filler.number(&listen.in_flight, shipped.in_flight_max, 1, AT_A_TIME_MAX),
        in_flight_per_client: filler.number(
            &listen.in_flight_per_client,
            shipped.in_flight_per_client,
            1,
            AT_A_TIME_MAX,
        ),
        tcp_idle: filler.duration(
            &listen.tcp_idle,
            shipped.tcp_idle,
            Duration::from_secs(1),
            Duration::from_secs(600),
        ),
        tcp_connections_max: filler.number(
            &listen.tcp_connections,
            shipped.tcp_connections_max,
            1,
            AT_A_TIME_MAX,
        ),
        tcp_connections_per_client: filler.number(
            &listen.tcp_connections_per_client,
            shipped.tcp_connections_per_client,
            1,
            AT_A_TIME_MAX,
        ),
        tcp_pipeline_max: filler.number(&listen.tcp_pipeline, shipped.tcp_pipeline_max, 1, AT_A_TIME_MAX),
        version,
        hostname,
    }
}

fn refusal(filler: &mut Filler<'_>, word: &Text) -> Option<Refusal> {
    let ways = [("refused", Refusal::Refused), ("drop", Refusal::Drop)];
    filler.word(word, said!("noun-way-to-refuse"), &ways)
}

fn addresses(filler: &mut Filler<'_>, listen: &ListenSpec, shipped: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(texts) = &listen.dns else { return shipped.to_vec() };
    filler.addresses(texts, "dns", &["0.0.0.0:53", "[::]:53", "10.10.0.2:53"], said!("noun-address"))
}

fn allow(filler: &mut Filler<'_>, access: &AccessSpec, private: &[IpNet]) -> Vec<IpNet> {
    let Some(texts) = &access.allow else { return private.to_vec() };
    if texts.get_ref().is_empty() {
        filler.note(say::empty(filler.at(texts), "allow"));
    }
    for text in texts.get_ref() {
        if let Some(value::Range::Net(net)) = value::range(text.get_ref())
            && net.prefix_len() == 0
        {
            filler.note(clash::open_resolver(filler.at(text), text.get_ref()));
        }
    }
    filler.ranges(texts.get_ref(), "private", private)
}

pub(super) fn journal(
    filler: &mut Filler<'_>,
    spec: &JournalSpec,
    state: &Path,
    time_zone: TimeZone,
) -> journal::Settings {
    let devices =
        [("pseudonym", DeviceMode::Pseudonym), ("none", DeviceMode::None), ("address", DeviceMode::Address)];
    let noun = said!("noun-way-to-keep-devices");
    let device = spec.device.as_ref().and_then(|device| filler.word(device, noun, &devices));
    let mut keep = |text, days| filler.duration(text, days * DAY, DAY, 3660 * DAY);
    let keep_minutes = keep(&spec.keep_minutes, 30);
    let keep_hours = keep(&spec.keep_hours, 396);
    let keep_months = keep(&spec.keep_months, 1827);
    for (shorter, longer, text, keys) in [
        (
            keep_hours,
            keep_minutes,
            spec.keep_hours.as_ref().or(spec.keep_minutes.as_ref()),
            ["keep_hours", "keep_minutes"],
        ),
        (
            keep_months,
            keep_hours,
            spec.keep_months.as_ref().or(spec.keep_hours.as_ref()),
            ["keep_months", "keep_hours"],
        ),
    ] {
        if let Some(text) = text.filter(|_| shorter < longer) {
            filler.note(clash::kept_shorter(filler.at(text), text.get_ref(), keys));
        }
    }
    let size_cap = filler.size(&spec.size_cap, 2 << 30, (16 << 20, "16 MiB"), (1 << 40, "1024 GiB"));
    journal::Settings {
        folder: state.to_owned(),
        runtime: None,
        device: device.unwrap_or(DeviceMode::Pseudonym),
        time_zone,
        keep_minutes,
        keep_hours,
        keep_months,
        size_cap,
    }
}
