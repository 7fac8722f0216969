//! Explaining from the files alone, without a server: the same code on the index and the config on disk.

use super::explain::{Explanation, House, Whom, explain};
use super::lists;
use crate::config::Settings;
use crate::control::Check;
use crate::dns::idna;
use crate::dns::rdata::{rtype, type_number};
use crate::filter::Index;
use crate::model::roster::Roster;
use crate::model::tier::Tier;
use crate::policy::Policy;
use crate::resolve::Resolver;

/// Explains a name from the index on disk and the settings.
///
/// # Errors
/// A sentence for the person who asked.
pub fn check(settings: &Settings, check: &Check) -> Result<Explanation, String> {
    let path = lists::index_path(&settings.state);
    let index = Index::open(&path).map_err(|error| {
        format!(
            "chưa có chỉ mục dùng được: chạy `lachan lists compile` hoặc máy chủ trước / \
             no usable index: run `lachan lists compile` or the server first ({error})"
        )
    })?;
    let policy =
        Policy::build(&settings.policy, *index.key(), |set| index.allow_set(set), &Roster::default())
            .map_err(|error| error.to_string())?;
    let resolver = Resolver::new(settings.resolve.clone()).map_err(|error| error.to_string())?;
    let zones = super::zones::at_rest(settings, *index.key());
    explain_check(House { policy: &policy, index: &index, resolver: &resolver, zones: &zones }, check)
}

/// Explains what was asked for.
///
/// # Errors
/// A sentence for the person who asked.
pub fn explain_check(house: House<'_>, check: &Check) -> Result<Explanation, String> {
    let name = idna::to_name(check.name.trim())
        .map_err(|error| format!("`{0}` không phải tên miền / `{0}` is not a name: {error}", check.name))?;
    let asked = match &check.rtype {
        None => rtype::A,
        Some(text) => type_number(text).ok_or_else(|| {
            format!("không có loại bản ghi `{text}` / there is no RR type `{text}`: A, AAAA, HTTPS, MX, TXT, TYPE65 …")
        })?,
    };
    let whom = match (&check.client, &check.group, &check.tier) {
        (Some(client), ..) => Whom::Client(*client),
        (None, Some(group), _) => Whom::Group(group),
        (None, None, Some(tier)) => {
            Whom::Tier(Tier::from_id(tier).ok_or_else(|| no_such("tier", tier, &tiers()))?)
        }
        (None, None, None) => Whom::EveryTier,
    };
    explain(house, name.as_name(), asked, whom).ok_or_else(|| {
        let groups: Vec<&str> = house.policy.groups().iter().map(|group| group.name.as_str()).collect();
        no_such("group", check.group.as_deref().unwrap_or_default(), &groups)
    })
}

fn tiers() -> Vec<&'static str> {
    Tier::ALL.iter().map(|tier| tier.id()).collect()
}

fn no_such(what: &str, asked: &str, known: &[&str]) -> String {
    format!("không có {what} `{asked}` / there is no {what} `{asked}`: {}", known.join(", "))
}
