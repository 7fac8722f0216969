//! Names of a list by a splitting of its own: enough for plain, hosts, ABP, dnsmasq, wildcard and zone
//! files, and independent of the readers in `lists`.

/// Names with their lines, lower-case.
pub fn names(text: &str) -> impl Iterator<Item = (u32, String)> {
    (1u32..).zip(text.lines()).filter_map(|(line, text)| Some((line, name_in(text)?)))
}

fn name_in(line: &str) -> Option<String> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let line =
        ["0.0.0.0", "127.0.0.1"].iter().find_map(|sink| line.strip_prefix(sink)).unwrap_or(line).trim();
    let token = line.split_ascii_whitespace().next()?;
    let token = ["||", "*.", "local=/", "server=/"]
        .iter()
        .find_map(|start| token.strip_prefix(start))
        .unwrap_or(token);
    let token = token.split_once('^').map_or(token, |(name, _)| name);
    let name = token.trim_end_matches(['/', '.']).to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
    };
    let last = name.rsplit('.').next()?;
    let fits = name.contains('.') && name.len() <= 253 && !last.bytes().all(|it| it.is_ascii_digit());
    (fits && name.split('.').all(is_label)).then_some(name)
}
