//! The question which lists of the catalogue are wanted.

use super::{Error, Interview};
use crate::config::mistake::Said;
use crate::config::nearest::{folded, nearest};
use crate::lists::catalogue::{self, CatalogueEntry};

/// Lists that are offered: few, clean, known in Vietnam, and free to use. A school takes others by their id.
const OFFERED: [&str; 3] = ["hostsvn-gambling", "hostsvn-adult", "hostsvn-threat"];
/// Lists that one answer may switch on.
const LISTS_MAX: usize = 32;

impl Interview<'_> {
    /// Ids of the lists that are wanted. The last question: where there are no more answers, none is.
    pub(super) fn lists(&mut self) -> Result<Vec<String>, Error> {
        let all = catalogue::all();
        let offered: Vec<&CatalogueEntry> =
            OFFERED.iter().filter_map(|id| all.iter().find(|entry| entry.spec.id == *id)).collect();
        let lines = |name: fn(&CatalogueEntry) -> &str| -> String {
            let lines = offered.iter().zip(1..);
            lines
                .map(|(entry, number)| format!("  {number}. {} ({})\n", name(entry), entry.licence))
                .collect()
        };
        self.tell(&Said::new(
            format!(
                "Danh sách khởi đầu luôn có sẵn. Có thể tải thêm, mỗi ngày cập nhật:\n{}",
                lines(|entry| &entry.vi)
            ),
            format!(
                "The starter lists are always there. More can be fetched, renewed each day:\n{}",
                lines(|entry| &entry.en)
            ),
        ));
        let question = Said::new(
            "Ghi số, cách nhau bằng dấu phẩy; 0: không tải; danh sách khác thì ghi id trong blocklists/catalogue.toml",
            "Numbers, separated by commas; 0: none; others by their id in blocklists/catalogue.toml",
        );
        let ids: Vec<&str> = all.iter().map(|entry| entry.spec.id.as_str()).collect();
        let read = |answer: &str| {
            let mut wanted: Vec<String> = Vec::new();
            if matches!(folded(answer).as_str(), "0" | "khong" | "no" | "none" | "_") {
                return Ok(wanted);
            }
            for word in answer.split([',', ';', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
                let by_number =
                    word.parse::<usize>().ok().and_then(|number| offered.get(number.checked_sub(1)?));
                let id = by_number.map(|entry| entry.spec.id.as_str());
                let id = id.or_else(|| ids.iter().copied().find(|id| *id == word)).ok_or_else(|| {
                    let meant = nearest(word, ids.iter().copied());
                    let meant = meant.map(|meant| format!(": {meant}?")).unwrap_or_default();
                    Said::new(
                        format!("không có danh sách \"{word}\"{meant}"),
                        format!("no list \"{word}\"{meant}"),
                    )
                })?;
                if !wanted.iter().any(|other| other == id) {
                    wanted.push(id.to_owned());
                }
            }
            if wanted.len() > LISTS_MAX {
                let most = LISTS_MAX;
                return Err(Said::new(
                    format!("nhiều nhất {most} danh sách"),
                    format!("at most {most} lists"),
                ));
            }
            Ok(wanted)
        };
        match self.ask(&question, "1, 2, 3", read) {
            Err(Error::Ended) => Ok(Vec::new()),
            answered => answered,
        }
    }
}
