//! The shipped files are what they claim to be.

use std::fs;

use super::*;
use crate::config::mistake::Code;
use crate::config::{DEFAULT_CONFIG, DEFAULT_POLICY};
use crate::model::category::{Category, CategorySet};
use crate::model::tier::Tier;
use crate::policy::lint::laxer;
use crate::policy::{AnswerStyle, Mode};
use crate::query::client::Refusal;
use crate::resolve::dns64::prefix::Prefix;

#[test]
fn the_commented_config_is_the_defaults() {
    // Some rooms' settings cannot be compared; what they print can.
    assert_eq!(format!("{:#?}", settings(DEFAULT_CONFIG)), format!("{:#?}", settings("")));
}

#[test]
fn the_commented_config_with_every_comment_opened_names_only_known_keys() {
    let open: String = DEFAULT_CONFIG
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let report = read(&open).expect_err("some of what the comments show does not go together");
    for mistake in report.mistakes() {
        assert!(matches!(mistake.code, Code::Unreadable | Code::Syntax | Code::TierWithoutGroup), "{report}");
    }
}

#[test]
fn the_shipped_policy_says_everything_of_every_tier() {
    let table: toml::Table = DEFAULT_POLICY.parse().unwrap();
    for tier in Tier::ALL {
        let said = table["tier"][tier.id()].as_table().unwrap();
        let keys: Vec<&str> = said.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            ["allow_sets", "answer", "blocked", "clones", "laxer_than_older", "locked", "mode", "ttl"],
            "{tier:?}"
        );
    }
}

#[test]
fn the_shipped_tiers_are_those_of_the_study() {
    let policy = settings("").policy;
    assert_eq!(laxer(&policy.tiers), []);
    let blocked = |tier: Tier| policy.tiers[tier.index()].blocked;
    for tier in Tier::ALL {
        let settings = &policy.tiers[tier.index()];
        assert!(settings.blocked.is_superset(CategorySet::SECRET.union(CategorySet::THREATS)), "{tier:?}");
        assert!(
            !settings.blocked.contains(Category::Sexed) && !settings.blocked.contains(Category::Edugames)
        );
        assert_eq!((settings.style, settings.ttl), (AnswerStyle::Null, 30));
        let allow_only = tier == Tier::Preschool;
        assert_eq!(settings.mode == Mode::AllowOnly, allow_only, "{tier:?}");
    }
    assert_eq!(blocked(Tier::Iot), blocked(Tier::LowerSecondary));
    let services = |tier: Tier| {
        let services = policy.tiers[tier.index()].services.iter();
        services.map(|service| service.word()).collect::<Vec<_>>()
    };
    for tier in [Tier::Preschool, Tier::Primary] {
        assert_eq!(services(tier), ["zalo", "youtube", "web_archive"], "{tier:?}");
    }
    for tier in [Tier::LowerSecondary, Tier::UpperSecondary] {
        assert_eq!(services(tier), ["web_archive"], "{tier:?}");
    }
    assert_eq!(services(Tier::Iot), ["zalo", "web_archive"]);
    for tier in [Tier::Staff, Tier::Guest] {
        assert_eq!(services(tier), [] as [String; 0], "{tier:?}");
    }
    assert!(blocked(Tier::UpperSecondary).contains(Category::Games));
    // What the tiers differ in: web novels are for the oldest pupils.
    for (tier, are_closed) in [(Tier::LowerSecondary, true), (Tier::UpperSecondary, false)] {
        assert_eq!(blocked(tier).contains(Category::Webnovel), are_closed, "{tier:?}");
    }
    // Visitors are blocked what staff is, and what is for adults.
    let grown_up = [Category::AdultSoft, Category::Drugs, Category::Violence, Category::Hate];
    let visitors = blocked(Tier::Staff).union(grown_up.into_iter().collect());
    assert_eq!(blocked(Tier::Guest), visitors);
    let staff = [
        Category::Csam,
        Category::Malware,
        Category::Phishing,
        Category::Authority,
        Category::Adult,
        Category::Gambling,
        Category::Bypass,
        Category::Encdns,
        Category::Piracy,
    ];
    assert_eq!(blocked(Tier::Staff), staff.into_iter().collect());
}

#[test]
fn without_one_line_of_the_policy_ai_and_web_pages_are_open_to_the_oldest_pupils() {
    let line = "    \"ai\", \"webhost\",\n";
    assert_eq!(DEFAULT_POLICY.matches(line).count(), 1);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.toml"), DEFAULT_POLICY.replace(line, "")).unwrap();
    let context = Context {
        folder: folder.path().to_owned(),
        state: PathBuf::from("/state"),
        stand_ins: Default::default(),
    };
    let opened = read_text("c", "[policy]\nfile = \"policy.toml\"\n", &context).unwrap().policy;
    let shipped = settings("").policy;
    for tier in Tier::ALL {
        let blocked = |policy: &crate::policy::Settings| policy.tiers[tier.index()].blocked;
        let both = CategorySet::of(Category::Ai).union(CategorySet::of(Category::Webhost));
        let gone = if tier == Tier::UpperSecondary { both } else { CategorySet::EMPTY };
        assert_eq!(blocked(&shipped).without(blocked(&opened)), gone, "{tier:?}");
    }
}

#[test]
fn every_example_passes() {
    let mut seen = 0;
    for entry in fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if let Err(report) = read_text(&name, &text, &machine()) {
                panic!("{report}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 3);
}

#[test]
fn every_toml_block_of_the_readme_passes() {
    let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(text) = fs::read_to_string(&readme) else { return };
    for block in text.split("```toml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        if let Err(report) = read_text("README.md", block, &machine()) {
            panic!("{report}");
        }
    }
}

#[test]
fn the_policy_file_is_laid_over_what_is_shipped_and_the_config_over_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("p.toml"),
        "version = 1\n[tier.staff]\nmode = \"monitor\"\nttl = \"1m\"\n[tier.guest]\nanswer = \"nxdomain\"\n",
    )
    .unwrap();
    let context = Context {
        folder: folder.path().to_owned(),
        state: PathBuf::from("/state"),
        stand_ins: Default::default(),
    };
    let config = "[policy]\nfile = \"p.toml\"\n[policy.tier.staff]\nmode = \"open\"\n";
    let policy = read_text("c", config, &context).unwrap().policy;
    let staff = &policy.tiers[Tier::Staff.index()];
    assert_eq!((staff.mode, staff.ttl), (Mode::Open, 60));
    assert_eq!(staff.blocked, settings("").policy.tiers[Tier::Staff.index()].blocked);
    assert_eq!(policy.tiers[Tier::Guest.index()].style, AnswerStyle::NxDomain);
}

#[test]
fn without_groups_private_clients_are_of_the_youngest_level() {
    let policy = settings("[school]\nlevel = [\"upper_secondary\", \"lower_secondary\"]").policy;
    assert_eq!(policy.groups.len(), 1);
    assert_eq!(policy.groups[0].tier, Tier::LowerSecondary);
    assert!(policy.groups[0].from.iter().any(|net| net.to_string() == "10.0.0.0/8"));
}

#[test]
fn what_protects_the_school_can_be_set() {
    let set = settings(
        "[listen]\nin_flight_per_client = 7\n[access]\nrefuse = \"drop\"\nrate = 50\n[resolve]\nrebinding = false\n\
         private_names = [\"Plex.direct\"]\npublic_zones = [\"10.in-addr.arpa\"]\ndns64 = \"64:ff9b::/96\"",
    );
    assert_eq!((set.serve.in_flight_per_client, set.serve.refusal, set.serve.rate), (7, Refusal::Drop, 50));
    let resolve = set.resolve;
    assert_eq!((resolve.rebinding, resolve.dns64), (false, Some(Prefix::WELL_KNOWN)));
    assert_eq!(resolve.private_names[0].to_string(), "plex.direct");
    assert_eq!(resolve.local.public[0].to_string(), "10.in-addr.arpa");
}
