//! The timeline of a lead: clicks, events with money, notes, changes and merges, newest first. All
//! numbers follow the clock, so one order holds for all of them.

use std::borrow::Cow;

use clickback_core::event::{Kind, Status};
use clickback_core::ids::{EventId, UserId};
use clickback_core::lead::LeadStatus;
use clickback_core::money::Amount;

use crate::app::App;
use crate::store::StoreResult;
use crate::store::crm::{LeadChange, Note};
use crate::store::events::{Event, EventFilter};
use crate::store::integrations::Snapshot;
use crate::store::leads::Lead;
use crate::store::people::User;

use super::super::changes::{Change, lines};
use super::super::inbox::rows::event_name;
use super::super::parts::{Badge, Chip, Money, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::list::status_badge;

const PAGE: usize = 50;

/// One thing that happened.
pub(super) enum Entry {
    Event(Box<EventEntry>),
    Note(NoteEntry),
    /// Something that a person changed, in one sentence.
    Changed {
        what: String,
        when: When,
    },
    Click {
        when: When,
    },
}

/// One event.
pub(super) struct EventEntry {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) money: Option<Money>,
    pub(super) payout: Option<Money>,
    pub(super) status: Badge,
    pub(super) approved: bool,
    pub(super) may_approve: bool,
    pub(super) may_void: bool,
    pub(super) tid: Option<String>,
    pub(super) integration: String,
    pub(super) chips: Vec<Chip>,
    pub(super) when: When,
    pub(super) href: String,
    pub(super) changes_title: Cow<'static, str>,
    pub(super) changes: Vec<Change>,
    pub(super) test: Option<Badge>,
    pub(super) tone: &'static str,
}

/// One note.
pub(super) struct NoteEntry {
    pub(super) id: i64,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) when: When,
    pub(super) edited: bool,
    pub(super) own: bool,
}

/// A page of it.
pub(super) struct Timeline {
    pub(super) entries: Vec<Entry>,
    pub(super) older: Option<String>,
    pub(super) newest: Option<String>,
}

/// A page of the timeline, before an event.
pub(super) async fn timeline(
    app: &App,
    visitor: &Visitor,
    lead: &Lead,
    statuses: &[LeadStatus],
    before: Option<EventId>,
) -> StoreResult<Timeline> {
    let ui = &visitor.ui;
    let filter = EventFilter {
        lead: Some(lead.id),
        before,
        limit: PAGE,
        ..EventFilter::new(lead.workspace)
    };
    let page = app.store.events(filter).await?;
    let snapshot = app.store.snapshot();
    let newest = before.map_or(i64::MAX, |before| before.0);
    // Where older events are on the next page, older notes are there, too.
    let last = page.items.last().filter(|_| page.next.is_some());
    let oldest = last.map_or(i64::MIN, |event| event.id.0);
    let here = |id: i64| oldest <= id && id < newest;
    let mut entries: Vec<(i64, Entry)> = Vec::new();
    for event in &page.items {
        let changes = app.store.event_changes(event.id).await?;
        let changes = lines(ui, &changes, Some(event), None);
        let entry = event_entry(ui, &snapshot, event, changes);
        entries.push((event.id.0, Entry::Event(Box::new(entry))));
    }
    for note in app.store.notes(lead.id).await? {
        if here(note.id) {
            let id = note.id;
            entries.push((id, Entry::Note(note_entry(visitor, note))));
        }
    }
    let users = app.store.users(lead.workspace).await?;
    for change in app.store.lead_changes(lead.id).await? {
        if here(change.id) {
            let entry = Entry::Changed {
                what: sentence(ui, statuses, &users, &change),
                when: When::new(ui, change.at),
            };
            entries.push((change.id, entry));
        }
    }
    if let Some(at) = lead.clicked_at.filter(|_| page.next.is_none()) {
        let when = When::new(ui, at);
        entries.push((
            clickback_core::ids::lowest_id_at(at.millis()),
            Entry::Click { when },
        ));
    }
    entries.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    let address = format!("/leads/{}", lead.id);
    Ok(Timeline {
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        older: page.next.map(|next| format!("{address}?before={next}")),
        newest: before.map(|_| address),
    })
}

fn note_entry(visitor: &Visitor, note: Note) -> NoteEntry {
    let ui = &visitor.ui;
    NoteEntry {
        id: note.id,
        author: note.author.name,
        text: note.text,
        when: When::new(ui, note.created_at),
        edited: note.edited_at.is_some(),
        own: note.author.user == visitor.user,
    }
}

fn sentence(ui: &Ui, statuses: &[LeadStatus], users: &[User], change: &LeadChange) -> String {
    let who = if change.author.is_empty() {
        ui.t("change-api").into_owned()
    } else {
        change.author.clone()
    };
    let buyer = |id: &str| {
        let id: Option<UserId> = id.parse().ok();
        let user = users.iter().find(|user| Some(user.id) == id);
        user.map_or(ui.t("lead-buyer-none").into_owned(), |user| {
            user.name.clone()
        })
    };
    let (old, new) = match change.field.as_str() {
        "status" => (
            status_badge(ui, statuses, &change.old).word,
            status_badge(ui, statuses, &change.new).word,
        ),
        "buyer" => (buyer(&change.old), buyer(&change.new)),
        _ => (change.old.clone(), change.new.clone()),
    };
    let key = match change.field.as_str() {
        "status" => "changed-status",
        "buyer" => "changed-buyer",
        _ => "changed-merge",
    };
    ui.with(key, &[("who", &who), ("old", &old), ("new", &new)])
        .into_owned()
}

fn event_entry(ui: &Ui, snapshot: &Snapshot, event: &Event, changes: Vec<Change>) -> EventEntry {
    let name = event_name(ui, event.kind, &event.name);
    let numbered = matches!(
        event.kind,
        Kind::RepeatDeposit | Kind::Withdrawal | Kind::Chargeback
    );
    let title = match event.number.filter(|_| numbered) {
        Some(number) => format!("{name} #{number}"),
        None => name,
    };
    let money =
        |amount: Option<Amount>, currency| amount.map(|amount| Money::new(ui, amount, currency));
    let approved = event.status == Status::Approved;
    EventEntry {
        id: event.id.to_string(),
        title,
        money: money(event.amount, event.currency),
        payout: money(event.payout, event.payout_currency),
        status: Badge::status(ui, event.status),
        approved,
        may_approve: !approved,
        may_void: event.status != Status::Rejected,
        tid: event.tid.clone(),
        integration: snapshot
            .by_id
            .get(&event.integration)
            .map(|one| one.name.clone())
            .unwrap_or_default(),
        chips: event.flags.iter().map(|flag| Chip::new(ui, flag)).collect(),
        when: When::new(ui, event.occurred_at),
        href: format!("/inbox/{}", event.request()),
        changes_title: ui.count("entry-changes", changes.len()),
        changes,
        test: event.test.then(|| Badge::test(ui)),
        tone: match (event.kind, approved) {
            (_, false) => "waiting",
            (Kind::FirstDeposit | Kind::RepeatDeposit | Kind::Commission, true) => "in",
            (Kind::Withdrawal | Kind::Chargeback, true) => "out",
            _ => "plain",
        },
    }
}
