//! `lachan lists snapshot`: the kept copies of public lists, packed for other schools or for a stick.

use jiff::Timestamp;

use super::args::ListsSnapshotArgs;
use super::out::{Ended, Failure};
use super::page::Page;
use super::place;
use super::screen::Screen;
use super::table::Table;
use crate::app::lists as in_force;
use crate::app::moment;
use crate::i18n::msg;
use crate::lists::catalogue;
use crate::lists::snapshot::{LeftOut, pack};
use crate::lists::store::Store;

/// Packs the lists of the catalogue that the config switches on. Without one of them the exit code is 1.
///
/// # Errors
/// A config with mistakes, a folder that cannot be written or holds other files.
pub fn run(args: &ListsSnapshotArgs, screen: &Screen) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place, screen)?;
    let store = Store::at(&in_force::store_path(&settings.state));
    let is_on = |id: &str| settings.lists.specs.iter().any(|spec| spec.id == id);
    let mut lists = catalogue::all();
    lists.retain(|entry| is_on(&entry.spec.id));
    let report = pack(&lists, &store, args.own_use, &args.output)?;
    let headings =
        [msg!("lists-list"), msg!("snapshot-licence"), msg!("snapshot-names"), msg!("snapshot-octets")];
    let mut table = Table::new(
        headings.into_iter().chain([msg!("snapshot-fetched")]).map(|heading| screen.say(&heading)),
    );
    let (mut names, mut octets) = (0, 0);
    for packed in &report.packed {
        names += u64::from(packed.names);
        octets += packed.octets;
        let at =
            Timestamp::from_second(i64::try_from(packed.fetched_at).unwrap_or_default()).unwrap_or_default();
        table.row([
            packed.id.clone(),
            packed.licence.clone(),
            screen.lang.number(packed.names.into()),
            screen.lang.number(packed.octets),
            screen.lang.moment(moment(at, &settings.journal.time_zone)),
        ]);
    }
    let mut page = Page::new(screen);
    page.table(&table);
    page.gap();
    let (lists, folder) = (report.packed.len(), args.output.as_path());
    page.say(&msg!("snapshot-done", lists = lists, names = names, octets = octets, folder = folder));
    for (id, why) in &report.left_out {
        page.item(&match why {
            LeftOut::NoCopy => msg!("snapshot-no-copy", id = id),
            LeftOut::Licence(licence) => msg!("snapshot-other-licence", id = id, licence = licence),
        });
    }
    page.print()?;
    Ok(if report.left_out.is_empty() { Ended::Done } else { Ended::Refused })
}
