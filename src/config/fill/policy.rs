//! Tiers: what was shipped, then the policy file, then what the config says itself.

use std::time::Duration;

use super::{Filler, group, rule};
use crate::config::mistake::{Notes, of_tier, said};
use crate::config::source::{FileNo, Place};
use crate::config::spec::FileSpec;
use crate::config::spec::policy::{PolicyFileSpec, TierSpec, TiersSpec};
use crate::config::{DEFAULT_POLICY, School, clash, read, say, take_in};
use crate::lists::services;
use crate::lists::spec::ListSpec;
use crate::model::category::CategorySet;
use crate::model::tier::Tier;
use crate::policy::lint::laxer;
use crate::policy::service::ServiceName;
use crate::policy::{self, AnswerStyle, Clones, Mode, TierSettings};

/// TTLs of block answers: felt at once, yet not asked for each second.
const BLOCK_TTL_MAX: Duration = Duration::from_secs(86_400);

/// A tier as the layers leave it, with the places that checks point at; none where nobody but us
/// wrote it.
pub(in crate::config) struct Placed {
    pub settings: TierSettings,
    pub mode: Option<Place>,
    pub blocked: Option<Place>,
    pub allow_sets: Option<Place>,
}

pub(super) fn policy(
    filler: &mut Filler<'_>,
    spec: &FileSpec,
    school: &School,
    lists: &[ListSpec],
) -> policy::Settings {
    let tiers = tiers(filler, spec, lists);
    lint(filler, &tiers);
    let groups = group::groups(filler, &spec.group, school);
    let unknown = spec.policy.unknown.as_ref().and_then(|tier| filler.tier(tier));
    allow_only(filler, spec, &tiers, &groups);
    let mut settings = policy::Settings {
        tiers: tiers.map(|tier| tier.settings),
        groups,
        unknown,
        school_rules: vec![],
        service_names: service_names(),
    };
    settings.school_rules = rule::school_rules(filler, &spec.school_rules, &settings);
    settings
}

/// The names of the services that are part of the program.
fn service_names() -> Vec<ServiceName> {
    let names = services::all().flat_map(|(service, rules)| {
        rules.into_iter().map(move |rule| ServiceName {
            service,
            name: rule.name,
            scope: rule.scope,
            line: rule.line,
        })
    });
    names.collect()
}

fn tiers(filler: &mut Filler<'_>, spec: &FileSpec, lists: &[ListSpec]) -> [Placed; Tier::ALL.len()] {
    let shipped = filler.notes.sources.add("policy.toml (Lá Chắn)", DEFAULT_POLICY);
    let mut tiers = Tier::ALL.map(|_| Placed {
        settings: TierSettings {
            mode: Mode::Filter,
            blocked: CategorySet::EMPTY,
            locked: CategorySet::EMPTY,
            allow_sets: vec![],
            style: AnswerStyle::Null,
            ttl: 30,
            clones: Clones::default(),
            laxer_than_older: CategorySet::EMPTY,
            services: vec![],
            laxer_services: vec![],
        },
        mode: None,
        blocked: None,
        allow_sets: None,
    });
    let shipped_spec: PolicyFileSpec = read::read(filler.notes, shipped);
    layer(filler, shipped, &shipped_spec.tier, lists, &mut tiers);
    for tier in &mut tiers {
        (tier.mode, tier.blocked, tier.allow_sets) = (None, None, None);
    }
    if let Some(file) = &spec.policy.file {
        let path = filler.needed(file);
        let mut scratch = Notes::default();
        // A policy file that cannot be opened is a mistake of the line that names it.
        let name = path.display().to_string();
        match take_in(&mut scratch, &name, &path) {
            Ok(read) => {
                let file = filler.notes.sources.add(&name, scratch.sources.text(read));
                let policy: PolicyFileSpec = read::read(filler.notes, file);
                let mut there = Filler { notes: filler.notes, file, context: filler.context };
                there.version(&policy.version);
                layer(filler, file, &policy.tier, lists, &mut tiers);
            }
            Err(mut unread) => {
                unread.at = filler.at(file);
                // It is told at the line of another file.
                if !unread.what.en.contains(file.get_ref()) {
                    unread.what.vi = format!("{}: {}", file.get_ref(), unread.what.vi);
                    unread.what.en = format!("{}: {}", file.get_ref(), unread.what.en);
                }
                unread.found.clone_from(file.get_ref());
                filler.note(*unread);
            }
        }
    }
    layer(filler, filler.file, &spec.policy.tier, lists, &mut tiers);
    tiers
}

/// Lays what one file says over what is there.
fn layer(
    filler: &mut Filler<'_>,
    file: FileNo,
    spec: &TiersSpec,
    lists: &[ListSpec],
    tiers: &mut [Placed; Tier::ALL.len()],
) {
    let mut filler = Filler { notes: filler.notes, file, context: filler.context };
    for tier in Tier::ALL {
        lay(&mut filler, spec.tier(tier), lists, &mut tiers[tier.index()]);
    }
}

fn lay(filler: &mut Filler<'_>, spec: &TierSpec, lists: &[ListSpec], tier: &mut Placed) {
    let settings = &mut tier.settings;
    if let Some(text) = &spec.mode {
        let noun = said!("noun-mode");
        settings.mode = filler.word(text, noun, &group::modes()).unwrap_or(settings.mode);
        tier.mode = Some(filler.at(text));
    }
    if let Some(blocked) = &spec.blocked {
        (settings.blocked, settings.services) = filler.categories_and_services(blocked.get_ref());
        tier.blocked = Some(filler.at(blocked));
    }
    if let Some(locked) = &spec.locked {
        settings.locked = filler.categories(locked);
    }
    if let Some(laxer) = &spec.laxer_than_older {
        (settings.laxer_than_older, settings.laxer_services) = filler.categories_and_services(laxer);
    }
    if let Some(sets) = &spec.allow_sets {
        super::allow_sets::exist(filler, sets.get_ref(), lists);
        settings.allow_sets = sets.get_ref().iter().map(|set| set.get_ref().clone()).collect();
        tier.allow_sets = Some(filler.at(sets));
    }
    if let Some(text) = &spec.clones {
        let noun = said!("noun-treatment-of-clones");
        settings.clones = filler.word(text, noun, &Clones::ALL).unwrap_or(settings.clones);
    }
    let ttl = Duration::from_secs(settings.ttl.into());
    settings.ttl = filler.duration(&spec.ttl, ttl, Duration::ZERO, BLOCK_TTL_MAX).as_secs() as u32;
    settings.style = style(filler, spec, settings.style);
}

fn style(filler: &mut Filler<'_>, spec: &TierSpec, before: AnswerStyle) -> AnswerStyle {
    const PAGE: AnswerStyle = AnswerStyle::Page { v4: None, v6: None };
    let words = [
        ("null", AnswerStyle::Null),
        ("nxdomain", AnswerStyle::NxDomain),
        ("nodata", AnswerStyle::NoData),
        ("refused", AnswerStyle::Refused),
        ("page", PAGE),
    ];
    let noun = said!("noun-answer-style");
    let style = spec.answer.as_ref().and_then(|answer| filler.word(answer, noun, &words)).unwrap_or(before);
    let Some(page) = &spec.page else {
        if let Some(answer) = spec.answer.as_ref().filter(|_| style == PAGE) {
            filler.note(clash::page(filler.at(answer), false));
        }
        return style;
    };
    if !matches!(style, AnswerStyle::Page { .. }) {
        filler.note(clash::page(filler.at(page), true));
        return style;
    }
    let (mut v4, mut v6) = (None, None);
    for text in page.get_ref() {
        use std::net::IpAddr;
        let twice = match text.get_ref().parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => v4.replace(address).is_some(),
            Ok(IpAddr::V6(address)) => v6.replace(address).is_some(),
            Err(_) => {
                let forms = ["192.0.2.10", "2001:db8::10"];
                filler.note(say::bad_address(filler.at(text), text.get_ref(), &forms));
                false
            }
        };
        if twice {
            filler.note(say::too_many(filler.at(page), said!("noun-addresses-a-family"), 1));
        }
    }
    if page.get_ref().is_empty() {
        filler.note(say::empty(filler.at(page), "page"));
    }
    AnswerStyle::Page { v4, v6 }
}

/// Younger tiers that are laxer than older ones: each category once, against the youngest of the
/// older tiers that block it.
fn lint(filler: &mut Filler<'_>, tiers: &[Placed; Tier::ALL.len()]) {
    let found = laxer(&tiers.each_ref().map(|tier| tier.settings.clone()));
    let mut told: Vec<(Tier, Tier, Vec<&str>)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for one in found {
        if !seen.insert((one.younger, one.what)) {
            continue;
        }
        match told.iter_mut().find(|(younger, older, _)| (*younger, *older) == (one.younger, one.older)) {
            Some((.., categories)) => categories.push(one.what),
            None => told.push((one.younger, one.older, vec![one.what])),
        }
    }
    for (younger, older, categories) in told {
        let (young, old) = (&tiers[younger.index()], &tiers[older.index()]);
        // Who made the tier laxer is who is pointed at: its mode, its categories, else the older's.
        let by_mode = matches!(young.settings.mode, Mode::Monitor | Mode::Open);
        let own = if by_mode { &young.mode } else { &young.blocked };
        let Some(at) = own.clone().or_else(|| old.blocked.clone()) else { continue };
        let other = old.blocked.clone().filter(|place| *place != at);
        filler.note(clash::laxer(at, of_tier(younger), of_tier(older), &categories, other));
    }
}

/// Allow-only tiers and groups need something that they may reach.
fn allow_only(
    filler: &mut Filler<'_>,
    spec: &FileSpec,
    tiers: &[Placed; Tier::ALL.len()],
    groups: &[policy::GroupSettings],
) {
    for tier in Tier::ALL {
        let placed = &tiers[tier.index()];
        let lacks = placed.settings.mode == Mode::AllowOnly && placed.settings.allow_sets.is_empty();
        if lacks
            && !groups.iter().any(|group| group.tier == tier)
            && let Some(place) = placed.mode.as_ref().or(placed.allow_sets.as_ref())
        {
            filler.note(clash::no_allow_set(place.clone(), of_tier(tier)));
        }
    }
    for group in &spec.group {
        let group = group.get_ref();
        let Some(name) = &group.name else { continue };
        let Some(settings) = groups.iter().find(|settings| settings.name == *name.get_ref()) else {
            continue;
        };
        let tier = &tiers[settings.tier.index()].settings;
        let mode = settings.mode.unwrap_or(tier.mode);
        if mode == Mode::AllowOnly && tier.allow_sets.is_empty() && group.allow_sets.is_empty() {
            let at = filler.at(group.mode.as_ref().unwrap_or(name));
            filler.note(clash::no_allow_set(at, name.get_ref().as_str()));
        }
    }
}
