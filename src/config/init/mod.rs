//! `lachan init`: a few questions, and a commented config that passes the check.
//!
//! Who answers is behind [`Answerer`], so a test plays the user. Each answer is judged where it is
//! given, and asked for again with the reason; the finished text is read as `config check` reads it
//! before it is handed out.

mod write_up;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::mistake::{Report, Said};
use super::nearest::nearest_alias;
use super::value::{self, Range};
use super::{Context, read_text};
use crate::model::tier::Tier;
use crate::resolve::forward::upstream::Upstream;
use write_up::write_up;

/// Times that one question is asked before we give up: whoever answers is no person.
const TRIES_MAX: usize = 10;
/// Networks asked for; a school with more edits the file.
const NETWORKS_MAX: usize = 64;

/// Who answers the questions.
pub trait Answerer {
    /// Shows a text.
    fn tell(&mut self, text: &str);
    /// Asks; an empty answer means `default`. `None`: there will be no more answers.
    fn ask(&mut self, question: &str, default: &str) -> Option<String>;
}

/// Why no config was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answers ended.
    #[error("the answers ended before the questions did")]
    Ended,
    /// The same question was answered wrongly too often.
    #[error("no usable answer to: {0}")]
    GaveUp(String),
    /// There is a file already.
    #[error("{} exists; it is not overwritten unless that is said", .0.display())]
    Exists(PathBuf),
    /// The file could not be written.
    #[error("could not write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    /// The answers fit together in a way that the check refuses.
    #[error("the answers do not go together:\n{0}")]
    Refused(Box<Report>),
}

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

/// Asks, and gives the text of a config that passes the check in `context`.
///
/// # Errors
/// What [`Error`] says.
pub fn interview(who: &mut dyn Answerer, context: &Context) -> Result<String, Error> {
    let mut talk = Talk { who, language: Language::Vietnamese };
    let answers = talk.interview()?;
    let text = write_up(&answers, talk.language);
    match read_text("lachan.toml", &text, context) {
        Ok(_) => Ok(text),
        Err(report) => Err(Error::Refused(Box::new(report))),
    }
}

/// Writes a config's text.
///
/// # Errors
/// [`Error::Exists`] where a file is there and is to be kept; [`Error::Write`].
pub fn write(path: &Path, text: &str, existing: Existing) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let opened = match existing {
        Existing::Keep => OpenOptions::new().write(true).create_new(true).open(path),
        Existing::Replace => OpenOptions::new().write(true).create(true).truncate(true).open(path),
    };
    let mut file = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists(path.to_owned()));
        }
        opened => opened.map_err(failed)?,
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Vietnamese,
    English,
}

impl Language {
    fn of(self, said: &Said) -> &str {
        match self {
            Self::Vietnamese => &said.vi,
            Self::English => &said.en,
        }
    }
}

struct Network {
    name: String,
    tier: Tier,
    from: Vec<IpNet>,
}

struct Answers {
    school: String,
    levels: Vec<Tier>,
    networks: Vec<Network>,
    servers: Vec<String>,
    state: String,
}

struct Talk<'w> {
    who: &'w mut dyn Answerer,
    language: Language,
}

impl Talk<'_> {
    fn interview(&mut self) -> Result<Answers, Error> {
        let question = Said::new("Tiếng Việt hay English? (vi, en)", "Tiếng Việt hay English? (vi, en)");
        self.language = self.ask(&question, "vi", |answer| match answer.to_lowercase().as_str() {
            "vi" | "tiếng việt" | "v" => Ok(Language::Vietnamese),
            "en" | "english" | "e" => Ok(Language::English),
            _ => Err(Said::new("ghi vi hoặc en", "write vi or en")),
        })?;
        let school = self.ask(&Said::new("Tên trường", "Name of the school"), "", |answer| {
            let fits = answer.chars().count() <= 200 && !answer.chars().any(char::is_control);
            if fits {
                Ok(answer.to_owned())
            } else {
                Err(Said::new("tên dài quá", "the name is too long"))
            }
        })?;
        let mut levels = self.levels()?;
        let networks = self.networks(&mut levels)?;
        Ok(Answers { school, levels, networks, servers: self.servers()?, state: self.state()? })
    }

    fn levels(&mut self) -> Result<Vec<Tier>, Error> {
        let question = Said::new(
            "Các cấp học, cách nhau bằng dấu phẩy (mầm non, tiểu học, THCS, THPT)",
            "Levels, separated by commas (preschool, primary, lower secondary, upper secondary)",
        );
        let default = self.language.of(&Said::new("tiểu học", "primary")).to_owned();
        self.ask(&question, &default, |answer| {
            let mut levels = Vec::new();
            for word in answer.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                match tier(word).filter(|tier| Tier::PUPILS.contains(tier)) {
                    Some(tier) => levels.push(tier),
                    None => {
                        return Err(Said::new(
                            format!("không có cấp \"{word}\""),
                            format!("no level \"{word}\""),
                        ));
                    }
                }
            }
            levels.sort_unstable();
            levels.dedup();
            if levels.is_empty() {
                Err(Said::new("cần ít nhất một cấp", "at least one is needed"))
            } else {
                Ok(levels)
            }
        })
    }

    /// Networks until an empty answer. A level without a network is asked for once more, and left out
    /// where it has none.
    fn networks(&mut self, levels: &mut Vec<Tier>) -> Result<Vec<Network>, Error> {
        let youngest = levels[0];
        self.tell(&Said::new(
            format!("Các mạng của trường. Không ghi mạng nào: mọi máy theo cấp {}.", youngest.vi()),
            format!("The school's networks. Without any, all clients are of the level {}.", youngest.en()),
        ));
        let mut networks: Vec<Network> = Vec::new();
        while networks.len() < NETWORKS_MAX {
            let question = Said::new(
                "Dải địa chỉ, ví dụ 10.10.1.0/24 (để trống: xong)",
                "Range of addresses, such as 10.10.1.0/24 (empty: done)",
            );
            let Some(from) = self.range(&question, &networks)? else { break };
            let network = self.network(from, levels, networks.len() + 1, &networks)?;
            networks.push(network);
        }
        if networks.is_empty() {
            return Ok(networks);
        }
        for level in levels.clone() {
            if networks.iter().any(|network| network.tier == level) {
                continue;
            }
            let question = Said::new(
                format!("Chưa có mạng cho cấp {}. Dải địa chỉ (để trống: bỏ cấp này)", level.vi()),
                format!(
                    "No network yet for the level {}. Its range (empty: leave the level out)",
                    level.en()
                ),
            );
            match self.range(&question, &networks)? {
                Some(from) => {
                    let name = self.language.of(&Said::new(level.vi(), level.en())).to_owned();
                    networks.push(Network { name: free_name(&name, &networks), tier: level, from });
                }
                None => levels.retain(|other| *other != level),
            }
        }
        if levels.is_empty() {
            levels.push(youngest);
            networks.clear();
            self.tell(&Said::new(
                "Không mạng nào có học sinh: bỏ các mạng, mọi máy theo một cấp.",
                "No network has pupils: the networks are left out, all clients are of one level.",
            ));
        }
        Ok(networks)
    }

    fn range(&mut self, question: &Said, networks: &[Network]) -> Result<Option<Vec<IpNet>>, Error> {
        self.ask(question, "", |answer| {
            let mut from: Vec<IpNet> = Vec::new();
            for word in answer.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let net = match value::range(word) {
                    Some(Range::Net(net)) if net.prefix_len() > 0 => net,
                    Some(Range::HostBits(net)) => {
                        return Err(Said::new(format!("ý bạn là {net}?"), format!("did you mean {net}?")));
                    }
                    _ => {
                        let what = |text| format!("\"{word}\" {text}");
                        return Err(Said::new(what("không phải dải địa chỉ"), what("is not a range")));
                    }
                };
                if from.contains(&net) || networks.iter().any(|network| network.from.contains(&net)) {
                    return Err(Said::new(format!("{net} đã có"), format!("{net} is there already")));
                }
                from.push(net);
            }
            Ok((!from.is_empty()).then_some(from))
        })
    }

    fn network(
        &mut self,
        from: Vec<IpNet>,
        levels: &[Tier],
        number: usize,
        networks: &[Network],
    ) -> Result<Network, Error> {
        let default =
            self.language.of(&Said::new(format!("Mạng {number}"), format!("Network {number}"))).to_owned();
        let default = free_name(&default, networks);
        let name = self.ask(&Said::new("Tên mạng", "Name of the network"), &default, |answer| {
            let taken = networks.iter().any(|network| network.name == answer)
                || answer == crate::policy::UNKNOWN_GROUP;
            if taken || answer.is_empty() {
                return Err(Said::new("chọn tên khác", "choose another name"));
            }
            Ok(answer.to_owned())
        })?;
        let question = Said::new(
            "Dành cho ai (mầm non, tiểu học, THCS, THPT, giáo viên, khách)",
            "Whom it is for (preschool, primary, lower secondary, upper secondary, staff, guest)",
        );
        let default = self.language.of(&Said::new(levels[0].vi(), levels[0].en())).to_owned();
        let tier = self.ask(&question, &default, |answer| {
            tier(answer).ok_or_else(|| {
                Said::new(format!("không có cấp \"{answer}\""), format!("no tier \"{answer}\""))
            })
        })?;
        Ok(Network { name, tier, from })
    }

    fn servers(&mut self) -> Result<Vec<String>, Error> {
        let question = Said::new(
            "Tự phân giải (để trống), hoặc chuyển tiếp cho máy chủ nào, ví dụ 192.0.2.53, tls://192.0.2.53#dns.example",
            "Resolve by itself (empty), or forward to which servers, such as 192.0.2.53, tls://192.0.2.53#dns.example",
        );
        self.ask(&question, "", |answer| {
            let servers: Vec<&str> =
                answer.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            match servers.iter().find(|server| {
                !server.parse::<Upstream>().is_ok_and(|server| !server.address.ip().is_loopback())
            }) {
                Some(bad) => Err(Said::new(
                    format!("\"{bad}\" không phải máy chủ khác, ghi bằng địa chỉ"),
                    format!("\"{bad}\" is not another server, written by its address"),
                )),
                None => Ok(servers.into_iter().map(str::to_owned).collect()),
            }
        })
    }

    fn state(&mut self) -> Result<String, Error> {
        let question = Said::new(
            "Thư mục lưu nhật ký và danh sách (auto: chương trình tự chọn)",
            "Folder for the log and the lists (auto: the program chooses)",
        );
        self.ask(&question, "auto", |answer| {
            let fits = answer == "auto" || Path::new(answer).is_absolute();
            if fits {
                Ok(answer.to_owned())
            } else {
                Err(Said::new("ghi đường dẫn đầy đủ", "write an absolute path"))
            }
        })
    }

    fn tell(&mut self, said: &Said) {
        self.who.tell(self.language.of(said));
    }

    /// Asks until the answer can be used.
    fn ask<T>(
        &mut self,
        question: &Said,
        default: &str,
        judge: impl Fn(&str) -> Result<T, Said>,
    ) -> Result<T, Error> {
        let question = self.language.of(question).to_owned();
        for _ in 0..TRIES_MAX {
            let answer = self.who.ask(&question, default).ok_or(Error::Ended)?;
            let answer = match answer.trim() {
                "" => default,
                answer => answer,
            };
            match judge(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.tell(&why),
            }
        }
        Err(Error::GaveUp(question))
    }
}

/// A tier by what people call it.
fn tier(word: &str) -> Option<Tier> {
    let own = Tier::ALL
        .into_iter()
        .flat_map(|tier| [tier.id(), tier.vi(), tier.en()].map(|spelling| (spelling, tier)));
    let others = [("giáo viên", Tier::Staff), ("teachers", Tier::Staff), ("guests", Tier::Guest)];
    nearest_alias(word, own.chain(others))
}

fn free_name(name: &str, networks: &[Network]) -> String {
    let taken = |name: &str| networks.iter().any(|network| network.name == name);
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|number| format!("{name} ({number})")).find(|name| !taken(name)).expect("names are finite")
}
