//! Pages of work with leads over a real store: in both languages, with hostile texts, and for people
//! who see their own leads only.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use clickback_core::ids::WorkspaceId;
use clickback_core::people::Role;

use crate::store::crm::Author;
use crate::store::leads::{LeadPatch, NewLead};
use crate::store::people::{NewUser, Session};
use crate::web::tests::{House, header, text};

const WORKSPACE: WorkspaceId = WorkspaceId(1);
const EVIL: &str = "<script>alert(1)</script>\"'=1+1";

async fn post(house: &House, address: &str, cookie: &str, form: &[(&str, &str)]) -> Response<Body> {
    let form: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::web::visitor::form_encoded(value)))
        .collect();
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .body(Body::from(form.join("&")))
        .unwrap();
    house.send(request).await
}

/// Posts and follows to the page that it leads to.
async fn done(house: &House, address: &str, form: &[(&str, &str)]) -> String {
    let response = post(house, address, "", form).await;
    assert_eq!(
        response.status(),
        StatusCode::SEE_OTHER,
        "{address} {form:?}"
    );
    let to = header(&response, "location").to_owned();
    house.page(&to).await
}

/// Posts what is wrong, and returns the page that says so.
async fn refused(house: &House, address: &str, form: &[(&str, &str)]) -> String {
    let response = post(house, address, "", form).await;
    assert_eq!(
        response.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "{address} {form:?}"
    );
    text(response).await
}

async fn buyer(house: &House, login: &str) -> (clickback_core::ids::UserId, String) {
    let new = NewUser {
        workspace: WORKSPACE,
        login: login.to_owned(),
        name: login.to_owned(),
        role: Role::Buyer,
        lead_by: None,
        password_hash: String::new(),
    };
    let user = house.app.store.create_user(new).await.unwrap();
    let (token, hash) = crate::tokens::generate();
    let now = crate::clock::Clock::now(house.app.clock.as_ref());
    let session = Session {
        hash,
        user: user.id,
        agent: String::new(),
        address: String::new(),
        created_at: now,
        seen_at: now,
    };
    house.app.store.create_session(session).await.unwrap();
    (user.id, format!("session={token}"))
}

#[tokio::test]
async fn a_lead_is_worked_on() {
    let house = House::open(true).await;
    let card = done(
        &house,
        "/leads",
        &[("name", "Anna"), ("clickid", "anna0001")],
    )
    .await;
    assert!(card.contains("anna0001"));
    let taken = refused(
        &house,
        "/leads",
        &[("name", "Bella"), ("clickid", "anna0001")],
    )
    .await;
    assert!(taken.contains("exists already") && taken.contains(r#"value="Bella""#));
    let id = house
        .app
        .store
        .lead_by_clickid(WORKSPACE, "anna0001")
        .await
        .unwrap()
        .unwrap()
        .id;
    let here = format!("/leads/{id}");
    let at = |rest: &str| format!("{here}/{rest}");

    done(
        &house,
        "/settings/fields",
        &[
            ("key", "grade"),
            ("name", "Grade"),
            ("kind", "select"),
            ("options", "A\nB"),
        ],
    )
    .await;
    done(&house, &at("fields"), &[("key", "grade"), ("value", "A")]).await;
    let unfit = refused(&house, &at("fields"), &[("key", "grade"), ("value", "C")]).await;
    assert!(unfit.contains("not in the list"), "{unfit}");
    done(&house, &here, &[("status", "in_work")]).await;
    done(&house, &at("tags"), &[("tags", "vip, call back")]).await;
    refused(&house, &at("tags"), &[("tags", &"x".repeat(41))]).await;
    let noted = done(&house, &at("notes"), &[("text", "Called her")]).await;
    assert!(
        noted.contains("Called her") && noted.contains("In work") && noted.contains("call back")
    );
    refused(&house, &at("notes"), &[("text", " ")]).await;
    done(
        &house,
        &at("identities"),
        &[("kind", "telegram"), ("value", "77")],
    )
    .await;
    refused(
        &house,
        &at("identities"),
        &[("kind", "clickid"), ("value", "{sub1}")],
    )
    .await;

    // An event by hand is decided like a postback.
    let integration = house.app.store.snapshot().of(WORKSPACE)[0].id.to_string();
    let event = [
        ("integration", integration.as_str()),
        ("event", "sale"),
        ("sum", "50"),
        ("currency", "usd"),
        ("tid", "t1"),
    ];
    let added = done(&house, &at("events"), &event).await;
    assert!(added.contains("50.00") && added.contains("First deposit"));
    let known = post(&house, &at("events"), "", &event).await;
    assert!(header(&known, "set-cookie").contains("event-known"));
    let mut wrong = event;
    wrong[2].1 = "1,234";
    let wrong = refused(&house, &at("events"), &wrong).await;
    assert!(wrong.contains(r#"value="1,234""#), "what was typed stays");
    let inbox = house.page("/inbox").await;
    assert!(inbox.contains("anna0001"));
    let events = house
        .app
        .store
        .events(crate::store::events::EventFilter::new(WORKSPACE))
        .await
        .unwrap();
    let event = at(&format!("events/{}", events.items[0].id));
    let voided = done(&house, &event, &[("status", "rejected")]).await;
    assert!(voided.contains("rejected"));
    let list = house
        .page("/leads?search=ann&status=in_work&tag=vip&deposited=no")
        .await;
    assert!(list.contains("anna0001"));
    assert!(!house.page("/leads?status=lost").await.contains("anna0001"));
    for address in [
        "/leads?lang=ru",
        &format!("{here}?lang=ru"),
        "/settings/fields?lang=ru",
        "/settings/statuses?lang=ru",
        "/leads/import?lang=ru",
        &format!("{here}/merge?lang=ru&search=a"),
    ] {
        let page = house.page(address).await;
        assert!(page.contains(r#"lang="ru""#), "{address}");
    }
}

#[tokio::test]
async fn leads_are_merged_with_a_preview() {
    let house = House::open(true).await;
    let kept = house.lead("Anna", "anna0001").await;
    let lost = house.lead("Anna Again", "anna0002").await;
    for clickid in ["anna0001", "anna0002"] {
        house.postback(&format!("clickid={clickid}&tracker.event=sale&tracker.cost=50&tracker.currency=usd&tracker.tid=t1"), None).await;
    }
    let offers = house
        .page(&format!("/leads/{kept}/merge?search=anna"))
        .await;
    assert!(offers.contains("Anna Again"));
    let plan = house
        .page(&format!("/leads/{kept}/merge?with={lost}"))
        .await;
    assert!(
        plan.contains("counted once") && plan.contains("50.00"),
        "{plan}"
    );
    let itself = house
        .get(&format!("/leads/{kept}/merge?with={kept}"), &[])
        .await;
    assert_eq!(itself.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let card = done(&house, &format!("/leads/{kept}/merge"), &[("with", &lost)]).await;
    assert!(card.contains("anna0002") && card.contains("Anna Again"));
    let old = house.get(&format!("/leads/{lost}"), &[]).await;
    assert_eq!(header(&old, "location"), format!("/leads/{kept}"));
}

#[tokio::test]
async fn a_list_is_pasted_and_taken_back() {
    let house = House::open(true).await;
    house.lead("Anna", "anna0001").await;
    let integration = house.app.store.snapshot().of(WORKSPACE)[0].id.to_string();
    let list = "clickid;event;sum;currency;tid\nanna0001;sale;50;usd;t1\n=cmd|x;sale;5;usd;t2\nanna0001;;5";
    let form = [("text", list), ("integration", integration.as_str())];
    let response = post(&house, "/leads/import", "", &form).await;
    assert_eq!(response.status(), StatusCode::OK);
    let looked = text(response).await;
    assert!(
        looked.contains("A new event")
            && looked.contains("waits for it")
            && looked.contains("=cmd|x;sale")
    );
    assert!(
        !house
            .page("/leads?deposited=yes")
            .await
            .contains("anna0001")
    );
    let applied = post(&house, "/leads/import/apply", "", &form).await;
    let page = header(&applied, "location").to_owned();
    assert!(house.page(&page).await.contains("accepted"));
    assert!(
        house
            .page("/leads?deposited=yes")
            .await
            .contains("anna0001")
    );
    let undone = done(&house, &format!("{page}/undo"), &[]).await;
    assert!(undone.contains("Taken back"));
    assert!(
        !house
            .page("/leads?deposited=yes")
            .await
            .contains("anna0001")
    );
    for (text, said) in [
        ("", "empty"),
        ("event,sum\nsale,5", "clickid"),
        ("a,\"sale", "not closed"),
    ] {
        let wrong = refused(
            &house,
            "/leads/import",
            &[("text", text), ("integration", &integration)],
        )
        .await;
        assert!(wrong.contains(said), "{text}");
    }
}

#[tokio::test]
async fn fields_and_statuses_are_set_up() {
    let house = House::open(true).await;
    for wrong in [
        [("key", "Bad Key"), ("kind", "text")],
        [("key", "ok"), ("kind", "select")],
    ] {
        refused(&house, "/settings/fields", &wrong).await;
    }
    let made = [("key", "city"), ("name", EVIL), ("kind", "text")];
    let list = done(&house, "/settings/fields", &made).await;
    assert!(!list.contains("<script>alert"), "{list}");
    refused(&house, "/settings/fields", &made).await;
    done(
        &house,
        "/settings/fields",
        &[("key", "second"), ("kind", "boolean")],
    )
    .await;
    let fields = house.app.store.fields(WORKSPACE).await.unwrap();
    let page = format!("/settings/fields/{}", fields[0].id);
    done(&house, &format!("{page}/move"), &[("to", "down")]).await;
    assert_eq!(
        house.app.store.fields(WORKSPACE).await.unwrap()[1].key,
        "city"
    );
    done(&house, &page, &[("name", "City"), ("visible", "1")]).await;
    house.lead("Anna", "anna0001").await;
    let lead = house
        .app
        .store
        .lead_by_clickid(WORKSPACE, "anna0001")
        .await
        .unwrap()
        .unwrap()
        .id;
    done(
        &house,
        &format!("/leads/{lead}/fields"),
        &[("key", "city"), ("value", EVIL)],
    )
    .await;
    assert!(
        house
            .page(&page)
            .await
            .contains("1 value on leads will be lost")
    );
    done(&house, &format!("{page}/delete"), &[]).await;
    assert_eq!(house.get(&page, &[]).await.status(), StatusCode::NOT_FOUND);
    done(&house, "/settings/fields/creates", &[("creates", "1")]).await;
    assert!(house.app.store.creates_fields(WORKSPACE).await.unwrap());

    let page = done(
        &house,
        "/settings/statuses",
        &[("name", EVIL), ("tone", "good")],
    )
    .await;
    assert!(!page.contains("<script>alert"));
    let gone = done(
        &house,
        "/settings/statuses",
        &[("delete-lost", "1"), ("place-deposited", "0")],
    )
    .await;
    assert!(!gone.contains("name-lost"));
    let list = house.app.store.lead_statuses(WORKSPACE).await.unwrap();
    assert_eq!(list[0].code, "deposited");
    refused(
        &house,
        "/settings/statuses",
        &[("name", &"x".repeat(41)), ("tone", "good")],
    )
    .await;
}

#[tokio::test]
async fn hostile_texts_are_inert() {
    let house = House::open(true).await;
    let id = house.lead(EVIL, "evil\"'<b>").await;
    let other = house.lead(EVIL, "other001").await;
    let lead = id.parse().unwrap();
    let author = Author {
        user: None,
        name: EVIL.to_owned(),
    };
    house
        .app
        .store
        .add_note(lead, author.clone(), EVIL.to_owned())
        .await
        .unwrap();
    let patch = LeadPatch {
        status: Some("lost".to_owned()),
        tags: Some(vec![EVIL[..25].to_owned()]),
        author,
        ..LeadPatch::default()
    };
    house.app.store.update_lead(lead, patch).await.unwrap();
    for address in [
        "/leads".to_owned(),
        format!("/leads/{id}"),
        format!("/leads/{id}/merge?search=script"),
        format!("/leads/{id}/merge?with={other}"),
        format!("/leads?search={}", crate::web::visitor::form_encoded(EVIL)),
        "/leads?before=x&from=y&to=z&buyer=q&integration=w&deposited=e&status=%00".to_owned(),
    ] {
        let page = house.page(&address).await;
        assert!(
            !page.contains("<script>alert") && !page.contains("<b>\""),
            "{address}"
        );
    }
    for address in [
        "/leads/x",
        "/leads/0000000000001",
        "/leads/imports/1",
        "/leads/imports/x",
        "/settings/fields/99",
    ] {
        assert_eq!(
            house.get(address, &[]).await.status(),
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
}

#[tokio::test]
async fn buyers_see_their_own_leads() {
    let house = House::open(false).await;
    let (one, cookie) = buyer(&house, "one").await;
    let (two, _) = buyer(&house, "two").await;
    let mut ids = Vec::new();
    for (clickid, owner) in [
        ("mine0001", Some(one)),
        ("theirs01", Some(two)),
        ("nobodys1", None),
    ] {
        let new = NewLead {
            workspace: Some(WORKSPACE),
            clickid: Some(clickid.to_owned()),
            buyer: owner,
            ..NewLead::default()
        };
        ids.push(
            house
                .app
                .store
                .create_lead(new)
                .await
                .unwrap()
                .id
                .to_string(),
        );
    }
    let get = async |address: &str| house.get(address, &[("cookie", &cookie)]).await;
    for query in [
        "",
        "?search=theirs01",
        &format!("?buyer={two}"),
        "?status=new",
    ] {
        let list = text(get(&format!("/leads{query}")).await).await;
        assert!(
            !list.contains(&ids[1]) && !list.contains(&ids[2]),
            "{query}"
        );
    }
    assert!(text(get("/leads").await).await.contains("mine0001"));
    assert_eq!(
        get(&format!("/leads/{}", ids[0])).await.status(),
        StatusCode::OK
    );
    for id in &ids[1..] {
        assert_eq!(
            get(&format!("/leads/{id}")).await.status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            get(&format!("/leads/{}/merge?with={id}", ids[0]))
                .await
                .status(),
            StatusCode::NOT_FOUND
        );
        for act in [
            "",
            "/fields",
            "/tags",
            "/notes",
            "/notes/1",
            "/identities",
            "/merge",
        ] {
            let answer = post(
                &house,
                &format!("/leads/{id}{act}"),
                &cookie,
                &[("text", "x"), ("with", &ids[0])],
            )
            .await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{act}");
        }
    }
    // What he makes is his; he cannot give it out of sight.
    let made = post(
        &house,
        "/leads",
        &cookie,
        &[("clickid", "fresh001"), ("buyer", &two.to_string())],
    )
    .await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let lead = house
        .app
        .store
        .lead_by_clickid(WORKSPACE, "fresh001")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(lead.buyer, Some(one));
    let away = post(
        &house,
        &format!("/leads/{}", lead.id),
        &cookie,
        &[("buyer", &two.to_string())],
    )
    .await;
    assert_eq!(away.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Money by hand and settings are not his.
    for address in ["/leads/import", "/settings/fields", "/settings/statuses"] {
        assert_eq!(
            get(address).await.status(),
            StatusCode::FORBIDDEN,
            "{address}"
        );
    }
}

#[tokio::test]
async fn columns_are_kept() {
    let house = House::open(true).await;
    house.lead("Anna", "anna0001").await;
    let chosen = post(
        &house,
        "/leads/columns",
        "",
        &[
            ("column", "tags"),
            ("column", "<x>"),
            ("back", "/leads?status=new"),
        ],
    )
    .await;
    assert_eq!(header(&chosen, "location"), "/leads?status=new");
    assert!(header(&chosen, "set-cookie").starts_with("lead_columns=tags;"));
    let away = post(
        &house,
        "/leads/columns",
        "",
        &[("back", "https://evil.example/leads")],
    )
    .await;
    assert_eq!(header(&away, "location"), "/leads");
    let page = text(
        house
            .get("/leads", &[("cookie", "lead_columns=tags.nonsense")])
            .await,
    )
    .await;
    assert!(!page.contains(">anna0001<"));
}
