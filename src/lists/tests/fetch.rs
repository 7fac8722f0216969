//! Fetching from a small server on loopback: what is newer, what is not, and all that goes wrong.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::i18n::Lang;
use crate::lists::fetch::{Error, Fetched, Fetcher, Lookup, Progress, Proxy, Settings, Validators, shown};
use crate::lists::meta::Failure;
use crate::lists::spec::SourceSpec;

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

    fn asked(self, known: &Validators, settings: &Settings) -> (Result<Got, Error>, String) {
        let fetched = fetch(&SourceSpec::Url(self.url), known, settings, &mut |_| {});
        (fetched, self.thread.join().unwrap().to_ascii_lowercase())
    }

    fn answers(self) -> Result<Got, Error> {
        self.asked(&Validators::default(), &settings()).0
    }
}

/// What came, with its octets.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Unchanged,
    Text { octets: Vec<u8>, validators: Validators },
}

fn fetch(
    source: &SourceSpec,
    known: &Validators,
    settings: &Settings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Got, Error> {
    let mut octets = Vec::new();
    let fetched = Fetcher { settings, lookup: None }.fetch(source, known, &mut octets, progress)?;
    Ok(match fetched {
        Fetched::Unchanged => Got::Unchanged,
        Fetched::Text { validators } => Got::Text { octets, validators },
    })
}

fn settings() -> Settings {
    Settings { proxy: Proxy::None, ..Settings::default() }
}

fn known() -> Validators {
    Validators { etag: Some("\"v1\"".into()), last_modified: Some("Mon, 23 Nov 2026 01:00:00 GMT".into()) }
}

#[test]
fn a_text_comes_with_what_to_ask_next_time() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\nLast-Modified: Mon, 23 Nov 2026 01:00:00 GMT\r\n\r\na.example\n";
    let (fetched, request) = Server::says(answer).asked(&Validators::default(), &settings());
    assert_eq!(fetched.unwrap(), Got::Text { octets: b"a.example\n".to_vec(), validators: known() });
    assert!(
        request.contains("accept-encoding: gzip") && request.contains("user-agent: lachan/"),
        "{request}"
    );
}

#[test]
fn what_is_known_is_told_and_need_not_come_again() {
    let (fetched, request) = Server::says("HTTP/1.1 304 Not Modified\r\n\r\n").asked(&known(), &settings());
    assert_eq!(fetched.unwrap(), Got::Unchanged);
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
        Ok(Got::Text { octets, .. }) => assert_eq!(octets, b"a.example\n"),
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
    let ask =
        |url: &str| fetch(&SourceSpec::Url(url.into()), &Validators::default(), &settings(), &mut |_| {});
    assert!(matches!(ask("ftp://127.0.0.1/list.txt"), Err(Error::Address(_))));
    assert!(matches!(ask("list.txt"), Err(Error::Address(_))));
    let Err(Error::Address(told)) = ask("ftp://me:secret@127.0.0.1/list.txt") else { panic!() };
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn a_server_cannot_send_us_on_to_where_nothing_is_encrypted() {
    let portal = Server::says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na.example\n");
    let elsewhere = portal.url.replace("127.0.0.1", "portal.invalid");
    let server =
        Server::says(format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"));
    let lookup: Arc<dyn Lookup> = Arc::new(Known(vec![Ipv4Addr::LOCALHOST.into()]));
    let fetcher = Fetcher { settings: &settings(), lookup: Some(lookup) };
    let source = SourceSpec::Url(server.url.clone());
    let fetched = fetcher.fetch(&source, &Validators::default(), &mut io::sink(), &mut |_| {});
    assert!(matches!(fetched, Err(Error::NotEncrypted)), "{fetched:?}");
}

#[test]
fn a_server_that_sends_us_round_in_a_circle_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let thread = std::thread::spawn(move || {
        let mut asked = 0;
        for peer in listener.incoming().take(6) {
            let mut peer = peer.unwrap();
            let _ = peer.read(&mut [0; 2048]);
            let _ = peer.write_all(answer.as_bytes());
            asked += 1;
        }
        asked
    });
    let fetched = fetch(&SourceSpec::Url(url), &Validators::default(), &settings(), &mut |_| {});
    assert!(matches!(fetched, Err(Error::Network(_))), "{fetched:?}");
    assert_eq!(thread.join().unwrap(), 6, "five redirects are followed");
}

/// Knows these addresses of every host.
#[derive(Debug)]
struct Known(Vec<IpAddr>);

impl Lookup for Known {
    fn addresses(&self, _: &str) -> Vec<IpAddr> {
        self.0.clone()
    }
}

#[test]
fn our_own_look_up_comes_first_and_the_systems_where_it_finds_nothing_usable() {
    let nowhere = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    for (host, known) in
        [("lists.invalid", vec![nowhere, here]), ("localhost", vec![nowhere]), ("localhost", vec![])]
    {
        let server = Server::says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na.example\n");
        let url = server.url.replace("127.0.0.1", host);
        let lookup: Arc<dyn Lookup> = Arc::new(Known(known));
        let fetcher = Fetcher { settings: &settings(), lookup: Some(lookup) };
        let mut octets = Vec::new();
        fetcher.fetch(&SourceSpec::Url(url), &Validators::default(), &mut octets, &mut |_| {}).unwrap();
        assert_eq!(octets, b"a.example\n", "{host}");
        let request = server.thread.join().unwrap();
        assert!(request.contains(&format!("{host}:")), "{request}");
    }
}

#[test]
fn a_list_published_as_gz_is_unpacked_whatever_the_server_calls_it() {
    let plain = "a.example\n".repeat(5000);
    let packed = gzip(plain.as_bytes());
    for header in ["Content-Type: application/gzip", "Content-Encoding: x-gzip", "Content-Encoding: gzip"] {
        let head = format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: {}\r\n\r\n", packed.len());
        match Server::says([head.as_bytes(), &packed].concat()).answers() {
            Ok(Got::Text { octets, .. }) => assert_eq!(octets, plain.as_bytes(), "{header}"),
            other => panic!("{header}: {other:?}"),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt.gz");
    std::fs::write(&path, &packed).unwrap();
    let got =
        fetch(&SourceSpec::File(path.clone()), &Validators::default(), &settings(), &mut |_| {}).unwrap();
    assert!(matches!(got, Got::Text { octets, .. } if octets == plain.as_bytes()));
    std::fs::write(&path, &packed[..packed.len() - 9]).unwrap();
    let cut = fetch(&SourceSpec::File(path), &Validators::default(), &settings(), &mut |_| {});
    assert!(matches!(cut, Err(Error::File { .. })), "{cut:?}");
}

#[test]
fn a_packing_that_nobody_asked_for_is_named() {
    let fetched =
        Server::says("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nabcd").answers();
    assert!(matches!(&fetched, Err(Error::Packing(how)) if how == "br"), "{fetched:?}");
}

/// Counts what is written and keeps nothing.
struct Counting(u64);

impl Write for Counting {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len() as u64;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_endless_answer_and_a_gzip_bomb_end_at_the_bound() {
    let small = Settings { octets_max: 1 << 20, ..settings() };
    let fetch = |server: Server| {
        let mut kept = Counting(0);
        let fetcher = Fetcher { settings: &small, lookup: None };
        let source = SourceSpec::Url(server.url);
        let fetched = fetcher.fetch(&source, &Validators::default(), &mut kept, &mut |_| {});
        assert!(matches!(fetched, Err(Error::TooLarge(_))), "{fetched:?}");
        assert!(kept.0 <= 1 << 20, "{}", kept.0);
    };
    fetch(Server::does(|mut peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while peer.write_all(&[b'a'; 8192]).is_ok() {}
    }));
    // 256 MiB of zeros in 260 kB, as a body and as a packed answer.
    let bomb = gzip(&vec![0; 256 << 20]);
    for header in ["Content-Encoding: gzip", "Content-Type: text/plain"] {
        let head = format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: {}\r\n\r\n", bomb.len());
        fetch(Server::says([head.as_bytes(), &bomb].concat()));
    }
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(octets).unwrap();
    packer.finish().unwrap()
}

#[test]
fn what_a_url_keeps_to_itself_is_not_shown() {
    for (url, told) in [
        ("https://lists.example/a.txt", "https://lists.example/a.txt"),
        ("https://me:secret@lists.example:8443/a.txt?token=1#x", "https://lists.example:8443/a.txt?…"),
        ("https://me:se@cret@lists.example", "https://lists.example"),
        ("https://lists.example?key=secret", "https://lists.example?…"),
        ("http://[::1]:80/@a", "http://[::1]:80/@a"),
    ] {
        assert_eq!(shown(url), told);
    }
}

#[test]
fn a_failure_is_told_in_both_languages_and_never_with_the_proxy_password() {
    let failure = Failure { at: 7, why: Error::Status(404).message() };
    assert_eq!(
        [Lang::Vi, Lang::En].map(|lang| failure.why.text(lang)),
        ["máy chủ trả lời mã 404", "the server answers 404"]
    );
    let through = Settings { proxy: Proxy::Url("nonsense://me:secret@".into()), ..settings() };
    let source = SourceSpec::Url("http://127.0.0.1/".into());
    let error = fetch(&source, &Validators::default(), &through, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Proxy), "{error:?}");
    assert!(!format!("{error:?} {error} {}", error.message().both()).contains("secret"));
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
fn a_file_is_read_whatever_its_time_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("danh sách.txt");
    std::fs::write(&path, "a.example\n").unwrap();
    let url = format!("file://{}", path.display()).replace(' ', "%20");
    for source in [SourceSpec::File(path.clone()), SourceSpec::Url(url)] {
        let mut seen = 0;
        let first =
            fetch(&source, &Validators::default(), &settings(), &mut |progress| seen = progress.octets)
                .unwrap();
        let Got::Text { octets, validators } = first else { panic!("{first:?}") };
        assert_eq!((octets.as_slice(), seen), (&b"a.example\n"[..], 10));
        assert!(matches!(fetch(&source, &validators, &settings(), &mut |_| {}).unwrap(), Got::Text { .. }));
    }
    let missing = SourceSpec::File(PathBuf::from("/nowhere/at/all.txt"));
    let missing = fetch(&missing, &Validators::default(), &settings(), &mut |_| {}).unwrap_err();
    assert_eq!(missing.message().text(Lang::Vi), "không có tệp /nowhere/at/all.txt");
    let device = SourceSpec::File(PathBuf::from("/dev/zero"));
    let device = fetch(&device, &Validators::default(), &settings(), &mut |_| {}).unwrap_err();
    assert_eq!(
        device.message().text(Lang::Vi),
        "không đọc được tệp /dev/zero: không phải tệp thường mà là thiết bị"
    );
}
