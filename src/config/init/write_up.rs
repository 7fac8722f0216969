//! The config that the answers make.

use ipnet::IpNet;

use super::Answers;
use super::lists::Wanted;
use crate::config::value;
use crate::i18n::{Lang, Message, msg};
use crate::serve::private_networks;

/// The config, with comments in the language of the answers.
pub(super) fn write_up(answers: &Answers, lang: Lang) -> String {
    let mut out = String::new();
    let comment = |out: &mut String, text: Message| out.push_str(&format!("# {}\n", text.text(lang)));
    comment(&mut out, msg!("written-head"));
    comment(&mut out, msg!("written-after-a-change"));
    out.push_str("version = 1\n\n[school]\n");
    out.push_str(&format!("name = {}\n", quoted(&answers.school)));
    out.push_str(&format!("level = {}\n\n", list(answers.levels.iter().map(|tier| tier.id()))));
    let private = private_networks();
    let all = || answers.networks.iter().flat_map(|network| &network.from);
    let public: Vec<String> = all()
        .filter(|net| !private.iter().any(|own| own.contains(*net) || net.contains(own)))
        .map(IpNet::to_string)
        .collect();
    if !public.is_empty() {
        comment(&mut out, msg!("written-access"));
        let allow = std::iter::once("private").chain(public.iter().map(String::as_str));
        out.push_str(&format!("[access]\nallow = {}\n\n", list(allow)));
    }
    if answers.servers.is_empty() {
        comment(&mut out, msg!("written-recursive"));
        out.push_str("[resolve]\nmode = \"recursive\"\n\n");
    } else {
        comment(&mut out, msg!("written-forward"));
        out.push_str("[resolve]\nmode = \"forward\"\n");
        if let Some(domain) = &answers.domain {
            comment(&mut out, msg!("written-domain"));
            out.push_str(&format!("private_names = {}\n", list([domain.as_str()].into_iter())));
        }
        out.push_str("\n[[resolve.forward]]\nzone = \".\"\n");
        out.push_str(&format!("servers = {}\n\n", list(answers.servers.iter().map(String::as_str))));
    }
    if let Some(domain) = &answers.domain {
        own_zones(&mut out, answers, domain, &comment);
    }
    if answers.networks.is_empty() {
        comment(&mut out, msg!("written-no-groups"));
    } else {
        comment(&mut out, msg!("written-groups"));
    }
    for network in &answers.networks {
        out.push_str(&format!(
            "[[group]]\nname = {}\ntier = \"{}\"\n",
            quoted(&network.name),
            network.tier.id()
        ));
        let from: Vec<String> = network.from.iter().map(IpNet::to_string).collect();
        out.push_str(&format!("from = {}\n\n", list(from.iter().map(String::as_str))));
    }
    comment(&mut out, msg!("written-lists"));
    let Wanted { recommended, more } = &answers.lists;
    out.push_str(&format!("[lists]\nrecommended = {recommended}\n\n"));
    if more.is_empty() {
        out.push_str("#[[list]]\n#source = \"nextdns-tiktok\"\n\n");
    }
    for id in more {
        out.push_str(&format!("[[list]]\nsource = {}\n\n", quoted(id)));
    }
    comment(&mut out, msg!("written-state"));
    out.push_str(&format!("[state]\nfolder = {}\n", quoted(&answers.state)));
    out
}

/// The domain and the reverse zones of the school's networks, asked of its own servers and of no others.
fn own_zones(out: &mut String, answers: &Answers, domain: &str, comment: &impl Fn(&mut String, Message)) {
    comment(out, msg!("written-own-zones"));
    let private = private_networks();
    let nets = answers.networks.iter().flat_map(|network| &network.from);
    let nets = nets.filter(|net| private.iter().any(|own| own.contains(*net)));
    let mut zones = vec![domain.to_owned()];
    for zone in nets.filter_map(|net| value::reverse_zone(&net.to_string())) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    let servers = list(answers.servers.iter().map(String::as_str));
    for zone in zones {
        out.push_str(&format!("[[resolve.forward]]\nzone = {}\nservers = {servers}\n\n", quoted(&zone)));
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}
