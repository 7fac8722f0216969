//! How much of a name each zone gets to see (RFC 9156): one label more than it serves, until it refers us on
//! or the whole name is reached.

use crate::dns::name::Name;
use crate::dns::rrtype::RrType;

/// Whether names are minimised, and what is believed then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Minimisation {
    /// Yes; where a server says something odd to a shortened name, the whole one is asked.
    #[default]
    Relaxed,
    /// Yes; "no such name" for a shortened name ends the search (RFC 8020).
    Strict,
    /// The whole name is asked of every zone.
    Off,
}

/// Questions that are minimised in one search (RFC 9156 §2.3).
const STEPS_MAX: usize = 10;
/// Of which so many show one label more each.
const ONE_LABEL: usize = 4;

/// The steps down to one name.
pub struct Steps<'n> {
    name: Name<'n>,
    kind: RrType,
    labels: usize,
    shown: usize,
    steps: usize,
    whole: bool,
}

impl<'n> Steps<'n> {
    /// From the zone `apex` to `kind` at `name`.
    pub fn new(mode: Minimisation, name: Name<'n>, kind: RrType, apex: Name<'_>) -> Self {
        let labels = name.label_count();
        Self { name, kind, labels, shown: apex.label_count(), steps: 0, whole: mode == Minimisation::Off }
    }

    /// What is asked now.
    pub fn ahead(&mut self) -> (Name<'n>, RrType) {
        if !self.whole {
            let left = self.labels.saturating_sub(self.shown);
            let more = match self.steps {
                0..ONE_LABEL => 1,
                steps @ ..STEPS_MAX => (left / (STEPS_MAX - steps)).max(1),
                _ => left,
            };
            self.steps += 1;
            self.shown += more;
            self.whole = self.shown >= self.labels;
        }
        if self.whole {
            return (self.name, self.kind);
        }
        let shown = self.name.ancestors().nth(self.labels - self.shown).unwrap_or(self.name);
        (shown, RrType::A)
    }

    /// Whether [`ahead`](Self::ahead) gave the whole name.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// From now on the whole name.
    pub fn show_all(&mut self) {
        self.whole = true;
    }

    /// A zone below was found: nothing above its apex is asked any more.
    pub fn descend(&mut self, apex: Name<'_>) {
        self.shown = self.shown.max(apex.label_count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    fn asked(mode: Minimisation, name: &str, apex: &str) -> Vec<String> {
        let (name, apex) = (OwnedName::parse(name).unwrap(), OwnedName::parse(apex).unwrap());
        let mut steps = Steps::new(mode, name.as_name(), RrType::TXT, apex.as_name());
        let mut all = Vec::new();
        loop {
            let (name, kind) = steps.ahead();
            all.push(format!("{name} {kind}"));
            if steps.is_whole() {
                return all;
            }
        }
    }

    #[test]
    fn a_zone_sees_one_label_more_than_it_serves() {
        assert_eq!(
            asked(Minimisation::Relaxed, "www.school.edu", "."),
            ["edu A", "school.edu A", "www.school.edu TXT"]
        );
        assert_eq!(asked(Minimisation::Relaxed, "www.school.edu", "school.edu"), ["www.school.edu TXT"]);
        assert_eq!(asked(Minimisation::Relaxed, "school.edu", "school.edu"), ["school.edu TXT"]);
        assert_eq!(asked(Minimisation::Off, "www.school.edu", "."), ["www.school.edu TXT"]);
    }

    #[test]
    fn a_name_of_many_labels_takes_few_steps() {
        let deep = vec!["x"; 120].join(".");
        assert!(asked(Minimisation::Strict, &deep, ".").len() <= STEPS_MAX + 1);
    }
}
