//! The words of the pages in both languages: Fluent messages from `locales/`, built in. English fills
//! in for what is missing; a test sees to it that nothing is.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Russian,
}

impl Language {
    /// Every language, in the order of the switch.
    pub const ALL: [Language; 2] = [Language::English, Language::Russian];

    /// The two-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Russian => "ru",
        }
    }

    /// The language's name in itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Russian => "Русский",
        }
    }

    /// The language of a code such as `ru` or `ru-RU`.
    pub fn from_code(code: &str) -> Option<Language> {
        let primary = code.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The first language of an `Accept-Language` header that we speak, by its weights.
    pub fn accepted(header: &str) -> Option<Language> {
        let mut wanted: Vec<(f32, Language)> = header
            .split(',')
            .filter_map(|part| {
                let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
                let weight = weight
                    .trim()
                    .strip_prefix("q=")
                    .map_or(Some(1.0), |q| q.parse().ok());
                Some((weight?, Language::from_code(tag)?))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        wanted.sort_by(|one, two| two.0.total_cmp(&one.0));
        wanted.first().map(|(_, language)| *language)
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Language::English => &ENGLISH,
            Language::Russian => &RUSSIAN,
        }
    }

    /// The message with this key. A key that nobody wrote is shown as itself.
    pub fn text(self, key: &str) -> Cow<'static, str> {
        self.format(key, None)
    }

    /// The message with its variables filled in.
    pub fn with(self, key: &str, args: &FluentArgs<'_>) -> Cow<'static, str> {
        self.format(key, Some(args))
    }

    fn format(self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        find(self.bundle(), key, args)
            .or_else(|| find(&ENGLISH, key, args))
            .unwrap_or_else(|| Cow::Owned(key.to_owned()))
    }
}

type Bundle = FluentBundle<FluentResource>;

const EN: &[&str] = &[
    include_str!("../../../../locales/en/common.ftl"),
    include_str!("../../../../locales/en/inbox.ftl"),
    include_str!("../../../../locales/en/flags.ftl"),
    include_str!("../../../../locales/en/leads.ftl"),
    include_str!("../../../../locales/en/crm.ftl"),
    include_str!("../../../../locales/en/doctor.ftl"),
    include_str!("../../../../locales/en/doctor-page.ftl"),
    include_str!("../../../../locales/en/people.ftl"),
    include_str!("../../../../locales/en/overview.ftl"),
    include_str!("../../../../locales/en/partners.ftl"),
    include_str!("../../../../locales/en/integrations.ftl"),
    include_str!("../../../../locales/en/links.ftl"),
    include_str!("../../../../locales/en/help.ftl"),
    include_str!("../../../../locales/en/keys.ftl"),
];
const RU: &[&str] = &[
    include_str!("../../../../locales/ru/common.ftl"),
    include_str!("../../../../locales/ru/inbox.ftl"),
    include_str!("../../../../locales/ru/flags.ftl"),
    include_str!("../../../../locales/ru/leads.ftl"),
    include_str!("../../../../locales/ru/crm.ftl"),
    include_str!("../../../../locales/ru/doctor.ftl"),
    include_str!("../../../../locales/ru/doctor-page.ftl"),
    include_str!("../../../../locales/ru/people.ftl"),
    include_str!("../../../../locales/ru/overview.ftl"),
    include_str!("../../../../locales/ru/partners.ftl"),
    include_str!("../../../../locales/ru/integrations.ftl"),
    include_str!("../../../../locales/ru/links.ftl"),
    include_str!("../../../../locales/ru/help.ftl"),
    include_str!("../../../../locales/ru/keys.ftl"),
];

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| build(Language::English, EN));
static RUSSIAN: LazyLock<Bundle> = LazyLock::new(|| build(Language::Russian, RU));

fn build(language: Language, sources: &[&str]) -> Bundle {
    let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    bundle.set_use_isolating(false);
    for source in sources {
        // A message with a mistake in it is left out; the tests name it.
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn find(
    bundle: &'static Bundle,
    key: &str,
    args: Option<&FluentArgs<'_>>,
) -> Option<Cow<'static, str>> {
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, args, &mut errors);
    // The text may borrow from the arguments' lifetime in the signature: keep what is static.
    Some(Cow::Owned(text.into_owned()))
}

/// Arguments from texts.
pub fn args<'a>(list: &[(&'a str, &'a str)]) -> FluentArgs<'a> {
    list.iter()
        .map(|(name, value)| (*name, FluentValue::from(*value)))
        .collect()
}

/// A message in the language of a code, for callers that have only texts: the command line, the API.
pub fn text(language: &str, key: &str, list: &[(&str, &str)]) -> String {
    let language = Language::from_code(language).unwrap_or_default();
    language.with(key, &args(list)).into_owned()
}

#[cfg(test)]
mod tests;
