//! `lachan init`: a few questions, and a commented config that passes the check.
//!
//! Who answers is behind [`Answerer`], so a test plays the user. Each answer is judged where it is
//! given, and asked for again with the reason; the finished text is read as `config check` reads it
//! before it is handed out.

// Inside: `networks`, `servers` and `lists` ask about these, `range` reads ranges as people write them, `write_up`
// writes.

mod lists;
mod networks;
mod range;
mod servers;
mod write_up;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::mistake::{Report, Said, said};
use super::{Context, read_text, words};
use crate::i18n::Lang;
use crate::model::tier::Tier;
use crate::sys::whole::open_file;
use write_up::write_up;

/// Times that one question is asked before we give up: whoever answers is no person.
const TRIES_MAX: usize = 10;

/// Who answers the questions.
pub trait Answerer {
    /// Shows a text.
    fn tell(&mut self, text: &str);
    /// Asks; an empty answer means `default`. `None`: there will be no more answers.
    fn ask(&mut self, question: &str, default: &str) -> Option<String>;
}

/// Why no config was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answers ended.
    #[error("the answers ended before the questions did")]
    Ended,
    /// The same question was answered wrongly too often.
    #[error("no usable answer to: {0}")]
    GaveUp(String),
    /// There is a file already.
    #[error("{} exists; it is not overwritten unless that is said", .0.display())]
    Exists(PathBuf),
    /// The file could not be written.
    #[error("could not write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    /// The answers fit together in a way that the check refuses.
    #[error("the answers do not go together:\n{0}")]
    Refused(Box<Report>),
}

/// Whether a file that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

/// What is known before anybody is asked.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The networks that this machine is in, with the names of their interfaces: likely those of the school.
    pub networks: Vec<(String, IpNet)>,
}

/// Asks, and gives the text of a config that passes the check in `context`. `lang` is offered as the language.
///
/// # Errors
/// What [`Error`] says.
pub fn interview(
    who: &mut dyn Answerer,
    context: &Context,
    machine: &Machine,
    lang: Lang,
) -> Result<String, Error> {
    let mut interview = Interview { who, language: lang, offers: machine.networks.clone() };
    let answers = interview.interview()?;
    let text = write_up(&answers, interview.language);
    match read_text("lachan.toml", &text, context) {
        Ok(_) => Ok(text),
        Err(report) => Err(Error::Refused(Box::new(report))),
    }
}

/// Writes a config's text.
///
/// # Errors
/// [`Error::Exists`] where a file is there and is to be kept; [`Error::Write`].
pub fn write(path: &Path, text: &str, existing: Existing) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let opened = match existing {
        Existing::Keep => OpenOptions::new().write(true).create_new(true).open(path),
        // What is no file is not replaced: to write into a pipe would wait for who reads it.
        Existing::Replace => match open_file(path) {
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Err(error),
            _ => OpenOptions::new().write(true).create(true).truncate(true).open(path),
        },
    };
    let mut file = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists(path.to_owned()));
        }
        opened => opened.map_err(failed)?,
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

struct Network {
    name: String,
    tier: Tier,
    from: Vec<IpNet>,
}

struct Answers {
    school: String,
    levels: Vec<Tier>,
    networks: Vec<Network>,
    servers: Vec<String>,
    /// The domain that a domain controller among the servers has.
    domain: Option<String>,
    state: String,
    /// Ids of the catalogue.
    lists: lists::Wanted,
}

struct Interview<'w> {
    who: &'w mut dyn Answerer,
    language: Lang,
    /// Networks of this machine that were not offered yet.
    offers: Vec<(String, IpNet)>,
}

impl Interview<'_> {
    fn interview(&mut self) -> Result<Answers, Error> {
        let question = said!("init-interview");
        self.language =
            self.ask(&question, self.language.id(), |answer| match answer.to_lowercase().as_str() {
                "vi" | "tiếng việt" | "v" => Ok(Lang::Vi),
                "en" | "english" | "e" => Ok(Lang::En),
                _ => Err(said!("init-interview-write-vi-or")),
            })?;
        let school = self.ask(&said!("init-interview-name-of-the"), "", |answer| {
            let fits = answer.chars().count() <= 200 && !answer.chars().any(char::is_control);
            if fits { Ok(answer.to_owned()) } else { Err(said!("init-interview-the-name-is")) }
        })?;
        let mut levels = self.levels()?;
        let networks = self.networks(&mut levels)?;
        let servers = self.servers()?;
        let domain = self.domain(&servers)?;
        let state = self.state()?;
        let lists = self.lists()?;
        Ok(Answers { school, levels, networks, servers, domain, state, lists })
    }

    fn levels(&mut self) -> Result<Vec<Tier>, Error> {
        let question = said!("init-levels");
        let default = said!("init-levels-primary").text(self.language).to_owned();
        self.ask(&question, &default, |answer| {
            let mut levels = Vec::new();
            let answer = answer.replace(" và ", ",").replace(" and ", ",");
            let words = answer.split([',', ';', '+', '&', '/']).map(str::trim);
            for word in words.filter(|word| !word.is_empty()) {
                match words::nearest_tier(word).filter(|tier| Tier::PUPILS.contains(tier)) {
                    Some(tier) => levels.push(tier),
                    None => {
                        return Err(said!("init-levels-no-level-word", word = word.to_string()));
                    }
                }
            }
            levels.sort_unstable();
            levels.dedup();
            if levels.is_empty() { Err(said!("init-levels-at-least-one")) } else { Ok(levels) }
        })
    }

    fn state(&mut self) -> Result<String, Error> {
        let question = said!("init-state");
        self.ask(&question, "auto", |answer| {
            let fits = answer == "auto" || Path::new(answer).is_absolute();
            if fits { Ok(answer.to_owned()) } else { Err(said!("init-state-write-an-absolute")) }
        })
    }

    fn tell(&mut self, said: &Said) {
        self.who.tell(said.text(self.language));
    }

    /// Asks until the answer can be used.
    fn ask<T>(
        &mut self,
        question: &Said,
        default: &str,
        judge: impl Fn(&str) -> Result<T, Said>,
    ) -> Result<T, Error> {
        let question = question.text(self.language).to_owned();
        for _ in 0..TRIES_MAX {
            let answer = self.who.ask(&question, default).ok_or(Error::Ended)?;
            let answer = match answer.trim() {
                "" => default,
                answer => answer,
            };
            match judge(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.tell(&why),
            }
        }
        Err(Error::GaveUp(question))
    }
}
