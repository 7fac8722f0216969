//! The questions about the school's networks: ranges, names, and whom each is for.

use ipnet::IpNet;

use super::range::{self, Meant};
use super::{Error, Interview, Network, TRIES_MAX};
use crate::config::mistake::{Said, of_tier, said};
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
        self.tell(&said!("init-networks-none", level = of_tier(youngest)));
        let mut networks: Vec<Network> = Vec::new();
        while networks.len() < NETWORKS_MAX {
            let question = said!("init-networks");
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
            let question = said!("init-networks-level-without", level = of_tier(level));
            match self.range(&question, &networks, Offers::NotMade)? {
                Some(from) => {
                    let name = of_tier(level).text(self.language).to_owned();
                    networks.push(Network { name: free_name(&name, &networks), tier: level, from });
                }
                None => levels.retain(|other| *other != level),
            }
        }
        if levels.is_empty() {
            levels.push(youngest);
            networks.clear();
            self.tell(&said!("init-networks-no-network-has"));
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
                    said!("init-range", net = net.to_string(), interface = interface.to_string()),
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
            let question = said!("init-confirmed", net = net.to_string());
            let yes = said!("init-confirmed-y").text(self.language).to_owned();
            let answer = self.ask(&question, &yes, |answer| match folded(answer).as_str() {
                "c" | "co" | "y" | "yes" | "dung" | "phai" | "u" => Ok(Some(vec![])),
                "k" | "khong" | "n" | "no" => Ok(None),
                _ => match ranges(answer) {
                    Ok(Answer::Ranges(meant)) => Ok(Some(meant)),
                    _ => Err(said!("init-confirmed-write-y-yes")),
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
                return Err(said!("init-fits", net = net.to_string()));
            }
        }
        let all = networks.iter().map(|network| network.from.as_slice()).chain([from]);
        match never::have_clients(all).iter().position(|has_clients| !has_clients) {
            None => Ok(()),
            Some(number) => {
                let name = networks.get(number).map_or("", |network| network.name.as_str());
                Err(said!("init-fits-then-the-network", name = name.to_string()))
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
        let default = said!("init-network", number = number.to_string()).text(self.language).to_owned();
        let default = free_name(&default, networks);
        let name = self.ask(&said!("init-network-name-of-the"), &default, |answer| {
            let taken = networks.iter().any(|network| network.name == answer)
                || answer == crate::policy::UNKNOWN_GROUP;
            if taken || answer.is_empty() {
                return Err(said!("init-network-choose-another-name"));
            }
            Ok(answer.to_owned())
        })?;
        let question = said!("init-network-whom-it-is");
        let default = of_tier(levels[0]).text(self.language).to_owned();
        let tier = self.ask(&question, &default, |answer| {
            words::nearest_tier(answer)
                .ok_or_else(|| said!("init-network-no-tier-answer", answer = answer.to_string()))
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
        meant.push(range::read(word).ok_or_else(|| said!("init-ranges", word = word.to_string()))?);
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
