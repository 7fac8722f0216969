//! `lachan check`: what a name gets, and why.

use super::args::CheckArgs;
use super::out::{Ended, Failure, Table, complain, print, print_json};
use super::place;
use super::screen::Screen;
use crate::app::explain::{Explanation, Told};
use crate::app::offline;
use crate::config::Settings;
use crate::control::{Check, Reply, Request, client};
use crate::dns::written::{self, NotAName};
use crate::model::category::Category;
use crate::model::tier::Tier;

/// Explains a name: from the running server if there is one, else from the index on disk.
///
/// # Errors
/// A name that is none, an unknown group or tier, no index.
pub fn run(args: &CheckArgs, screen: &Screen) -> Result<Ended, Failure> {
    let name = match meant(&args.name) {
        Ok(name) => name,
        Err(why) => {
            complain(&why);
            return Ok(Ended::Refused);
        }
    };
    let check = Check {
        name,
        rtype: Some(args.rtype.clone()),
        client: args.client,
        group: args.group.clone(),
        tier: args.tier.clone(),
        resolve: !args.no_resolve,
    };
    let running = if args.offline { None } else { ask_server(args, &check)? };
    let explanation = match running {
        Some(Reply::Facts(facts)) => serde_json::from_value(facts)?,
        Some(Reply::Refused(why) | Reply::Done(why)) => {
            complain(&why);
            return Ok(Ended::Refused);
        }
        None if args.resolve => {
            complain(
                "máy chủ không chạy nên không phân giải được: bỏ --resolve / \
                 the server does not run, so nothing can be resolved: leave out --resolve",
            );
            return Ok(Ended::Refused);
        }
        None => match offline::check(&readable(args, screen)?, &check) {
            Ok(explanation) => explanation,
            Err(why) => {
                complain(&why);
                return Ok(Ended::Refused);
            }
        },
    };
    if args.json {
        print_json(&explanation)?
    } else {
        print(&text(&explanation))?
    }
    Ok(Ended::Done)
}

/// The name to look up. The address of a page, `*.x` and the like are taken for the name in them, and it is said.
fn meant(text: &str) -> Result<String, String> {
    let NotAName { slip, meant } = match written::name(text) {
        Ok(_) => return Ok(text.to_owned()),
        Err(wrong) => wrong,
    };
    match meant {
        Some(name) => {
            complain(&format!("tra tên / looking up `{name}` (`{text}`: {} / {slip})", slip.vi()));
            Ok(name)
        }
        None => Err(format!("`{text}` không phải tên miền / is not a name: {} / {slip}", slip.vi())),
    }
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

fn text(explanation: &Explanation) -> String {
    let mut text = format!("{} {}", explanation.name, explanation.rtype);
    if explanation.display != explanation.name {
        text += &format!(" ({})", explanation.display);
    }
    text.push('\n');
    if let Some(asked) = &explanation.asked {
        text += &format!("\n{}\n", sentence(asked));
    }
    let mut table = Table::new(&[
        "cấp học / tier",
        "kết quả / verdict",
        "trả lời / answer",
        "vì / because",
        "nhóm nội dung / category",
        "danh sách / list",
        "quy tắc / rule",
        "ở tên / at",
    ]);
    for told in &explanation.tiers {
        let tier = Tier::from_id(&told.tier).map_or(told.tier.clone(), |tier| tier.vi().to_owned());
        table.row(vec![
            tier,
            verdict(told).into(),
            told.answer.clone().unwrap_or_default(),
            because(&told.because).into(),
            category(told),
            list(told),
            rule(told),
            told.link.clone().unwrap_or_default(),
        ]);
    }
    text += &format!("\n{}", table.render());
    if explanation.tiers.iter().chain(&explanation.asked).all(|told| told.until.is_none()) {
        text += "Không kết quả nào tự đổi theo giờ. / None of these changes by itself.\n";
    }
    if !explanation.resolved && explanation.tiers.iter().any(|told| told.answer.is_none()) {
        text += "Không phân giải: tên mà nó dẫn tới (CNAME, HTTPS) chưa được xét. / \
                 Not resolved: names that it leads to (CNAME, HTTPS) were not looked at.\n";
    }
    for line in of_chain(explanation) {
        text += &line;
        text.push('\n');
    }
    if !explanation.rules.is_empty() {
        let mut rules = Table::new(&[
            "mọi quy tắc / every rule",
            "nhóm nội dung / category",
            "danh sách / list",
            "bản / version",
            "dòng / line",
        ]);
        for found in &explanation.rules {
            rules.row(vec![
                found.rule.clone(),
                found.says.clone(),
                found.list.clone(),
                found.version.clone(),
                found.line.to_string(),
            ]);
        }
        text += &format!("\n{}", rules.render());
    }
    text
}

/// The aliases and the errors of the answers, each once.
fn of_chain(explanation: &Explanation) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for told in explanation.asked.iter().chain(&explanation.tiers) {
        if !told.aliases.is_empty() {
            let way = format!("bí danh / aliases: {} → {}", explanation.name, told.aliases.join(" → "));
            lines.push(way);
        }
        lines.extend(told.errors.iter().map(|error| format!("EDE {error}")));
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines
}

fn sentence(told: &Told) -> String {
    let whom = told.group.clone().unwrap_or_else(|| told.tier.clone());
    let mut text =
        format!("{whom} ({}, {}): {}, {}", told.tier, told.mode, verdict(told), because(&told.because));
    let at = told.link.as_ref().map(|link| format!("tại tên / at the name {link}")).unwrap_or_default();
    for part in [told.answer.clone().unwrap_or_default(), category(told), list(told), rule(told), at] {
        if !part.is_empty() {
            text += &format!(", {part}");
        }
    }
    text
}

fn verdict(told: &Told) -> &'static str {
    match told.verdict.as_str() {
        "block" => "chặn / block",
        "monitor" => "chỉ đếm / monitor",
        "local" => "máy chủ tự trả lời / answered here",
        "refuse" => "từ chối / refused",
        "altered" => "bỏ bớt bản ghi / records left out",
        _ => "cho phép / allow",
    }
}

fn because(id: &str) -> &str {
    match id {
        "locked" => "khoá / locked",
        "school" => "quy định của trường / school rule",
        "policy_zone" => "vùng chính sách / policy zone",
        "category" => "nhóm nội dung / category",
        "allow_only" => "ngoài danh sách được phép / not on the allow list",
        "hard_protected" => "được bảo vệ / hard-protected",
        "soft_protected" => "được bảo vệ trước danh sách / soft-protected",
        "allow_set" => "trong danh sách được phép / on the allow list",
        "open_group" => "nhóm không lọc / open group",
        "local" => "máy chủ tự trả lời / the server's own data",
        "canary" => "tên dò đường vòng, luôn trả lời không có / canary, always no such name",
        "private_address" => "trỏ vào mạng của trường / leads into the school's network",
        "access" => "máy không được phép hỏi / the client may not ask",
        "nothing_forbids" => "không gì cấm / nothing forbids it",
        other => other,
    }
}

fn category(told: &Told) -> String {
    told.category
        .as_deref()
        .map(|id| Category::from_id(id).map_or(id.to_owned(), |category| category.vi().to_owned()))
        .unwrap_or_default()
}

fn list(told: &Told) -> String {
    match (&told.list, &told.version) {
        (Some(list), Some(version)) => format!("{list} ({version})"),
        _ => told.school_rule.clone().unwrap_or_default(),
    }
}

fn rule(told: &Told) -> String {
    match (&told.rule, told.line) {
        (Some(rule), Some(line)) => format!("{rule} (dòng / line {line})"),
        (Some(rule), None) => rule.clone(),
        _ => String::new(),
    }
}
