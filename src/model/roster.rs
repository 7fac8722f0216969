//! Names of groups and lists that live as long as the program, as small numbers.
//!
//! A reload may drop a group and add another, while the last second's counts still speak of the old
//! one. So a number is given once and never again to another name.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A number that stands for one name as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RosterId(pub u16);

/// The names. Clones share one table.
#[derive(Clone, Debug, Default)]
pub struct Roster(Arc<RwLock<Table>>);

#[derive(Debug, Default)]
struct Table {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, RosterId>,
}

impl Roster {
    /// The number of `name`, given now if it has none. After 65,535 names the last number is shared
    /// under the name `…`: a program that has seen so many reloads still counts.
    pub fn id_of(&self, name: &str) -> RosterId {
        let mut table = self.0.write().expect("nothing panics while it holds this lock");
        if let Some(&id) = table.ids.get(name) {
            return id;
        }
        if table.names.len() >= usize::from(u16::MAX) {
            if table.names.len() == usize::from(u16::MAX) {
                table.names.push("…".into());
            }
            return RosterId(u16::MAX);
        }
        let id = RosterId(table.names.len() as u16);
        let name: Arc<str> = name.into();
        table.names.push(name.clone());
        table.ids.insert(name, id);
        id
    }

    /// The name with that number; `?` for a number that was never given.
    pub fn name_of(&self, id: RosterId) -> Arc<str> {
        let table = self.0.read().expect("nothing panics while it holds this lock");
        table.names.get(usize::from(id.0)).cloned().unwrap_or_else(|| "?".into())
    }
}
