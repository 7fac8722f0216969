//! A response policy zone, for those who block by one.

use std::io;

use super::super::place::Place;
use super::Names;

/// The file's name in a place.
pub const FILE: &str = "rpz.zone";

/// Each name and all below it do not exist: two records a name, as published zones have them.
pub fn write(place: &Place, names: &mut Names<'_>) -> io::Result<()> {
    // A reload must see a new serial: the seconds of the clock.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let head = format!(
        "$ORIGIN rpz.\n$TTL 60\n@ SOA localhost. admin.localhost. {} 3600 600 86400 60\n@ NS localhost.\n",
        now.as_secs()
    );
    place.write_names(FILE, &head, names, |text, name| {
        text.extend([name, " CNAME .\n*.", name, " CNAME .\n"]);
    })
}
