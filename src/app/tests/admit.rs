//! What each group gets of one answer that is in the cache: a table of answers and groups.

use super::school::{A, FIVE_GROUPS, HTTPS, Lists, School};
use crate::dns::rrtype::RrType;

const LISTS: Lists = &[
    ("gambling", "bad.example opened.example"),
    ("malware", "worm.example"),
    ("allow", "school.example"),
    ("protect", "online.example"),
];

const ZONES: &[(&str, &str)] = &[("rules.test", "nx.zoned.example CNAME .\n32.66.2.0.192.rpz-ip CNAME .\n")];

const WORLD: &str = "
    free.example A 198.51.100.1
    free.shop CNAME free.example
    bad.shop CNAME www.bad.example
    www.bad.example A 198.51.100.2
    opened.shop CNAME www.opened.example
    www.opened.example A 198.51.100.3
    banned.shop CNAME www.banned.example
    www.banned.example A 198.51.100.4
    worm.shop CNAME worm.example
    worm.example A 198.51.100.5
    online.example CNAME www.bad.example
    nx.shop CNAME nx.zoned.example
    nx.zoned.example A 198.51.100.6
    by-ip.shop A 192.0.2.66
    inside.shop A 10.0.0.1
    www.school.example CNAME cdn.example
    cdn.example A 198.51.100.7
    away.school.example HTTPS d1.cdn.example
    at-home.school.example HTTPS www.school.example
    worm.school.example CNAME worm.example
";

const PUPIL: &str = "127.0.1.1";
const WATCHED: &str = "127.0.2.1";
const OPEN: &str = "127.0.3.1";
const SET: &str = "127.0.4.1";
const TEACHER: &str = "127.0.5.1";
const GROUPS: [&str; 5] = [PUPIL, WATCHED, OPEN, SET, TEACHER];

/// What a group gets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gets {
    /// What the world says.
    World,
    /// The group's block answer, counted.
    Block,
    /// The world's answer without some of its records, not counted.
    Less,
}

use Gets::{Block, Less, World};

/// Name and type, then what the groups get in the order of [`GROUPS`], then why.
const TABLE: &[(&str, RrType, [Gets; 5], &str)] = &[
    ("free.shop", A, [World, World, World, Block, World], "nobody has a rule; the set lacks the name"),
    ("bad.shop", A, [Block, World, World, Block, World], "a category of the tier, behind an alias"),
    ("opened.shop", A, [World, World, World, Block, World], "the school opens the name behind an alias"),
    ("banned.shop", A, [Block, World, World, Block, Block], "the school blocks it for all tiers"),
    ("worm.shop", A, [Block, Block, Block, Block, World], "locked, whatever the mode"),
    ("online.example", A, [World, World, World, World, World], "protected names keep what they lead to"),
    ("nx.shop", A, [Block, World, World, Block, Block], "a policy zone, behind an alias"),
    ("by-ip.shop", A, [Block, World, World, Block, Block], "a policy zone, by the address"),
    ("inside.shop", A, [Less, Less, Less, Block, Less], "an address of the school's own networks"),
    ("www.school.example", A, [World, World, World, World, World], "in the set, and what it leads to"),
    ("away.school.example", HTTPS, [World, World, World, Less, World], "a service record off the set"),
    ("at-home.school.example", HTTPS, [World, World, World, World, World], "a service record within it"),
    ("worm.school.example", A, [Block, Block, Block, Block, World], "the set does not open what is locked"),
];

#[tokio::test]
async fn a_cached_answer_is_held_to_the_policy_of_whoever_asks() {
    // In whatever order groups come: who asked first leaves nothing to the next but the answer.
    for first in 0..GROUPS.len() {
        let school = School::open(FIVE_GROUPS, LISTS, ZONES, WORLD).await;
        for (name, kind, gets, why) in TABLE {
            let whole = match served_first(gets) {
                Some(client) => Some(school.ask(client, name, *kind).await.said),
                None => None,
            };
            let asked = school.upstream.count();
            for number in (0..GROUPS.len()).map(|at| (at + first) % GROUPS.len()) {
                let (client, gets) = (GROUPS[number], gets[number]);
                for round in 0..2 {
                    let heard = school.ask(client, name, *kind).await;
                    let which = format!("{name} {kind} {client} {round}: {why}: {heard:?}");
                    assert_eq!(heard.is_counted, gets == Block, "{which}");
                    match gets {
                        World => {
                            assert_eq!(Some(&heard.said), whole.as_ref(), "{which}");
                            assert!(heard.codes.is_empty(), "{which}");
                        }
                        Block => assert!(heard.codes.contains(&15), "{which}"),
                        Less => {
                            assert_ne!(
                                Some(&heard.said),
                                whole.as_ref().filter(|said| !said.is_empty()),
                                "{which}"
                            );
                            assert!(!heard.codes.is_empty(), "{which}");
                        }
                    }
                }
            }
            if whole.is_some() {
                assert_eq!(school.upstream.count(), asked, "{name}: the cache had it");
            }
        }
    }
}

/// A client that gets the world's answer, to fill the cache.
fn served_first(gets: &[Gets; 5]) -> Option<&'static str> {
    gets.iter().rposition(|gets| *gets == World).map(|number| GROUPS[number])
}
