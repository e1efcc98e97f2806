//! The server: who gets in, and to what.

mod support;

use axum::http::StatusCode;
use support::Server;
use support::shell::{Shell, body, connect, get, launched, node};
use tokio_tungstenite::tungstenite;

const COUNTER: &str = "examples/counter";

#[tokio::test]
async fn the_first_view_is_in_the_page() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let response = get(&server, &session, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    // Nobody's frame can hold a page that pays.
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    let html = body(response).await;
    assert!(html.contains("aria-label=\"Add one\""), "{html}");
    assert!(!html.contains("{{"), "{html}");
    let home = body(get(&server, "/", &[]).await).await;
    assert!(home.contains("/a/counter"), "{home}");
}

#[tokio::test]
async fn other_origins_cannot_connect() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let own = format!("http://{}", server.address);
    assert!(connect(&server, &session, Some(&own)).await.is_ok());
    for origin in [
        None,
        Some("http://evil.example"),
        Some("null"),
        Some("http://127.0.0.1:1"),
        Some("https://127.0.0.1"),
    ] {
        let refused = connect(&server, &session, origin).await;
        let Err(tungstenite::Error::Http(response)) = refused else {
            panic!("{origin:?} was let in");
        };
        assert_eq!(response.status(), 403, "{origin:?}");
    }
}

#[tokio::test]
async fn a_rebound_name_is_refused() {
    let server = Server::of(&[COUNTER]).await;
    for host in [
        "evil.example",
        "evil.example:7700",
        "127.0.0.1.evil.example",
    ] {
        let response = get(&server, "/", &[("host", host)]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{host}");
    }
    let launched_by_an_image = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "image"),
    ];
    let response = get(&server, "/a/counter", &launched_by_an_image).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(server.runtime.sessions(), 0);
}

/// Before there is anything to show: that it is being built, or why it does not build; then the app.
#[tokio::test]
async fn an_app_that_is_not_there_yet_says_so_and_opens_when_it_is() {
    let server = Server::of(&[]).await;
    server.preview.building("counter");
    for path in ["/", "/a/counter"] {
        let response = get(&server, path, &[]).await;
        assert_eq!(response.headers()["refresh"], "2", "{path}");
        let html = body(response).await;
        assert!(html.to_lowercase().contains("being built"), "{html}");
    }
    server.preview.build_failed(
        "counter",
        "error: cannot find value `<b>zero` in this scope",
    );
    let home = body(get(&server, "/", &[]).await).await;
    assert!(home.contains("It does not build"), "{home}");
    let response = get(&server, "/a/counter", &[]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let html = body(response).await;
    assert!(html.contains("cannot find value `&lt;b&gt;zero`"), "{html}");

    let package = tokio::task::spawn_blocking(|| support::built(COUNTER))
        .await
        .expect("built");
    let app = server.runtime.load(package).await.expect("loaded");
    server.preview.show("counter", app).await;
    let response = get(&server, "/a/counter", &[]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(
        !get(&server, "/", &[])
            .await
            .headers()
            .contains_key("refresh")
    );
}

#[tokio::test]
async fn a_forged_token_is_nothing() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let mut forged = session.clone();
    let last = forged.pop().expect("a token");
    forged.push(if last == '0' { '1' } else { '0' });
    for token in [
        forged.as_str(),
        "/s/",
        "/s/x",
        "/s/..%2f..",
        "/s/00000000000000000000000000000000",
    ] {
        for what in [
            "",
            "/app.css",
            "/f/common/icon.svg",
            "/shot.png",
            "/recording",
        ] {
            let response = get(&server, &format!("{token}{what}"), &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{token}{what}");
        }
        assert!(
            connect(&server, token, Some(&server.url("")))
                .await
                .is_err(),
            "{token}"
        );
    }
}

#[tokio::test]
async fn only_images_of_the_package_are_served() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let icon = get(&server, &format!("{session}/f/common/icon.svg"), &[]).await;
    assert_eq!(icon.status(), StatusCode::OK);
    assert_eq!(icon.headers()["content-type"], "image/svg+xml");
    assert!(
        icon.headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .contains("sandbox")
    );
    for path in [
        "app.wasm",
        "manifest.json",
        "app.css",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "common/../manifest.json",
        "common%2f..%2fapp.wasm",
        "common/icon.svg%00",
        "COMMON/ICON.SVG",
    ] {
        let response = get(&server, &format!("{session}/f/{path}"), &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn two_people_do_not_see_each_other() {
    let server = Server::of(&[COUNTER]).await;
    let (first, ada) = launched(&server, None).await;
    let (second, budi) = launched(&server, None).await;
    assert_ne!(ada, budi);
    assert_ne!(first, second);
    let (mut of_ada, page) = Shell::hello(&server, &first, "a").await;
    of_ada.tap(node(&page, "Add one")).await;
    of_ada.hear("patch").await;
    let (_, page) = Shell::hello(&server, &second, "b").await;
    assert!(
        page["html"].as_str().expect("html").contains(">0</span>"),
        "{page}"
    );
    let (third, again) = launched(&server, Some(&ada)).await;
    assert_eq!(ada, again);
    assert_ne!(first, third);
    // A name that the server never gave is not taken over.
    let (name, _) = ada.split_once('=').expect("a cookie");
    let forged = format!("{name}=root");
    let (_, given) = launched(&server, Some(&forged)).await;
    assert_ne!(given, forged);
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::of(&[COUNTER]).await;
    let request = axum::http::Request::get("/")
        .header("host", "localhost")
        .header("host", "localhost");
    let request = request.body(axum::body::Body::empty()).expect("a request");
    let answer = tower::ServiceExt::oneshot(server.preview.router(), request).await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_session_as_a_picture() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let png = get(&server, &format!("{session}/shot.png?scale=2&frame=1"), &[]).await;
    assert_eq!(png.status(), StatusCode::OK);
    assert_eq!(png.headers()["content-type"], "image/png");
    for too_large in [
        "width=100000",
        "height=4294967295&scale=4",
        "width=0",
        "scale=inf",
        "scale=-inf",
        "scale=NaN",
        "scale=-1",
        "scale=0",
    ] {
        let refused = get(&server, &format!("{session}/shot.png?{too_large}"), &[]).await;
        assert_eq!(
            refused.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{too_large}"
        );
    }
}

#[tokio::test]
async fn the_load_is_told_in_numbers_and_on_a_page() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let (mut shell, page) = Shell::hello(&server, &session, "a").await;
    shell.tap(node(&page, "Add one")).await;
    shell.hear("patch").await;

    let metrics = get(&server, "/metrics", &[]).await;
    let kind = metrics.headers()["content-type"].to_str().expect("text");
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let metrics = body(metrics).await;
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {metrics}"));
        line.trim().parse().expect("a number")
    };
    assert!(value("lapak_event_wall_seconds_count ") >= 6.0);
    assert!(value("lapak_queue_delay_seconds_count{class=\"foreground\"} ") >= 2.0);
    assert!(value("lapak_tenant_cpu_seconds_total{tenant=\"dev.lapak.counter\"} ") > 0.0);
    assert_eq!(value("lapak_sessions_launched_total "), 1.0);
    assert_eq!(value("lapak_faults_total{reason=\"panic\"} "), 0.0);
    let residences = ["resident", "frozen", "stored"];
    let all = residences.map(|one| value(&format!("lapak_sessions{{residence=\"{one}\"}} ")));
    assert_eq!(all.iter().sum::<f64>(), 1.0, "{all:?}");

    let reading = body(get(&server, "/_lapak/load.json", &[]).await).await;
    let reading: serde_json::Value = serde_json::from_str(&reading).expect("JSON");
    assert_eq!(reading["sessions"], 1);
    let bounds = reading["bounds_ns"].as_array().expect("a list").len();
    for histogram in [&reading["event_wall"], &reading["queue_delay"][2][1]] {
        let buckets = histogram["buckets"].as_array().expect("a list").len();
        assert_eq!(buckets, bounds + 1);
    }

    let home = body(get(&server, "/", &[]).await).await;
    assert!(home.contains("href=\"/_lapak/load\""), "{home}");
    let load = body(get(&server, "/_lapak/load", &[]).await).await;
    assert!(
        !load.contains("<style") && !load.contains("style="),
        "{load}"
    );
    for path in ["/metrics", "/_lapak/load", "/_lapak/load.json"] {
        let refused = get(&server, path, &[("host", "evil.example")]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
    }
}

/// The session's page, launched by a browser with these headers.
async fn page_for(server: &Server, headers: &[(&str, &str)]) -> String {
    let launched = get(server, "/a/probe", headers).await;
    let to = launched.headers().get("location").expect("a location");
    let to = to.to_str().expect("text").to_owned();
    body(get(server, &to, &[]).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_the_first_of_their_languages_that_the_app_has() {
    let server = Server::of(&["preview/tests/guests/probe"]).await;
    for (accepted, name, dir) in [
        ("zh-Hans-CN,zh;q=0.9,en;q=0.8", "探针", "ltr"),
        ("zh-CN", "探针", "ltr"),
        ("fr, id-ID;q=0.5, en;q=0.1", "Uji", "ltr"),
        ("en;q=0.2, ar-EG", "مسبار", "rtl"),
        ("fr", "Probe", "ltr"),
        ("*;q=0.5", "Probe", "ltr"),
    ] {
        let page = page_for(&server, &[("accept-language", accepted)]).await;
        // The page's own title names the app once.
        let title = format!("<title>{name}</title>");
        assert!(page.contains(&title), "{accepted}: no {title}");
        let screen = format!("id=\"screen\" dir=\"{dir}\"");
        assert!(page.contains(&screen), "{accepted}: no {screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_zone_that_the_shell_noted_is_the_session_s() {
    let server = Server::of(&["preview/tests/guests/probe"]).await;
    for (cookie, zone) in [
        (
            "a=b; lapak_zone=Europe/Berlin",
            "\"zone\":\"Europe/Berlin\"",
        ),
        ("lapak_zone=<script>", "\"zone\":null"),
        ("lapak_zone=", "\"zone\":null"),
        ("a=b", "\"zone\":null"),
    ] {
        let page = page_for(&server, &[("cookie", cookie)]).await;
        assert!(page.contains(zone), "{cookie}");
    }
}

#[tokio::test]
async fn files_that_hold_no_secret_are_sent_as_gzip_to_those_who_take_it() {
    let server = Server::of(&[COUNTER]).await;
    let (session, _) = launched(&server, None).await;
    let css = format!("{session}/app.css");
    for path in ["/_lapak/shell.js", &css] {
        let plain = get(&server, path, &[]).await;
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        assert_eq!(plain.headers()["vary"], "accept-encoding");
        let plain = body(plain).await;
        let packed = get(&server, path, &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(packed.headers()["content-encoding"], "gzip", "{path}");
        let packed = axum::body::to_bytes(packed.into_body(), 1 << 20).await;
        let packed = packed.expect("a body");
        assert!(packed.len() < plain.len() / 2, "{path}");
        let mut unpacked = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
        std::io::Read::read_to_string(&mut decoder, &mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain);
    }
    // A page holds the session's token.
    let page = get(&server, &session, &[("accept-encoding", "gzip")]).await;
    assert!(!page.headers().contains_key("content-encoding"));
}
