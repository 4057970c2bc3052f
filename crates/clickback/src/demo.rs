//! The demo: a throw-away database filled with believable data, and live postbacks that it sends to
//! itself over HTTP, as partners would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clickback_core::flag::Flag;
use clickback_core::ids::WorkspaceId;
use clickback_core::intake::Parts;
use clickback_core::moment::Moment;
use clickback_core::partner::usual_postbacks;
use clickback_core::rules::{CustomEvent, FieldMapping, Rules};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;

use crate::app::{App, AppState};
use crate::load::Client;
use crate::store::inbox::{Incoming, RawRequest};
use crate::store::integrations::{Integration, NewConfiguration, NewField, NewIntegration, NewLink};
use crate::store::leads::NewLead;
use crate::store::{StoreError, StoreResult};

const WORKSPACE: WorkspaceId = WorkspaceId(1);
const NAMES: &[&str] = &[
    "Алексей Морозов", "Marina K.", "Дмитрий", "Айгуль Сатпаева", "Rustam", "Ольга Петрова", "Иван Лебедев",
    "Nguyen Van An", "Камила", "Сергей Волков", "Priya Sharma", "Тимур Ахметов", "Екатерина", "João Silva",
    "Наталья Орлова", "Артём", "Шахноза", "Mehmet Y.", "Виктория", "Павел Ким", "Анна Зайцева", "Max",
    "Руслан Гареев", "Юлия", "Bekzod", "Елена Соколова", "Константин", "Азамат", "Lucía Gómez", "Никита",
];

/// A partner of the demo and how it calls.
struct Voice {
    integration: Arc<Integration>,
    currency: &'static str,
    scale: u32,
}

/// What the demo sends from.
pub struct Cast {
    voices: Vec<Voice>,
    clickids: Vec<String>,
    random: SmallRng,
    tid: u64,
}

/// Fills an empty store with the set-up and two weeks of events.
pub async fn fill(app: &App) -> StoreResult<Cast> {
    let mut voices = Vec::new();
    for (slug, name, currency, scale) in [
        (Some("1win"), "1win", "usd", 1),
        (None, "Vavada RU", "rub", 90),
        (None, "Trade VN", "vnd", 25_000),
    ] {
        let made = integration(app, slug, name).await?;
        voices.push(Voice { integration: Arc::new(made), currency, scale });
    }
    app.store.define_event(WORKSPACE, CustomEvent { name: "kyc".to_owned(), counts_money: false }).await?;
    for (key, name, kind) in [
        ("geo", "Geo", clickback_core::field::FieldKind::Text),
        ("vip", "VIP", clickback_core::field::FieldKind::Boolean),
    ] {
        let new = NewField {
            key: key.to_owned(),
            name: name.to_owned(),
            kind,
            options: Vec::new(),
            visible: true,
        };
        match app.store.create_field(WORKSPACE, new).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for (voice, (name, base)) in voices.iter().zip([
        ("Registration · RU", "https://1wlink.example/casino/list?open=register&p=x7q2"),
        ("Main landing", "https://vavada.example/?promo=team7"),
        ("Webinar", "https://trade.example/signup"),
    ]) {
        let new = NewLink {
            integration: voice.integration.id,
            name: name.to_owned(),
            base_url: base.to_owned(),
            params: Vec::new(),
        };
        app.store.create_link(new).await?;
    }
    let mut random = SmallRng::seed_from_u64(7);
    let mut clickids = Vec::new();
    for name in NAMES {
        let clickid = clickback_core::ids::clickid(app.clock.now().millis(), random.random());
        let geo = ["RU", "KZ", "UZ", "VN", "IN", "BR", "TR"][random.random_range(0..7)];
        let new = NewLead {
            workspace: Some(WORKSPACE),
            name: Some((*name).to_owned()),
            clickid: Some(clickid.clone()),
            fields: vec![("geo".to_owned(), geo.to_owned())],
            test: false,
        };
        app.store.create_lead(new).await?;
        clickids.push(clickid);
    }
    let mut cast = Cast { voices, clickids, random, tid: 904_400 };
    history(app, &mut cast).await?;
    Ok(cast)
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
    let clickid_param = partner.map_or("sub1", |partner| partner.clickid.default.as_str()).to_owned();
    app.store
        .create_integration(NewIntegration {
            workspace: WORKSPACE,
            partner: partner.map(|partner| partner.slug.clone()),
            name: name.to_owned(),
            clickid_macro: format!("{{{clickid_param}}}"),
            clickid_param,
            rules,
            configurations: postbacks
                .into_iter()
                .map(|postback| NewConfiguration {
                    name: postback.name.en,
                    event: postback.event,
                    rules: postback.rules,
                })
                .collect(),
            fields: partner
                .map(|partner| partner.fields.iter().map(|field| (field.clone(), field.name.en.clone())).collect())
                .unwrap_or_default(),
        })
        .await
}

/// Two weeks of postbacks, each stored as if it had come then.
async fn history(app: &App, cast: &mut Cast) -> StoreResult<()> {
    let now = app.clock.now();
    let mut moments: Vec<Moment> =
        (0..260).map(|_| now.plus_seconds(-cast.random.random_range(600..14 * 86_400))).collect();
    moments.sort_unstable();
    for received_at in moments {
        let (voice, query) = cast.next_query();
        let integration = Arc::clone(&cast.voices[voice].integration);
        let raw = RawRequest {
            method: "GET",
            query: query.into_bytes(),
            address: Some("203.0.113.40".to_owned()),
            ..RawRequest::default()
        };
        let parts = Parts { query: &raw.query, content_type: None, body: None };
        let judged = parts.judge(&integration.ruleset, received_at);
        app.store.ingest(Incoming { integration, received_at, judged, test: false, raw }).await?;
    }
    Ok(())
}

impl Cast {
    /// What a partner sends next: mostly right, sometimes the way that costs teams money.
    fn next_query(&mut self) -> (usize, String) {
        let random = &mut self.random;
        let voice = random.random_range(0..self.voices.len());
        let Voice { currency, scale, .. } = &self.voices[voice];
        let place = random.random_range(0..self.clickids.len());
        let clickid = &self.clickids[place];
        let player = 771_200 + place;
        let sum = f64::from(random.random_range(10..400_u32)) * f64::from(*scale);
        self.tid += random.random_range(1..40_u64);
        let tid = self.tid;
        let money = format!("tracker.cost={sum}&tracker.currency={currency}");
        let query = match random.random_range(0..100_u32) {
            0..22 => format!("tracker.event=registration&clickid={clickid}&fields.user_id={player}"),
            22..48 => format!(
                "tracker.event=sale&clickid={clickid}&{money}&tracker.tid={tid}&fields.last_deposit={sum}&fields.user_id={player}"
            ),
            48..70 => format!(
                "tracker.event=resale&clickid={clickid}&{money}&tracker.tid={tid}&fields.last_deposit={sum}&fields.user_id={player}"
            ),
            70..76 => format!("tracker.event=resale&clickid={clickid}&{money}&tracker.tid={}", tid - 30),
            76..80 => format!("tracker.event=withdrawal&clickid={clickid}&{money}&tracker.tid={tid}"),
            80..83 => format!(
                "tracker.event=sale&clickid={clickid}&{money}&tracker.tid={tid}&tracker.status=pending"
            ),
            83..86 => format!("tracker.event=kyc&clickid={clickid}"),
            86..89 => format!("tracker.event=sale&clickid=m{place}tg{tid}&{money}&tracker.tid={tid}"),
            89..92 => "tracker.event=sale&clickid={sub1}&tracker.cost={amount}&tracker.currency=usd".to_owned(),
            92..94 => format!("tracker.event=first_deposit_&clickid={clickid}"),
            94..96 => format!("tracker.event=resale&clickid={clickid}&tracker.cost={sum},00&tracker.tid={tid}"),
            96..98 => format!("tracker.event=sale&clickid={clickid}&{money}&tracker.tid={{transaction_id}}"),
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
        let sent = async { Client::connect(target).await?.exchange(request.as_bytes()).await };
        if let Err(error) = sent.await {
            tracing::debug!(%error, "a demo postback was not sent");
        }
    }
}

/// What a visitor should look at first: the address of the inbox.
pub fn address(app: &AppState) -> String {
    format!("{}/inbox", app.settings.public_url)
}

/// A flag that the demo is sure to show; its tests look for it.
pub const SHOWN_FLAG: Flag = Flag::MacroUnexpanded;
