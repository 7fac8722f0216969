//! `lachan check`: what a name gets, and why.

use super::args::CheckArgs;
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::place;
use super::reply::tell;
use super::screen::{Paint, Screen};
use super::table::Table;
use super::words;
use crate::app::offline;
use crate::config::Settings;
use crate::control::explanation::{Answer, CoveringRule, Explanation, GroupVerdict, Verdict};
use crate::control::{Check, Reply, Request, client};
use crate::dns::written::{self, NotAName};
use crate::i18n::{Message, msg, slip};

/// Explains a name: from the running server if there is one, else from the index on disk.
///
/// # Errors
/// A name that is none, an unknown group or tier, no index.
pub fn run(args: &CheckArgs, screen: &Screen) -> Result<Ended, Failure> {
    let Some(name) = meant(&args.name, screen) else { return Ok(Ended::Refused) };
    let check = Check {
        name,
        rtype: Some(args.rtype.clone()),
        client: args.client,
        group: args.group.clone(),
        tier: args.tier.clone(),
        resolve: !args.no_resolve,
    };
    let running = if args.offline { None } else { ask_server(args, &check)? };
    let explanation: Explanation = match running {
        Some(Reply::Explanation(explanation)) => *explanation,
        Some(other) => return tell(other, screen),
        None if args.resolve => {
            screen.complain(&msg!("check-no-server"));
            return Ok(Ended::Refused);
        }
        None => match offline::check(&readable(args, screen)?, &check) {
            Ok(explanation) => {
                if !args.offline {
                    screen.complain(&msg!("check-from-disk"));
                }
                explanation
            }
            Err(why) => {
                screen.complain(&why);
                return Ok(Ended::Refused);
            }
        },
    };
    if args.json {
        print_json(&explanation)?
    } else {
        page(&explanation, screen).print()?
    }
    Ok(Ended::Done)
}

/// The name to look up. The address of a page, `*.x` and the like are taken for the name in them, and it is said.
fn meant(text: &str, screen: &Screen) -> Option<String> {
    let NotAName { slip, meant } = match written::name(text) {
        Ok(_) => return Some(text.to_owned()),
        Err(wrong) => wrong,
    };
    let why = slip::told(slip);
    screen.complain(&match &meant {
        Some(name) => msg!("check-looked-up", name = name, written = text, why = why),
        None => msg!("not-a-name", written = text, why = why),
    });
    meant
}

/// The settings, where this user may read the index that they lead to.
fn readable(args: &CheckArgs, screen: &Screen) -> Result<Settings, Failure> {
    let settings = place::settings(&args.place, screen)?;
    place::may_read(&crate::app::lists::index_path(&settings.state))?;
    Ok(settings)
}

fn ask_server(args: &CheckArgs, check: &Check) -> Result<Option<Reply>, Failure> {
    let socket = place::control_socket(&args.place);
    match client::ask(&socket, &Request::Check(check.clone())) {
        Ok(reply) => Ok(Some(reply)),
        Err(client::AskError::NotRunning { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn page<'s>(explanation: &Explanation, screen: &'s Screen) -> Page<'s> {
    let mut page = Page::new(screen);
    let (name, display, rtype) = (&explanation.name, &explanation.display, &explanation.rtype);
    page.painted(
        Paint::Heading,
        &match name == display {
            true => msg!("check-name", name = name, type = rtype),
            false => msg!("check-name-shown", name = name, type = rtype, shown = display),
        },
    );
    if let Some(asked) = &explanation.asked {
        let tier = words::tier(&asked.tier, screen.lang);
        let whom = match &asked.group {
            Some(group) => {
                let mode = words::mode(&asked.mode, screen.lang);
                let group = words::group(group, screen.lang);
                msg!("check-group", group = group, tier = tier, mode = mode)
            }
            None => msg!("check-tier", tier = tier),
        };
        page.gap();
        outcome(&mut page, whom, asked, screen);
    }
    page.gap();
    for (tiers, told) in by_outcome(&explanation.tiers) {
        let tiers: Vec<String> = tiers.iter().map(|tier| words::tier(tier, screen.lang)).collect();
        outcome(&mut page, msg!("check-tier", tier = tiers.join("; ")), told, screen);
    }
    notes(&mut page, explanation, screen);
    if !explanation.rules.is_empty() {
        page.gap();
        page.table(&rules(&explanation.rules, screen));
    }
    page
}

/// Tiers that get the same, together.
fn by_outcome(tiers: &[GroupVerdict]) -> Vec<(Vec<&str>, &GroupVerdict)> {
    let mut found: Vec<(Vec<&str>, &GroupVerdict)> = Vec::new();
    for told in tiers {
        let same = |other: &GroupVerdict| GroupVerdict { tier: told.tier.clone(), ..other.clone() } == *told;
        match found.iter_mut().find(|(_, other)| same(other)) {
            Some((names, _)) => names.push(&told.tier),
            None => found.push((vec![&told.tier], told)),
        }
    }
    found
}

/// What one group or tier gets, and why.
fn outcome(page: &mut Page<'_>, whom: Message, told: &GroupVerdict, screen: &Screen) {
    let paint = if told.verdict == Verdict::Block { Paint::Bad } else { Paint::Good };
    page.painted(paint, &msg!("check-outcome", whom = whom, verdict = words::verdict(told.verdict)));
    let lang = screen.lang;
    let list = match (&told.list, &told.version) {
        (Some(list), Some(version)) => Some(format!("{list} ({version})")),
        _ => None,
    };
    let rule = told.rule.as_ref().map(|rule| {
        let rule = words::rule(rule, lang);
        told.line.map_or(rule.clone(), |line| {
            screen.say(&msg!("check-rule-line", rule = rule, line = line.to_string()))
        })
    });
    let answer = told.answer.as_ref().map(|answer| match answer {
        Answer::Nothing => screen.say(&msg!("check-no-answer")),
        Answer::Response(response) => response.clone(),
    });
    let school_rule = told.school_rule.as_ref().map(|rule| format!("{} ({})", rule.reason, rule.by));
    let aliases = (!told.aliases.is_empty()).then(|| told.aliases.join(" → "));
    let errors = told.errors.iter().map(|error| Some(error.to_string()));
    let mut rows = vec![
        (msg!("check-because"), Some(screen.say(&words::because(told.because)))),
        (msg!("check-answer"), answer),
        (msg!("check-category"), told.category.as_ref().map(|id| words::category(id, lang))),
        (msg!("check-service"), told.service.as_ref().map(|id| words::service(id, lang))),
        (msg!("check-list"), list),
        (msg!("check-rule"), rule),
        (msg!("check-school-rule"), school_rule),
        (msg!("check-link"), told.link.clone()),
        (msg!("check-aliases"), aliases),
    ];
    rows.extend(errors.map(|error| (msg!("check-error"), error)));
    let rows: Vec<(String, String)> =
        rows.into_iter().filter_map(|(what, value)| Some((screen.say(&what), value?))).collect();
    page.indented_pairs(&rows);
}

/// What holds of all outcomes.
fn notes(page: &mut Page<'_>, explanation: &Explanation, screen: &Screen) {
    let mut said = Vec::new();
    if explanation.tiers.iter().chain(&explanation.asked).all(|told| told.until.is_none()) {
        said.push(msg!("check-no-timetable"));
    }
    if !explanation.resolved && explanation.tiers.iter().any(|told| told.answer.is_none()) {
        said.push(msg!("check-not-resolved"));
    }
    if !said.is_empty() {
        page.gap();
    }
    said.iter().for_each(|note| page.line(&screen.say(note)));
}

fn rules(rules: &[CoveringRule], screen: &Screen) -> Table {
    let headings = [
        msg!("check-every-rule"),
        msg!("check-category"),
        msg!("check-list"),
        msg!("check-version"),
        msg!("check-line"),
    ];
    let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
    for found in rules {
        table.row([
            words::rule(&found.rule, screen.lang),
            words::says(&found.says, screen.lang),
            found.list.clone(),
            found.version.clone(),
            found.line.to_string(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::assert_reads_well;
    use crate::control::explanation::{Because, ExtendedError, Rule, Says};
    use crate::i18n::Lang;

    fn explanation() -> Explanation {
        let blocked = |tier: &str| GroupVerdict {
            tier: tier.into(),
            mode: "filter".into(),
            verdict: Verdict::Block,
            because: Because::Category,
            answer: Some(Answer::Response("NXDOMAIN".into())),
            errors: vec![ExtendedError { code: 15, text: "Nội dung bị chặn".into() }],
            aliases: vec!["very-long-alias.in-a-content-network.example".into(), "b.example".into()],
            link: Some("b.example".into()),
            category: Some("gambling".into()),
            list: Some("a-list-with-a-long-id".into()),
            version: Some("2026-11-23-0123456789abcdef".into()),
            rule: Some(Rule::Subtree("gambling.a-long-name.example".into())),
            line: Some(12_345),
            ..GroupVerdict::default()
        };
        let allowed = GroupVerdict {
            tier: "staff".into(),
            mode: "filter".into(),
            answer: Some(Answer::Nothing),
            ..GroupVerdict::default()
        };
        let says = [
            Says::Category("gambling".into()),
            Says::Exception("gambling".into()),
            Says::Excepted("gambling".into()),
            Says::Outweighed("adult".into()),
            Says::AllowSet("gov".into()),
            Says::HardProtected,
        ];
        Explanation {
            name: "xn--tingvit-5t4cyc.example".into(),
            display: "tiếngviệt.example".into(),
            rtype: "HTTPS".into(),
            local: false,
            resolved: false,
            asked: Some(GroupVerdict { group: Some("Phòng máy 1".into()), ..blocked("primary") }),
            tiers: vec![
                blocked("preschool"),
                blocked("primary"),
                allowed,
                GroupVerdict { answer: None, ..blocked("guest") },
            ],
            rules: says
                .map(|says| CoveringRule {
                    list: "a-list-with-a-long-id".into(),
                    version: "2026-11-23-0123456789abcdef".into(),
                    says,
                    rule: Rule::Subtree("gambling.a-long-name.example".into()),
                    line: 12_345,
                })
                .into(),
            index: String::new(),
        }
    }

    #[test]
    fn every_line_fits_and_is_in_one_language() {
        for screen in Screen::all() {
            assert_reads_well(&screen, &page(&explanation(), &screen).text());
        }
    }

    #[test]
    fn tiers_that_get_the_same_stand_together() {
        let explanation = explanation();
        let groups: Vec<Vec<&str>> =
            by_outcome(&explanation.tiers).into_iter().map(|(tiers, _)| tiers).collect();
        assert_eq!(groups, [vec!["preschool", "primary"], vec!["staff"], vec!["guest"]]);
        let screen = Screen { lang: Lang::Vi, columns: 80, colours: false };
        let text = page(&explanation, &screen).text();
        assert!(text.contains("\nMầm non; Tiểu học: chặn\n"), "{text}");
        assert!(text.contains("  EDE            15 Nội dung bị chặn\n"), "{text}");
        let text = page(&explanation, &Screen { lang: Lang::En, ..screen }).text();
        assert!(text.contains("  EDE          15 Nội dung bị chặn\n"), "as it is sent: {text}");
    }
}
