//! What an alias leads to is judged when it becomes known, before it is asked for.

use super::school::{A, CNAME, FIVE_GROUPS, HTTPS, Lists, School};

const LISTS: Lists = &[
    ("gambling", "bad.example opened.example =exact.example"),
    ("malware", "worm.example"),
    ("social", "face.example"),
    ("allow", "school.example"),
    ("protect", "online.example"),
];

const ZONES: &[(&str, &str)] = &[
    ("opens.test", "passed.example CNAME rpz-passthru.\n"),
    (
        "rules.test",
        "nx.zoned.example CNAME .\nnodata.zoned.example CNAME *.\n*.wild.example CNAME .\n\
         to.zoned.example CNAME garden.example.\ndata.zoned.example A 192.0.2.80\ndrop.zoned.example CNAME rpz-drop.\n\
         fine.wild.example CNAME rpz-passthru.\n",
    ),
];

/// Each alias leads to a name that somebody has a rule for, whose servers fail.
const WORLD: &str = "
    a.shop CNAME www.bad.example
    b.shop CNAME mid.shop
    mid.shop CNAME www.bad.example
    banned.shop CNAME www.banned.example
    opened.shop CNAME x.opened.example
    x.opened.example A 198.51.100.1
    exact.shop CNAME below.exact.example
    below.exact.example A 198.51.100.1
    worm.shop CNAME worm.example
    asked.example CNAME www.bad.example
    online.example CNAME www.bad.example
    www.school.example CNAME cdn.example
    cdn.example A 198.51.100.2
    nx.shop CNAME nx.zoned.example
    nodata.shop CNAME nodata.zoned.example
    wild.shop CNAME x.wild.example
    fine.shop CNAME fine.wild.example
    fine.wild.example A 198.51.100.3
    to.shop CNAME to.zoned.example
    garden.example A 198.51.100.80
    data.shop CNAME data.zoned.example
    drop.shop CNAME drop.zoned.example
    www.bad.example A 198.51.100.66
    bad.example A 198.51.100.66
    www.banned.example FAILS
    worm.example FAILS
    nx.zoned.example FAILS
    nodata.zoned.example FAILS
    x.wild.example FAILS
    to.zoned.example FAILS
    data.zoned.example FAILS
    drop.zoned.example FAILS
    https.shop HTTPS www.bad.example
    broken.shop CNAME dead.example
    dead.example FAILS
";

async fn school() -> School {
    School::open(FIVE_GROUPS, LISTS, ZONES, WORLD).await
}

const PUPIL: &str = "127.0.1.1";
const WATCHED: &str = "127.0.2.1";
const OPEN: &str = "127.0.3.1";
const SET: &str = "127.0.4.1";
const TEACHER: &str = "127.0.5.1";

#[tokio::test]
async fn an_alias_to_what_is_blocked_is_answered_at_once_and_its_servers_are_never_asked() {
    for (asked, said, rcode) in [
        ("a.shop", "a.shop CNAME www.bad.example www.bad.example A 0.0.0.0", 0),
        ("b.shop", "b.shop CNAME mid.shop mid.shop CNAME www.bad.example www.bad.example A 0.0.0.0", 0),
        ("banned.shop", "banned.shop CNAME www.banned.example www.banned.example A 0.0.0.0", 0),
        ("worm.shop", "worm.shop CNAME worm.example worm.example A 0.0.0.0", 0),
        ("nx.shop", "nx.shop CNAME nx.zoned.example", 3),
        ("nodata.shop", "nodata.shop CNAME nodata.zoned.example", 0),
        ("wild.shop", "wild.shop CNAME x.wild.example", 3),
        (
            "to.shop",
            "to.shop CNAME to.zoned.example to.zoned.example CNAME garden.example garden.example A 198.51.100.80",
            0,
        ),
        ("data.shop", "data.shop CNAME data.zoned.example data.zoned.example A 192.0.2.80", 0),
    ] {
        let school = school().await;
        for round in 0..3 {
            let heard = school.ask(PUPIL, asked, A).await;
            assert_eq!((heard.said.as_str(), heard.rcode), (said, rcode), "{asked} {round}");
            assert!(heard.is_counted && heard.codes.contains(&15), "{asked} {round}: {heard:?}");
        }
        let asked_for = school.upstream.asked();
        let never = |name: &String| name.ends_with(".example") && name != "garden.example";
        assert!(!asked_for.iter().any(never), "{asked}: {asked_for:?}");
        assert!(school.upstream.count() <= 3, "from the cache then: {asked_for:?}");
    }
    let school = school().await;
    assert!(school.ask(PUPIL, "drop.shop", A).await.is_silent);
    assert_eq!(school.upstream.asked(), ["drop.shop"]);
}

#[tokio::test]
async fn what_nothing_closes_on_the_way_is_followed() {
    let school = school().await;
    for (from, asked, said) in [
        (PUPIL, "opened.shop", "opened.shop CNAME x.opened.example x.opened.example A 198.51.100.1"),
        (PUPIL, "exact.shop", "exact.shop CNAME below.exact.example below.exact.example A 198.51.100.1"),
        (PUPIL, "fine.shop", "fine.shop CNAME fine.wild.example fine.wild.example A 198.51.100.3"),
        (PUPIL, "asked.example", "asked.example CNAME www.bad.example www.bad.example A 198.51.100.66"),
        (PUPIL, "online.example", "online.example CNAME www.bad.example www.bad.example A 198.51.100.66"),
        (OPEN, "a.shop", "a.shop CNAME www.bad.example www.bad.example A 198.51.100.66"),
        (TEACHER, "a.shop", "a.shop CNAME www.bad.example www.bad.example A 198.51.100.66"),
        (SET, "www.school.example", "www.school.example CNAME cdn.example cdn.example A 198.51.100.2"),
        (PUPIL, "a.shop", "a.shop CNAME www.bad.example www.bad.example A 0.0.0.0"),
    ] {
        for _ in 0..2 {
            assert_eq!(school.ask(from, asked, A).await.said, said, "{from} {asked}");
        }
    }
    let monitored = school.ask(WATCHED, "b.shop", A).await;
    assert!(monitored.said.ends_with("198.51.100.66") && !monitored.is_counted, "{monitored:?}");
}

#[tokio::test]
async fn what_is_locked_stays_closed_behind_an_alias_for_everybody() {
    for from in [PUPIL, WATCHED, OPEN, SET] {
        let school = school().await;
        let heard = school.ask(from, "worm.shop", A).await;
        if from == SET {
            assert_eq!(heard.said, "worm.shop A 0.0.0.0", "not on the set");
            continue;
        }
        assert_eq!(heard.said, "worm.shop CNAME worm.example worm.example A 0.0.0.0", "{from}");
        assert_eq!(
            (heard.is_counted, school.upstream.asked()),
            (true, vec!["worm.shop".to_owned()]),
            "{from}"
        );
    }
}

#[tokio::test]
async fn a_chain_that_ended_for_one_goes_on_for_another_and_what_was_fetched_is_judged_anew() {
    let school = school().await;
    let blocked = "a.shop CNAME www.bad.example www.bad.example A 0.0.0.0";
    let open = "a.shop CNAME www.bad.example www.bad.example A 198.51.100.66";
    for (from, said, new) in [
        (PUPIL, blocked, vec!["a.shop"]),
        (PUPIL, blocked, vec![]),
        (TEACHER, open, vec!["a.shop", "www.bad.example"]),
        (TEACHER, open, vec![]),
        (PUPIL, blocked, vec![]),
        (TEACHER, open, vec![]),
    ] {
        school.upstream.forget();
        assert_eq!(school.ask(from, "a.shop", A).await.said, said, "{from}");
        assert_eq!(school.upstream.asked(), new, "{from}");
    }
}

#[tokio::test]
async fn at_the_same_time_each_gets_what_is_his_and_the_alias_is_asked_for_once() {
    let school = std::sync::Arc::new(school().await);
    let asking: Vec<_> = (0..40)
        .map(|number| {
            let school = school.clone();
            let from = if number & 1 == 0 { TEACHER } else { PUPIL };
            tokio::spawn(async move { (from, school.ask_uncounted(from, "a.shop", A).await) })
        })
        .collect();
    for task in asking {
        let (from, said) = task.await.unwrap();
        let address = if from == TEACHER { "198.51.100.66" } else { "0.0.0.0" };
        assert_eq!(said, format!("a.shop CNAME www.bad.example www.bad.example A {address}"), "{from}");
    }
    assert!(school.upstream.count() <= 3, "{}", school.upstream.count());
}

#[tokio::test]
async fn a_failure_behind_an_alias_is_judged_like_an_answer() {
    let school = school().await;
    // The teacher's failure is kept; the pupil asks next.
    let failed = school.ask(TEACHER, "banned.shop", A).await;
    assert_eq!((failed.rcode, failed.is_counted), (0, true), "a school rule is for everybody");
    let failed = school.ask(OPEN, "banned.shop", A).await;
    assert_eq!((failed.rcode, failed.is_counted), (2, false));
    let blocked = school.ask(PUPIL, "banned.shop", A).await;
    assert_eq!((blocked.rcode, blocked.is_counted), (0, true), "{blocked:?}");
    let broken = school.ask(PUPIL, "broken.shop", A).await;
    assert_eq!((broken.rcode, broken.is_counted), (2, false));
}

#[tokio::test]
async fn old_answers_and_other_types_are_judged_too() {
    let school = school().await;
    assert!(school.ask(PUPIL, "https.shop", HTTPS).await.is_counted);
    assert!(school.ask(PUPIL, "a.shop", CNAME).await.is_counted, "who asks for the alias itself");
    school.upstream.fail();
    assert!(school.ask(PUPIL, "a.shop", CNAME).await.is_counted);
}

#[tokio::test]
async fn in_allow_only_mode_no_service_record_leads_off_the_set() {
    const SERVICES: &str = "
        www.school.example HTTPS d1.cdn.example
        own.school.example HTTPS b.school.example
        www.school.example A 198.51.100.1
    ";
    let school = School::open(FIVE_GROUPS, LISTS, &[], SERVICES).await;
    for _ in 0..2 {
        let set = school.ask(SET, "www.school.example", HTTPS).await;
        assert_eq!((set.rcode, set.said.as_str(), set.is_counted), (0, "", false), "{set:?}");
        assert_eq!(set.codes, [4]);
        let own = school.ask(SET, "own.school.example", HTTPS).await;
        assert_eq!(own.said, "own.school.example HTTPS b.school.example");
        let pupil = school.ask(PUPIL, "www.school.example", HTTPS).await;
        assert_eq!(pupil.said, "www.school.example HTTPS d1.cdn.example");
    }
}
