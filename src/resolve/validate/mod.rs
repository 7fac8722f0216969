//! stub
use super::reason::Reason;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::RrSet;
pub struct Rules;
pub struct Work;
impl Work {
    pub fn new() -> Self {
        Self
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    BadSignature,
    DnskeyMissing,
    NsecMissing,
    RrsigsMissing,
}
impl Fault {
    pub fn reason(self) -> Reason {
        super::reason::BOGUS
    }
}
pub struct ZoneKeys {
    pub apex: OwnedName,
    pub ttl: u32,
}
pub enum Trust {
    Secure(ZoneKeys),
    Insecure(u8),
}
pub struct Verified {
    pub ttl: u32,
    pub expanded_from: Option<OwnedName>,
}
pub enum Denied {
    Secure,
    OptOut,
    Insecure,
}
pub enum NoDs {
    Delegation,
    OptOut,
    NotACut,
    Insecure,
}
pub fn keys_by_ds(_: &RrSet, _: &[Box<[u8]>], _: u32, _: &Rules, _: &Work) -> Result<Trust, Fault> {
    Ok(Trust::Insecure(0))
}
pub fn keys_by_anchor(_: &RrSet, _: &anchors::Anchor, _: u32, _: &Rules, _: &Work) -> Result<Trust, Fault> {
    Ok(Trust::Insecure(0))
}
pub fn verify(_: &RrSet, _: &ZoneKeys, _: u32, _: &Rules, _: &Work) -> Result<Verified, Fault> {
    Err(Fault::BadSignature)
}
pub fn no_name(_: Name<'_>, _: Name<'_>, _: &[&RrSet], _: &Rules, _: &Work) -> Result<Denied, Fault> {
    Err(Fault::BadSignature)
}
pub fn no_data(_: Name<'_>, _: u16, _: Name<'_>, _: &[&RrSet], _: &Rules, _: &Work) -> Result<Denied, Fault> {
    Err(Fault::BadSignature)
}
pub fn no_closer(
    _: Name<'_>,
    _: Name<'_>,
    _: Name<'_>,
    _: &[&RrSet],
    _: &Rules,
    _: &Work,
) -> Result<Denied, Fault> {
    Err(Fault::BadSignature)
}
pub fn no_ds(_: Name<'_>, _: Name<'_>, _: &[&RrSet], _: &Rules, _: &Work) -> Result<NoDs, Fault> {
    Err(Fault::BadSignature)
}
pub mod anchors {
    use super::*;
    pub struct Anchor {
        pub name: OwnedName,
    }
    pub struct Anchors(Vec<Anchor>);
    impl Anchors {
        pub fn closest(&self, _: Name<'_>) -> Option<&Anchor> {
            self.0.first()
        }
        pub fn is_negative(&self, _: Name<'_>, _: u64) -> bool {
            false
        }
    }
}
