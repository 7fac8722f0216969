//! Sentences for people in Vietnamese and English: one id with arguments, two texts, one of them printed.
//!
//! A [`Message`] is a fact that has an id and named arguments; it is passed up and over the control socket, and
//! becomes a sentence where it is printed. The texts are Fluent files, embedded. An id that has no text is printed
//! as itself with its arguments; the tests find it before that.
//!
//! Imports the causes of the system's errors and what is wrong with a name, and nothing else of ours.
// Inside: `lang` chooses the language, `message` is what is passed on, `texts` holds the files, `format` writes
// numbers, sizes, durations and moments, `cause` says why the system refused, `slip`
// why a text is not a name.

pub mod cause;
pub mod format;
pub mod lang;
pub mod message;
pub mod slip;
#[cfg(test)]
mod tests;
mod texts;

pub use lang::Lang;
pub use message::{Arg, Both, Message, Moment};

#[cfg(test)]
pub use tests::ids_with;

/// A [`Message`] by its id, with its arguments: `msg!("index-names", names = 12)`.
///
/// The id is a literal, so that a test finds each and compares its arguments with the variables of the texts.
macro_rules! msg {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::i18n::Message::new($id)$(.with(stringify!($name), $value))*
    };
}
pub(crate) use msg;
