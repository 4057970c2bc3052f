//! The pages over a real store: login, headers, language, the list, one request, the live stream.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use clickback_core::ids::{IntegrationId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::partner::usual_postbacks;
use clickback_core::rules::Rules;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::app::{App, AppState};
use crate::clock::ManualClock;
use crate::config::Settings;
use crate::store::inbox::{Incoming, RawRequest};
use crate::store::integrations::{NewConfiguration, NewIntegration, NewLink};
use crate::store::leads::NewLead;

const WORKSPACE: WorkspaceId = WorkspaceId(1);
/// Names and values of headers.
type Headers = &'static [(&'static str, &'static str)];

const SECRET: &str = "hunter22secret";

pub(in crate::web) struct House {
    pub(in crate::web) app: AppState,
    router: Router,
    integration: IntegrationId,
    _folder: tempfile::TempDir,
}

impl House {
    pub(in crate::web) async fn open(open_pages: bool) -> House {
        House::open_at(open_pages, "http://127.0.0.1:8080").await
    }

    async fn open_at(open_pages: bool, public_url: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            open_pages,
            public_url: public_url.to_owned(),
            ..Settings::local(folder.path().to_owned())
        };
        let now = Moment::parse_rfc3339("2026-11-24T12:00:00Z").unwrap();
        let app = App::open_with(settings, Arc::new(ManualClock::at(now)), false).unwrap();
        let new = NewIntegration {
            workspace: WORKSPACE,
            partner: None,
            name: "Casino <One>".to_owned(),
            clickid_param: "sub1".to_owned(),
            clickid_macro: "{sub1}".to_owned(),
            rules: Rules {
                secrets: vec![SECRET.to_owned()],
                ..Rules::default()
            },
            configurations: usual_postbacks()
                .into_iter()
                .map(|one| NewConfiguration {
                    name: one.name.en,
                    event: one.event,
                    rules: one.rules,
                })
                .collect(),
            fields: Vec::new(),
            events: Vec::new(),
        };
        let integration = app.store.create_integration(new).await.unwrap().id;
        let router = super::routes(Arc::clone(&app)).with_state(Arc::clone(&app));
        House {
            app,
            router,
            integration,
            _folder: folder,
        }
    }

    pub(in crate::web) async fn lead(&self, name: &str, clickid: &str) -> String {
        let new = NewLead {
            workspace: Some(WORKSPACE),
            name: Some(name.to_owned()),
            clickid: Some(clickid.to_owned()),
            ..NewLead::default()
        };
        self.app
            .store
            .create_lead(new)
            .await
            .unwrap()
            .id
            .to_string()
    }

    pub(in crate::web) async fn postback(&self, query: &str, body: Option<&str>) -> RequestId {
        let integration = self
            .app
            .store
            .snapshot()
            .get(WORKSPACE, self.integration)
            .unwrap();
        let raw = RawRequest {
            method: if body.is_some() { "POST" } else { "GET" },
            query: query.as_bytes().to_vec(),
            content_type: body.map(|_| "application/json".to_owned()),
            body: body.map(|body| body.as_bytes().to_vec()),
            address: Some("203.0.113.7".to_owned()),
        };
        let received_at = self.app.clock.now();
        let judged = raw.parts().judge(&integration.ruleset, received_at);
        let incoming = Incoming {
            raw,
            integration,
            received_at,
            judged,
            test: false,
        };
        self.app.store.ingest(incoming).await.unwrap().request
    }

    pub(in crate::web) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(in crate::web) async fn get(
        &self,
        address: &str,
        headers: &[(&str, &str)],
    ) -> Response<Body> {
        let mut request = Request::get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The text of a page that must be there, checked for what no page may have.
    pub(in crate::web) async fn page(&self, address: &str) -> String {
        let response = self.get(address, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{address}");
        let html = text(response).await;
        assert!(html.starts_with("<!doctype html>"), "{address}");
        assert!(!html.contains(" style="), "inline style in {address}");
        assert!(!html.contains("<style"), "inline style in {address}");
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" type=\"module\" src=\"/assets/"),
                "inline script: {address}"
            );
        }
        // A URL to paste carries the secret; what came in never shows it again.
        let filter = crate::store::inbox::RequestFilter::new(clickback_core::ids::WorkspaceId(1));
        let nothing_came = self
            .app
            .store
            .requests(filter)
            .await
            .unwrap()
            .items
            .is_empty();
        let to_paste = address == "/integrations" || nothing_came;
        assert!(
            to_paste || !html.contains(SECRET),
            "the secret is on {address}"
        );
        assert!(
            !html.contains("src=\"\""),
            "an asset is missing on {address}"
        );
        html
    }
}

pub(in crate::web) async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(in crate::web) fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    headers_at("http://track.example", "").await;
    // Over plain http browsers ignore this one and complain of it.
    headers_at("https://track.example", "same-origin").await;
}

async fn headers_at(public_url: &str, opener: &str) {
    let house = House::open_at(true, public_url).await;
    for address in [
        "/",
        "/inbox",
        "/login",
        "/nowhere",
        "/inbox/0000000000001",
        super::assets::address("app.css"),
    ] {
        let response = house.get(address, &[]).await;
        assert!(header(&response, "content-security-policy").contains("default-src 'self'"));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "same-origin");
        assert_eq!(header(&response, "cross-origin-opener-policy"), opener);
        let kept = header(&response, "cache-control");
        let expected = if address.starts_with("/assets") {
            "public, max-age=31536000, immutable"
        } else {
            "no-store"
        };
        assert_eq!(kept, expected, "{address}");
    }
    assert_eq!(
        house.get("/nowhere", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        house.get("/inbox/0000000000001", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        house.get("/assets/nothing.css", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        header(
            &house.get("/assets/app.css?v=old", &[]).await,
            "cache-control"
        ),
        "no-cache"
    );
}

#[tokio::test]
async fn language_and_theme_are_the_visitors() {
    let house = House::open(true).await;
    let cases: &[(&str, Headers, &str, &str)] = &[
        ("/inbox", &[], "en", "system"),
        (
            "/inbox",
            &[("accept-language", "ru-RU,ru;q=0.9")],
            "ru",
            "system",
        ),
        (
            "/inbox",
            &[("accept-language", "ru"), ("cookie", "lang=en; theme=dark")],
            "en",
            "dark",
        ),
        ("/inbox?lang=ru", &[("cookie", "lang=en")], "ru", "system"),
        (
            "/inbox?theme=light",
            &[("cookie", "theme=dark")],
            "en",
            "light",
        ),
        ("/inbox?lang=zz&theme=pink", &[], "en", "system"),
    ];
    for (address, headers, language, theme) in cases {
        let html = text(house.get(address, headers).await).await;
        let start = format!("<html lang=\"{language}\" data-theme=\"{theme}\">");
        assert!(html.contains(&start), "{address} {headers:?}");
    }
    let response = house.get("/inbox?lang=ru", &[]).await;
    assert!(header(&response, "set-cookie").starts_with("lang=ru; SameSite=Lax; Path=/"));
}

#[tokio::test]
async fn empty_pages_teach() {
    let house = House::open(true).await;
    let html = house.page("/inbox").await;
    assert!(
        html.contains("No postbacks yet")
            && html.contains("curl &#39;http://127.0.0.1:8080/api/postbacks/")
    );
    assert!(
        house
            .page("/inbox?verdict=rejected")
            .await
            .contains("Nothing matches this filter")
    );
    assert!(house.page("/leads").await.contains("No leads yet"));
    assert!(
        house
            .page("/leads?search=zz")
            .await
            .contains("No lead found")
    );
    let html = house.page("/integrations").await;
    assert!(
        html.contains("Casino &#60;One&#62;") || html.contains("Casino &lt;One&gt;"),
        "{html}"
    );
    let html = house
        .page(&format!("/integrations/{}", house.integration))
        .await;
    assert!(html.contains("<span class=\"c-macro\">{sub1}</span>"));
}

#[tokio::test]
async fn the_inbox_shows_filters_and_explains() {
    let house = House::open(true).await;
    let lead = house.lead("Anna & Co", "click-a").await;
    let sale = "tracker.event=sale&clickid=click-a&tracker.cost=1234.5&tracker.currency=usd&tracker.tid=T1";
    let first = house
        .postback(&format!("{sale}&secret={SECRET}"), None)
        .await;
    let again = house.postback(sale, None).await;
    let lost = house
        .postback(
            "tracker.event=sale&clickid={sub1}&tracker.cost={amount}",
            None,
        )
        .await;
    let odd = house
        .postback(
            "tracker.event=sale&clickid=%3Cscript%3Ealert(1)%3C/script%3E",
            None,
        )
        .await;
    let broken = house
        .postback("tracker.event=sale&clickid=a&clickid=b", None)
        .await;
    let body =
        format!("{{\"clickid\":\"click-a\",\"tracker.event\":\"resale\",\"secret\":\"{SECRET}\"}}");
    let posted = house.postback("", Some(&body)).await;

    let all = house.page("/inbox").await;
    for id in [first, again, lost, odd, broken, posted] {
        assert!(
            all.contains(&format!("id=\"r-{id}\"")),
            "{id} is not listed"
        );
    }
    assert!(all.contains("1\u{202f}234.50") && !all.contains("<script>alert"));
    let counted = |html: &str| html.matches("<tr id=\"r-").count();
    for (filter, rows) in [
        ("?verdict=accepted", 2),
        ("?verdict=duplicate", 1),
        ("?verdict=unmatched", 2),
        ("?verdict=rejected", 1),
        ("?flag=macro_unexpanded", 1),
        ("?clickid=click-a", 3),
        ("?integration=999", 0),
    ] {
        assert_eq!(
            counted(&house.page(&format!("/inbox{filter}")).await),
            rows,
            "{filter}"
        );
    }

    let page = async |id: RequestId| house.page(&format!("/inbox/{id}")).await;
    let html = page(first).await;
    assert!(html.contains("Recorded for Anna &amp; Co: First deposit, 1\u{202f}234.50\u{a0}USD."));
    assert!(html.contains(&format!("href=\"/leads/{lead}\"")));
    assert!(html.contains("<span class=\"c-hidden\">•••</span>"));
    let html = page(again).await;
    assert!(html.contains("Nothing new") && html.contains(&format!("href=\"/inbox/{first}\"")));
    let html = page(lost).await;
    assert!(html.contains("<span class=\"c-odd\">{amount}</span>"));
    assert!(html.contains("Check the name of the macro in your partner&#39;s cabinet"));
    assert!(
        page(odd)
            .await
            .contains("No click and no lead has the clickid")
    );
    let html = page(broken).await;
    assert!(html.contains("<code>clickid</code> came twice with different values"));
    assert!(
        page(posted).await.contains("&quot;clickid&quot;")
            || page(posted).await.contains("&#34;clickid&#34;")
    );
    let html = house
        .page(&format!("/inbox/{lost}?verdict=unmatched"))
        .await;
    assert_eq!(counted(&html), 2);
    assert!(html.contains("href=\"/inbox?verdict=unmatched\" data-close"));

    let russian = text(
        house
            .get(&format!("/inbox/{lost}"), &[("cookie", "lang=ru")])
            .await,
    )
    .await;
    assert!(russian.contains("лид не найден") && russian.contains("Партнёрка прислала макрос"));
}

#[tokio::test]
async fn the_lead_card_adds_up() {
    let house = House::open(true).await;
    let id = house.lead("Анна", "click-a").await;
    let new = NewLink {
        integration: house.integration,
        name: "Main".to_owned(),
        base_url: "https://casino.example/?p=1".to_owned(),
        params: vec![("n".to_owned(), "{{lead.name}}".to_owned())],
        owner: None,
    };
    house.app.store.create_link(new).await.unwrap();
    let money = |event: &str, sum: &str, tid: &str| {
        format!(
            "tracker.event={event}&clickid=click-a&tracker.cost={sum}&tracker.currency=usd&tracker.tid={tid}"
        )
    };
    for (event, sum, tid) in [
        ("sale", "100", "1"),
        ("resale", "50", "2"),
        ("withdrawal", "30", "3"),
    ] {
        house.postback(&money(event, sum, tid), None).await;
    }
    let pending = format!("{}&tracker.status=pending", money("resale", "7", "4"));
    house.postback(&pending, None).await;
    house.postback(&money("resale", "7", "4"), None).await;
    house
        .postback(
            &format!("{}&tracker.status=approved", money("resale", "7", "4")),
            None,
        )
        .await;

    let list = house.page("/leads?search=click-a").await;
    assert!(list.contains("157.00") && list.contains(&format!("href=\"/leads/{id}\"")));
    let card = house.page(&format!("/leads/{id}")).await;
    for expected in [
        "<h1>Анна</h1>",
        "157.00",
        "127.00",
        "Repeat deposit #3",
        "1 change",
        "pending</del> → <ins>approved",
        "https://casino.example/?",
        "%D0%90%D0%BD%D0%BD%D0%B0",
    ] {
        assert!(card.contains(expected), "{expected}");
    }
    assert_eq!(
        house.get("/leads/0000000000001", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_live_stream_resumes_after_the_last_row() {
    let house = House::open(true).await;
    let first = house.postback("tracker.event=sale&clickid=one", None).await;
    let second = house.postback("tracker.event=sale&clickid=two", None).await;
    house.postback("tracker.event=sale", None).await;
    let address = format!("/inbox/live?verdict=unmatched&after={first}");
    let mut body = house.get(&address, &[]).await.into_body();
    let message = async |body: &mut Body| {
        let frame = body.frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    };
    let text = message(&mut body).await;
    assert!(
        text.contains("event: rows\n") && text.contains(&format!("id: {second}\n")),
        "{text}"
    );
    assert!(
        text.contains("two") && !text.contains(&format!("r-{first}")),
        "{text}"
    );
    assert_eq!(text.matches("<tr").count(), 1);
    assert!(
        text.contains(&format!("href=\"/inbox/{second}?verdict=unmatched\"")),
        "{text}"
    );

    let third = house
        .postback("tracker.event=sale&clickid=three", None)
        .await;
    let text = message(&mut body).await;
    assert!(text.contains(&format!("id: {third}\n")), "{text}");

    let resumed = house
        .get(&address, &[("last-event-id", &second.to_string())])
        .await;
    let text = message(&mut resumed.into_body()).await;
    assert!(text.contains("three") && !text.contains("two"), "{text}");
}
