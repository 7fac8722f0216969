//! Times as people type them: a date, a date and time, or how long ago.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads `2026-11-23` (the day's start), `2026-11-23T07:00`, `23/11/2026`, an RFC 3339 time, or `90m`,
/// `2h`, `7d` ago.
///
/// # Errors
/// A sentence that says what is allowed.
pub fn parse(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    ago(text, now)
        .or_else(|| text.parse().ok())
        .or_else(|| in_zone(text.parse::<DateTime>().ok()?, zone))
        .or_else(|| in_zone(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()), zone))
        .or_else(|| in_zone(Date::strptime("%d/%m/%Y", text).ok()?.to_datetime(jiff::civil::Time::midnight()), zone))
        .ok_or_else(|| {
            format!(
                "`{text}` không phải thời điểm / is not a time: 2026-11-23, 23/11/2026, 2026-11-23T07:00, 2h, 7d"
            )
        })
}

fn in_zone(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(at).ok()
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = match text.chars().last()? {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse().ok()?;
    now.checked_sub(SignedDuration::from_secs(count.checked_mul(unit)?)).ok()
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
        ] {
            assert_eq!(parse(text, &zone, now).unwrap().to_string(), time, "{text}");
        }
        for text in ["", "yesterday", "d", "5y", "99999999999999999999d", "2026-13-01", "ă"] {
            assert!(parse(text, &zone, now).is_err(), "{text}");
        }
    }
}
