//! The questions about the school's networks: ranges, names, and whom each is for.

use ipnet::IpNet;

use super::range::{self, Meant};
use super::{Error, Interview, Network, TRIES_MAX};
use crate::config::mistake::Said;
use crate::config::nearest::folded;
use crate::config::{never, words};
use crate::model::tier::Tier;

/// Networks asked for; a school with more edits the file.
const NETWORKS_MAX: usize = 64;

/// An answer about a range.
enum Answer {
    /// There are no more networks.
    Done,
    /// Not the network that was offered.
    NotThat,
    /// These, one after the other, with those that are to be confirmed.
    Ranges(Vec<Meant>),
}

/// Whether the networks of this machine are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offers {
    Made,
    NotMade,
}

impl Interview<'_> {
    /// Networks until an empty answer. A level without a network is asked for once more, and left out
    /// where it has none.
    pub(super) fn networks(&mut self, levels: &mut Vec<Tier>) -> Result<Vec<Network>, Error> {
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
                    let name = Said::new(level.vi(), level.en()).text(self.language).to_owned();
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
        Err(Error::GaveUp(question.text(self.language).to_owned()))
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
            let yes = Said::new("c", "y").text(self.language).to_owned();
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
            Said::new(format!("Mạng {number}"), format!("Network {number}")).text(self.language).to_owned();
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
        let default = Said::new(levels[0].vi(), levels[0].en()).text(self.language).to_owned();
        let tier = self.ask(&question, &default, |answer| {
            words::nearest_tier(answer).ok_or_else(|| {
                Said::new(format!("không có cấp \"{answer}\""), format!("no tier \"{answer}\""))
            })
        })?;
        Ok(Network { name, tier, from })
    }
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
