//! Fetching from a small server on loopback: what is newer, what is not, and all that goes wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::lists::fetch::{Error, Fetched, Proxy, Settings, Validators, fetch};
use crate::lists::spec::SourceSpec;
use crate::lists::store::Failure;

/// A server for one connection; hands out the request that came.
struct Server {
    url: String,
    thread: JoinHandle<String>,
}

impl Server {
    /// Answers with these octets and closes.
    fn says(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::does(move |mut peer| {
            let _ = peer.write_all(&answer);
        })
    }

    fn does(act: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/list.txt", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut octet = [0];
            while !request.ends_with(b"\r\n\r\n") && peer.read(&mut octet).is_ok_and(|count| count == 1) {
                request.push(octet[0]);
            }
            act(peer);
            String::from_utf8(request).unwrap()
        });
        Self { url, thread }
    }

    fn asked(self, known: &Validators, settings: &Settings) -> (Result<Fetched, Error>, String) {
        let fetched = fetch(&SourceSpec::Url(self.url), known, settings, &mut |_| {});
        (fetched, self.thread.join().unwrap().to_ascii_lowercase())
    }

    fn answers(self) -> Result<Fetched, Error> {
        self.asked(&Validators::default(), &settings()).0
    }
}

fn settings() -> Settings {
    Settings { plain_http: true, proxy: Proxy::None, ..Settings::default() }
}

fn known() -> Validators {
    Validators { etag: Some("\"v1\"".into()), last_modified: Some("Mon, 23 Nov 2026 01:00:00 GMT".into()) }
}

#[test]
fn a_text_comes_with_what_to_ask_next_time() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\nLast-Modified: Mon, 23 Nov 2026 01:00:00 GMT\r\n\r\na.example\n";
    let (fetched, request) = Server::says(answer).asked(&Validators::default(), &settings());
    assert_eq!(fetched.unwrap(), Fetched::Text { octets: b"a.example\n".to_vec(), validators: known() });
    assert!(
        request.contains("accept-encoding: gzip") && request.contains("user-agent: lachan/"),
        "{request}"
    );
}

#[test]
fn what_is_known_is_told_and_need_not_come_again() {
    let (fetched, request) = Server::says("HTTP/1.1 304 Not Modified\r\n\r\n").asked(&known(), &settings());
    assert_eq!(fetched.unwrap(), Fetched::Unchanged);
    assert!(request.contains("if-none-match: \"v1\""), "{request}");
    assert!(request.contains("if-modified-since: mon, 23 nov 2026 01:00:00 gmt"), "{request}");
}

#[test]
fn unchanged_without_having_been_asked_is_no_answer() {
    let fetched = Server::says("HTTP/1.1 304 Not Modified\r\n\r\n").answers();
    assert!(matches!(fetched, Err(Error::Status(304))), "{fetched:?}");
}

#[test]
fn a_packed_text_is_unpacked() {
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xd4\x4b\xad\x48\xcc\x2d\xc8\x49\xe5\x02\x00\xbd\xe5\xb7\xa0\x0a\x00\x00\x00";
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len())
            .into_bytes();
    answer.extend_from_slice(packed);
    match Server::says(answer).answers() {
        Ok(Fetched::Text { octets, .. }) => assert_eq!(octets, b"a.example\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_cut_short_is_none() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na.example\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\na.example\n",
    ] {
        let fetched = Server::says(answer).answers();
        assert!(matches!(fetched, Err(Error::Broken(_) | Error::Network(_))), "{fetched:?}");
    }
}

#[test]
fn an_error_page_is_none() {
    for (status, code) in
        [("404 Not Found", 404), ("500 Oops", 500), ("204 No Content", 204), ("206 Partial Content", 206)]
    {
        let fetched = Server::says(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).answers();
        assert!(matches!(fetched, Err(Error::Status(got)) if got == code), "{fetched:?}");
    }
}

#[test]
fn a_text_that_is_too_large_is_given_up_told_or_not() {
    let small = Settings { octets_max: 9, ..settings() };
    for head in ["Content-Length: 10\r\n", ""] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}Connection: close\r\n\r\na.example\n");
        let (fetched, _) = Server::says(answer).asked(&Validators::default(), &small);
        assert!(matches!(fetched, Err(Error::TooLarge(9))), "{fetched:?}");
    }
    let enough = Settings { octets_max: 10, ..settings() };
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na.example\n";
    assert!(Server::says(answer).asked(&Validators::default(), &enough).0.is_ok());
}

#[test]
fn a_server_that_says_nothing_or_stops_midway_is_not_waited_for() {
    let hasty = Settings { silence: Duration::from_millis(150), ..settings() };
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na.exam"] {
        let server = Server::does(move |mut peer| {
            let _ = peer.write_all(begun.as_bytes());
            // Until the client hangs up.
            let _ = peer.read(&mut [0]);
        });
        let (fetched, _) = server.asked(&Validators::default(), &hasty);
        assert!(matches!(fetched, Err(Error::Slow)), "{fetched:?}");
    }
}

#[test]
fn a_server_that_drips_is_cut_off_when_the_whole_time_is_over() {
    let hasty = Settings { whole: Duration::from_millis(300), ..settings() };
    let server = Server::does(|mut peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        peer.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        while peer.write_all(b"a").is_ok() && !matches!(peer.read(&mut [0]), Ok(0)) {}
    });
    let (fetched, _) = server.asked(&Validators::default(), &hasty);
    assert!(matches!(fetched, Err(Error::Slow)), "{fetched:?}");
}

#[test]
fn nothing_is_fetched_unencrypted_unless_asked_for() {
    let ask = |url: &str| {
        fetch(&SourceSpec::Url(url.into()), &Validators::default(), &Settings::default(), &mut |_| {})
    };
    assert!(matches!(ask("http://127.0.0.1/list.txt"), Err(Error::NotEncrypted)));
    assert!(matches!(ask("ftp://127.0.0.1/list.txt"), Err(Error::Address(_))));
    assert!(matches!(ask("list.txt"), Err(Error::Address(_))));
}

#[test]
fn a_failure_is_told_in_both_languages_and_never_with_the_proxy_password() {
    let failure = Failure::fetch(7, &Error::Status(404));
    assert_eq!(
        (failure.vi.as_str(), failure.en.as_str()),
        ("máy chủ trả lời mã 404", "could not get the list: the server answers 404")
    );
    let through = Settings { proxy: Proxy::Url("nonsense://me:secret@".into()), ..settings() };
    let source = SourceSpec::Url("http://127.0.0.1/".into());
    let error = fetch(&source, &Validators::default(), &through, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Proxy), "{error:?}");
    assert!(!format!("{error:?} {} {}", error.vi(), error.en()).contains("secret"));
}

#[test]
fn a_closed_door_is_a_network_failure() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let source = SourceSpec::Url(format!("http://127.0.0.1:{port}/"));
    let fetched = fetch(&source, &Validators::default(), &settings(), &mut |_| {});
    assert!(matches!(fetched, Err(Error::Network(_))), "{fetched:?}");
}

#[test]
fn a_proxy_is_asked_instead_of_the_server() {
    let server = Server::says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let proxy = server.url.trim_end_matches("/list.txt").to_owned();
    let through = Settings { proxy: Proxy::Url(proxy), ..Settings::default() };
    let source = SourceSpec::Url("https://lists.example/list.txt".into());
    assert!(fetch(&source, &Validators::default(), &through, &mut |_| {}).is_err());
    let request = server.thread.join().unwrap();
    assert!(request.starts_with("CONNECT lists.example:443 "), "{request}");
}

#[test]
fn a_file_is_read_once_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("danh sách.txt");
    std::fs::write(&path, "a.example\n").unwrap();
    let url = format!("file://{}", path.display()).replace(' ', "%20");
    let mut known = Validators::default();
    for source in [SourceSpec::File(path.clone()), SourceSpec::Url(url)] {
        let mut seen = 0;
        let first =
            fetch(&source, &Validators::default(), &settings(), &mut |progress| seen = progress.octets)
                .unwrap();
        let Fetched::Text { octets, validators } = first else { panic!("{first:?}") };
        assert_eq!((octets.as_slice(), seen), (&b"a.example\n"[..], 10));
        assert_eq!(fetch(&source, &validators, &settings(), &mut |_| {}).unwrap(), Fetched::Unchanged);
        known = validators;
    }
    std::fs::write(&path, "a.example\nb.example\n").unwrap();
    assert_ne!(fetch(&SourceSpec::File(path), &known, &settings(), &mut |_| {}).unwrap(), Fetched::Unchanged);
    let missing = SourceSpec::File(PathBuf::from("/nowhere/at/all.txt"));
    assert!(matches!(fetch(&missing, &known, &settings(), &mut |_| {}), Err(Error::File { .. })));
}
