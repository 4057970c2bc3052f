//! The overview: today against yesterday, two weeks as a picture, what needs attention, and the steps
//! of the set-up until they are done.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use clickback_core::currency::Currency;
use clickback_core::flag::Flag;
use clickback_core::ids::RequestId;
use clickback_core::moment::{Moment, day_starts};
use clickback_core::people::Right;
use clickback_core::report::{Counts, between, by_span, change};
use clickback_core::sum::Sum;

use crate::app::{App, AppState};
use crate::store::StoreResult;
use crate::store::inbox::{RequestFilter, Verdict};
use crate::store::nodes::Node;
use crate::store::reports::{Attention, MOST_COUNTED, SetUpSteps};

use super::chart::{Bars, Spark};
use super::error::{self, render};
use super::i18n::Language;
use super::inbox::{self, rows::Rows};
use super::parts::{Money, Rich};
use super::ui::Ui;
use super::visitor::Visitor;

/// Days of the pictures, today included.
const DAYS: i64 = 14;
/// Rows of the feed.
const FEED: usize = 8;
/// Postbacks that wait on a node that lives: fewer are on their way.
const MANY_WAIT: u64 = 1_000;
/// Flags that are named.
const FLAGS: usize = 3;
/// Currencies that a number shows.
const CURRENCIES: usize = 1;

/// One big number.
struct Number {
    title: Cow<'static, str>,
    value: String,
    money: Vec<Money>,
    /// How many currencies more there are, and all in words.
    more: Option<(usize, String)>,
    change: Option<(&'static str, String)>,
    before: String,
    spark: Spark,
}

/// A step of the funnel.
struct Funnel {
    title: Cow<'static, str>,
    count: i64,
    /// Against the step before.
    share: Option<String>,
    /// Of the widest, 0 to 100; what is not a part of the step before has none.
    width: Option<i64>,
}

/// Something to look at.
struct Item {
    tone: &'static str,
    icon: super::parts::Icon,
    text: Rich,
    href: String,
}

/// A step of the set-up.
struct Step {
    done: bool,
    title: Cow<'static, str>,
    what: Rich,
    href: &'static str,
    act: Cow<'static, str>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    numbers: Vec<Number>,
    chart: Bars,
    funnel: Vec<Funnel>,
    attention: Vec<Item>,
    feed: Rows,
    nothing: bool,
    live: String,
    steps: Vec<Step>,
    steps_done: usize,
}

/// The page; who sees only his own leads begins with those.
pub(super) async fn page(State(app): State<AppState>, visitor: Visitor) -> Response {
    if !visitor.role.may(Right::SeeTeam) {
        return Redirect::to("/leads").into_response();
    }
    build(&app, &visitor)
        .await
        .unwrap_or_else(|cause| error::page(&visitor.ui, &cause))
}

async fn build(app: &App, visitor: &Visitor) -> StoreResult<Response> {
    let (ui, workspace) = (&visitor.ui, visitor.workspace);
    let zone = app.store.workspace(workspace).await?.time_zone;
    let starts = day_starts(ui.now, &zone, DAYS + 1);
    let [first, .., yesterday, today] = starts[..] else {
        return Ok(error::not_found(ui));
    };
    let rows = app.store.rollups(workspace, first).await?;
    let days = by_span(&rows, &starts);
    let counts = days.last().cloned().unwrap_or_default();
    // Yesterday up to the same time of day: a morning is compared with a morning.
    let so_far = Moment(yesterday.0 + (ui.now.0 - today.0));
    let before = between(&rows, yesterday, so_far);
    let shown = days.get(1..).unwrap_or_default();
    let steps = app.store.set_up_steps(workspace).await?;
    let attention = app.store.attention(workspace, today).await?;
    let mut attention = items(ui, &attention, shown);
    if ui.company {
        attention.splice(0..0, nodes(ui, &app.store.nodes().await?));
    }
    let requests = app
        .store
        .requests(RequestFilter {
            limit: FEED,
            ..RequestFilter::new(workspace)
        })
        .await?;
    let newest = requests.items.first().map_or(RequestId(0), |one| one.id);
    let steps = if steps.all_done() {
        Vec::new()
    } else {
        checklist(ui, app, steps)
    };
    Ok(render(&OverviewPage {
        ui,
        section: "overview",
        numbers: numbers(ui, &counts, &before, shown),
        chart: chart(ui, shown, &starts[1..]),
        funnel: funnel(ui, shown),
        attention,
        nothing: requests.items.is_empty(),
        feed: inbox::feed(ui, &app.store.snapshot(), &requests.items),
        live: format!("/inbox/live?after={newest}"),
        steps_done: steps.iter().filter(|step| step.done).count(),
        steps,
    }))
}

/// Sums by currency, as many as there is room for, and all of them in words where there are more.
fn moneys(ui: &Ui, sums: &BTreeMap<Currency, Sum>) -> (Vec<Money>, Option<(usize, String)>) {
    let mut list: Vec<Money> = sums
        .iter()
        .filter(|(_, sum)| !sum.is_zero())
        .filter_map(|(currency, sum)| {
            let amount = sum.to_string().parse().ok()?;
            Some(Money::new(ui, amount, Some(*currency)))
        })
        .collect();
    let more = (list.len() > CURRENCIES).then(|| {
        let all: Vec<String> = list.iter().map(Money::plain).collect();
        (list.len() - CURRENCIES, all.join(", "))
    });
    list.truncate(CURRENCIES);
    (list, more)
}

fn percent(ui: &Ui, before: i64, now: i64) -> (Option<(&'static str, String)>, String) {
    let word = ui
        .with("overview-before", &[("n", &before.to_string())])
        .into_owned();
    let change = change(before, now).map(|change| match change {
        0 => ("quiet", "0%".to_owned()),
        up if up > 0 => ("good", format!("+{up}%")),
        down => ("bad", format!("\u{2212}{}%", down.unsigned_abs())),
    });
    (change, word)
}

fn numbers(ui: &Ui, today: &Counts, before: &Counts, days: &[Counts]) -> Vec<Number> {
    let count = |title: &str, of: fn(&Counts) -> i64| {
        let (change, word) = percent(ui, of(before), of(today));
        Number {
            title: ui.t(title),
            value: of(today).to_string(),
            money: Vec::new(),
            more: None,
            change,
            before: word,
            spark: Spark::new(&days.iter().map(of).collect::<Vec<_>>()),
        }
    };
    let money = |title: &str, of: fn(&Counts) -> &BTreeMap<Currency, Sum>| {
        let (money, more) = moneys(ui, of(today));
        let (was, _) = moneys(ui, of(before));
        let was: Vec<String> = was.iter().map(Money::plain).collect();
        Number {
            title: ui.t(title),
            value: "0".to_owned(),
            money,
            more,
            change: None,
            before: ui
                .with(
                    "overview-before",
                    &[(
                        "n",
                        if was.is_empty() {
                            "0".to_owned()
                        } else {
                            was.join(", ")
                        }
                        .as_str(),
                    )],
                )
                .into_owned(),
            spark: Spark::of_sums(&days.iter().map(of).collect::<Vec<_>>()),
        }
    };
    vec![
        money("overview-deposits", |counts| &counts.deposits),
        money("overview-revenue", |counts| &counts.revenue),
        count("overview-registrations", |counts| counts.registrations),
        count("overview-first", |counts| counts.first_deposits),
        count("overview-repeat", |counts| counts.repeat_deposits),
    ]
}

fn chart(ui: &Ui, days: &[Counts], starts: &[Moment]) -> Bars {
    let labels: Vec<String> = starts
        .iter()
        .map(|start| {
            // The noon of the day: its date is the same in every zone near the workspace's.
            let iso = start.plus_seconds(43_200).to_string();
            super::parts::day_of(ui, &iso)
        })
        .collect();
    Bars::new(
        &labels,
        vec![
            (
                ui.t("overview-first").into_owned(),
                days.iter().map(|day| day.first_deposits).collect(),
            ),
            (
                ui.t("overview-repeat").into_owned(),
                days.iter().map(|day| day.repeat_deposits).collect(),
            ),
        ],
    )
}

fn funnel(ui: &Ui, days: &[Counts]) -> Vec<Funnel> {
    let sum = |of: fn(&Counts) -> i64| days.iter().map(of).sum::<i64>();
    let (registrations, first, repeat) = (
        sum(|day| day.registrations),
        sum(|day| day.first_deposits),
        sum(|day| day.repeat_deposits),
    );
    let widest = registrations.max(first).max(1);
    let step = |title: &str, count: i64, share: Option<String>, bar: bool| Funnel {
        title: ui.t(title),
        count,
        share,
        width: bar.then(|| (count * 100 / widest).max(i64::from(count > 0))),
    };
    // Repeat deposits are no part of the first ones: how many come on one says more.
    let per_first = (first > 0).then(|| {
        let tenths = repeat * 10 / first;
        let number = format!("{},{}", tenths / 10, tenths % 10);
        let number = if ui.language == Language::English {
            number.replace(',', ".")
        } else {
            number
        };
        ui.with("overview-per-first", &[("n", &number)])
            .into_owned()
    });
    let share = (registrations > 0).then(|| format!("{}%", first * 100 / registrations));
    vec![
        step("overview-registrations", registrations, None, true),
        step("overview-first", first, share, true),
        step("overview-repeat", repeat, per_first, false),
    ]
}

fn counted(count: u64) -> String {
    if count >= MOST_COUNTED {
        "10\u{202f}000+".to_owned()
    } else {
        count.to_string()
    }
}

fn items(ui: &Ui, attention: &Attention, days: &[Counts]) -> Vec<Item> {
    let icon = super::parts::Icon;
    let mut list = Vec::new();
    for (verdict, tone, shape, key) in [
        (
            Verdict::Unmatched,
            "warn",
            "question",
            "attention-unmatched",
        ),
        (Verdict::Rejected, "bad", "cross", "attention-rejected"),
    ] {
        let count = attention.of(verdict);
        if count > 0 {
            list.push(Item {
                tone,
                icon: icon(shape),
                text: ui.rich_with(key, &[("n", &counted(count))]),
                href: format!("/inbox?verdict={}", verdict.code()),
            });
        }
    }
    let held: i64 = days.iter().map(|day| day.held).sum();
    if held > 0 {
        list.push(Item {
            tone: "warn",
            icon: icon("pause"),
            text: ui.rich_with("attention-held", &[("n", &held.to_string())]),
            href: format!("/inbox?flag={}", Flag::PossibleRepeat.code()),
        });
    }
    for (flag, count) in attention.flags.iter().take(FLAGS) {
        let word = ui.coded("flag-", flag.code());
        list.push(Item {
            tone: "warn",
            icon: icon("flag"),
            text: ui.rich_with(
                "attention-flag",
                &[("n", &counted(*count)), ("flag", &word)],
            ),
            href: format!("/inbox?flag={}", flag.code()),
        });
    }
    list
}

/// Nodes on which postbacks wait: those that are gone with them, and those that do not keep up.
fn nodes(ui: &Ui, nodes: &[Node]) -> Vec<Item> {
    let waiting = nodes.iter().filter_map(|node| {
        let (tone, icon, key) = match (node.is_alive(ui.now), node.waiting) {
            (false, 1..) => ("bad", "cross", "attention-node-gone"),
            (true, MANY_WAIT..) => ("warn", "clock", "attention-node-behind"),
            _ => return None,
        };
        Some(Item {
            tone,
            icon: super::parts::Icon(icon),
            text: ui.rich_with(
                key,
                &[("name", &node.name), ("n", &node.waiting.to_string())],
            ),
            href: "/settings/nodes".to_owned(),
        })
    });
    waiting.collect()
}

fn checklist(ui: &Ui, app: &App, steps: SetUpSteps) -> Vec<Step> {
    let public = !["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|host| app.settings.public_url.contains(host));
    let step = |done: bool, key: &str, href: &'static str| Step {
        done,
        title: ui.t(&format!("step-{key}")),
        what: ui.rich_with(
            &format!("step-{key}-what"),
            &[("url", &app.settings.public_url)],
        ),
        href,
        act: ui.t(&format!("step-{key}-act")),
    };
    vec![
        step(public, "public", "/help"),
        step(steps.integration, "integration", "/integrations"),
        step(steps.link, "link", "/links"),
        step(steps.lead, "lead", "/leads"),
        step(steps.postback, "postback", "/inbox"),
        step(steps.event, "event", "/doctor"),
    ]
}
