//! Why a name is blocked or allowed: facts, as `lachan check` and a console show them.
//!
//! In JSON a rule, what it says, an answer and an error are one string each, as people read them in other tools too:
//! `subtree games.example`, `NXDOMAIN`, `15 blocked`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::verdict::Layer;

/// Everything that is to be said of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The name as it is looked up.
    pub name: String,
    /// The name as people read it.
    pub display: String,
    /// The RR type asked.
    pub rtype: String,
    /// Whether the server answers from its own data (local names, special-use names, canaries): no list
    /// is asked then.
    pub local: bool,
    /// Whether aliases were followed.
    #[serde(default)]
    pub resolved: bool,
    /// What was asked for: a client, a group or a tier; none means every tier.
    pub asked: Option<GroupVerdict>,
    /// What each tier gets.
    pub tiers: Vec<GroupVerdict>,
    /// Every rule that covers the name, in every list.
    pub rules: Vec<CoveringRule>,
    /// The index that this was looked up in.
    pub index: String,
}

/// What a group or tier gets, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupVerdict {
    /// By id.
    pub tier: String,
    /// Name of the group, where one was asked for.
    pub group: Option<String>,
    /// By id.
    pub mode: String,
    /// What is done with the query.
    pub verdict: Verdict,
    /// Layer of the decision order that decided, or the reason to allow.
    pub because: Because,
    /// What the query is answered with; none where that is not known without asking.
    pub answer: Option<Answer>,
    /// Extended DNS Errors that come with it.
    #[serde(default)]
    pub errors: Vec<ExtendedError>,
    /// The names to which aliases lead, one after the other, as far as they were followed.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The name that decided, where it is not the asked one.
    #[serde(default)]
    pub link: Option<String>,
    /// By id.
    pub category: Option<String>,
    /// By id.
    #[serde(default)]
    pub service: Option<String>,
    pub list: Option<String>,
    pub version: Option<String>,
    /// The rule that decided.
    pub rule: Option<Rule>,
    pub line: Option<u32>,
    /// Who made the school rule, and why.
    pub school_rule: Option<SchoolRule>,
    /// When the verdict changes by itself; without a timetable or an expiry it does not.
    pub until: Option<String>,
}

/// What is done with a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    #[default]
    Allow,
    Block,
    /// Answered, and counted as what would have been blocked.
    Monitor,
    /// Answered from the server's own data.
    Local,
    /// The client may not ask, or nobody may ask that.
    Refuse,
    /// Records were taken out of the answer.
    Altered,
}

/// Why a verdict is what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    Locked,
    School,
    Service,
    PolicyZone,
    Category,
    AllowOnly,
    HardProtected,
    SoftProtected,
    AllowSet,
    OpenGroup,
    #[default]
    NothingForbids,
    /// The server's own data.
    Local,
    /// A name by which programs find out whether they may go around the filter.
    Canary,
    /// The answer led into the school's network.
    PrivateAddress,
    /// The client may not ask.
    Access,
    /// The RR type is none to ask for.
    Type,
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Answer {
    /// No response, on purpose.
    Nothing,
    /// A response in a line: `NOERROR 198.51.100.7`, `NOERROR, 2 record`, `NXDOMAIN`.
    Response(String),
}

/// An Extended DNS Error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct ExtendedError {
    /// INFO-CODE.
    pub code: u16,
    /// EXTRA-TEXT, as it is sent.
    pub text: String,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Rule {
    /// The name alone.
    Exact(String),
    /// The name and all below.
    Subtree(String),
    /// All below the name.
    Children(String),
    /// A brand that is known from so many names.
    Brand(String, u32),
    /// A mask or a regular expression, as the list has it.
    Pattern(String),
    /// A policy zone's rule: trigger and action.
    Zone(String),
}

/// Why the school made a rule, and who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolRule {
    pub reason: String,
    pub by: String,
}

/// One rule that covers the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoveringRule {
    pub list: String,
    pub version: String,
    pub says: Says,
    pub rule: Rule,
    pub line: u32,
}

/// What a rule says; categories, services and allow sets by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Says {
    Category(String),
    /// An exception from the category.
    Exception(String),
    /// A category from which the name is excepted.
    Excepted(String),
    /// A category that is not believed: one downloaded list alone says it, and better evidence says a milder one.
    Outweighed(String),
    Service(String),
    AllowSet(String),
    HardProtected,
    SoftProtected,
}

impl From<Layer> for Because {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::Locked => Self::Locked,
            Layer::School => Self::School,
            Layer::Service => Self::Service,
            Layer::PolicyZone => Self::PolicyZone,
            Layer::Category => Self::Category,
            Layer::AllowOnly => Self::AllowOnly,
        }
    }
}

const NO_ANSWER: &str = "no answer";

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => NO_ANSWER,
            Self::Response(response) => response,
        })
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        if text == NO_ANSWER { Self::Nothing } else { Self::Response(text) }
    }
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => write!(f, "{}", self.code),
            text => write!(f, "{} {text}", self.code),
        }
    }
}

impl From<String> for ExtendedError {
    fn from(text: String) -> Self {
        let (code, text) = text.split_once(' ').unwrap_or((&text, ""));
        Self { code: code.parse().unwrap_or_default(), text: text.to_owned() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => write!(f, "exact {name}"),
            Self::Subtree(name) => write!(f, "subtree {name}"),
            Self::Children(name) => write!(f, "children {name}"),
            Self::Brand(brand, names) => write!(f, "brand {brand} {names}"),
            Self::Pattern(text) => write!(f, "pattern {text}"),
            Self::Zone(rule) => f.write_str(rule),
        }
    }
}

impl From<String> for Rule {
    fn from(text: String) -> Self {
        match text.split_once(' ') {
            Some(("exact", name)) => Self::Exact(name.to_owned()),
            Some(("subtree", name)) => Self::Subtree(name.to_owned()),
            Some(("children", name)) => Self::Children(name.to_owned()),
            Some(("brand", rest)) if rest.contains(' ') => {
                let (brand, names) = rest.split_once(' ').unwrap_or((rest, ""));
                Self::Brand(brand.to_owned(), names.parse().unwrap_or_default())
            }
            Some(("pattern", pattern)) => Self::Pattern(pattern.to_owned()),
            _ => Self::Zone(text),
        }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Category(id) => f.write_str(id),
            Self::Exception(id) => write!(f, "exception from {id}"),
            Self::Excepted(id) => write!(f, "{id}, excepted"),
            Self::Outweighed(id) => write!(f, "{id}, outweighed"),
            Self::Service(id) => write!(f, "service {id}"),
            Self::AllowSet(id) => write!(f, "allow set {id}"),
            Self::HardProtected => f.write_str("protected, hard"),
            Self::SoftProtected => f.write_str("protected, soft"),
        }
    }
}

impl From<String> for Says {
    fn from(text: String) -> Self {
        match text.as_str() {
            "protected, hard" => return Self::HardProtected,
            "protected, soft" => return Self::SoftProtected,
            _ => {}
        }
        if let Some(id) = text.strip_prefix("exception from ") {
            Self::Exception(id.to_owned())
        } else if let Some(id) = text.strip_suffix(", excepted") {
            Self::Excepted(id.to_owned())
        } else if let Some(id) = text.strip_suffix(", outweighed") {
            Self::Outweighed(id.to_owned())
        } else if let Some(id) = text.strip_prefix("service ") {
            Self::Service(id.to_owned())
        } else if let Some(id) = text.strip_prefix("allow set ") {
            Self::AllowSet(id.to_owned())
        } else {
            Self::Category(text)
        }
    }
}

macro_rules! written {
    ($($type:ty),*) => {
        $(impl From<$type> for String {
            fn from(value: $type) -> Self { value.to_string() }
        })*
    };
}

written!(Answer, ExtendedError, Rule, Says);

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written to JSON and read again is the same.
    fn comes_back<T>(values: &[(T, &str)])
    where
        T: Clone + fmt::Debug + PartialEq + Serialize + for<'d> Deserialize<'d>,
    {
        for (value, text) in values {
            let json = serde_json::to_value(value).unwrap();
            assert_eq!(json, *text);
            assert_eq!(serde_json::from_value::<T>(json).unwrap(), *value);
        }
    }

    #[test]
    fn facts_in_one_string_come_back_as_they_were() {
        let name = || "b.example".to_owned();
        comes_back(&[
            (Rule::Exact(name()), "exact b.example"),
            (Rule::Subtree(name()), "subtree b.example"),
            (Rule::Children(name()), "children b.example"),
            (Rule::Brand("gemwin".into(), 20), "brand gemwin 20"),
            (Rule::Pattern(r"/^ads\d /".into()), r"pattern /^ads\d /"),
            (Rule::Zone("qname nxdomain".into()), "qname nxdomain"),
        ]);
        comes_back(&[
            (Answer::Nothing, "no answer"),
            (Answer::Response("NOERROR 192.0.2.1".into()), "NOERROR 192.0.2.1"),
        ]);
        comes_back(&[
            (ExtendedError { code: 15, text: "Chặn: cờ bạc".into() }, "15 Chặn: cờ bạc"),
            (ExtendedError { code: 18, text: String::new() }, "18"),
        ]);
        comes_back(&[
            (Says::Category("gambling".into()), "gambling"),
            (Says::Exception("gambling".into()), "exception from gambling"),
            (Says::Excepted("gambling".into()), "gambling, excepted"),
            (Says::Outweighed("adult".into()), "adult, outweighed"),
            (Says::Service("zalo".into()), "service zalo"),
            (Says::AllowSet("gov".into()), "allow set gov"),
            (Says::HardProtected, "protected, hard"),
            (Says::SoftProtected, "protected, soft"),
        ]);
    }
}
