//! Tests of walls between people: what another workspace or another buyer owns is not there, on every
//! page and in every form, and nothing of it changes.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clickback_core::field::FieldKind;
use clickback_core::ids::{LeadId, UserId, WorkspaceId};
use clickback_core::people::Role;

use crate::store::crm::{Author, NewImport};
use crate::store::inbox::RequestFilter;
use crate::store::integrations::{NewField, NewLink};
use crate::store::leads::{LeadFilter, NewLead};
use crate::store::people::{NewUser, Session};
use crate::store::sqlite::second_workspace;
use crate::web::rights::{Access, TABLE};
use crate::web::tests::{House, text};

const OURS: WorkspaceId = WorkspaceId(1);
const THEIRS: WorkspaceId = WorkspaceId(2);

/// Something in every form, so that what is refused is refused for whom it belongs to.
const FORM: &str = "name=Taken&text=Taken&key=city&value=Taken&status=approved&tags=taken&kind=telegram\
                    &event=sale&sum=1&currency=usd&to=up&do=delete&with=x&role=viewer&clickid=taken";

/// A person with a session, as a cookie.
async fn enter(
    house: &House,
    workspace: WorkspaceId,
    login: &str,
    role: Role,
    lead_by: Option<UserId>,
) -> (UserId, String) {
    let user = house
        .app
        .store
        .create_user(NewUser {
            workspace,
            login: login.to_owned(),
            name: login.to_owned(),
            role,
            lead_by,
            password_hash: String::new(),
        })
        .await
        .unwrap();
    let (token, hash) = crate::tokens::generate();
    let now = house.app.clock.now();
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

async fn ask(
    house: &House,
    method: &str,
    address: &str,
    cookie: &str,
    form: &str,
) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()))
        .unwrap();
    let response = house.send(request).await;
    let status = response.status();
    (status, text(response).await)
}

async fn lead(
    house: &House,
    workspace: WorkspaceId,
    clickid: &str,
    buyer: Option<UserId>,
) -> LeadId {
    let new = NewLead {
        workspace: Some(workspace),
        clickid: Some(clickid.to_owned()),
        name: Some(format!("Lead {clickid}")),
        buyer,
        ..NewLead::default()
    };
    house.app.store.create_lead(new).await.unwrap().id
}

async fn link(house: &House, name: &str, owner: Option<UserId>) -> String {
    let integration = house.app.store.snapshot().of(OURS)[0].id;
    let new = NewLink {
        integration,
        name: name.to_owned(),
        base_url: "https://partner.example/signup".to_owned(),
        params: Vec::new(),
        owner,
    };
    house
        .app
        .store
        .create_link(new)
        .await
        .unwrap()
        .id
        .to_string()
}

/// All that the first workspace has, as text.
async fn inventory(house: &House) -> String {
    let store = &house.app.store;
    let mut all = Vec::new();
    for lead in store.leads(LeadFilter::new(OURS)).await.unwrap().items {
        all.push(format!("{lead:?}"));
        all.push(format!("{:?}", store.notes(lead.id).await.unwrap()));
        all.push(format!("{:?}", store.lead_changes(lead.id).await.unwrap()));
    }
    all.push(format!(
        "{:?}",
        store.requests(RequestFilter::new(OURS)).await.unwrap()
    ));
    all.push(format!("{:?}", store.links(OURS).await.unwrap()));
    all.push(format!("{:?}", store.fields(OURS).await.unwrap()));
    all.push(format!("{:?}", store.imports(OURS).await.unwrap()));
    all.push(format!("{:?}", store.tokens(OURS).await.unwrap()));
    all.push(format!("{:?}", store.users(OURS).await.unwrap()));
    for one in store.snapshot().of(OURS) {
        all.push(format!("{one:?}"));
    }
    all.join("\n")
}

/// Every route with an id in it, asked by the owner of another workspace for what is ours.
#[tokio::test]
async fn another_workspace_finds_nothing_and_changes_nothing() {
    let house = House::open(false).await;
    second_workspace(&house.app.settings.data_dir).unwrap();
    let store = &house.app.store;
    let (user, own) = enter(&house, OURS, "owner-of-ours", Role::Owner, None).await;
    let (_, stranger) = enter(&house, THEIRS, "vera", Role::Owner, None).await;
    let ours = lead(&house, OURS, "ours0001", Some(user)).await;
    let request = house
        .postback("clickid=ours0001&tracker.event=sale&tracker.cost=50&tracker.currency=usd&tracker.tid=1&secret=hunter22secret", None)
        .await;
    let note = store
        .add_note(ours, Author::default(), "Call back".to_owned())
        .await
        .unwrap()
        .id;
    let field = store
        .create_field(
            OURS,
            NewField {
                key: "city".to_owned(),
                name: "City".to_owned(),
                kind: FieldKind::Text,
                options: Vec::new(),
                visible: true,
            },
        )
        .await
        .unwrap()
        .id;
    let integration = store.snapshot().of(OURS)[0].clone();
    let postback = integration.configurations[0].id;
    let link = link(&house, "Ours", None).await;
    let new = NewImport {
        workspace: OURS,
        integration: integration.id,
        author: Author::default(),
        lines: Vec::new(),
    };
    let import = store.import(new, false).await.unwrap().0.unwrap().id;
    let (_, hash) = crate::tokens::generate();
    let token = store
        .create_token(OURS, "ours".to_owned(), hash)
        .await
        .unwrap()
        .id;
    let ids = [
        ("/inbox/", request.to_string()),
        ("/leads/imports/", import.to_string()),
        ("/leads/", ours.to_string()),
        ("/settings/fields/", field.to_string()),
        ("/settings/people/", user.to_string()),
        ("/settings/tokens/", token.to_string()),
        ("/integrations/", integration.id.to_string()),
        ("/links/", link.clone()),
    ];
    let before = inventory(&house).await;
    let mut asked = 0;
    for (method, route, _) in TABLE {
        let Some((_, id)) = ids
            .iter()
            .find(|(start, _)| route.starts_with(start) && route.contains("{id}"))
        else {
            continue;
        };
        let address = route
            .replace("{id}", id)
            .replace("{note}", &note.to_string())
            .replace("{event}", &request.event().to_string())
            .replace("{postback}", &postback.to_string())
            .replace("{section}", "money");
        let (status, page) = ask(&house, method, &address, &stranger, FORM).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {address}: {page}");
        // The owner of it is not turned away, so the address is right.
        if *method == "GET" {
            let (status, _) = ask(&house, method, &address, &own, "").await;
            assert_eq!(status, StatusCode::OK, "{address}");
        }
        asked += 1;
    }
    assert!(asked > 25, "{asked} routes have an id");

    // Lists, searches and forms that name an id beside the address.
    let theirs = lead(&house, THEIRS, "their001", None).await;
    for address in [
        "/leads?search=ours0001".to_owned(),
        format!("/leads?buyer={user}&integration={}", integration.id),
        "/inbox?clickid=ours0001".to_owned(),
        format!("/inbox?integration={}", integration.id),
        "/links".to_owned(),
        "/integrations".to_owned(),
        "/find?q=ours0001".to_owned(),
        format!("/find?q={ours}"),
        "/settings/people".to_owned(),
        "/settings/log".to_owned(),
        format!("/leads/{theirs}/merge?search=ours0001"),
    ] {
        let (status, page) = ask(&house, "GET", &address, &stranger, "").await;
        assert_eq!(status, StatusCode::OK, "{address}");
        for sign in [
            &ours.to_string(),
            "Lead ours0001",
            &request.to_string(),
            "Casino",
            "owner-of-ours",
        ] {
            // A search repeats what was typed.
            let typed = address.contains(sign);
            assert!(typed || !page.contains(sign), "{address} shows {sign}");
        }
    }
    for (address, form) in [
        (
            format!("/leads/{theirs}/merge"),
            format!("with={ours}&sure=1"),
        ),
        (
            format!("/leads/{theirs}/events"),
            format!(
                "integration={}&event=sale&sum=1&currency=usd",
                integration.id
            ),
        ),
        (format!("/leads/{theirs}"), format!("buyer={user}")),
        (
            "/links/new".to_owned(),
            format!(
                "integration={}&name=x&base_url=https://a.example&do=save",
                integration.id
            ),
        ),
        (
            "/leads/import".to_owned(),
            format!("integration={}&text=ours0001;sale;5;usd;9", integration.id),
        ),
        (
            "/leads/import/apply".to_owned(),
            format!("integration={}&text=ours0001;sale;5;usd;9", integration.id),
        ),
        (
            "/links/preview".to_owned(),
            format!(
                "integration={}&name=x&base_url=https://a.example&lead=ours0001",
                integration.id
            ),
        ),
        (
            "/doctor".to_owned(),
            format!(
                "text=clickid%3Dours0001%26tracker.event%3Dsale&integration={}",
                integration.id
            ),
        ),
    ] {
        let (status, page) = ask(&house, "POST", &address, &stranger, &form).await;
        assert!(!status.is_server_error(), "{address}: {status}");
        for sign in ["Lead ours0001", "Casino"] {
            assert!(!page.contains(sign), "{address} shows {sign}");
        }
    }
    assert_eq!(inventory(&house).await, before);
    let kept = store.lead(theirs).await.unwrap();
    assert_eq!((kept.buyer, kept.totals.events), (None, 0));
}

/// A buyer sees his own leads and links; a team lead those of his buyers too; nobody else's.
#[tokio::test]
async fn buyers_see_their_own() {
    let house = House::open(false).await;
    let store = &house.app.store;
    let (lead_of_team, head) = enter(&house, OURS, "head", Role::TeamLead, None).await;
    let (anna, annas) = enter(&house, OURS, "anna", Role::Buyer, Some(lead_of_team)).await;
    let (boris, boriss) = enter(&house, OURS, "boris", Role::Buyer, None).await;
    let hers = lead(&house, OURS, "anna0001", Some(anna)).await;
    let his = lead(&house, OURS, "boris001", Some(boris)).await;
    let nobodys = lead(&house, OURS, "nobody01", None).await;
    let her_link = link(&house, "Link of Anna", Some(anna)).await;
    let his_link = link(&house, "Link of Boris", Some(boris)).await;
    let teams_link = link(&house, "Link of the team", None).await;
    let note = store
        .add_note(his, Author::default(), "Call back".to_owned())
        .await
        .unwrap()
        .id;
    let before = inventory(&house).await;

    // Everything that a buyer may do at all, tried on what is not his.
    for cookie in [&annas, &head] {
        for (method, route, access) in TABLE {
            let Access::With(right) = access else {
                continue;
            };
            if !Role::Buyer.may(*right) || !route.contains("{id}") {
                continue;
            }
            let foreign: &[String] = if route.starts_with("/leads/") {
                &[his.to_string(), nobodys.to_string()]
            } else if route.starts_with("/links/") {
                &[his_link.clone(), teams_link.clone()]
            } else {
                panic!("what is {route}?")
            };
            for id in foreign {
                let address = route
                    .replace("{id}", id)
                    .replace("{note}", &note.to_string());
                let (status, _) = ask(&house, method, &address, cookie, FORM).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{method} {address}");
            }
        }
        let merged = format!("/leads/{hers}/merge");
        let (status, _) = ask(
            &house,
            "POST",
            &merged,
            cookie,
            &format!("with={his}&sure=1"),
        )
        .await;
        assert!(!status.is_server_error(), "{status}");
        let (_, page) = ask(
            &house,
            "POST",
            "/links/preview",
            cookie,
            &format!(
                "integration={}&name=x&base_url=https://a.example&lead=boris001",
                store.snapshot().of(OURS)[0].id
            ),
        )
        .await;
        assert!(
            !page.contains("boris001") && !page.contains("Lead boris001"),
            "{page}"
        );
    }
    assert_eq!(inventory(&house).await, before);

    // What each list and each search shows.
    let sees = async |cookie: &str, address: &str| {
        let (status, page) = ask(&house, "GET", address, cookie, "").await;
        assert_eq!(status, StatusCode::OK, "{address}");
        page
    };
    for (cookie, own, others) in [
        (
            &annas,
            ["Lead anna0001", "Link of Anna"],
            [
                "Lead boris001",
                "Lead nobody01",
                "Link of Boris",
                "Link of the team",
            ],
        ),
        (
            &head,
            ["Lead anna0001", "Link of Anna"],
            [
                "Lead boris001",
                "Lead nobody01",
                "Link of Boris",
                "Link of the team",
            ],
        ),
        (
            &boriss,
            ["Lead boris001", "Link of Boris"],
            [
                "Lead anna0001",
                "Lead nobody01",
                "Link of Anna",
                "Link of the team",
            ],
        ),
    ] {
        let pages = [
            sees(cookie, "/leads").await,
            sees(cookie, "/links").await,
            sees(cookie, &format!("/leads?buyer={boris}")).await,
            sees(cookie, "/find?q=Lead").await,
            sees(cookie, "/find?q=boris001").await,
            sees(cookie, "/find?q=anna0001").await,
        ]
        .join("\n");
        for word in own {
            assert!(pages.contains(word), "{word} is not shown");
        }
        for word in others {
            assert!(!pages.contains(word), "{word} is shown");
        }
    }
    // Their own open, and the ready links of a card are theirs.
    let card = sees(&annas, &format!("/leads/{hers}")).await;
    assert!(card.contains("Link of Anna") && !card.contains("Link of Boris"));
    sees(&head, &format!("/links/{her_link}")).await;

    // A lead or link that a buyer makes is his, whatever the form says.
    let (status, _) = ask(
        &house,
        "POST",
        "/leads",
        &annas,
        &format!("clickid=made0001&buyer={boris}"),
    )
    .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let made = store
        .lead_by_clickid(OURS, "made0001")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(made.buyer, Some(anna));
    let integration = store.snapshot().of(OURS)[0].id;
    let form =
        format!("integration={integration}&name=Made&base_url=https%3A%2F%2Fa.example%2F&do=save");
    let (status, page) = ask(&house, "POST", "/links/new", &annas, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let made = store.links(OURS).await.unwrap();
    let made = made.iter().find(|link| link.name == "Made").unwrap();
    assert_eq!(made.owner, Some(anna));
    // And he cannot give his away to somebody he does not lead.
    ask(
        &house,
        "POST",
        &format!("/leads/{hers}"),
        &annas,
        &format!("buyer={boris}"),
    )
    .await;
    assert_eq!(store.lead(hers).await.unwrap().buyer, Some(anna));
}
