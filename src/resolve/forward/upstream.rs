//! One upstream as people write it: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`,
//! `tcp://192.0.2.53`, `tls://192.0.2.53#dns.example`, `https://192.0.2.53/dns-query#dns.example`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use rustls::pki_types::ServerName;

use crate::dns::name::OwnedName;

/// Path of DoH where none is written (RFC 8484 §4.1).
const DOH_PATH: &str = "/dns-query";

/// A server that questions are forwarded to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Address and port.
    pub address: SocketAddr,
    /// How it is asked.
    pub transport: Transport,
}

/// How an upstream is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP, and TCP where the answer does not fit.
    Plain,
    /// TCP only.
    Tcp,
    /// DNS over TLS (RFC 7858); the certificate must be for `name`.
    Tls { name: String },
    /// DNS over HTTPS (RFC 8484); the certificate must be for `name`.
    Https { name: String, path: String },
}

/// Why a text is not an upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// Only the four of the module's documentation are known.
    #[error("unknown scheme `{0}://`: use an address alone, or tcp://, tls://, https://")]
    Scheme(String),
    /// A name instead of an address: the resolver cannot resolve its own resolver.
    #[error("`{0}` is not an IP address (a name must come after `#`: tls://192.0.2.53#dns.example)")]
    Address(String),
    /// TLS without the name that the certificate is checked against.
    #[error("the certificate's name is missing: write {0}#dns.example")]
    NoName(String),
    /// The name after `#` is not one.
    #[error("`{0}` is not a server name")]
    Name(String),
    /// `#name` or a path where there is no TLS.
    #[error("`{0}` belongs to tls:// or https:// only")]
    Extra(String),
}

impl Upstream {
    /// A name server by its address: port 53, UDP, and TCP where that is not enough.
    pub fn name_server(address: IpAddr) -> Self {
        Self { address: SocketAddr::new(address, 53), transport: Transport::Plain }
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("udp", text));
        let (rest, name) = match rest.split_once('#') {
            Some((rest, name)) => (rest, Some(name)),
            None => (rest, None),
        };
        let (host, path) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(&rest[at..])),
            None => (rest, None),
        };
        if let (Some(path), true) = (path, scheme != "https") {
            return Err(UpstreamError::Extra(path.to_owned()));
        }
        let server_name = || match name {
            None | Some("") => Err(UpstreamError::NoName(text.trim_end_matches('#').to_owned())),
            Some(name) => match OwnedName::parse(name) {
                Ok(parsed) if !parsed.as_name().is_root() => {
                    let name = name.trim_end_matches('.').to_ascii_lowercase();
                    // Not every name can be a certificate's.
                    match ServerName::try_from(name.as_str()) {
                        Ok(_) => Ok(name),
                        Err(_) => Err(UpstreamError::Name(name)),
                    }
                }
                _ => Err(UpstreamError::Name(name.to_owned())),
            },
        };
        let (transport, port) = match scheme {
            "udp" => (Transport::Plain, 53),
            "tcp" => (Transport::Tcp, 53),
            "tls" => (Transport::Tls { name: server_name()? }, 853),
            "https" => {
                let path = path.unwrap_or(DOH_PATH).to_owned();
                (Transport::Https { name: server_name()?, path }, 443)
            }
            other => return Err(UpstreamError::Scheme(other.to_owned())),
        };
        if let (Some(name), Transport::Plain | Transport::Tcp) = (name, &transport) {
            return Err(UpstreamError::Extra(format!("#{name}")));
        }
        let address = parse_address(host, port).ok_or_else(|| UpstreamError::Address(host.to_owned()))?;
        Ok(Self { address, transport })
    }
}

fn parse_address(host: &str, port: u16) -> Option<SocketAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Some(SocketAddr::new(ip, port)),
        Err(_) => host.parse().ok().filter(|address: &SocketAddr| address.port() != 0),
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = match self.transport {
            Transport::Plain => ("", 53),
            Transport::Tcp => ("tcp://", 53),
            Transport::Tls { .. } => ("tls://", 853),
            Transport::Https { .. } => ("https://", 443),
        };
        f.write_str(scheme)?;
        match self.address {
            SocketAddr::V6(v6) if v6.port() == port && !scheme.is_empty() => write!(f, "[{}]", v6.ip())?,
            address if address.port() == port => write!(f, "{}", address.ip())?,
            address => write!(f, "{address}")?,
        }
        match &self.transport {
            Transport::Plain | Transport::Tcp => Ok(()),
            Transport::Tls { name } => write!(f, "#{name}"),
            Transport::Https { name, path } => write!(f, "{path}#{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_and_printed_back() {
        for (text, printed) in [
            ("192.0.2.53", "192.0.2.53"),
            (" 192.0.2.53:53 ", "192.0.2.53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "2001:db8::53"),
            ("[2001:db8::53]", "2001:db8::53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("tcp://192.0.2.53", "tcp://192.0.2.53"),
            ("tls://192.0.2.53#Dns.Example.", "tls://192.0.2.53#dns.example"),
            ("tls://[2001:db8::53]:8853#dns.example", "tls://[2001:db8::53]:8853#dns.example"),
            ("tls://[2001:db8::53]#dns.example", "tls://[2001:db8::53]#dns.example"),
            ("https://192.0.2.53#dns.example", "https://192.0.2.53/dns-query#dns.example"),
            ("https://192.0.2.53:8443/q/1#dns.example", "https://192.0.2.53:8443/q/1#dns.example"),
        ] {
            let upstream: Upstream = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(upstream.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(upstream), "{printed}");
        }
    }

    #[test]
    fn mistakes_say_what_to_write_instead() {
        for (text, says) in [
            ("dns.example", "is not an IP address"),
            ("192.0.2.53:0", "is not an IP address"),
            ("", "is not an IP address"),
            ("tls://192.0.2.53", "write tls://192.0.2.53#dns.example"),
            ("tls://192.0.2.53#", "write tls://192.0.2.53#dns.example"),
            ("tls://192.0.2.53#a..b", "`a..b` is not a server name"),
            ("tls://192.0.2.53/q#dns.example", "`/q` belongs to"),
            ("192.0.2.53#dns.example", "`#dns.example` belongs to"),
            ("quic://192.0.2.53#dns.example", "unknown scheme `quic://`"),
        ] {
            let error = text.parse::<Upstream>().expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
