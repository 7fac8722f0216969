//! `lachan init`: a few questions, and a commented config that passes the check.
//!
//! Who answers is behind [`Answerer`], so a test plays the user. Each answer is judged where it is
//! given, and asked for again with the reason; the finished text is read as `config check` reads it
//! before it is handed out.

// Inside: `range` reads ranges as people write them, `lists` offers sources of the catalogue, `write_up` writes.

mod lists;
mod range;
mod write_up;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::mistake::{Report, Said};
use super::nearest::folded;
use super::{Context, never, read_text, value, words};
use crate::dns::written;
use crate::lists::profile::is_public_suffix;
use crate::model::tier::Tier;
use crate::resolve::forward::upstream::Upstream;
use range::Meant;
use write_up::write_up;

/// Times that one question is asked before we give up: whoever answers is no person.
const TRIES_MAX: usize = 10;
/// Networks asked for; a school with more edits the file.
const NETWORKS_MAX: usize = 64;
/// Servers of one zone, as `[[resolve.forward]]` takes them.
const SERVERS_MAX: usize = 16;

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

/// What is known before anybody is asked.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The networks that this machine is in, with the names of their interfaces: likely those of the school.
    pub networks: Vec<(String, IpNet)>,
}

/// Asks, and gives the text of a config that passes the check in `context`.
///
/// # Errors
/// What [`Error`] says.
pub fn interview(who: &mut dyn Answerer, context: &Context, machine: &Machine) -> Result<String, Error> {
    let mut talk = Talk { who, language: Language::Vietnamese, offers: machine.networks.clone() };
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
    /// The domain that a domain controller among the servers has.
    domain: Option<String>,
    state: String,
    /// Ids of the catalogue.
    lists: Vec<String>,
}

struct Talk<'w> {
    who: &'w mut dyn Answerer,
    language: Language,
    /// Networks of this machine that were not offered yet.
    offers: Vec<(String, IpNet)>,
}

/// An answer about a range.
enum Answer {
    /// There are no more networks.
    Done,
    /// Not the network that was offered.
    NotThat,
    /// These, one after the other, with those that are to be confirmed.
    Ranges(Vec<Meant>),
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
        let servers = self.servers()?;
        let domain = self.domain(&servers)?;
        let state = self.state()?;
        let lists = self.lists()?;
        Ok(Answers { school, levels, networks, servers, domain, state, lists })
    }

    fn levels(&mut self) -> Result<Vec<Tier>, Error> {
        let question = Said::new(
            "Các cấp học, cách nhau bằng dấu phẩy (mầm non, tiểu học, THCS, THPT)",
            "Levels, separated by commas (preschool, primary, lower secondary, upper secondary)",
        );
        let default = self.language.of(&Said::new("tiểu học", "primary")).to_owned();
        self.ask(&question, &default, |answer| {
            let mut levels = Vec::new();
            let answer = answer.replace(" và ", ",").replace(" and ", ",");
            let words = answer.split([',', ';', '+', '&', '/']).map(str::trim);
            for word in words.filter(|word| !word.is_empty()) {
                match words::nearest_tier(word).filter(|tier| Tier::PUPILS.contains(tier)) {
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
            let Some(from) = self.range(&question, &networks, Offers::Made)? else { break };
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
            match self.range(&question, &networks, Offers::NotMade)? {
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

    /// Ranges of one network; none where there are no more. What is likely meant in another way is asked back.
    fn range(
        &mut self,
        question: &Said,
        networks: &[Network],
        offers: Offers,
    ) -> Result<Option<Vec<IpNet>>, Error> {
        for _ in 0..TRIES_MAX {
            let is_free = |net: &IpNet| !networks.iter().any(|network| network.from.contains(net));
            self.offers.retain(|(_, net)| is_free(net));
            let offer = self.offers.first().cloned().filter(|_| offers == Offers::Made);
            let (question, default) = match &offer {
                None => (question.clone(), String::new()),
                Some((interface, net)) => (
                    Said::new(
                        format!(
                            "Dải địa chỉ; máy này đang ở mạng {net} ({interface}) (-: không dùng mạng đó)"
                        ),
                        format!(
                            "Range of addresses; this machine is in {net} ({interface}) (-: not that one)"
                        ),
                    ),
                    net.to_string(),
                ),
            };
            let meant = match self.ask(&question, &default, ranges)? {
                Answer::Done => return Ok(None),
                Answer::NotThat if offer.is_none() => return Ok(None),
                Answer::NotThat => {
                    self.offers.remove(0);
                    continue;
                }
                Answer::Ranges(meant) => meant,
            };
            let Some(from) = self.confirmed(meant)? else { continue };
            match self.fits(&from, networks) {
                Ok(()) => return Ok(Some(from)),
                Err(why) => self.tell(&why),
            }
        }
        Err(Error::GaveUp(self.language.of(question).to_owned()))
    }

    /// The ranges, after what was likely meant otherwise was asked back; none where it is to be written again.
    fn confirmed(&mut self, meant: Vec<Meant>) -> Result<Option<Vec<IpNet>>, Error> {
        let mut from = Vec::new();
        let mut open = std::collections::VecDeque::from(meant);
        // Each turn takes one; an answer that is a range itself puts as many back as it has.
        for _ in 0..TRIES_MAX * NETWORKS_MAX {
            let Some(meant) = open.pop_front() else { return Ok((!from.is_empty()).then_some(from)) };
            let (net, exactly) = match meant {
                Meant::Exactly(nets) => {
                    from.extend(nets);
                    continue;
                }
                Meant::Perhaps { net, exactly } => (net, exactly),
            };
            let question = Said::new(
                format!("Ý bạn là cả mạng {net}? (c/k)"),
                format!("Do you mean the network {net}? (y/n)"),
            );
            let yes = self.language.of(&Said::new("c", "y")).to_owned();
            let answer = self.ask(&question, &yes, |answer| match folded(answer).as_str() {
                "c" | "co" | "y" | "yes" | "dung" | "phai" | "u" => Ok(Some(vec![])),
                "k" | "khong" | "n" | "no" => Ok(None),
                _ => match ranges(answer) {
                    Ok(Answer::Ranges(meant)) => Ok(Some(meant)),
                    _ => Err(Said::new("ghi c (có) hoặc k (không)", "write y (yes) or n (no)")),
                },
            })?;
            match answer {
                Some(meant) if meant.is_empty() => from.push(net),
                Some(meant) => open.extend(meant),
                None if exactly.is_empty() => return Ok(None),
                None => from.extend(exactly),
            }
        }
        Ok(None)
    }

    /// Whether the ranges can stand beside the other networks'.
    fn fits(&self, from: &[IpNet], networks: &[Network]) -> Result<(), Said> {
        for (at, net) in from.iter().enumerate() {
            if from[..at].contains(net) || networks.iter().any(|network| network.from.contains(net)) {
                return Err(Said::new(format!("{net} đã có"), format!("{net} is there already")));
            }
        }
        let all = networks.iter().map(|network| network.from.as_slice()).chain([from]);
        match never::have_clients(all).iter().position(|has_clients| !has_clients) {
            None => Ok(()),
            Some(number) => {
                let name = networks.get(number).map_or("", |network| network.name.as_str());
                Err(Said::new(
                    format!("như vậy thì mạng \"{name}\" không còn máy nào: dải nhỏ hơn thắng dải lớn hơn"),
                    format!("then the network \"{name}\" has no clients left: the longer prefix wins"),
                ))
            }
        }
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
            words::nearest_tier(answer).ok_or_else(|| {
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
            let mut servers: Vec<(Upstream, String)> = Vec::new();
            for written in answer.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()) {
                if let Some(meant) = value::port_run_together(written) {
                    return Err(Said::new(format!("viết {meant}"), format!("write {meant}")));
                }
                let server = written.parse::<Upstream>().ok().filter(|server| {
                    let ip = server.address.ip();
                    !ip.is_loopback() && !ip.is_unspecified() && server.address.port() != 0
                });
                let Some(server) = server else {
                    return Err(Said::new(
                        format!("\"{written}\" không phải địa chỉ máy chủ, ghi ví dụ 192.0.2.53"),
                        format!("\"{written}\" is not the address of a server; write such as 192.0.2.53"),
                    ));
                };
                if !servers.iter().any(|(other, _)| *other == server) {
                    servers.push((server, written.to_owned()));
                }
            }
            if servers.len() > SERVERS_MAX {
                let most = SERVERS_MAX;
                return Err(Said::new(
                    format!("nhiều nhất {most} máy chủ"),
                    format!("at most {most} servers"),
                ));
            }
            Ok(servers.into_iter().map(|(_, written)| written).collect())
        })
    }

    /// The school's own domain, where the servers are its own: a domain controller answers for it with private
    /// addresses, which are taken out of answers to names that are not known to be the school's.
    fn domain(&mut self, servers: &[String]) -> Result<Option<String>, Error> {
        let is_own = |server: &String| {
            let address = server.parse::<Upstream>().map(|server| IpNet::from(server.address.ip()));
            address.is_ok_and(|address| {
                crate::serve::private_networks().iter().any(|own| own.contains(&address))
            })
        };
        if !servers.iter().any(is_own) {
            return Ok(None);
        }
        let question = Said::new(
            "Máy chủ này nằm trong trường. Tên miền nội bộ (Active Directory), ví dụ truong.local (để trống: không có)",
            "This server is the school's own. Its domain (Active Directory), such as school.local (empty: none)",
        );
        self.ask(&question, "", |answer| {
            if answer.is_empty() || matches!(folded(answer).as_str(), "khong" | "no" | "_") {
                return Ok(None);
            }
            match written::name(answer) {
                Ok(name) if !name.as_name().is_root() && !is_public_suffix(name.as_name()) => {
                    Ok(Some(name.to_string()))
                }
                Ok(_) => Err(Said::new("ghi tên miền của trường", "write the school's own domain")),
                Err(wrong) => {
                    let meant = wrong.meant.map(|meant| format!(": {meant}?")).unwrap_or_default();
                    Err(Said::new(format!("{}{meant}", wrong.slip.vi()), format!("{}{meant}", wrong.slip)))
                }
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

/// Whether the networks of this machine are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offers {
    Made,
    NotMade,
}

/// Reads ranges, separated by commas.
fn ranges(answer: &str) -> Result<Answer, Said> {
    if answer.is_empty() || matches!(folded(answer).as_str(), "xong" | "het" | "done") {
        return Ok(Answer::Done);
    }
    if matches!(folded(answer).as_str(), "_" | "khong" | "k" | "no" | "n") {
        return Ok(Answer::NotThat);
    }
    let mut meant = Vec::new();
    for word in answer.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()) {
        meant.push(range::read(word).ok_or_else(|| {
            Said::new(
                format!(
                    "\"{word}\" không phải dải địa chỉ; ghi 192.168.1.0/24, 192.168.1.x hoặc 192.168.1.10-50"
                ),
                format!("\"{word}\" is not a range; write 192.168.1.0/24, 192.168.1.x or 192.168.1.10-50"),
            )
        })?);
    }
    Ok(Answer::Ranges(meant))
}

fn free_name(name: &str, networks: &[Network]) -> String {
    let taken = |name: &str| networks.iter().any(|network| network.name == name);
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|number| format!("{name} ({number})")).find(|name| !taken(name)).expect("names are finite")
}
