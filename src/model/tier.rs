//! Tiers (*cấp học*): whom a policy is for.

/// A tier. [`Tier::Guest`] is for visitors' own devices, [`Tier::Iot`] for devices that nobody browses with: held as
/// [`Tier::LowerSecondary`]. Neither gets exceptions that do not name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tier {
    Preschool = 0,
    Primary = 1,
    LowerSecondary = 2,
    UpperSecondary = 3,
    Staff = 4,
    Guest = 5,
    Iot = 6,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Tier; 7] = [
        Tier::Preschool,
        Tier::Primary,
        Tier::LowerSecondary,
        Tier::UpperSecondary,
        Tier::Staff,
        Tier::Guest,
        Tier::Iot,
    ];
    /// Pupil tiers from the youngest to the oldest: what blocks a later one blocks an earlier one.
    pub const PUPILS: [Tier; 4] =
        [Tier::Preschool, Tier::Primary, Tier::LowerSecondary, Tier::UpperSecondary];

    /// The id, as config files and exports write it.
    pub fn id(self) -> &'static str {
        match self {
            Tier::Preschool => "preschool",
            Tier::Primary => "primary",
            Tier::LowerSecondary => "lower_secondary",
            Tier::UpperSecondary => "upper_secondary",
            Tier::Staff => "staff",
            Tier::Guest => "guest",
            Tier::Iot => "iot",
        }
    }

    /// Vietnamese name.
    pub fn vi(self) -> &'static str {
        match self {
            Tier::Preschool => "Mầm non",
            Tier::Primary => "Tiểu học",
            Tier::LowerSecondary => "THCS",
            Tier::UpperSecondary => "THPT",
            Tier::Staff => "Giáo viên, cán bộ",
            Tier::Guest => "Khách",
            Tier::Iot => "Thiết bị",
        }
    }

    /// English name.
    pub fn en(self) -> &'static str {
        match self {
            Tier::Preschool => "preschool",
            Tier::Primary => "primary",
            Tier::LowerSecondary => "lower secondary",
            Tier::UpperSecondary => "upper secondary",
            Tier::Staff => "staff",
            Tier::Guest => "guest",
            Tier::Iot => "devices",
        }
    }

    /// The tier with that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.id() == id)
    }

    /// Number, for tables with a place for each tier.
    pub fn index(self) -> usize {
        self as usize
    }
}
