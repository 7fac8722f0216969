//! What is done with a query, and why.

use super::category::Category;
use super::roster::RosterId;
use super::service::ServiceId;

/// The only output of `policy::decide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Answered as the world answers.
    Allow(AllowReason),
    /// Answered in the tier's block style, and counted.
    Block(BlockReason),
    /// Answered as the world answers, and counted as what would have been blocked.
    Monitor(BlockReason),
}

/// Why a name is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowReason {
    /// Layer 2: hard-protected.
    HardProtected,
    /// Layer 3: a school rule, by its number in the policy.
    SchoolRule(u32),
    /// A PASSTHRU of a response policy zone that opens.
    PolicyZone,
    /// Layer 5: lists name it, but it is soft-protected from them.
    SoftProtected,
    /// Layer 7: in the group's allow set.
    AllowSet,
    /// Layer 8: nothing forbids it.
    NothingForbids,
    /// The group's mode is open.
    OpenGroup,
}

/// Why a name is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockReason {
    /// Which layer of `docs/policy.md` decided.
    pub layer: Layer,
    /// The category it counts under; none for a service, a school rule or allow-only mode.
    pub category: Option<Category>,
    /// The service it counts under, if one.
    pub service: Option<ServiceId>,
    /// The rule.
    pub source: Source,
}

/// The layers that can block (`docs/policy.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Layer {
    /// 1: what nothing local opens.
    Locked = 1,
    /// 3: a school rule.
    School = 3,
    /// 4: a service that the tier is switched off.
    Service = 4,
    /// Between 4 and 6: a response policy zone. (5 itself only allows.)
    PolicyZone = 5,
    /// 6: a category of the tier.
    Category = 6,
    /// 7: not in the allow set of an allow-only group.
    AllowOnly = 7,
}

impl Layer {
    /// All layers that can block.
    pub const ALL: [Layer; 6] =
        [Layer::Locked, Layer::School, Layer::Service, Layer::PolicyZone, Layer::Category, Layer::AllowOnly];

    /// The id, as the store and exports write it.
    pub fn id(self) -> &'static str {
        match self {
            Layer::Locked => "locked",
            Layer::School => "school",
            Layer::Service => "service",
            Layer::PolicyZone => "policy_zone",
            Layer::Category => "category",
            Layer::AllowOnly => "allow_only",
        }
    }

    /// The layer with that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| *layer as u8 == number)
    }
}

/// Where the rule that blocked is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A rule of the lists: the index tells which list, version and rule put the name into the
    /// category that it counts under.
    Lists,
    /// A school rule, by its number in the policy.
    SchoolRule(u32),
    /// A name of the service that it counts under.
    ServiceName,
    /// A response policy zone, by its number in the journal.
    PolicyZone(RosterId),
    /// No rule: the allow set lacks the name.
    NotInAllowSet,
}
