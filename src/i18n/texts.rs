//! The texts, embedded: a Fluent file a topic and language.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::{Arg, Lang, Message};

type Bundle = FluentBundle<FluentResource>;

macro_rules! files {
    ($($topic:literal),* $(,)?) => {
        /// Topic, Vietnamese, English.
        pub(super) const FILES: &[(&str, &str, &str)] =
            &[$(($topic, include_str!(concat!("vi/", $topic, ".ftl")), include_str!(concat!("en/", $topic, ".ftl")))),*];
    };
}

files!(
    "answers",
    "check",
    "common",
    "config",
    "help",
    "lines",
    "lists",
    "lists_update",
    "log",
    "mistakes",
    "server",
    "status",
    "trouble",
    "zones",
);

/// The text of a message. Without one, its id and its arguments.
pub(super) fn text(message: &Message, lang: Lang) -> String {
    let bundle = bundle(lang);
    let Some(pattern) = bundle.get_message(message.id()).and_then(|found| found.value()) else {
        return bare(message, lang);
    };
    let args: FluentArgs<'_> =
        message.args().map(|(name, arg)| (name.to_owned(), value(arg, lang))).collect();
    // What Fluent cannot resolve stands in the text by its name.
    bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
}

/// Whether there is a text.
pub(super) fn has(id: &str) -> bool {
    bundle(Lang::default()).has_message(id)
}

/// A count stays a number, so that it decides the plural; all else is text.
fn value(arg: &Arg, lang: Lang) -> FluentValue<'static> {
    match arg {
        Arg::Number(count) => FluentValue::from(*count),
        other => FluentValue::from(other.text(lang)),
    }
}

fn bare(message: &Message, lang: Lang) -> String {
    let args: Vec<String> = message.args().map(|(name, arg)| format!("{name}: {}", arg.text(lang))).collect();
    match args.is_empty() {
        true => message.id().to_owned(),
        false => format!("{} ({})", message.id(), args.join(", ")),
    }
}

fn bundle(lang: Lang) -> &'static Bundle {
    static BUNDLES: OnceLock<[Bundle; 2]> = OnceLock::new();
    let [vi, en] = BUNDLES.get_or_init(|| Lang::ALL.map(load));
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

fn load(lang: Lang) -> Bundle {
    let id: LanguageIdentifier = lang.id().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Marks of direction around each argument are for scripts that run the other way.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match lang {
        Lang::Vi => |value, _| number(value, Lang::Vi),
        Lang::En => |value, _| number(value, Lang::En),
    }));
    for (_, vi, en) in FILES {
        let text = match lang {
            Lang::Vi => vi,
            Lang::En => en,
        };
        // A line that is no Fluent is left out, and the tests say so; all others count.
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn number(value: &FluentValue<'_>, lang: Lang) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(lang.number(number.value as u64)),
        _ => None,
    }
}
