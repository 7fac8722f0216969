//! What is denied by whom: the cases of RFC 4035 appendix B and RFC 5155 appendix B, and those that RFC
//! 6840 §4 forbids.

use super::zone::{Contents, name};
use crate::dns::ede::EdeCode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::denial::{no_closer, no_data, no_ds, no_name};
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Denied, NoDs, Rules};

/// The zone of both appendices, and what their examples leave out.
fn example() -> Contents {
    // Glue is no name of the zone.
    let names: [(&str, &[RrType]); 14] = [
        ("a.example", &[RrType::NS, RrType::DS]),
        ("ai.example", &[RrType::A, RrType::HINFO, RrType::AAAA]),
        ("b.example", &[RrType::NS]),
        ("ns1.example", &[RrType::A]),
        ("ns2.example", &[RrType::A]),
        ("*.w.example", &[RrType::MX]),
        ("x.w.example", &[RrType::MX]),
        ("x.y.w.example", &[RrType::MX]),
        ("xx.example", &[RrType::A, RrType::HINFO, RrType::AAAA]),
        ("d.example", &[RrType::DNAME, RrType::TXT]),
        ("alias.example", &[RrType::CNAME]),
        ("*.alias.example", &[RrType::CNAME]),
        ("example", &[RrType::MX]),
        ("*.cut.example", &[RrType::NS]),
    ];
    Contents::new("example", names)
}

struct Proofs {
    zone: &'static str,
    sets: Vec<RrSet>,
}

impl Proofs {
    fn all() -> [Self; 3] {
        let zone = "example";
        let salt = [0xaa, 0xbb, 0xcc, 0xdd];
        [
            Self { zone, sets: example().nsec() },
            Self { zone, sets: example().nsec3(&salt, 12, false) },
            Self { zone, sets: example().nsec3(&salt, 12, true) },
        ]
    }

    fn opts_out(&self) -> bool {
        self.sets[0].rtype == RrType::NSEC3 && self.sets[0].rdata[0][1] == 1
    }

    fn no_name(&self, asked: &str) -> Result<Denied, Fault> {
        let proofs: Vec<&RrSet> = self.sets.iter().collect();
        let (asked, zone) = (name(asked), name(self.zone));
        no_name(asked.as_name(), zone.as_name(), &proofs, &Rules::default(), &Work::new())
    }

    fn no_data(&self, asked: &str, rtype: RrType) -> Result<Denied, Fault> {
        let proofs: Vec<&RrSet> = self.sets.iter().collect();
        let (asked, zone) = (name(asked), name(self.zone));
        no_data(asked.as_name(), rtype, zone.as_name(), &proofs, &Rules::default(), &Work::new())
    }

    fn no_closer(&self, asked: &str, encloser: &str) -> Result<Denied, Fault> {
        let proofs: Vec<&RrSet> = self.sets.iter().collect();
        let (asked, encloser, zone) = (name(asked), name(encloser), name(self.zone));
        let (asked, encloser) = (asked.as_name(), encloser.as_name());
        no_closer(asked, encloser, zone.as_name(), &proofs, &Rules::default(), &Work::new())
    }

    fn no_ds(&self, cut: &str) -> Result<NoDs, Fault> {
        let proofs: Vec<&RrSet> = self.sets.iter().collect();
        let (cut, zone) = (name(cut), name(self.zone));
        no_ds(cut.as_name(), zone.as_name(), &proofs, &Rules::default(), &Work::new())
    }
}

const MISSING: Result<Denied, Fault> = Err(Fault::NsecMissing);

#[test]
fn the_answers_of_the_appendices_are_proven() {
    for proofs in Proofs::all() {
        // With opt-out, whatever rests on a span instead of a record has no AD.
        let span = if proofs.opts_out() { Denied::OptOut } else { Denied::Secure };
        // RFC 4035 B.2 and RFC 5155 B.1: name error.
        assert_eq!(proofs.no_name("ml.example"), Ok(span));
        assert_eq!(proofs.no_name("a.c.x.w.example"), Ok(span));
        // B.3 and B.2: no data; at an empty non-terminal, B.2.1.
        assert_eq!(proofs.no_data("ns1.example", RrType::MX), Ok(Denied::Secure));
        assert_eq!(proofs.no_data("y.w.example", RrType::A), Ok(Denied::Secure));
        // B.6 and B.4: the wildcard's answer.
        assert_eq!(proofs.no_closer("a.z.w.example", "w.example"), Ok(span));
        // B.7 and B.5: no data at the wildcard.
        assert_eq!(proofs.no_data("a.z.w.example", RrType::AAAA), Ok(span));
        // B.8 and B.6: no DS, asked at the child's own zone.
        assert_eq!(proofs.no_data("example", RrType::DS), MISSING);
        // B.5 and B.3: an unsigned delegation.
        let unsigned = if proofs.opts_out() { NoDs::OptOut } else { NoDs::Delegation };
        assert_eq!(proofs.no_ds("b.example"), Ok(unsigned));
        assert_eq!(proofs.no_data("b.example", RrType::DS), Ok(span));
    }
}

#[test]
fn what_is_there_cannot_be_denied() {
    for proofs in Proofs::all() {
        for there in ["example", "a.example", "ns1.example", "y.w.example", "x.y.w.example", "*.w.example"] {
            assert_eq!(proofs.no_name(there), MISSING, "{there}");
        }
        // Nor what a wildcard answers for.
        for there in ["a.z.w.example", "q.w.example"] {
            assert_eq!(proofs.no_name(there), MISSING, "{there}");
            assert_eq!(proofs.no_data(there, RrType::MX), MISSING, "{there}");
        }
        for (there, rtype) in [
            ("ns1.example", RrType::A),
            ("example", RrType::SOA),
            ("*.w.example", RrType::MX),
            ("a.example", RrType::DS),
            ("alias.example", RrType::A),
        ] {
            assert_eq!(proofs.no_data(there, rtype), MISSING, "{there}");
        }
        assert_eq!(proofs.no_data("a.alias.example", RrType::A), MISSING);
        assert_eq!(proofs.no_closer("x.y.w.example", "w.example"), MISSING);
        assert_eq!(proofs.no_closer("b.y.w.example", "w.example"), MISSING);
        assert_eq!(proofs.no_ds("a.example"), Err(Fault::NsecMissing));
        assert_eq!(proofs.no_data("ns1.example", RrType::ANY), MISSING);
        assert_eq!(proofs.no_data("y.w.example", RrType::ANY), Ok(Denied::Secure));
    }
}

#[test]
fn the_parents_side_of_a_cut_denies_its_ds_and_nothing_else() {
    for proofs in Proofs::all() {
        for rtype in [RrType::A, RrType::NS, RrType::TXT, RrType::SOA] {
            assert_eq!(proofs.no_data("a.example", rtype), MISSING);
        }
        for below in ["www.a.example", "a.b.a.example"] {
            assert_eq!(proofs.no_name(below), MISSING, "{below}");
            assert_eq!(proofs.no_data(below, RrType::A), MISSING, "{below}");
            assert_eq!(proofs.no_ds(below), Err(Fault::NsecMissing), "{below}");
        }
        // Below a name with a DNAME is another name's tree; the name itself is ours.
        assert_eq!(proofs.no_name("a.d.example"), MISSING);
        assert_eq!(proofs.no_data("a.d.example", RrType::A), MISSING);
        assert_eq!(proofs.no_data("d.example", RrType::A), Ok(Denied::Secure));
        // A wildcard that is a cut answers for nothing.
        let unsigned = if proofs.opts_out() { Ok(Denied::OptOut) } else { MISSING };
        assert_eq!(proofs.no_data("a.cut.example", RrType::A), unsigned);
    }
}

#[test]
fn the_childs_side_of_a_cut_says_nothing_of_its_ds() {
    let child = Contents::new("sub.example", []);
    for sets in [child.nsec(), child.nsec3(&[], 0, false)] {
        // Asked in the name of the parent: NSEC records could be taken for its own.
        let parent = Proofs { zone: "example", sets: sets.clone() };
        assert_eq!(parent.no_data("sub.example", RrType::DS), MISSING);
        assert_eq!(parent.no_ds("sub.example"), Err(Fault::NsecMissing));
        let own = Proofs { zone: "sub.example", sets };
        assert_eq!(own.no_data("sub.example", RrType::DS), MISSING);
        assert_eq!(own.no_ds("sub.example"), Err(Fault::NsecMissing));
        assert_eq!(own.no_data("sub.example", RrType::A), Ok(Denied::Secure));
    }
    // The root has no parent.
    let root = Contents::new(".", [("example", &[RrType::NS][..])]);
    for sets in [root.nsec(), root.nsec3(&[], 0, false)] {
        let root = Proofs { zone: ".", sets };
        assert_eq!(root.no_data(".", RrType::DS), Ok(Denied::Secure));
        assert_eq!(root.no_ds("example"), Ok(NoDs::Delegation));
        assert_eq!(root.no_name("test"), Ok(Denied::Secure));
    }
}

#[test]
fn a_zone_says_nothing_of_names_outside() {
    for proofs in Proofs::all() {
        assert_eq!(proofs.no_name("test"), MISSING);
        assert_eq!(proofs.no_data("test", RrType::A), MISSING);
        assert_eq!(proofs.no_closer("a.test", "test"), MISSING);
        assert_eq!(proofs.no_closer("a.example", "."), MISSING);
        assert_eq!(proofs.no_ds("test"), Err(Fault::NsecMissing));
        let above = Proofs { zone: "sub.example", ..proofs };
        assert_eq!(above.no_name("a.sub.example"), MISSING);
    }
}

#[test]
fn each_record_of_a_proof_is_needed() {
    let asked = [("a.c.x.w.example", 3), ("ml.example", 3)];
    let proofs = &Proofs::all()[1];
    for (asked, least) in asked {
        let needed = (0..proofs.sets.len())
            .filter(|left_out| {
                let mut sets = proofs.sets.clone();
                sets.remove(*left_out);
                Proofs { zone: "example", sets }.no_name(asked) == MISSING
            })
            .count();
        assert!((2..=least).contains(&needed), "{asked}: {needed}");
    }
    let none = Proofs { zone: "example", sets: vec![] };
    assert_eq!(none.no_name("ml.example"), MISSING);
    assert_eq!(none.no_ds("b.example"), Err(Fault::NsecMissing));
}

#[test]
fn records_of_other_hashes_flags_zones_and_parameters_do_not_count() {
    let good = example().nsec3(&[1, 2], 3, false);
    let with = |change: &dyn Fn(&mut RrSet)| {
        let mut sets = good.clone();
        sets.iter_mut().for_each(change);
        Proofs { zone: "example", sets }.no_name("ml.example")
    };
    assert_eq!(with(&|_| {}), Ok(Denied::Secure));
    assert_eq!(with(&|set| set.rdata[0][0] = 2), MISSING);
    assert_eq!(with(&|set| set.rdata[0][1] = 2), MISSING);
    assert_eq!(with(&|set| set.rdata[0][7] = 19), MISSING);
    assert_eq!(with(&|set| set.rdata[0] = set.rdata[0][..9].into()), MISSING);
    let deeper = |set: &mut RrSet| {
        set.owner = name(&set.owner.to_string().replace(".example", ".x.example"));
    };
    assert_eq!(with(&deeper), MISSING);
    let mut mixed = good.clone();
    mixed.extend(example().nsec3(&[1, 2], 4, false));
    assert_eq!(Proofs { zone: "example", sets: mixed }.no_name("ml.example"), MISSING);
}

#[test]
fn too_many_iterations_make_insecure_and_too_many_hashes_nothing() {
    for (iterations, said) in [(150, Ok(Denied::Secure)), (151, Ok(Denied::Insecure))] {
        let proofs = Proofs { zone: "example", sets: example().nsec3(&[], iterations, false) };
        assert_eq!(proofs.no_name("ml.example"), said);
        assert_eq!(proofs.no_data("ns1.example", RrType::MX), said);
        assert_eq!(proofs.no_closer("a.z.w.example", "w.example"), said);
        let no_ds = if said == Ok(Denied::Secure) { NoDs::Delegation } else { NoDs::Insecure };
        assert_eq!(proofs.no_ds("b.example"), Ok(no_ds));
    }
    let iterations = Some(EdeCode::UnsupportedNsec3Iterations);
    assert_eq!(Denied::Insecure.reason().map(|reason| reason.ede()), iterations);
    assert_eq!(NoDs::Insecure.reason().map(|reason| reason.ede()), iterations);
    assert_eq!((Denied::OptOut.reason(), NoDs::OptOut.reason()), (None, None));

    let sets = example().nsec3(&[], 0, false);
    let proofs: Vec<&RrSet> = sets.iter().collect();
    let deep = name(&(["x"; 100].join(".") + ".example"));
    let zone = name("example");
    let asked =
        |hashes| no_name(deep.as_name(), zone.as_name(), &proofs, &Rules::default(), &Work::of(0, 0, hashes));
    // The name, each above it down to the apex, and the wildcard.
    assert_eq!(asked(102), Ok(Denied::Secure));
    assert_eq!(asked(101), Err(Fault::TooMuchWork));
}

#[test]
fn the_only_record_of_a_zone_covers_all_but_its_owner() {
    let bare = Contents::new("example", []);
    for sets in [bare.nsec(), bare.nsec3(&[7], 1, false)] {
        let proofs = Proofs { zone: "example", sets };
        assert_eq!(proofs.no_name("a.example"), Ok(Denied::Secure));
        assert_eq!(proofs.no_name("example"), MISSING);
        assert_eq!(proofs.no_data("example", RrType::A), Ok(Denied::Secure));
    }
}

#[test]
fn an_nsec_that_leads_back_to_another_name_than_the_apex_covers_nothing() {
    let proofs = |next: &[u8]| {
        let rdata = [next, &super::zone::bitmap(&[RrType::A, RrType::NSEC])].concat();
        Proofs { zone: "example", sets: vec![super::zone::set("m.example", RrType::NSEC, &[&rdata])] }
    };
    assert_eq!(proofs(b"\x07example\x00").no_ds("x.example"), Ok(NoDs::NotACut));
    for next in [&b"\x01b\x07example\x00"[..], b"\x01m\x07example\x00", b"\x03com\x00", b"\x00"] {
        assert_eq!(proofs(next).no_ds("x.example"), Err(Fault::NsecMissing), "{next:?}");
        assert_eq!(proofs(next).no_ds("a.example"), Err(Fault::NsecMissing), "{next:?}");
    }
}

#[test]
fn a_name_made_for_the_question_is_denied_by_its_own_record() {
    // RFC 9824: NODATA for whatever does not exist, with the type NXNAME.
    let next = [b"\x01\x00".as_slice(), name("no.example").as_name().wire()].concat();
    let rdata = [&next[..], &super::zone::bitmap(&[RrType::RRSIG, RrType::NSEC, RrType::NXNAME])].concat();
    let sets = vec![super::zone::set("no.example", RrType::NSEC, &[&rdata])];
    let proofs = Proofs { zone: "example", sets };
    for rtype in [RrType::A, RrType::TXT, RrType::ANY, RrType::DS] {
        assert_eq!(proofs.no_data("no.example", rtype), Ok(Denied::Secure));
    }
    assert_eq!(proofs.no_ds("no.example"), Ok(NoDs::NotACut));
    assert_eq!(proofs.no_name("no.example"), MISSING);
}
