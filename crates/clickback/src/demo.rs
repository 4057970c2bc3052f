//! The demo: a throw-away database filled with believable data, and live postbacks that it sends to
//! itself over HTTP, as partners would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clickback_core::currency::Currency;
use clickback_core::field::FieldKind;
use clickback_core::ids::WorkspaceId;
use clickback_core::intake::Parts;
use clickback_core::money::Amount;
use clickback_core::partner::usual_postbacks;
use clickback_core::people::Role;
use clickback_core::rules::{ConfigurationRules, CustomEvent, FieldMapping, Payout, Rules};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;

use crate::app::{App, AppState};
use crate::clock::ShiftedClock;
use crate::load::Client;
use crate::store::StoreResult;
use crate::store::inbox::{Incoming, RawRequest};
use crate::store::integrations::{
    Integration, NewConfiguration, NewField, NewIntegration, NewLink,
};
use crate::store::leads::NewLead;
use crate::store::people::NewUser;

const WORKSPACE: WorkspaceId = WorkspaceId(1);
/// Days of the demo's past.
const DAYS: i64 = 14;
/// Postbacks of the demo's past.
const PAST_POSTBACKS: usize = 320;
const NAMES: &[&str] = &[
    "Алексей Морозов",
    "Marina K.",
    "Дмитрий",
    "Айгуль Сатпаева",
    "Rustam",
    "Ольга Петрова",
    "Иван Лебедев",
    "Nguyen Van An",
    "Камила",
    "Сергей Волков",
    "Priya Sharma",
    "Тимур Ахметов",
    "Екатерина",
    "João Silva",
    "Наталья Орлова",
    "Артём",
    "Шахноза",
    "Mehmet Y.",
    "Виктория",
    "Павел Ким",
    "Анна Зайцева",
    "Max",
    "Руслан Гареев",
    "Юлия",
    "Bekzod",
    "Елена Соколова",
    "Константин",
    "Азамат",
    "Lucía Gómez",
    "Никита",
];

/// A partner of the demo and how it calls.
struct Voice {
    integration: Arc<Integration>,
    currency: &'static str,
    scale: u32,
}

/// A lead and how far it has come at its partner.
struct Person {
    clickid: String,
    voice: usize,
    player: usize,
    registered: bool,
    deposits: u32,
}

/// What the demo sends from.
pub struct Cast {
    voices: Vec<Voice>,
    people: Vec<Person>,
    random: SmallRng,
    tid: u64,
}

/// The team: the pages are open and take the visitor for its owner.
async fn people(app: &App) -> StoreResult<()> {
    let mut lead_by = None;
    for (login, name, role) in [
        ("demo", "Демо", Role::Owner),
        ("olga", "Ольга", Role::TeamLead),
        ("timur", "Тимур", Role::Buyer),
        ("vika", "Вика", Role::Buyer),
    ] {
        let new = NewUser {
            workspace: WORKSPACE,
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            lead_by: lead_by.filter(|_| role == Role::Buyer),
            password_hash: String::new(),
        };
        let user = app.store.create_user(new).await?;
        if role == Role::TeamLead {
            lead_by = Some(user.id);
        }
    }
    Ok(())
}

/// Fills an empty store with the set-up and two weeks of life. `clock` is the store's clock: it is
/// moved through the past and left at the present.
pub async fn fill(app: &App, clock: &ShiftedClock) -> StoreResult<Cast> {
    clock.set_behind(DAYS * 86_400);
    people(app).await?;
    let mut voices = Vec::new();
    for (slug, name, currency, scale) in [
        (Some("1win"), "1win", "usd", 1),
        (None, "Vavada RU", "rub", 90),
        (None, "Trade VN", "vnd", 25_000),
    ] {
        let made = integration(app, slug, name).await?;
        voices.push(Voice {
            integration: Arc::new(made),
            currency,
            scale,
        });
    }
    app.store
        .define_event(
            WORKSPACE,
            CustomEvent {
                name: "kyc".to_owned(),
                counts_money: false,
            },
        )
        .await?;
    for (key, name, kind) in [
        ("geo", "Geo", FieldKind::Text),
        ("vip", "VIP", FieldKind::Boolean),
    ] {
        let (key, name) = (key.to_owned(), name.to_owned());
        let new = NewField {
            key,
            name,
            kind,
            options: Vec::new(),
            visible: true,
        };
        app.store.create_field(WORKSPACE, new).await?;
    }
    for (voice, (name, base)) in voices.iter().zip([
        (
            "Registration · RU",
            "https://1wlink.example/casino/list?open=register&p=x7q2",
        ),
        ("Main landing", "https://vavada.example/?promo=team7"),
        ("Webinar", "https://trade.example/signup"),
    ]) {
        let new = NewLink {
            integration: voice.integration.id,
            name: name.to_owned(),
            base_url: base.to_owned(),
            params: Vec::new(),
            owner: None,
        };
        app.store.create_link(new).await?;
    }
    let random = SmallRng::seed_from_u64(7);
    let mut cast = Cast {
        voices,
        people: Vec::new(),
        random,
        tid: 904_400,
    };
    let mut moments: Vec<i64> = (0..PAST_POSTBACKS)
        .map(|_| cast.random.random_range(120..DAYS * 86_400 - 60))
        .collect();
    moments.sort_unstable_by(|one, two| two.cmp(one));
    for (number, behind) in moments.into_iter().enumerate() {
        clock.set_behind(behind);
        // People come evenly over the first two thirds.
        if cast.people.len() < NAMES.len()
            && number * NAMES.len() * 3 / 2 >= cast.people.len() * PAST_POSTBACKS
        {
            cast.meet(app).await?;
        }
        cast.send_past(app).await?;
    }
    clock.set_behind(0);
    Ok(cast)
}

/// A first deposit earns a fixed sum, as with most partners.
fn paid(event: &str, rules: ConfigurationRules) -> ConfigurationRules {
    if event != "sale" {
        return rules;
    }
    ConfigurationRules {
        payout: Payout::Fixed {
            amount: Amount::from_int(70),
            currency: Currency::new("USD"),
        },
        ..rules
    }
}

async fn integration(app: &App, slug: Option<&str>, name: &str) -> StoreResult<Integration> {
    let partner = slug.and_then(|slug| app.catalogue.get(slug));
    let postbacks = partner.map_or_else(usual_postbacks, |partner| partner.postbacks.clone());
    let rules = partner.map_or_else(
        || Rules {
            field_mappings: vec![FieldMapping {
                field: "user_id".to_owned(),
                macro_text: "{player_id}".to_owned(),
            }],
            ..Rules::default()
        },
        |partner| partner.rules.clone(),
    );
    let clickid_param = partner
        .map_or("sub1", |partner| partner.clickid.default.as_str())
        .to_owned();
    app.store
        .create_integration(NewIntegration {
            workspace: WORKSPACE,
            partner: partner.map(|partner| partner.slug.clone()),
            name: name.to_owned(),
            clickid_macro: partner.map_or_else(
                || format!("{{{clickid_param}}}"),
                |partner| partner.clickid.macro_for(&clickid_param),
            ),
            clickid_param,
            rules,
            configurations: postbacks
                .into_iter()
                .map(|postback| NewConfiguration {
                    rules: paid(&postback.event, postback.rules),
                    name: postback.name.en,
                    event: postback.event,
                })
                .collect(),
            fields: partner
                .map(|partner| {
                    partner
                        .fields
                        .iter()
                        .map(|field| (field.clone(), field.name.en.clone()))
                        .collect()
                })
                .unwrap_or_default(),
            events: partner
                .map(|partner| partner.events.clone())
                .unwrap_or_default(),
        })
        .await
}

impl Cast {
    /// A new lead.
    async fn meet(&mut self, app: &App) -> StoreResult<()> {
        let number = self.people.len();
        let clickid = clickback_core::ids::clickid(app.clock.now().millis(), self.random.random());
        let voice = number % self.voices.len();
        let geo =
            [["RU", "KZ", "IN"], ["RU", "BY", "UZ"], ["VN", "TH", "ID"]][voice][number / 3 % 3];
        let new = NewLead {
            workspace: Some(WORKSPACE),
            name: NAMES.get(number).map(|name| (*name).to_owned()),
            clickid: Some(clickid.clone()),
            fields: vec![("geo".to_owned(), geo.to_owned())],
            ..NewLead::default()
        };
        app.store.create_lead(new).await?;
        self.people.push(Person {
            clickid,
            voice,
            player: 771_200 + number * 37,
            registered: false,
            deposits: 0,
        });
        Ok(())
    }

    /// Stores a postback as if it had come at the clock's time.
    async fn send_past(&mut self, app: &App) -> StoreResult<()> {
        let (voice, query) = self.next_query();
        let integration = Arc::clone(&self.voices[voice].integration);
        let raw = RawRequest {
            method: "GET",
            query: query.into_bytes(),
            address: Some("203.0.113.40".to_owned()),
            ..RawRequest::default()
        };
        let received_at = app.clock.now();
        let parts = Parts {
            query: &raw.query,
            content_type: None,
            body: None,
        };
        let judged = parts.judge(
            &app.store.snapshot().by_id[&integration.id].ruleset,
            received_at,
        );
        app.store
            .ingest(Incoming {
                integration,
                received_at,
                judged,
                test: false,
                raw,
            })
            .await?;
        Ok(())
    }

    /// What a partner sends next: mostly right, sometimes the way that costs teams money.
    fn next_query(&mut self) -> (usize, String) {
        let random = &mut self.random;
        let place = random.random_range(0..self.people.len());
        let person = &mut self.people[place];
        let Person {
            clickid,
            voice,
            player,
            ..
        } = person;
        let Voice {
            currency, scale, ..
        } = &self.voices[*voice];
        let sum = random.random_range(10..400_u32) * scale;
        self.tid += random.random_range(1..40_u64);
        let tid = self.tid;
        let money = format!("tracker.cost={sum}&tracker.currency={currency}");
        let voice = *voice;
        if !person.registered {
            person.registered = true;
            return (
                voice,
                format!("tracker.event=registration&clickid={clickid}&fields.user_id={player}"),
            );
        }
        let query = match random.random_range(0..100_u32) {
            0..66 => {
                let event = if person.deposits == 0 {
                    "sale"
                } else {
                    "resale"
                };
                person.deposits += 1;
                format!(
                    "tracker.event={event}&clickid={clickid}&{money}&tracker.tid={tid}&fields.last_deposit={sum}&fields.user_id={player}"
                )
            }
            66..72 => {
                format!("tracker.event=registration&clickid={clickid}&fields.user_id={player}")
            }
            72..77 => {
                format!("tracker.event=withdrawal&clickid={clickid}&{money}&tracker.tid={tid}")
            }
            77..80 => format!(
                "tracker.event=resale&clickid={clickid}&{money}&tracker.tid={tid}&tracker.status=pending"
            ),
            80..83 => format!("tracker.event=kyc&clickid={clickid}"),
            83..86 => format!("tracker.event=sale&clickid=tg{tid}&{money}&tracker.tid={tid}"),
            86..89 => {
                "tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd"
                    .to_owned()
            }
            89..91 => format!("tracker.event=first_deposit_&clickid={clickid}"),
            91..94 => format!(
                "tracker.event=resale&clickid={clickid}&tracker.cost={sum},00&tracker.currency={currency}&tracker.tid={tid}"
            ),
            94..97 => format!(
                "tracker.event=resale&clickid={clickid}&{money}&tracker.tid={{transaction_id}}"
            ),
            97..99 => format!(
                "tracker.event=resale&clickid={clickid}&tracker.cost={{amount}}&tracker.currency={currency}&tracker.tid={tid}"
            ),
            _ => format!("tracker.event=registration&fields.user_id={player}"),
        };
        (voice, query)
    }
}

/// Sends a live postback to itself every second or two until the stop.
pub async fn play(target: SocketAddr, mut cast: Cast, mut stop: watch::Receiver<bool>) {
    loop {
        let pause = Duration::from_millis(cast.random.random_range(500..2_200));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
        let (voice, query) = cast.next_query();
        let uuid = cast.voices[voice].integration.uuid;
        let request = format!(
            "GET /api/postbacks/{uuid}/tracker-postback?{query} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n"
        );
        let sent = async {
            Client::connect(target)
                .await?
                .exchange(request.as_bytes())
                .await
        };
        if let Err(error) = sent.await {
            tracing::debug!(%error, "a demo postback was not sent");
        }
    }
}

/// What a visitor should look at first.
pub fn address(app: &AppState) -> String {
    app.settings.public_url.clone()
}
