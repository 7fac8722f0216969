//! Numbers, sizes, durations and moments as the language writes them.

use super::{Lang, Moment, msg};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Lang {
    /// A count, grouped by three: 1.234.567 or 1,234,567.
    pub fn number(self, count: u64) -> String {
        let digits = count.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(if self == Self::Vi { '.' } else { ',' });
            }
            text.push(digit);
        }
        text
    }

    /// A number with one decimal: 1,5 or 1.5.
    pub fn decimal(self, number: f64) -> String {
        let text = format!("{number:.1}");
        if self == Self::Vi { text.replace('.', ",") } else { text }
    }

    /// A size in binary units.
    pub fn size(self, octets: u64) -> String {
        match octets {
            0..1024 => format!("{octets} B"),
            1024..1_048_576 => format!("{} KiB", self.decimal(octets as f64 / 1024.0)),
            _ => format!("{} MiB", self.decimal(octets as f64 / 1_048_576.0)),
        }
    }

    /// A duration in its two largest units.
    pub fn duration(self, seconds: u64) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        let message = match seconds {
            0..60 => msg!("seconds", seconds = seconds),
            60..3600 => msg!("minutes", minutes = minutes),
            3600..86_400 => msg!("hours", hours = hours, minutes = minutes % 60),
            _ => msg!("days", days = days, hours = hours % 24),
        };
        message.text(self)
    }

    /// A date with the time of day: 23/11/2026 14:05 or 23 Nov 2026 14:05.
    pub fn moment(self, at: Moment) -> String {
        format!("{} {:02}:{:02}", self.date(at), at.hour, at.minute)
    }

    /// A date: 23/11/2026 or 23 Nov 2026.
    pub fn date(self, at: Moment) -> String {
        let Moment { year, month, day, .. } = at;
        let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
        match (self, name) {
            (Self::En, Some(name)) => format!("{day} {name} {year}"),
            _ => format!("{day:02}/{month:02}/{year}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        for (count, vi, en) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_234, "1.234", "1,234"),
            (1_234_567, "1.234.567", "1,234,567"),
        ] {
            assert_eq!((Lang::Vi.number(count).as_str(), Lang::En.number(count).as_str()), (vi, en));
        }
    }

    #[test]
    fn sizes_durations_and_moments_are_written_as_the_language_does() {
        let at = Moment { year: 2026, month: 11, day: 3, hour: 7, minute: 5 };
        for (lang, size, duration, moment) in [
            (Lang::Vi, "1,5 MiB", "3 giờ 5 phút", "03/11/2026 07:05"),
            (Lang::En, "1.5 MiB", "3 h 5 min", "3 Nov 2026 07:05"),
        ] {
            assert_eq!(lang.size(3 << 19), size);
            assert_eq!(lang.duration(3 * 3600 + 5 * 60 + 9), duration);
            assert_eq!(lang.moment(at), moment);
        }
        assert_eq!(Lang::Vi.size(1023), "1023 B");
        assert_eq!(Lang::Vi.duration(2 * 86_400 + 3 * 3600), "2 ngày 3 giờ");
    }
}
