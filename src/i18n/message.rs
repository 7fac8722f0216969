//! What is passed on in place of a sentence: an id and its arguments.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cause::cause;
use super::{Lang, texts};

/// A sentence whose language is not chosen yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    id: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    args: BTreeMap<Cow<'static, str>, Arg>,
}

/// What stands in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// A count: grouped as the language does, and it decides the plural.
    Number(u64),
    /// Octets.
    Size(u64),
    /// A name, an address, what the system says.
    Text(String),
    /// A date and a time of day.
    Moment(Moment),
    /// Another sentence or a word of ours.
    Message(Box<Message>),
    /// Several of them.
    Each(Vec<Message>),
    /// A sentence that is kept in both languages.
    Both(Both),
}

/// A sentence that was made in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// A moment by the calendar and the clock of a place, to the minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: i8,
    /// Day of the month, from 1.
    pub day: i8,
    /// Hour, 0 to 23.
    pub hour: i8,
    /// Minute, 0 to 59.
    pub minute: i8,
}

impl Message {
    /// A message without arguments yet; `msg!` makes them whole.
    pub fn new(id: &'static str) -> Self {
        Self { id: Cow::Borrowed(id), args: BTreeMap::new() }
    }

    /// A message with an id that was put together, if there is a text for it.
    pub fn if_there(id: &str) -> Option<Self> {
        texts::has(id).then(|| Self { id: Cow::Owned(id.to_owned()), args: BTreeMap::new() })
    }

    /// The same with one argument more.
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.insert(Cow::Borrowed(name), value.into());
        self
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its arguments by name.
    pub(super) fn args(&self) -> impl Iterator<Item = (&str, &Arg)> {
        self.args.iter().map(|(name, arg)| (name.as_ref(), arg))
    }

    /// The sentence.
    pub fn text(&self, lang: Lang) -> String {
        texts::text(self, lang)
    }

    /// Both languages in one line, for JSON, which does not know who reads it.
    pub fn both(&self) -> String {
        format!("{} / {}", self.text(Lang::Vi), self.text(Lang::En))
    }
}

/// In English, as the program's log has it.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for Message {}

impl Arg {
    /// As it stands in a sentence.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Number(count) => lang.number(*count),
            Self::Size(octets) => lang.size(*octets),
            Self::Text(text) => text.clone(),
            Self::Moment(moment) => lang.moment(*moment),
            Self::Message(message) => message.text(lang),
            Self::Each(messages) => {
                let texts: Vec<String> = messages.iter().map(|message| message.text(lang)).collect();
                texts.join("; ")
            }
            Self::Both(both) => both.text(lang).to_owned(),
        }
    }
}

impl Both {
    /// One of them.
    pub fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

macro_rules! arg_from {
    ($($type:ty => |$value:ident| $arg:expr;)*) => {
        $(impl From<$type> for Arg {
            fn from($value: $type) -> Self { $arg }
        })*
    };
}

arg_from! {
    u64 => |count| Self::Number(count);
    u32 => |count| Self::Number(count.into());
    usize => |count| Self::Number(count as u64);
    &str => |text| Self::Text(text.to_owned());
    String => |text| Self::Text(text);
    &String => |text| Self::Text(text.clone());
    &Path => |path| Self::Text(path.display().to_string());
    IpAddr => |address| Self::Text(address.to_string());
    SocketAddr => |address| Self::Text(address.to_string());
    Moment => |moment| Self::Moment(moment);
    &std::io::Error => |error| Self::Message(Box::new(cause(error)));
    Message => |message| Self::Message(Box::new(message));
    Vec<Message> => |messages| Self::Each(messages);
    Both => |both| Self::Both(both);
}
