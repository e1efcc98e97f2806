//! How browsers reach the server: by a proxy, below a prefix; what HEAD asks; what is told when something is wrong.

mod support;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use support::shell::{Shell, body, get, launched};
use support::{Server, built};
use tower::ServiceExt as _;

const COUNTER: &str = "examples/counter";

async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let answered = server.preview.router().oneshot(request).await;
    answered.expect("an answer")
}

#[tokio::test]
async fn head_changes_nothing() {
    let server = Server::of(&[COUNTER]).await;
    let host = server.address.to_string();
    let head = async |server: &Server, path: &str| {
        ask(server, Method::HEAD, path, &[("host", &host)]).await
    };
    let asked = head(&server, "/a/counter").await;
    assert_eq!(asked.status(), StatusCode::OK);
    assert_eq!(server.runtime.sessions(), 0);
    let home = head(&server, "/").await;
    assert_eq!(home.status(), StatusCode::OK);
    for response in [&asked, &home] {
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(
        head(&server, "/a/none").await.status(),
        StatusCode::NOT_FOUND
    );
    // Nor does a browser that only looks ahead launch anything.
    for ahead in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
    ] {
        let asked = get(&server, "/a/counter", &[ahead]).await;
        assert_eq!(asked.status(), StatusCode::FORBIDDEN, "{ahead:?}");
    }
    assert_eq!(server.runtime.sessions(), 0);

    // A session that was open before the server was started again is not taken up by it.
    let (session, _) = launched(&server, None).await;
    let server = server.again("counter").await;
    server.show("counter", built_counter().await).await;
    for path in [
        "",
        "/app.css",
        "/shot.png",
        "/recording",
        "/f/common/icon.svg",
    ] {
        let asked = head(&server, &format!("{session}{path}")).await;
        assert_eq!(asked.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(server.runtime.sessions(), 0);
    let asked = head(&server, "/s/00000000000000000000000000000000").await;
    assert_eq!(asked.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&server, &session, &[]).await.status(), StatusCode::OK);
    assert_eq!(server.runtime.sessions(), 1);
}

async fn built_counter() -> lapak_abi::package::Package {
    let package = tokio::task::spawn_blocking(|| built(COUNTER)).await;
    package.expect("built")
}

/// Whoever set up a proxy is told what is wrong and what to do; whoever looks whether the server lives need not know its name.
#[tokio::test]
async fn a_name_that_is_not_the_servers_is_told_with_the_cure() {
    let server = Server::of(&[COUNTER]).await;
    let foreign = [("host", "app_backend"), ("accept", "text/html,*/*")];
    let refused = ask(&server, Method::GET, "/", &foreign).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = body(refused).await;
    for says in [
        "app_backend",
        "--host-name app_backend",
        "proxy_set_header Host",
    ] {
        assert!(page.contains(says), "{says} in {page}");
    }
    let refused = ask(&server, Method::GET, "/", &foreign[..1]).await;
    let text = body(refused).await;
    assert!(
        text.contains("--host-name app_backend") && !text.contains('<'),
        "{text}"
    );
    let hostile = [("host", "x\"><script>"), ("accept", "text/html")];
    let page = body(ask(&server, Method::GET, "/", &hostile).await).await;
    assert!(!page.contains("><script>"), "{page}");

    for (headers, answers) in [
        (&foreign[..1], false),
        (&[], false),
        (&[("host", "localhost")], true),
    ] {
        let health = ask(&server, Method::GET, "/healthz", headers).await;
        assert_eq!(health.status(), StatusCode::OK, "{headers:?}");
        let health: serde_json::Value = serde_json::from_str(&body(health).await).expect("JSON");
        assert_eq!(health["ok"], true);
        assert_eq!(health["answers"], answers, "{health}");
        assert_eq!(health["cure"].is_null(), answers, "{health}");
        let head = ask(&server, Method::HEAD, "/healthz", headers).await;
        assert_eq!(head.status(), StatusCode::OK, "{headers:?}");
    }
    // No browser asks without a name, so a monitor may.
    let metrics = ask(&server, Method::GET, "/metrics", &[]).await;
    assert_eq!(metrics.status(), StatusCode::OK);
    assert_eq!(
        ask(&server, Method::GET, "/", &[]).await.status(),
        StatusCode::FORBIDDEN
    );
}

/// The page came under one name, and the server hears another: the connection cannot be, and the page is told why.
#[tokio::test]
async fn a_page_that_cannot_connect_is_told_why() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let host = server.address.to_string();
    let reach = async |origin: &str| {
        let headers = [("host", &*host), ("origin", origin)];
        ask(&server, Method::POST, &format!("{session}/reach"), &headers).await
    };
    assert_eq!(
        reach(&server.url("")).await.status(),
        StatusCode::NO_CONTENT
    );
    let refused = reach("https://preview.example.com").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let why = body(refused).await;
    for says in ["preview.example.com", &host, "proxy_set_header Host"] {
        assert!(why.contains(says), "{says} in {why}");
    }
}

/// Every address that the server tells begins with the prefix, and everything is there.
#[tokio::test]
async fn a_server_below_a_prefix_tells_addresses_below_it() {
    let server = Server::set_up(vec![("counter", built_counter().await)], |options, _| {
        options.base_path = "preview/".into();
    })
    .await;
    assert_eq!(get(&server, "/", &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&server, "/healthz", &[]).await.status(), StatusCode::OK);
    let mut pages = Vec::new();
    for home in ["/preview", "/preview/"] {
        let home = get(&server, home, &[]).await;
        assert_eq!(home.status(), StatusCode::OK);
        pages.push(body(home).await);
    }
    let launched = get(&server, "/preview/a/counter", &[]).await;
    let header = |name: &str| launched.headers()[name].to_str().expect("text").to_owned();
    let (session, cookie) = (header("location"), header("set-cookie"));
    assert!(session.starts_with("/preview/s/"), "{session}");
    assert!(cookie.contains("; Path=/preview;"), "{cookie}");
    pages.push(body(get(&server, &session, &[]).await).await);
    pages.push(body(get(&server, "/preview/_lapak/load", &[]).await).await);
    pages.push(body(get(&server, "/preview/nothing", &[]).await).await);
    for page in &pages {
        for attribute in ["href=\"", "src=\""] {
            for address in page.split(attribute).skip(1) {
                let address = address.split('"').next().expect("an address");
                let relative = !address.starts_with('/');
                assert!(relative || address.starts_with("/preview/"), "{address}");
                let path = address.replace("&amp;", "&");
                if !relative && !path.contains("/recording") {
                    let found = get(&server, &path, &[]).await.status();
                    let fine = found == StatusCode::OK || found == StatusCode::SEE_OTHER;
                    assert!(fine, "{path}: {found}");
                }
            }
        }
    }
    let (mut shell, page) = Shell::hello(&server, &session, "one").await;
    shell.tap(support::shell::node(&page, "Add one")).await;
    shell.hear("patch").await;
}
