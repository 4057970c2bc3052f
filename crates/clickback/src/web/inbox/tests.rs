//! The inbox over a real store: days of the workspace, requests that no partner sent, counting
//! separately.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clickback_core::ids::WorkspaceId;

use crate::store::reports::Workspace;
use crate::web::tests::{House, header};

const WORKSPACE: WorkspaceId = WorkspaceId(1);

async fn post(house: &House, address: &str, form: &str) -> (StatusCode, String) {
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(form.to_owned()))
        .unwrap();
    let response = house.send(request).await;
    (response.status(), header(&response, "location").to_owned())
}

/// It is noon in UTC on the 24th: where the day is younger, the same requests came today or yesterday.
#[tokio::test]
async fn days_are_those_of_the_workspace() {
    let house = House::open(true).await;
    house.lead("Anna", "anna0001").await;
    let request = house
        .postback(
            "clickid=anna0001&tracker.event=registration&secret=hunter22secret",
            None,
        )
        .await;
    let row = format!("r-{request}");
    for (zone, query, shown) in [
        ("UTC", "", true),
        ("UTC", "when=today", true),
        ("UTC", "when=yesterday", false),
        ("UTC", "when=week", true),
        ("UTC", "when=days&from=2026-11-24&to=2026-11-24", true),
        ("UTC", "when=days&to=2026-11-23", false),
        ("UTC", "when=days&from=2026-11-25", false),
        ("Pacific/Kiritimati", "when=days&from=2026-11-25", true),
        ("Pacific/Kiritimati", "when=days&to=2026-11-24", false),
        ("Pacific/Kiritimati", "when=today", true),
        ("UTC", "when=days&from=nonsense", true),
    ] {
        let changed = Workspace {
            time_zone: zone.to_owned(),
            ..house.app.store.workspace(WORKSPACE).await.unwrap()
        };
        house
            .app
            .store
            .update_workspace(WORKSPACE, changed)
            .await
            .unwrap();
        let page = house.page(&format!("/inbox?{query}")).await;
        assert_eq!(page.contains(&row), shown, "{zone} {query}");
        assert_eq!(
            page.contains("type=\"date\""),
            query.starts_with("when=days"),
            "{query}"
        );
        if query.contains("when=") {
            // Tabs and rows keep the days; what is over is not live.
            assert!(page.contains("verdict=duplicate&#38;when="), "{query}");
            let over = !shown && !query.contains("from=");
            assert_eq!(page.contains("data-live=\""), !over, "{query}");
        }
    }
}

#[tokio::test]
async fn what_no_partner_sent_is_named() {
    let house = House::open(true).await;
    let lead = house.lead("Anna", "anna0001").await;
    let integration = house.app.store.snapshot().of(WORKSPACE)[0].id;
    let sale = format!("integration={integration}&event=sale&sum=50&currency=usd&tid=1");
    assert_eq!(
        post(&house, &format!("/leads/{lead}/events"), &sale)
            .await
            .0,
        StatusCode::SEE_OTHER
    );
    let list = format!("integration={integration}&text=anna0001%3Bregistration");
    assert_eq!(
        post(&house, "/leads/import/apply", &list).await.0,
        StatusCode::SEE_OTHER
    );
    for (language, words) in [
        ("en", ["by hand", "list", "As it was written"]),
        ("ru", ["вручную", "список", "Как записано"]),
    ] {
        let page = house.page(&format!("/inbox?lang={language}")).await;
        for word in &words[..2] {
            assert!(page.contains(&format!("<span>{word}</span>")), "{word}");
        }
        let requests = house
            .app
            .store
            .requests(crate::store::inbox::RequestFilter::new(WORKSPACE))
            .await
            .unwrap();
        for request in requests.items {
            let page = house
                .page(&format!("/inbox/{}?lang={language}", request.id))
                .await;
            assert!(
                page.contains(words[2]) && page.contains("anna0001"),
                "{page}"
            );
            // Neither a made-up method nor an address that nobody called.
            assert!(
                !page.contains("HAND")
                    && !page.contains("LIST ")
                    && !page.contains("tracker-postback"),
                "{page}"
            );
        }
    }
}

#[tokio::test]
async fn another_sum_asks_before_it_counts() {
    let house = House::open(true).await;
    house.lead("Anna", "anna0001").await;
    let sale = |sum: u32| {
        format!(
            "clickid=anna0001&tracker.event=sale&tracker.cost={sum}&tracker.currency=usd&tracker.tid=1&secret=hunter22secret"
        )
    };
    let first = house.postback(&sale(50), None).await;
    let other = house.postback(&sale(70), None).await;
    assert!(
        !house
            .page(&format!("/inbox/{first}"))
            .await
            .contains("/separately")
    );
    for (language, words) in [
        (
            "en",
            [
                "Count separately",
                "It is another payment",
                "50.00\u{a0}USD",
                "70.00\u{a0}USD",
            ],
        ),
        (
            "ru",
            [
                "Посчитать отдельно",
                "Это другой платёж",
                "50,00\u{a0}USD",
                "70,00\u{a0}USD",
            ],
        ),
    ] {
        let page = house.page(&format!("/inbox/{other}?lang={language}")).await;
        for word in words {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
    let (status, location) = post(&house, &format!("/inbox/{other}/separately"), "").await;
    assert_eq!(
        (status, location),
        (StatusCode::SEE_OTHER, format!("/inbox/{other}"))
    );
    let page = house.page(&format!("/inbox/{other}?lang=en")).await;
    assert!(
        !page.contains("/separately")
            && page.contains("Repeat deposit")
            && page.contains("counted separately")
    );
    let (status, _) = post(&house, &format!("/inbox/{first}/separately"), "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
