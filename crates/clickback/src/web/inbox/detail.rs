//! One request in full: what became of it and why, what is odd and how to fix it, how it was read.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;
use clickback_core::event::{Kind, Status};
use clickback_core::explain::{Meaning, Outcome, Reading, explain};
use clickback_core::flag::Flag;
use clickback_core::ids::{RequestId, WorkspaceId};
use clickback_core::params::Place;
use clickback_core::postback::{Postback, Rejection};

use crate::app::App;
use crate::store::events::{Event, EventChange};
use crate::store::inbox::{BY_HAND, BY_IMPORT, Request, Verdict};
use crate::store::integrations::Integration;
use crate::store::leads::Lead;
use crate::store::{StoreError, StoreResult};
use crate::web::changes::{Change, lines};
use crate::web::paint;
use crate::web::parts::{Badge, Chip, CodeBox, Copy, Money, Rich, When};
use crate::web::ui::Ui;

use super::filter::Filter;
use super::rows::{event_name, said_name};

/// A flag with its sentence and fix.
struct Advice {
    word: Cow<'static, str>,
    what: Rich,
    fix: Rich,
    href: String,
}

/// One parameter as it was read.
struct Line {
    /// `tracker.` or `fields.`, if the name begins so: lines break after it.
    group: String,
    name: String,
    canonical: Option<String>,
    /// Nobody sent it: the integration's rules say it.
    implied: bool,
    raw: String,
    meaning: String,
    outcome: String,
    /// Class of the outcome: used, used as it stands, not used, kept.
    tone: &'static str,
    chips: Vec<Chip>,
}

/// What the page shows of a request.
#[derive(Template)]
#[template(path = "inbox/detail.html")]
pub(super) struct Detail<'a> {
    ui: &'a Ui,
    /// The list without the request beside it.
    list: String,
    badge: Badge,
    origin: Option<Badge>,
    title: String,
    money: Option<Money>,
    when: When,
    integration: String,
    sentence: Rich,
    /// What to do about a rejection or a wait.
    fix: Option<Rich>,
    advice_title: Cow<'static, str>,
    advice: Vec<Advice>,
    lead: Option<(String, String)>,
    status: Option<Badge>,
    /// The request whose event this one repeats or changes.
    original: Option<String>,
    raw_title: Cow<'static, str>,
    raw: CodeBox,
    body: Option<CodeBox>,
    content_type: String,
    lines: Vec<Line>,
    unreadable: bool,
    changes: Vec<Change>,
    id: String,
    copy_id: Copy,
    exact: String,
    address: String,
    /// A person may decide: again, and on the event's status.
    decides: bool,
    may_approve: bool,
    may_void: bool,
    /// What counting it separately would mean, where it can be.
    separate: Option<Rich>,
}

impl HtmlSafe for Detail<'_> {}

/// Reads a request of this workspace; `None` if it is another's.
pub(super) async fn read<'a>(
    app: &App,
    ui: &'a Ui,
    workspace: WorkspaceId,
    id: RequestId,
    filter: &Filter,
) -> StoreResult<Option<Detail<'a>>> {
    let request = app.store.request(id).await?;
    let Some(integration) = app
        .store
        .snapshot()
        .get(workspace, request.summary.integration)
    else {
        return Ok(None);
    };
    let lead = match request.summary.lead {
        Some(lead) => match app.store.lead(lead).await {
            Ok(lead) => Some(lead),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let changes = match &request.summary.event {
        Some(event) => app.store.event_changes(event.id).await?,
        None => Vec::new(),
    };
    let known = Known {
        ui,
        request: &request,
        integration: &integration,
        lead,
        changes,
    };
    Ok(Some(known.detail(filter.address("/inbox"))))
}

struct Known<'a, 'r> {
    ui: &'a Ui,
    request: &'r Request,
    integration: &'r Integration,
    lead: Option<Lead>,
    changes: Vec<EventChange>,
}

impl<'a> Known<'a, '_> {
    fn detail(&self, list: String) -> Detail<'a> {
        let (ui, summary, raw) = (self.ui, &self.request.summary, &self.request.raw);
        let rules = &self.integration.ruleset;
        let judged = raw.parts().judge(rules, summary.received_at);
        let readings = explain(raw.parts(), rules, summary.received_at);
        let (title, money) = match (&summary.event, &judged) {
            (Some(event), _) => (
                event_name(ui, event.kind, &event.name),
                event
                    .amount
                    .map(|amount| Money::new(ui, amount, event.currency)),
            ),
            (None, Ok(said)) => (
                said_name(ui, &said.event),
                said.amount
                    .map(|amount| Money::new(ui, amount, said.currency)),
            ),
            (None, Err(_)) => (ui.t("detail-request").into_owned(), None),
        };
        let usable = judged.as_ref().is_ok_and(|said| said.clickid_usable);
        let (sentence, fix) = self.verdict(&title, money.as_ref(), usable, judged.as_ref().err());
        let uuid = self.integration.uuid.to_string();
        let (raw_title, line) = match summary.method.as_str() {
            BY_HAND | BY_IMPORT => (ui.t("detail-written"), paint::query(&raw.query, rules)),
            method => {
                let line = paint::request(method, &uuid, &raw.query, rules);
                (ui.t("detail-raw"), line)
            }
        };
        let made_by = summary.event.as_ref().map(Event::request);
        // Only the request that made an event decides on it.
        let own_status = summary
            .event
            .as_ref()
            .filter(|event| event.request() == summary.id)
            .map(|event| event.status);
        Detail {
            ui,
            list,
            badge: Badge::verdict(ui, summary.verdict),
            origin: Badge::origin(ui, summary.test, &summary.method),
            when: When::new(ui, summary.received_at),
            integration: self.integration.name.clone(),
            sentence,
            fix,
            advice_title: ui.count("detail-flags", summary.flags.iter().count()),
            advice: summary.flags.iter().map(|flag| advice(ui, flag)).collect(),
            lead: self
                .lead
                .as_ref()
                .map(|lead| (format!("/leads/{}", lead.id), lead_title(lead))),
            status: summary
                .event
                .as_ref()
                .map(|event| Badge::status(ui, event.status)),
            original: made_by
                .filter(|made| *made != summary.id)
                .map(|made| format!("/inbox/{made}")),
            raw: CodeBox::new(ui, &raw_title, line),
            raw_title,
            body: raw
                .body
                .as_deref()
                .map(|body| CodeBox::new(ui, &ui.t("detail-body"), paint::body(body, rules))),
            content_type: raw.content_type.clone().unwrap_or_default(),
            unreadable: readings.is_err(),
            lines: readings
                .unwrap_or_default()
                .iter()
                .map(|one| self.line(one))
                .collect(),
            changes: lines(ui, &self.changes, summary.event.as_ref(), Some(summary.id)),
            id: summary.id.to_string(),
            copy_id: Copy::new(ui, summary.id.to_string()),
            exact: When::new(ui, summary.received_at).exact().to_owned(),
            address: raw.address.clone().unwrap_or_default(),
            decides: ui.may("decide") && !summary.test,
            may_approve: own_status.is_some_and(|status| status != Status::Approved),
            may_void: own_status.is_some_and(|status| status != Status::Rejected),
            separate: judged.as_ref().ok().and_then(|said| self.separate(said)),
            title,
            money,
        }
    }

    /// The question before a request is counted separately that has another sum than the known event.
    fn separate(&self, said: &Postback) -> Option<Rich> {
        let (ui, summary) = (self.ui, &self.request.summary);
        let event = summary.event.as_ref()?;
        let speaks_of_it = matches!(summary.verdict, Verdict::Updated | Verdict::Duplicate)
            && summary.flags.has(Flag::AmountDiffers);
        let changed_status = self
            .changes
            .iter()
            .any(|one| one.request == Some(summary.id) && one.field == "status");
        if !speaks_of_it || changed_status {
            return None;
        }
        let known = Money::new(ui, event.amount?, event.currency).plain();
        let sum = Money::new(ui, said.amount?, said.currency).plain();
        let list = [("known", known.as_str()), ("sum", sum.as_str())];
        Some(ui.rich_with("separate-what", &list))
    }

    /// What happened and why, and what to do about it.
    fn verdict(
        &self,
        title: &str,
        money: Option<&Money>,
        usable: bool,
        rejection: Option<&Rejection>,
    ) -> (Rich, Option<Rich>) {
        let (ui, summary) = (self.ui, &self.request.summary);
        let lead = self.lead.as_ref().map(lead_title).unwrap_or_default();
        let sum = money.map(Money::plain).unwrap_or_default();
        let what = if sum.is_empty() {
            title.to_owned()
        } else {
            format!("{title}, {sum}")
        };
        let clickid = paint::masked(
            summary.clickid.as_deref().unwrap_or_default(),
            &self.integration.ruleset,
        );
        let list = [
            ("what", what.as_str()),
            ("lead", lead.as_str()),
            ("clickid", clickid.as_str()),
        ];
        let plain = |key: &str| (ui.rich_with(key, &list), None);
        match (summary.verdict, &summary.event) {
            (Verdict::Accepted, Some(event)) => plain(match (event.kind, event.status) {
                (Kind::Other, _) => "sentence-other",
                (_, Status::Approved) => "sentence-accepted",
                (_, Status::Pending) => "sentence-pending",
                (_, Status::Held) => "sentence-held",
                (_, Status::Rejected) => "sentence-void",
            }),
            (Verdict::Accepted, None) => plain("sentence-accepted"),
            (Verdict::Updated, _) => match self.changed() {
                Some(changed) => (
                    ui.rich_with("sentence-updated", &[("changed", &changed)]),
                    None,
                ),
                None => plain("sentence-completed"),
            },
            (Verdict::Duplicate, _) => plain("sentence-duplicate"),
            (Verdict::Unmatched, _) if usable => (
                ui.rich_with("sentence-unmatched", &list),
                Some(ui.rich("sentence-unmatched-fix")),
            ),
            (Verdict::Unmatched, _) => (
                ui.rich_with("sentence-unusable", &list),
                Some(ui.rich_with(
                    "sentence-unusable-fix",
                    &[("macro", self.integration.clickid_macro.as_str())],
                )),
            ),
            (Verdict::Rejected, _) => {
                let code = summary.code.as_deref().unwrap_or("not_processed");
                let found = Named::of(rejection.filter(|known| known.code() == code));
                let key = format!("reject-{}", code.replace('_', "-"));
                let list = found.list();
                (
                    ui.rich_with(&key, &list),
                    Some(ui.rich_with(&format!("{key}-fix"), &list)),
                )
            }
        }
    }

    /// What this request changed, in words.
    fn changed(&self) -> Option<String> {
        let summary = &self.request.summary;
        let mine: Vec<EventChange> = self
            .changes
            .iter()
            .filter(|one| one.request == Some(summary.id))
            .cloned()
            .collect();
        let mut list = lines(self.ui, &mine, summary.event.as_ref(), Some(summary.id));
        list.reverse();
        let words: Vec<String> = list
            .iter()
            .map(|one| format!("{} {} → {}", one.field.to_lowercase(), one.old, one.new))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn line(&self, reading: &Reading) -> Line {
        let ui = self.ui;
        let meaning = match &reading.meaning {
            Meaning::Field(key) => ui
                .with("meaning-field", &[("key", key.as_str())])
                .into_owned(),
            other => ui.coded("meaning-", other.code()).into_owned(),
        };
        let (tone, outcome) = outcome(ui, &reading.outcome);
        let rules = &self.integration.ruleset;
        let after = reading.name.find('.').map_or(0, |at| at + 1);
        let (group, name) = reading.name.split_at(after);
        Line {
            group: group.to_owned(),
            name: name.to_owned(),
            canonical: reading.canonical.clone(),
            implied: reading.place == Place::Rules,
            raw: paint::masked(&reading.raw, rules),
            meaning,
            outcome: paint::masked(&outcome, rules),
            tone,
            chips: reading
                .flags
                .iter()
                .map(|flag| Chip::new(ui, flag))
                .collect(),
        }
    }
}

/// What a value was read as, in words.
fn outcome(ui: &Ui, outcome: &Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Text(text) => ("mono", text.clone()),
        Outcome::Event(event) => ("used", said_name(ui, event)),
        Outcome::Amount(amount, currency) => ("used", Money::new(ui, *amount, *currency).plain()),
        Outcome::Currency(currency) => ("used", currency.as_str().to_owned()),
        Outcome::Status(status) => ("used", ui.coded("status-", status.code()).into_owned()),
        Outcome::Time(moment) => ("used", When::new(ui, *moment).exact().to_owned()),
        Outcome::Blank | Outcome::Kept | Outcome::Hidden => {
            ("kept", ui.coded("outcome-", outcome.code()).into_owned())
        }
        other => ("unused", ui.coded("outcome-", other.code()).into_owned()),
    }
}

fn advice(ui: &Ui, flag: Flag) -> Advice {
    let key = format!("flag-{}", flag.code().replace('_', "-"));
    Advice {
        word: ui.t(&key),
        what: ui.rich(&format!("{key}-what")),
        fix: ui.rich(&format!("{key}-fix")),
        href: format!("/inbox?flag={}", flag.code()),
    }
}

/// What a lead is called: its name, else its clickid.
pub(in crate::web) fn lead_title(lead: &Lead) -> String {
    let name = lead.name.trim();
    if name.is_empty() {
        lead.clickid.clone()
    } else {
        name.to_owned()
    }
}

/// What a rejection names, for its sentence.
#[derive(Default)]
struct Named {
    name: String,
    first: String,
    second: String,
    limit: String,
}

impl Named {
    fn of(rejection: Option<&Rejection>) -> Named {
        let text = |number: &usize| number.to_string();
        match rejection {
            Some(Rejection::BadEncoding { name }) => Named {
                name: name.clone(),
                ..Named::default()
            },
            Some(Rejection::ConflictingValues {
                name,
                first,
                second,
            }) => Named {
                name: name.clone(),
                first: first.clone(),
                second: second.clone(),
                ..Named::default()
            },
            Some(Rejection::TooLong { name, limit, .. }) => Named {
                name: name.clone(),
                limit: text(limit),
                ..Named::default()
            },
            Some(Rejection::TooManyParameters { limit } | Rejection::TooLarge { limit }) => Named {
                limit: text(limit),
                ..Named::default()
            },
            _ => Named::default(),
        }
    }

    fn list(&self) -> [(&str, &str); 4] {
        [
            ("name", &self.name),
            ("first", &self.first),
            ("second", &self.second),
            ("limit", &self.limit),
        ]
    }
}
