//! The same zones, the same questions, to BIND and to us.

use lachan::dns::rrset::Sections;

use crate::support::authority::Authority;
use crate::support::client::{Answer, ask, ask_from};
use crate::support::primary::Resolver;
use crate::support::server::School;

const STAFF: &str = "[[group]]\nname = \"x\"\ntier = \"staff\"\nfrom = [\"127.0.0.0/8\"]\n";

const WORLD: &str = "\
alias.example. 300 IN CNAME middle.example.
middle.example. 300 IN CNAME end.example.
end.example. 300 IN A 198.51.100.7
addr.example. 300 IN A 192.0.2.66
both.example. 300 IN A 192.0.2.1
both.example. 300 IN A 192.0.2.2
six.example. 300 IN AAAA 2001:db8::66
two.example. 300 IN CNAME addr.example.
garden.example. 300 IN A 198.51.100.80
garden.example. 300 IN TXT \"vườn\"
";

const HEAD: &str = "$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";

const FIRST: &str = "\
nx.example CNAME .
nodata.example CNAME *.
*.wild.example CNAME .
ok.wild.example CNAME rpz-passthru.
self.wild.example CNAME self.wild.example.
deep.ok.wild.example CNAME *.
to.example CNAME garden.example.
*.loop.example CNAME inner.loop.example.
*.star.example CNAME *.garden.example.
data.example A 10.0.0.80
data.example A 10.0.0.81
data.example MX 10 mail.example.
middle.example CNAME .
*.deep.example CNAME .
a.ent.deep.example CNAME *.
tcp.example CNAME rpz-tcp-only.
24.0.2.0.192.rpz-ip CNAME *.
32.2.2.0.192.rpz-ip A 10.9.9.9
48.zz.db8.2001.rpz-ip CNAME .
32.77.0.0.127.rpz-client-ip CNAME .
32.79.0.0.127.rpz-client-ip CNAME rpz-passthru.
late.example CNAME rpz-passthru.
";

const SECOND: &str = "late.example CNAME .\naddr.example CNAME .\nend.example CNAME *.\nonly.example CNAME .\n\
                      ok.wild.example CNAME .\nplain.example CNAME .\n";

fn said(answer: &Answer) -> String {
    let tc = if answer.truncated { " TC" } else { "" };
    let sets = Sections::read(&answer.octets).unwrap().answer;
    let mut records: Vec<String> = sets
        .iter()
        .flat_map(|set| set.rdata.iter().map(|data| format!("{} {} {data:?}", set.owner, set.rtype)))
        .collect();
    records.sort_unstable();
    format!("{}{tc} {}", answer.rcode, records.join(", "))
}

#[test]
fn bind_and_we_say_the_same() {
    let Some(world) = Authority::start(WORLD) else { return };
    let (first, second) = (format!("{HEAD}{FIRST}"), format!("{HEAD}{SECOND}"));
    let zones = [("first.test", "policy given", first.as_str()), ("second.test", "policy given", &second)];
    let Some(bind) = Resolver::start(world.address, &zones) else { return };
    let school = School::new();
    let mut config = STAFF.to_owned();
    for (name, _, text) in zones {
        let file = school.write(name, text);
        config += &format!("[[rpz]]\nzone = \"{name}\"\nfile = \"{}\"\n", file.display());
    }
    school.config(Some(world.address), &config);
    let server = school.serve();
    let names = [
        "nx.example",
        "nodata.example",
        "wild.example",
        "a.wild.example",
        "b.a.wild.example",
        "ok.wild.example",
        "self.wild.example",
        "deep.ok.wild.example",
        "x.ok.wild.example",
        "to.example",
        "x.loop.example",
        "inner.loop.example",
        "www.star.example",
        "data.example",
        "alias.example",
        "middle.example",
        "end.example",
        "tcp.example",
        "addr.example",
        "both.example",
        "six.example",
        "two.example",
        "late.example",
        "x.deep.example",
        "ent.deep.example",
        "x.ent.deep.example",
        "a.ent.deep.example",
        "only.example",
        "plain.example",
        "garden.example",
    ];
    let mut different = Vec::new();
    for name in names {
        for rtype in [1, 28, 15, 16, 5] {
            for from in ["127.0.0.1", "127.0.0.77", "127.0.0.79"] {
                let (theirs, ours) =
                    (ask_from(from, bind.address, name, rtype), ask_from(from, server.address, name, rtype));
                // Where a wildcard alias is asked for itself, BIND goes and resolves its target all the same.
                let is_quirk = name == "www.star.example" && rtype == 5;
                if said(&theirs) != said(&ours) && !is_quirk {
                    different.push(format!("{from} {name} {rtype}: {} | {}", said(&theirs), said(&ours)));
                }
            }
        }
    }
    assert!(different.is_empty(), "BIND | we:\n{}", different.join("\n"));
}

#[test]
fn bind_and_we_override_the_same() {
    let Some(world) = Authority::start(WORLD) else { return };
    let text = format!("{HEAD}{FIRST}");
    for policy in ["passthru", "nodata", "nxdomain", "tcp-only", "disabled", "cname garden.example"] {
        let zones = [("first.test", format!("policy {policy}"), text.as_str())];
        let zones = zones.each_ref().map(|(name, policy, text)| (*name, policy.as_str(), *text));
        let Some(bind) = Resolver::start(world.address, &zones) else { return };
        let school = School::new();
        let file = school.write("first.test", &text);
        let config = format!(
            "{STAFF}[[rpz]]\nzone = \"first.test\"\nfile = \"{}\"\npolicy = \"{policy}\"\n",
            file.display()
        );
        school.config(Some(world.address), &config);
        let server = school.serve();
        for name in
            ["nx.example", "ok.wild.example", "data.example", "addr.example", "alias.example", "free.example"]
        {
            for rtype in [1, 16] {
                let (theirs, ours) = (ask(bind.address, name, rtype), ask(server.address, name, rtype));
                assert_eq!(said(&theirs), said(&ours), "{policy} {name} {rtype}");
            }
        }
    }
}
