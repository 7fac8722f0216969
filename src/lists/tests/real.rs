//! Real public lists are told apart and read; what they hold is what people counted in them.

use std::time::Instant;

use super::shared::{folder, unpacked};
use super::torture::spec;
use crate::lists::account::Account;
use crate::lists::format::Format;
use crate::lists::protected::Protected;
use crate::lists::read::survey;
use crate::lists::spec::Profile;
use crate::model::category::Category;

/// What the manifest calls a format, as we read it. Lists that are no lists of names have none.
fn told(native: &str) -> &'static [Format] {
    match native {
        "hosts" => &[Format::Hosts],
        "abp" | "ubo" | "abp-cosmetic" => &[Format::Abp],
        "rpz-abs" => &[Format::Rpz],
        "dnsmasq" => &[Format::Dnsmasq],
        "dnscrypt" => &[Format::Wildcard],
        // ChongLuaDao's `urls.txt` is called so, but holds names and few pages.
        "urls" => &[Format::Urls, Format::Plain],
        "squidguard-urls" => &[Format::Urls],
        "ips" => &[Format::Ip],
        "plain" | "plain-commented" | "plain-suffix" | "wildcard" => &[Format::Plain],
        // Regular expressions, prose, remains: no list of names, and none is taken.
        _ => Format::ALL,
    }
}

fn category(name: &str) -> Category {
    match name {
        "malware" | "cryptojacking" | "ransomware" | "stalkerware" | "ddos" => Category::Malware,
        "phishing" | "phishing-vn" | "scam" | "typo" | "nrd" | "threat" => Category::Phishing,
        "dynamic-dns" | "ddns" | "dynamic" | "free" => Category::Ddns,
        _ => Category::Games,
    }
}

fn summary(account: &Account) -> String {
    account.reasons().map(|(reason, count)| format!("{}={count}", reason.id())).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_public_list_is_told_apart_and_accounted_for() {
    let Some(root) = folder("lists") else { return };
    let root = root.parent().expect("it has a parent");
    let manifest = std::fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let protected = Protected::embedded();
    let (mut wrong, mut taken, mut took, mut octets) = (Vec::new(), 0, 0.0, 0);
    for line in manifest.lines().filter(|line| line.starts_with("lists/")) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (file, category, native) = (cells[0], category(cells[6]), cells[7]);
        let text = unpacked(&root.join(file));
        let profile = Profile { private_suffixes: category == Category::Ddns, ..Profile::default() };
        let start = Instant::now();
        let reading = survey(&text, &spec(category, profile), &protected);
        took += start.elapsed().as_secs_f64();
        octets += text.len();
        let account = &reading.account;
        taken += account.taken;
        println!(
            "{file}\t{native}\t{}\ttaken={} names={} {}",
            reading.format.id(),
            account.taken,
            account.protected_names,
            summary(account)
        );
        let is_list = !matches!(native, "squidguard-regex" | "meta" | "garbage");
        let damage = if is_list { account.damaged() * 20 } else { account.taken };
        if !account.adds_up() || !told(native).contains(&reading.format) || damage > account.meant().max(20) {
            let why = reading.why_format.message();
            wrong.push(format!(
                "{file}: {native}, {why}; damaged {} of {}",
                account.damaged(),
                account.meant()
            ));
            wrong.extend(
                account.samples.iter().map(|s| format!("    {} {} {:?}", s.line, s.reason.id(), s.text)),
            );
        }
    }
    println!("all: {taken} names of {octets} octets in {took:.2} s");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
