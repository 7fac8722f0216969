//! The tests of the whole program, in one program. What each module promises:
//!
//! | module | promise |
//! | --- | --- |
//! | `tidy` | the source keeps the rules of ARCHITECTURE.md |
//! | `first_start` | the binary as it comes answers, blocks, explains and counts |
//! | `fuzzed` | the bodies of the fuzz targets hold on seeds and on seeds changed a little |
//! | `protocol` | odd queries get the codes that the RFCs ask for, over UDP and TCP |
//! | `bench` | scripted authorities, honest and hostile: what the RFCs ask of a recursive resolver, scenario by scenario |
//! | `protect` | no public name leads inside; a client has its share and its rate; strangers gain nothing; DNS64 |
//! | `recursion` | from signed roots: what is secure, insecure and bogus is told apart, and a bad server costs nothing |
//! | `school` | groups, tiers, rules, allow-only and monitor work as configured |
//! | `services` | a service that a tier is switched off is blocked, also by alias, and counted by its name |
//! | `forwarding` | encrypted, conditional and failing upstreams: the right one is asked, trusted or not, and why |
//! | `forwarder_connections` | connections to forwarders that end, fall silent or show another certificate cost no answer |
//! | `policy_zones` | response policy zones from files: every action, override and group, precedence, reloads |
//! | `policy_zones_bind` | the same zones and questions to BIND and to us |
//! | `policy_zones_signed` | what is forged stays SERVFAIL; what is signed is rewritten, or left alone where a zone says so |
//! | `policy_zones_transfer` | zones from `named` and `nsd`: transfer, changes, announcements, keys, primaries that are gone |
//! | `listeners` | every address answers from itself; slow queries hold nobody up; connections have their limits |
//! | `burst` | hundreds of queries that come while the server stands still are all answered |
//! | `clock` | a wrong clock is noticed and told of, time servers resolve, and all is judged anew once it is right |
//! | `wellbeing` | `status` is red when most answers fail, says why and what to do, and is not for one odd name |
//! | `refused_calls` | a kernel or filter that refuses the faster system calls costs speed, and no answer |
//! | `streams` | long-lived connections are told how long they may be idle; thousands of them cost little |
//! | `index` | all real lists make one index that says what the oracle says, in the budgets of size |
//! | `trace` | 300,000 queries: every answer as the oracle says, Σ counts = blocked answers, also after `kill -9` |
//! | `reload` | a reload takes effect; one that fails changes nothing |
//! | `reload_under_load` | ten changed lists while everybody asks: nothing is lost or wrong, and no old index stays |
//! | `starts` | whatever is wrong with state, config, disk or addresses, a start serves and filters, says so and heals |
//! | `broken_state` | a damaged index or store costs neither the filter nor an answer |
//! | `lists_cli` | every line of a list is accounted for, accidents are refused, the last good copy stays |
//! | `sources` | no public source of the catalogue takes much of what people use |
//! | `recommended` | the recommended set comes by itself, what does not come is told in one line, one line switches it off |
//! | `log_cli` | the log in the words of the screen; totals, visits, and who read what |
//! | `list_sources` | own CAs, mirrors inside, sources that moved, hand-edited files: taken, or named with exit code 1 |
//! | `config_cli` | five mistakes, five located errors; every shipped config passes |
//! | `languages` | each command prints one language at a time, no line wider than the screen |
//! | `rights` | a user without rights is told which is missing |
//! | `oracle` | a second opinion, written without the index and the policy |
//! | `support` | users as values: an authority, a signed internet, a server, a client |

mod bench;
mod broken_state;
mod burst;
mod clock;
mod config_cli;
mod first_start;
mod forwarder_connections;
mod forwarding;
mod fuzzed;
mod index;
mod languages;
mod list_sources;
mod listeners;
mod lists_cli;
mod log_cli;
mod oracle;
mod policy_zones;
mod policy_zones_bind;
mod policy_zones_signed;
mod policy_zones_transfer;
mod protect;
mod protocol;
mod reachable;
mod recommended;
mod recursion;
mod refused_calls;
mod reload;
mod reload_under_load;
mod rights;
mod school;
mod services;
mod sources;
mod starts;
mod streams;
mod support;
mod tidy;
mod trace;
mod wellbeing;
