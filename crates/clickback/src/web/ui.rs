//! What every template asks: words in the visitor's language, theme, icons, addresses of files.

use std::borrow::Cow;

use clickback_core::moment::Moment;
use clickback_core::people::{Right, Role};
use fluent_bundle::{FluentArgs, FluentValue};

use super::assets;
use super::i18n::{Language, args};
use super::parts::{Icon, Rich};

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub(super) const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// The code in the cookie and in `data-theme`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme with this code.
    pub(super) fn from_code(code: &str) -> Option<Theme> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }
}

/// The visitor's view of things.
#[derive(Debug, Clone)]
pub(super) struct Ui {
    pub(super) language: Language,
    pub(super) theme: Theme,
    pub(super) now: Moment,
    /// Path and query of the page.
    pub(super) address: String,
    /// Whose token logged in.
    pub(super) person: Option<String>,
    /// What a form just did, as the key of a message.
    pub(super) notice: Option<String>,
    /// Other nodes share the database.
    pub(super) company: bool,
    /// Postbacks that this node has accepted and not decided yet.
    pub(super) undecided: u64,
    /// What the visitor is: pages offer only what he may do.
    pub(super) role: Role,
}

/// One choice of a switch.
pub(super) struct Choice {
    pub(super) code: &'static str,
    pub(super) name: Cow<'static, str>,
    pub(super) icon: Icon,
    pub(super) href: String,
    pub(super) chosen: bool,
}

impl Ui {
    /// The same for a person with a role.
    pub(super) fn of(mut self, role: Role) -> Ui {
        self.role = role;
        self
    }

    /// Whether the visitor may do what a right of this name allows: `set-up`, `work-leads` …
    pub(super) fn may(&self, right: &str) -> bool {
        let right = match right {
            "see-team" => Right::SeeTeam,
            "work-leads" => Right::WorkLeads,
            "make-links" => Right::MakeLinks,
            "set-up" => Right::SetUp,
            "decide" => Right::Decide,
            "manage-people" => Right::ManagePeople,
            _ => return false,
        };
        self.role.may(right)
    }

    /// The message with this key.
    pub(super) fn t(&self, key: &str) -> Cow<'static, str> {
        self.language.text(key)
    }

    /// The message whose key is a fixed beginning and a stable code: `verdict-`, `accepted`.
    pub(super) fn coded(&self, beginning: &str, code: &str) -> Cow<'static, str> {
        self.language
            .text(&format!("{beginning}{}", code.replace('_', "-")))
    }

    /// The message with texts filled in.
    pub(super) fn with(&self, key: &str, list: &[(&str, &str)]) -> Cow<'static, str> {
        self.language.with(key, &args(list))
    }

    /// The message with a number, declined.
    pub(super) fn count(&self, key: &str, count: usize) -> Cow<'static, str> {
        let mut args = FluentArgs::new();
        args.set("count", FluentValue::from(count));
        self.language.with(key, &args)
    }

    /// The message with its `code` set as code.
    pub(super) fn rich(&self, key: &str) -> Rich {
        Rich::new(&self.t(key))
    }

    /// The same with texts filled in.
    pub(super) fn rich_with(&self, key: &str, list: &[(&str, &str)]) -> Rich {
        Rich::new(&self.with(key, list))
    }

    /// An icon by name.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through one value"
    )]
    pub(super) fn icon(&self, name: &'static str) -> Icon {
        Icon(name)
    }

    /// The address of a style sheet or script.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through one value"
    )]
    pub(super) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// The languages, each as a link to this page in it.
    pub(super) fn languages(&self) -> Vec<Choice> {
        Language::ALL
            .into_iter()
            .map(|language| Choice {
                code: language.code(),
                name: Cow::Borrowed(language.own_name()),
                icon: Icon("globe"),
                href: self.address_with("lang", language.code()),
                chosen: language == self.language,
            })
            .collect()
    }

    /// The themes, each as a link to this page in it.
    pub(super) fn themes(&self) -> Vec<Choice> {
        Theme::ALL
            .into_iter()
            .map(|theme| Choice {
                code: theme.code(),
                name: self.coded("theme-", theme.code()),
                icon: Icon(match theme {
                    Theme::System => "monitor",
                    Theme::Light => "sun",
                    Theme::Dark => "moon",
                }),
                href: self.address_with("theme", theme.code()),
                chosen: theme == self.theme,
            })
            .collect()
    }

    /// This page with one parameter more, or another value of it.
    fn address_with(&self, name: &str, value: &str) -> String {
        let (path, query) = self.address.split_once('?').unwrap_or((&self.address, ""));
        let mut address = format!("{path}?");
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let key = pair.split('=').next().unwrap_or_default();
            if key != "lang" && key != "theme" {
                address.push_str(pair);
                address.push('&');
            }
        }
        address.push_str(name);
        address.push('=');
        address.push_str(value);
        address
    }
}

#[cfg(test)]
pub(super) fn english() -> Ui {
    Ui {
        language: Language::English,
        theme: Theme::System,
        now: Moment::parse_rfc3339("2026-11-24T12:00:00Z").unwrap(),
        address: "/inbox?verdict=unmatched&lang=ru".to_owned(),
        person: None,
        notice: None,
        company: false,
        undecided: 0,
        role: Role::Owner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_keep_the_page_and_its_filters() {
        let ui = english();
        let languages: Vec<String> = ui.languages().into_iter().map(|one| one.href).collect();
        assert_eq!(
            languages,
            [
                "/inbox?verdict=unmatched&lang=en",
                "/inbox?verdict=unmatched&lang=ru"
            ]
        );
        let bare = Ui {
            address: "/leads".to_owned(),
            ..ui
        };
        assert_eq!(bare.themes()[2].href, "/leads?theme=dark");
    }
}
