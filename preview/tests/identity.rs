//! Who is who, and what that opens: cookies, addresses, quotas, and what only a developer may see.

mod support;

use axum::http::StatusCode;
use lapak_abi::package::Package;
use lapak_host::Capability;
use lapak_preview::{PreviewOptions, SessionQuotas};
use serde_json::{Value, json};
use support::sheet::PIN;
use support::shell::{Shell, body, get, launched, node_of_key};
use support::{Server, built, with_manifest};

const COUNTER: &str = "examples/counter";
const HOSTILE: &str = "host/tests/guests/hostile";

async fn package(app: &'static str) -> Package {
    let package = tokio::task::spawn_blocking(move || built(app)).await;
    package.expect("built")
}

/// Launches the hostile app under a name, to do something at a tap; gives its session and the person's cookie.
async fn hostile(
    server: &Server,
    name: &str,
    action: &str,
    with: &str,
    cookie: Option<&str>,
) -> (String, String) {
    let page = format!("pages/main%3Fdo%3D{action}%26at%3Dinteraction%26with%3D{with}");
    let headers: Vec<_> = cookie.map(|one| ("cookie", one)).into_iter().collect();
    let response = get(server, &format!("/a/{name}?page={page}"), &headers).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    let set = header("set-cookie").unwrap_or_default();
    let set = set.split(';').next().unwrap_or_default().to_owned();
    let session = header("location").expect("a session");
    (session, cookie.map_or(set, str::to_owned))
}

/// Taps, answers the sheet, and gives all that the app was told.
async fn told(
    server: &Server,
    session: &str,
    answer: impl Fn(&Value) -> Value,
    until: &str,
) -> String {
    let (mut shell, page) = Shell::hello(server, session, "one").await;
    shell.tap(node_of_key(&page, "tap")).await;
    loop {
        let message = shell.next().await;
        if let Some(sheet) = message["sheets"]
            .get(0)
            .filter(|sheet| sheet["stage"] == "open")
        {
            shell.say(&answer(sheet)).await;
        }
        let text = message.to_string();
        if message["t"] == "patch" && text.contains(until) {
            return text
                .replace("\\\"", "\"")
                .replace("&quot;", "\"")
                .replace("\\\"", "\"");
        }
    }
}

fn consent(sheet: &Value) -> Value {
    json!({ "t": "sheet-consent", "sheet": sheet["id"], "answer": "always" })
}

fn pay(sheet: &Value) -> Value {
    let fresh = sheet["has_pin"] == false;
    json!({ "t": "sheet-pay", "sheet": sheet["id"], "pin": PIN, "fresh": fresh })
}

/// What stands in quotes after `name: `.
fn member(text: &str, name: &str) -> String {
    let (_, rest) = text
        .split_once(&format!("{name}: "))
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    let rest = rest.trim_start_matches(['"', '\\', '&', ';']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"._:-@".contains(c));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

/// Whoever is sent money learns nothing that opens anything of the sender's.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_gives_nothing_of_the_sender_away() {
    let app = package(HOSTILE).await;
    let other = with_manifest(&app, |manifest| {
        manifest["app_id"] = json!("com.example.other")
    });
    let server = Server::set_up(vec![("hostile", app), ("other", other)], |_, _| {}).await;
    let (session, receiver) = hostile(&server, "hostile", "call-wallet-accounts", "", None).await;
    let accounts = told(&server, &session, consent, "address: ").await;
    let (address, account) = (member(&accounts, "address"), member(&accounts, "id"));

    let with = format!("{address}%2C70000%2CIDR%2Crent");
    let (session, sender) = hostile(&server, "hostile", "call-pay-transfer", &with, None).await;
    let paid = told(&server, &session, pay, "Paid").await;
    let (session, _) = hostile(
        &server,
        "hostile",
        "call-wallet-history",
        &account,
        Some(&receiver),
    )
    .await;
    let history = told(&server, &session, consent, "other: ").await;
    assert!(history.contains("70000"), "{history}");

    // What the sender's browser, the host, the books and the app know them by are four things that nobody can tell together.
    let (cookie_name, value) = sender.split_once('=').expect("a cookie");
    let (id, code) = value.split_once('.').expect("an id and a code");
    let person = server.preview.person_of(&sender).expect("a person");
    for secret in [id, code, &person, "person:"] {
        for text in [&history, &accounts, &paid] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // It says who it was, to whom it is useful: it is what the sender's own app gives as the address.
    let seen = member(&history, "other");
    let (session, _) = hostile(
        &server,
        "hostile",
        "call-wallet-accounts",
        "",
        Some(&sender),
    )
    .await;
    let own = told(&server, &session, consent, "address: ").await;
    assert_eq!(seen, member(&own, "address"));
    // Used as a cookie it is nobody.
    for forged in [
        seen.clone(),
        format!("{seen}.{code}"),
        person.clone(),
        format!("{person}.{code}"),
    ] {
        let forged = format!("{cookie_name}={forged}");
        assert_eq!(server.preview.person_of(&forged), None, "{forged}");
    }
    // Nor is the receiver's account read by the sender, under whatever name.
    let (session, _) = hostile(
        &server,
        "hostile",
        "call-wallet-history",
        &account,
        Some(&sender),
    )
    .await;
    told(&server, &session, consent, "invalid").await;

    // Another app is told other names of the same person.
    let (session, _) = hostile(&server, "other", "call-wallet-accounts", "", Some(&sender)).await;
    let elsewhere = told(&server, &session, consent, "address: ").await;
    assert_ne!(member(&elsewhere, "address"), member(&own, "address"));
    assert_ne!(member(&elsewhere, "id"), member(&own, "id"));
    server.books();
}

fn small(options: &mut PreviewOptions) {
    options.behind_proxy = true;
    options.quotas = SessionQuotas {
        open: 6,
        of_person: 2,
        of_address: 3,
    };
}

async fn launch(server: &Server, from: &str, cookie: Option<&str>) -> (StatusCode, String, String) {
    let mut headers = vec![("x-forwarded-for", from)];
    headers.extend(cookie.map(|cookie| ("cookie", cookie)));
    let response = get(server, "/a/counter", &headers).await;
    let header = |name: &str| {
        let value = response.headers().get(name);
        value
            .map_or("", |value| value.to_str().expect("text"))
            .to_owned()
    };
    let set = header("set-cookie")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let cookie = cookie.map_or(set, str::to_owned);
    let (status, location) = (response.status(), header("location"));
    match status {
        StatusCode::SEE_OTHER => (status, location, cookie),
        status => (status, body(response).await, cookie),
    }
}

async fn is_open(server: &Server, session: &str) -> bool {
    get(server, session, &[]).await.status() == StatusCode::OK
}

#[tokio::test]
async fn whoever_comes_back_is_not_shut_out_by_others_of_their_address() {
    let counter = package(COUNTER).await;
    let server = Server::set_up(vec![("counter", counter)], |options, _| {
        small(options);
        options.quotas.open = 100;
    })
    .await;
    let (_, _, ada) = launch(&server, "10.0.0.2", None).await;
    let (_, _, budi) = launch(&server, "10.0.0.1", None).await;
    for _ in 0..2 {
        let (status, ..) = launch(&server, "10.0.0.1", None).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let (status, ..) = launch(&server, "10.0.0.1", None).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    // Both are known, wherever they were before.
    for known in [&ada, &budi] {
        let (status, ..) = launch(&server, "10.0.0.1", Some(known)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    // Whoever says so with a cookie that nobody issued is not.
    let forged = format!("{ada}0");
    let (status, ..) = launch(&server, "10.0.0.1", Some(&forged)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_opens_too_much_closes_their_own_and_nobody_elses() {
    let counter = package(COUNTER).await;
    let server = Server::set_up(vec![("counter", counter)], |options, _| small(options)).await;
    let (_, of_ada, ada) = launch(&server, "10.0.0.1", None).await;
    let (_, first, budi) = launch(&server, "10.0.0.2", None).await;
    let (_, second, _) = launch(&server, "10.0.0.2", Some(&budi)).await;
    let (_, third, _) = launch(&server, "10.0.0.2", Some(&budi)).await;
    // Their own oldest went.
    assert!(!is_open(&server, &first).await);
    for kept in [&of_ada, &second, &third] {
        assert!(is_open(&server, kept).await, "{kept}");
    }
    // What a browser shows stays, and whoever asks for more is told so.
    let (shown, _) = Shell::hello(&server, &second, "a").await;
    let (also_shown, _) = Shell::hello(&server, &third, "b").await;
    let (status, why, _) = launch(&server, "10.0.0.2", Some(&budi)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(why.contains("close one"), "{why}");
    drop((shown, also_shown));

    // Newcomers are counted by where they come from; a network of IPv6 is one place.
    for (place, addresses) in [
        ("of IPv4", ["10.0.0.3", "10.0.0.3", "10.0.0.3", "10.0.0.3"]),
        (
            "of IPv6",
            ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"],
        ),
    ] {
        let server = Server::set_up(vec![("counter", package(COUNTER).await)], |options, _| {
            small(options)
        })
        .await;
        let mut opened = Vec::new();
        for from in &addresses[..3] {
            let (status, session, _) = launch(&server, from, None).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{place}");
            opened.push(session);
        }
        let (status, why, _) = launch(&server, addresses[3], None).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{place}");
        assert!(why.contains("from your address"), "{why}");
        for session in &opened {
            assert!(is_open(&server, session).await, "{place}");
        }
        // What somebody writes into the header before the proxy does not count.
        let forged = format!("10.9.9.9, {}", addresses[3]);
        let (status, ..) = launch(&server, &forged, None).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{place}");
        // Others go on, until there is no room for anybody.
        for from in ["10.0.1.1", "10.0.1.2", "10.0.1.3"] {
            let (status, ..) = launch(&server, from, None).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{from}");
        }
        let (status, ..) = launch(&server, "10.0.1.4", None).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        for session in &opened {
            assert!(is_open(&server, session).await, "{place}");
        }
    }
    let _ = ada;
}

/// The person may hold back what the platform lends, and get it again; what it does not lend they cannot give.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_never_more_than_the_platforms() {
    let app = package(HOSTILE).await;
    let server = Server::set_up(vec![("hostile", app)], |_, config| {
        config.grants.retain(|one| *one != Capability::Payments);
    })
    .await;
    let (session, _) = hostile(
        &server,
        "hostile",
        "call-pay-transfer",
        "ibu%2C100%2CIDR%2C",
        None,
    )
    .await;
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    let state = |trust: &Value, capability: &str| {
        let grants = trust["grants"].as_array().expect("a list").iter();
        let mut of = grants.filter(|grant| grant["capability"] == capability);
        of.next().expect("it is there")["state"].clone()
    };
    for (capability, on, becomes) in [
        ("payments", true, "denied"),
        ("storage", false, "denied"),
        ("storage", true, "allowed"),
    ] {
        let grant = json!({ "t": "grant", "capability": capability, "on": on });
        shell.say(&grant).await;
        let trust = shell.hear("trust").await;
        assert_eq!(state(&trust, capability), becomes, "{capability} {on}");
    }
    shell.tap(node_of_key(&page, "tap")).await;
    let patch = shell.hear("patch").await.to_string();
    assert!(patch.contains("access-denied"), "{patch}");
}

/// Without the developer's switch a page has what is the person's own, and no more; with it nobody is named either.
#[tokio::test(flavor = "multi_thread")]
async fn looking_into_apps_takes_the_developers_switch() {
    for inspector in [false, true] {
        let app = package(HOSTILE).await;
        let server = Server::set_up(vec![("hostile", app)], |options, _| {
            options.inspector = inspector;
            options.metrics = inspector;
        })
        .await;
        let (session, cookie) = hostile(&server, "hostile", "call-pay-order", "no", None).await;
        let person = server.preview.person_of(&cookie).expect("a person");
        let (mut shell, _) = Shell::hello(&server, &session, "one").await;
        let mut said = String::new();
        for (ask, answer) in [
            (json!({ "t": "inspect", "on": true }), "about"),
            (json!({ "t": "storage" }), "storage"),
            (json!({ "t": "device" }), "device"),
            (json!({ "t": "device", "line": "location 1 1" }), "device"),
        ] {
            shell.say(&ask).await;
            let answered = shell.hear(if inspector { answer } else { "error" }).await;
            said.push_str(&answered.to_string());
        }
        shell.say(&json!({ "t": "trust" })).await;
        said.push_str(&shell.hear("trust").await.to_string());
        assert!(!said.contains(&person), "{said}");
        assert_eq!(said.contains("--inspect"), !inspector, "{said}");
        let expected = match inspector {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        };
        for path in [
            format!("{session}/recording"),
            "/metrics".into(),
            "/_lapak/load".into(),
            "/_lapak/load.json".into(),
        ] {
            let status = get(&server, &path, &[]).await.status();
            assert_eq!(status, expected, "{path}");
        }
        let page = body(get(&server, &session, &[]).await).await;
        assert!(
            page.contains(&format!("data-inspector=\"{inspector}\"")),
            "{page}"
        );
        assert!(!page.contains(&person));
    }
}

/// The sign is the person's, and stays; another server or person has another; no page of an app's box has it.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_a_sign_of_their_own() {
    let server = Server::of(&[COUNTER]).await;
    let words = |page: &str| {
        let (_, rest) = page.split_once("\"words\":\"").expect("a sign");
        rest.split('"').next().expect("words").to_owned()
    };
    let (session, cookie) = launched(&server, None).await;
    let page = body(get(&server, &session, &[]).await).await;
    let own = words(&page);
    let (_, page_state) = Shell::hello(&server, &session, "one").await;
    assert!(!page_state.to_string().contains(&own), "{page_state}");
    let home = body(get(&server, "/", &[("cookie", &cookie)]).await).await;
    assert!(home.contains(&own), "{home}");
    let (again, _) = launched(&server, Some(&cookie)).await;
    let page = body(get(&server, &again, &[]).await).await;
    assert_eq!(words(&page), own);
    // Only the server's own page exchanges it.
    let post = async |origin: &str, cookie: &str| {
        use tower::ServiceExt as _;
        let request = axum::http::Request::post("/sign")
            .header("host", server.address.to_string())
            .header("origin", origin)
            .header("cookie", cookie)
            .body(axum::body::Body::empty());
        let router = server.preview.router();
        router
            .oneshot(request.expect("a request"))
            .await
            .expect("an answer")
    };
    let here = server.url("");
    for (origin, cookie) in [("http://evil.example", &*cookie), (&*here, "")] {
        let refused = post(origin, cookie).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
    let changed = post(&here, &cookie).await;
    assert_eq!(changed.status(), StatusCode::OK);
    let changed: Value = serde_json::from_str(&body(changed).await).expect("JSON");
    let page = body(get(&server, &again, &[]).await).await;
    assert_eq!(words(&page), changed["words"].as_str().expect("words"));
}
