//! People over a real store: the first link, login and its limits, sessions, users, and a walk
//! through the table of rights with every role.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use clickback_core::ids::{UserId, WorkspaceId};
use clickback_core::people::Role;

use crate::passwords;
use crate::store::people::NewUser;
use crate::web::rights::{Access, TABLE};
use crate::web::tests::{House, header, text};

use super::{first_link, invitation};

const WORKSPACE: WorkspaceId = WorkspaceId(1);
const PASSWORD: &str = "correct horse battery";

async fn post(house: &House, address: &str, cookie: &str, form: &str) -> Response<Body> {
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()))
        .unwrap();
    house.send(request).await
}

/// The part of a cookie that a browser sends back.
fn session(response: &Response<Body>) -> String {
    let cookie = header(response, "set-cookie");
    cookie.split(';').next().unwrap_or_default().to_owned()
}

fn path(address: &str) -> &str {
    let at = address.find("/welcome/").expect("a welcome address");
    &address[at..]
}

async fn user(house: &House, login: &str, role: Role, lead_by: Option<UserId>) -> UserId {
    let new = NewUser {
        workspace: WORKSPACE,
        login: login.to_owned(),
        name: login.to_owned(),
        role,
        lead_by,
        password_hash: passwords::hash(PASSWORD.to_owned()).await,
    };
    house.app.store.create_user(new).await.unwrap().id
}

async fn log_in(house: &House, login: &str) -> String {
    let form = format!("login={login}&password={}", PASSWORD.replace(' ', "+"));
    let response = post(house, "/login", "", &form).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{login}");
    session(&response)
}

#[tokio::test]
async fn the_first_link_makes_the_owner_once() {
    let house = House::open(false).await;
    let login_page = text(house.get("/login?lang=en", &[]).await).await;
    assert!(login_page.contains("Nobody has an account here yet"));
    let address = first_link(&house.app).await.unwrap().expect("a link");
    let place = path(&address);
    let form = house.get(place, &[]).await;
    assert_eq!(form.status(), StatusCode::OK);
    // Mistakes are said next to their field and what was typed stays.
    let wrong = post(&house, place, "", "name=Anna&login=an+na&password=short").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(wrong).await;
    assert!(
        page.contains(r#"value="an na""#) && page.contains("at least 10"),
        "{page}"
    );
    assert!(!page.contains("short\""), "a password is never shown again");

    let made = post(
        &house,
        place,
        "",
        "name=Anna&login=Anna@Team&password=correct+horse+battery",
    )
    .await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let cookie = session(&made);
    assert!(header(&made, "set-cookie").contains("HttpOnly; SameSite=Lax; Path=/"));
    let inside = house.get("/settings/account", &[("cookie", &cookie)]).await;
    assert_eq!(inside.status(), StatusCode::OK);
    assert!(text(inside).await.contains("anna@team"));
    // Once: neither the link nor another one makes a second owner.
    assert_eq!(house.get(place, &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(first_link(&house.app).await.unwrap(), None);
}

#[tokio::test]
async fn login_logout_and_their_limits() {
    let house = House::open(false).await;
    user(&house, "anna", Role::Owner, None).await;
    for address in [
        "/inbox",
        "/leads",
        "/settings/people",
        "/inbox/0000000000001",
    ] {
        let response = house.get(address, &[]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{address}");
        let location = header(&response, "location");
        assert!(
            location.starts_with("/login?next=%2F"),
            "{address}: {location}"
        );
    }
    let foreign = Request::post("/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("host", "track.example")
        .header("origin", "https://evil.example")
        .body(Body::from("login=anna&password=x"))
        .unwrap();
    assert_eq!(house.send(foreign).await.status(), StatusCode::FORBIDDEN);

    let cookie = log_in(&house, "ANNA").await;
    let seen = |address: &'static str| {
        let (house, cookie) = (&house, cookie.clone());
        async move { house.get(address, &[("cookie", &cookie)]).await.status() }
    };
    assert_eq!(seen("/leads").await, StatusCode::OK);
    let out = post(&house, "/logout", &cookie, "").await;
    assert!(header(&out, "set-cookie").contains("Max-Age=0"));
    assert_eq!(
        seen("/leads").await,
        StatusCode::SEE_OTHER,
        "dead on the server too"
    );

    // Unknown and known logins are refused alike, and guessing ends.
    let mut answers = Vec::new();
    for login in ["anna", "nobody", "anna", "anna", "anna", "anna", "anna"] {
        let form = format!("login={login}&password=wrong+wrong+wrong");
        answers.push(post(&house, "/login", "", &form).await.status().as_u16());
    }
    assert_eq!(answers[..2], [401, 401]);
    assert_eq!(answers.last(), Some(&429));
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_user_and_its_password() {
    let house = House::open(false).await;
    let anna = user(&house, "anna", Role::Owner, None).await;
    let boris = user(&house, "boris", Role::Buyer, None).await;
    let (first, second) = (log_in(&house, "anna").await, log_in(&house, "anna").await);
    let bored = log_in(&house, "boris").await;
    let alive = |cookie: &str| {
        let (house, cookie) = (&house, cookie.to_owned());
        async move { house.get("/leads", &[("cookie", &cookie)]).await.status() == StatusCode::OK }
    };
    // One is ended from the list.
    let page = house.get("/settings/account", &[("cookie", &first)]).await;
    let page = text(page).await;
    let code = page
        .split(r#"name="session" value=""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("another session");
    post(
        &house,
        "/settings/account/sessions",
        &first,
        &format!("session={code}"),
    )
    .await;
    assert!(alive(&first).await && !alive(&second).await);
    // Switching somebody off ends his at once.
    let form = "name=boris&role=buyer&disabled=1";
    post(&house, &format!("/settings/people/{boris}"), &first, form).await;
    assert!(!alive(&bored).await);
    // The last owner stays an owner.
    let refused = post(
        &house,
        &format!("/settings/people/{anna}"),
        &first,
        "name=anna&role=buyer",
    )
    .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // A new password asks for the old one and ends everything.
    let form = "old=wrong&new=another+horse+battery";
    let refused = post(&house, "/settings/account/password", &first, form).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let form = "old=correct+horse+battery&new=another+horse+battery";
    post(&house, "/settings/account/password", &first, form).await;
    assert!(!alive(&first).await);
}

#[tokio::test]
async fn an_invited_person_chooses_a_password() {
    let house = House::open(false).await;
    user(&house, "anna", Role::Admin, None).await;
    let cookie = log_in(&house, "anna").await;
    let added = post(
        &house,
        "/settings/people",
        &cookie,
        "name=<b>Boris&login=boris&role=buyer",
    )
    .await;
    assert_eq!(added.status(), StatusCode::OK);
    let page = text(added).await;
    assert!(
        page.contains("&#60;b&#62;Boris") && !page.contains("<b>Boris"),
        "{page}"
    );
    let place = page
        .split("data-copy=\"")
        .filter_map(|part| part.split('"').next())
        .find(|copied| copied.contains("/welcome/"))
        .expect("a link to copy")
        .to_owned();
    // An admin makes no owners.
    let refused = post(
        &house,
        "/settings/people",
        &cookie,
        "name=X&login=xx&role=owner",
    )
    .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let taken = post(
        &house,
        "/settings/people",
        &cookie,
        "name=X&login=Boris&role=buyer",
    )
    .await;
    assert_eq!(taken.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let chosen = post(&house, path(&place), "", "password=correct+horse+battery").await;
    assert_eq!(chosen.status(), StatusCode::SEE_OTHER);
    let boris = session(&chosen);
    let people = house.get("/settings/people", &[("cookie", &boris)]).await;
    assert_eq!(people.status(), StatusCode::FORBIDDEN);
    // A newer link takes the place of the older one.
    let id = house
        .app
        .store
        .user_by_login("boris")
        .await
        .unwrap()
        .unwrap()
        .id;
    let (one, two) = (
        invitation(&house.app, id).await.unwrap(),
        invitation(&house.app, id).await.unwrap(),
    );
    assert_eq!(
        house.get(path(&one), &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(house.get(path(&two), &[]).await.status(), StatusCode::OK);
    let log = text(house.get("/settings/log", &[("cookie", &cookie)]).await).await;
    assert!(log.contains("added a person") && log.contains("chose a password"));
}

#[tokio::test]
async fn a_token_is_shown_once_and_ends_when_revoked() {
    let house = House::open(false).await;
    user(&house, "anna", Role::Owner, None).await;
    let cookie = log_in(&house, "anna").await;
    let made = text(post(&house, "/settings/tokens", &cookie, "name=landing").await).await;
    let token = made
        .split("data-copy=\"")
        .filter_map(|part| part.split('"').next())
        .find(|copied| copied.starts_with("cb_"))
        .expect("the token")
        .to_owned();
    let again = text(house.get("/settings/tokens", &[("cookie", &cookie)]).await).await;
    assert!(again.contains("landing") && !again.contains(&token));
    let hash = crate::tokens::hash(&token);
    let known = house
        .app
        .store
        .token_by_hash(hash)
        .await
        .unwrap()
        .expect("it works");
    post(
        &house,
        &format!("/settings/tokens/{}/revoke", known.id),
        &cookie,
        "",
    )
    .await;
    assert_eq!(house.app.store.token_by_hash(hash).await.unwrap(), None);
}

/// Every row of the table with every role: what a role may not do is refused before the handler, what
/// it may do is not; objects that are not there, or are another workspace's, are never a 500.
#[tokio::test]
async fn every_route_with_every_role() {
    let house = House::open(false).await;
    let mut people = Vec::new();
    for role in Role::ALL {
        user(&house, role.code(), role, None).await;
        people.push((role, log_in(&house, role.code()).await));
    }
    for (method, route, access) in TABLE {
        // It would end the very session that walks.
        if *route == "/logout" {
            continue;
        }
        let address = route
            .replace("{id}", "999999")
            .replace("{slug}", "nobody")
            .replace("{token}", "cb_nothing")
            .replace("{name}", "app.css");
        let request = |cookie: &str| {
            Request::builder()
                .method(*method)
                .uri(&address)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .header("cookie", cookie)
                .body(Body::empty())
                .unwrap()
        };
        let stranger = house.send(request("")).await.status();
        for (role, cookie) in &people {
            let status = house.send(request(cookie)).await.status();
            let may = match access {
                Access::Public => true,
                Access::With(right) => role.may(*right),
            };
            assert_eq!(
                status == StatusCode::FORBIDDEN,
                !may,
                "{method} {route} as {role:?}: {status}"
            );
            assert!(
                !status.is_server_error(),
                "{method} {route} as {role:?}: {status}"
            );
        }
        if let Access::With(_) = access {
            assert_eq!(
                stranger,
                StatusCode::SEE_OTHER,
                "{method} {route} as a stranger"
            );
        }
    }
}
