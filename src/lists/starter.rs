//! The lists that are part of the program, so that the resolver is never without a filter.
//!
//! Written and reviewed by people of the project (`blocklists/README.md`).

use std::time::Duration;

use super::format::Format;
use super::spec::{FormatChoice, ListSpec, MAX_NAMES_DEFAULT, Matching, Profile, SourceSpec};
use crate::model::category::Category;
use crate::model::rule::ListKind;

/// A list of the program with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    /// How it is read.
    pub spec: ListSpec,
    /// Its text.
    pub text: &'static str,
}

macro_rules! texts {
    ($($category:ident = $file:literal;)*) => {
        &[$((Category::$category, include_str!(concat!("../../blocklists/", $file))),)*]
    };
}

/// One file for each category but `newdom`, which is observed and not listed.
const BLOCK: &[(Category, &str)] = texts! {
    Csam = "csam.txt";
    Malware = "malware.txt";
    Phishing = "phishing.txt";
    Authority = "authority.txt";
    Adult = "adult.txt";
    AdultSoft = "adult_soft.txt";
    Gambling = "gambling.txt";
    Drugs = "drugs.txt";
    Violence = "violence.txt";
    Hate = "hate.txt";
    Bypass = "bypass.txt";
    Encdns = "encdns.txt";
    Ddns = "ddns.txt";
    Remote = "remote.txt";
    Piracy = "piracy.txt";
    Games = "games.txt";
    Edugames = "edugames.txt";
    Social = "social.txt";
    Shortvideo = "shortvideo.txt";
    Chat = "chat.txt";
    Video = "video.txt";
    Ai = "ai.txt";
    Cheat = "cheat.txt";
    Filehost = "filehost.txt";
    Shortener = "shortener.txt";
    Ads = "ads.txt";
    Shop = "shop.txt";
    Nosafe = "nosafe.txt";
    Sexed = "sexed.txt";
    Test = "test.txt";
    Webnovel = "webnovel.txt";
    Webhost = "webhost.txt";
};

/// Sets of names for allow-only groups.
const ALLOW: &[(&str, &str)] = &[("learning", include_str!("../../blocklists/allow/learning.txt"))];

/// The name to try the filter with: on the list `test`, blocked in every tier, and no real site.
pub const TEST_NAME: &str = "thu-chan.lachan.example";

/// The version of all starter lists: the program's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All lists of the program: `starter-<category>` by category, then the allow sets by name.
pub fn all() -> Vec<Starter> {
    let block = BLOCK.iter().map(|(category, text)| {
        starter(format!("starter-{}", category.id()), ListKind::Block(*category), text)
    });
    let allow = ALLOW.iter().map(|(set, text)| starter((*set).to_owned(), ListKind::Allow, text));
    block.chain(allow).collect()
}

fn starter(id: String, kind: ListKind, text: &'static str) -> Starter {
    let profile = Profile {
        matching: Matching::Subtree,
        fold_www: false,
        private_suffixes: matches!(
            kind,
            ListKind::Block(Category::Ddns | Category::Webhost) | ListKind::Allow
        ),
        // `gov.vn` and `edu.vn` as a whole.
        tld: matches!(kind, ListKind::Allow),
        urls: false,
        page_options: false,
        max_names: MAX_NAMES_DEFAULT,
    };
    let format = FormatChoice::Named(Format::Plain);
    let spec = ListSpec { id, source: SourceSpec::Starter, kind, format, profile, every: Duration::MAX };
    Starter { spec, text }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dns::name::OwnedName;
    use crate::dns::suffixes::Suffixes;
    use crate::lists::protected::Protected;
    use crate::lists::read::read;
    use crate::lists::reason::Ignored;

    #[test]
    fn every_file_of_the_folder_is_part_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("blocklists");
        let texts = |folder: &Path| {
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            let files = files.filter(|file| file.extension().is_some_and(|end| end == "txt"));
            // Names of no category: what downloaded lists have no business to hold.
            files.filter(|file| !file.ends_with("popular.txt")).count()
        };
        assert_eq!(texts(&folder), BLOCK.len());
        assert_eq!(texts(&folder.join("allow")), ALLOW.len());
        let observed = |category: &&Category| **category != Category::Newdom;
        assert!(Category::ALL.iter().filter(observed).eq(BLOCK.iter().map(|(category, _)| category)));
    }

    #[test]
    fn each_says_what_it_is_and_every_line_is_taken_or_a_comment() {
        for Starter { spec, text } in all() {
            let (rules, reading) = read(text.as_bytes(), &spec, &Protected::none());
            let head = match spec.kind {
                ListKind::Block(category) => format!("# category: {}\n", category.id()),
                _ => format!("# allow set: {}\n", spec.id),
            };
            assert!(text.starts_with(&head), "{}", spec.id);
            let account = &reading.account;
            assert_eq!(
                account.taken + account.ignored(Ignored::Comment),
                account.lines,
                "{}: {account:?}",
                spec.id
            );
            let secret = matches!(spec.kind, ListKind::Block(category) if category.is_secret());
            assert_eq!(rules.is_empty(), secret, "{}", spec.id);
        }
    }

    #[test]
    fn the_name_for_trials_is_the_only_one_on_its_list() {
        let list = all().into_iter().find(|list| list.spec.kind == ListKind::Block(Category::Test)).unwrap();
        let (rules, _) = read(list.text.as_bytes(), &list.spec, &Protected::embedded());
        let names: Vec<String> = rules.iter().map(|rule| rule.name.to_string()).collect();
        assert_eq!(names, [TEST_NAME]);
    }

    /// Delivery networks and hosting that sites of every kind share. A category that blocks one takes pictures,
    /// scripts and fonts from newspapers, ministries and schools.
    const SHARED: &[&str] = &[
        // VNG: Zalo and Zing, but newspapers too (`photo-cms-plo.zadn.vn`).
        "zadn.vn",
        "zdn.vn",
        "zascdn.me",
        "zmdcdn.me",
        // ByteDance: TikTok, but Lark and CapCut too.
        "bytedapm.com",
        "bytefcdn-oversea.com",
        "byteimg.com",
        "byteoversea.com",
        "ibytedtos.com",
        "ibyteimg.com",
        "ipstatp.com",
        "isnssdk.com",
        "sgsnssdk.com",
        "snssdk.com",
        "zijieapi.com",
        // Amazon: the shop, but IMDb and Goodreads too. Sina: Weibo, but its news too.
        "media-amazon.com",
        "ssl-images-amazon.com",
        "sinaimg.cn",
        // Google: accounts, Classroom, Drive.
        "ggpht.com",
        "googleapis.com",
        "googleusercontent.com",
        "gstatic.com",
        "gvt1.com",
        // Delivery networks of everybody.
        "akamai.net",
        "akamaiedge.net",
        "akamaihd.net",
        "akamaized.net",
        "akadns.net",
        "edgekey.net",
        "edgesuite.net",
        "alicdn.com",
        "aliyuncs.com",
        "amazonaws.com",
        "azureedge.net",
        "azurefd.net",
        "b-cdn.net",
        "bootstrapcdn.com",
        "cachefly.net",
        "cdn77.org",
        "cdnjs.com",
        "cdnvideo.ru",
        "cloudflare.com",
        "cloudflare.net",
        "cloudflarestorage.com",
        "cloudfront.net",
        "edgecastcdn.net",
        "fastly.net",
        "fastlylb.net",
        "fontawesome.com",
        "hwcdn.net",
        "jsdelivr.net",
        "jwpcdn.com",
        "jwplayer.com",
        "kxcdn.com",
        "llnwd.net",
        "llnwi.net",
        "mncdn.com",
        "msecnd.net",
        "myqcloud.com",
        "netdna-cdn.com",
        "qcloud.com",
        "stackpathcdn.com",
        "swiftserve.com",
        "trafficmanager.net",
        "unpkg.com",
        "wixstatic.com",
        "wp.com",
        "windows.net",
        "gravatar.com",
        "typekit.net",
        // Vietnamese delivery networks and hosting.
        "bizflycloud.vn",
        "cdnetworks.net",
        "cmctelecom.vn",
        "fptcloud.com",
        "mediacdn.vn",
        "sohatv.vn",
        "tencentcloud.com",
        "vccloud.vn",
        "vcmedia.vn",
        "vegacdn.vn",
        "viettelcdn.vn",
        "vnecdn.net",
        "vngcloud.vn",
    ];

    #[test]
    fn no_category_takes_a_delivery_network_that_others_share() {
        // These are about hosting that anybody can have: their names are shared on purpose.
        let shared_on_purpose = [Category::Ddns, Category::Webhost].map(ListKind::Block);
        let lists = all().into_iter().filter(|list| !shared_on_purpose.contains(&list.spec.kind));
        for Starter { spec, text } in lists.filter(|list| matches!(list.spec.kind, ListKind::Block(_))) {
            for rule in read(text.as_bytes(), &spec, &Protected::none()).0 {
                let shared = SHARED.iter().map(|name| OwnedName::parse(name).unwrap());
                let hit = { shared }.find(|shared| shared.as_name().is_at_or_below(rule.name.as_name()));
                assert!(hit.is_none(), "{}: {} takes {}", spec.id, rule.name, hit.unwrap());
            }
        }
    }

    #[test]
    fn none_names_a_protected_name() {
        let protected = Protected::embedded();
        for Starter { spec, text } in all() {
            for rule in read(text.as_bytes(), &spec, &Protected::none()).0 {
                let hit = protected.against(&Suffixes::of(protected.key(), rule.name.as_name()), spec.kind);
                assert!(hit.is_none(), "{}: {} is protected", spec.id, rule.name);
            }
        }
    }
}
