//! Times as people type them: a date, a date and time, or how long ago.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::nearest::folded;
use crate::config::value::duration;
use crate::i18n::{Message, msg};

/// Reads `2026-11-23` (the day's start), `2026-11-23T07:00`, `23/11/2026`, an RFC 3339 time, `hôm nay`, `yesterday`,
/// or as long ago as the config writes durations: `90m`, `2h`, `7d`, `2w`.
///
/// # Errors
/// A sentence that says what is allowed.
pub fn parse(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
    let text = text.trim();
    ago(text, now)
        .or_else(|| day(text, zone, now))
        .or_else(|| text.parse().ok())
        .or_else(|| in_zone(text.parse::<DateTime>().ok()?, zone))
        .or_else(|| in_zone(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()), zone))
        .or_else(|| {
            in_zone(Date::strptime("%d/%m/%Y", text).ok()?.to_datetime(jiff::civil::Time::midnight()), zone)
        })
        .ok_or_else(|| msg!("log-not-a-time", written = text))
}

fn in_zone(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(at).ok()
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::try_from(duration(text)?).ok()?).ok()
}

fn day(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let today = zone.to_datetime(now).date();
    let day = match folded(text).as_str() {
        "hom_nay" | "today" => today,
        "hom_qua" | "yesterday" => today.yesterday().ok()?,
        _ => return None,
    };
    in_zone(day.to_datetime(jiff::civil::Time::midnight()), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    #[test]
    fn times_are_read_as_people_type_them() {
        let zone = TimeZone::fixed(Offset::constant(7));
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        for (text, time) in [
            ("2026-11-23", "2026-11-22T17:00:00Z"),
            ("23/11/2026", "2026-11-22T17:00:00Z"),
            ("2026-11-23T07:00", "2026-11-23T00:00:00Z"),
            ("2026-11-23T07:00:00Z", "2026-11-23T07:00:00Z"),
            ("90m", "2026-11-23T08:30:00Z"),
            ("2h", "2026-11-23T08:00:00Z"),
            ("7d", "2026-11-16T10:00:00Z"),
            ("1w", "2026-11-16T10:00:00Z"),
            ("2w", "2026-11-09T10:00:00Z"),
            ("hôm nay", "2026-11-22T17:00:00Z"),
            ("Hom qua", "2026-11-21T17:00:00Z"),
            ("yesterday", "2026-11-21T17:00:00Z"),
        ] {
            assert_eq!(parse(text, &zone, now).unwrap().to_string(), time, "{text}");
        }
        for text in ["", "tomorrow", "d", "5y", "99999999999999999999d", "2026-13-01", "ă"] {
            assert!(parse(text, &zone, now).is_err(), "{text}");
        }
    }
}
