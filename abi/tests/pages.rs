//! The page stack against a plain model.

use lapak_abi::manifest::PageRoute;
use lapak_abi::pages::{NavigationError, PageEvent, PageId, PageStack, Routes};
use proptest::prelude::*;

fn route(path: &str) -> PageRoute {
    PageRoute::parse(path).expect("a route")
}

fn stack() -> PageStack {
    let routes = ["pages/menu", "pages/basket", "pages/dish", "pages/help"]
        .map(route)
        .to_vec();
    let routes = Routes {
        pages: routes,
        tabs: ["pages/menu", "pages/basket"].map(route).to_vec(),
    };
    PageStack::new(routes.into(), 10)
}

/// What happened, in short: `L3 S3 R3 H1 U1`.
fn told(events: &[PageEvent]) -> String {
    let short = events.iter().map(|event| match event {
        PageEvent::Loaded(page) => format!("L{}", page.id.0),
        PageEvent::Shown(id) => format!("S{}", id.0),
        PageEvent::Ready(id) => format!("R{}", id.0),
        PageEvent::Hidden(id) => format!("H{}", id.0),
        PageEvent::Unloaded(id) => format!("U{}", id.0),
    });
    short.collect::<Vec<_>>().join(" ")
}

#[test]
fn events_come_in_the_order_that_the_contract_says() {
    let mut pages = stack();
    assert_eq!(told(&pages.open_first("").expect("opened")), "L1 S1 R1");
    assert_eq!(
        told(&pages.navigate_to("pages/dish?id=3").expect("opened")),
        "H1 L2 S2 R2"
    );
    assert_eq!(pages.top().expect("a page").query, "id=3");
    assert_eq!(
        told(&pages.redirect_to("/pages/help").expect("opened")),
        "H2 U2 L3 S3 R3"
    );
    assert_eq!(told(&pages.back(1).expect("gone")), "H3 U3 S1");
    assert_eq!(
        told(&pages.switch_tab("pages/basket").expect("switched")),
        "H1 U1 L4 S4 R4"
    );
    assert_eq!(
        told(&pages.switch_tab("pages/basket").expect("there already")),
        ""
    );
    pages.navigate_to("pages/dish").expect("opened");
    pages.navigate_to("pages/help").expect("opened");
    assert_eq!(
        told(&pages.relaunch("pages/dish").expect("opened")),
        "H6 U6 U5 U4 L7 S7 R7"
    );
    assert_eq!(told(&pages.close_all()), "H7 U7");
}

#[test]
fn each_refusal_has_its_reason_and_changes_nothing() {
    let mut pages = stack();
    pages.open_first("pages/menu").expect("opened");
    for url in [
        "",
        "https://evil.example/",
        "//evil",
        "pages/../pages/dish",
        "pages/dish#x",
        "pages\\dish",
        "pages/dish\0",
        "./pages/dish",
    ] {
        assert_eq!(
            pages.navigate_to(url),
            Err(NavigationError::InvalidUrl),
            "{url:?}"
        );
    }
    assert_eq!(
        pages.navigate_to(&"p".repeat(9_000)),
        Err(NavigationError::InvalidUrl)
    );
    assert_eq!(
        pages.navigate_to("pages/nowhere"),
        Err(NavigationError::UnknownPage)
    );
    assert_eq!(
        pages.navigate_to("pages/basket"),
        Err(NavigationError::IsATab)
    );
    assert_eq!(
        pages.redirect_to("pages/basket"),
        Err(NavigationError::IsATab)
    );
    assert_eq!(
        pages.switch_tab("pages/dish"),
        Err(NavigationError::NotATab)
    );
    assert_eq!(
        pages.switch_tab("pages/basket?x=1"),
        Err(NavigationError::InvalidUrl)
    );
    assert_eq!(pages.back(1), Err(NavigationError::AtRoot));
    assert_eq!(pages.pages().len(), 1);
    for _ in 1..10 {
        pages.navigate_to("pages/dish").expect("room");
    }
    assert_eq!(
        pages.navigate_to("pages/dish"),
        Err(NavigationError::StackFull)
    );
    assert!(
        pages.redirect_to("pages/help").is_ok(),
        "replacing needs no room"
    );
    pages.back(u32::MAX).expect("to the lowest");
    assert_eq!(pages.pages().len(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Navigate(usize),
    Redirect(usize),
    Relaunch(usize),
    Tab(usize),
    Back(u32),
}

const URLS: [&str; 4] = [
    "pages/menu",
    "pages/basket",
    "pages/dish?id=1",
    "pages/help",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_usize).prop_map(Step::Navigate),
        1 => (0..4_usize).prop_map(Step::Redirect),
        1 => (0..4_usize).prop_map(Step::Relaunch),
        1 => (0..4_usize).prop_map(Step::Tab),
        2 => (0..4_u32).prop_map(Step::Back),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_walk_ends_where_a_plain_list_does(steps in prop::collection::vec(step(), 0..60)) {
        let mut pages = stack();
        pages.open_first("").expect("opened");
        let mut model = vec![0_usize];
        // Every page by the events alone: loaded and not yet unloaded, and which one is in sight.
        let mut open = vec![PageId(1)];
        let mut shown = Some(PageId(1));
        for step in steps {
            let is_tab = |page: &usize| *page < 2;
            let (moved, expected) = match &step {
                Step::Navigate(page) => (pages.navigate_to(URLS[*page]), (!is_tab(page) && model.len() < 10).then(|| [model.clone(), vec![*page]].concat())),
                Step::Redirect(page) => (pages.redirect_to(URLS[*page]), (!is_tab(page)).then(|| [model[..model.len() - 1].to_vec(), vec![*page]].concat())),
                Step::Relaunch(page) => (pages.relaunch(URLS[*page]), Some(vec![*page])),
                Step::Tab(page) => (pages.switch_tab(URLS[*page]), is_tab(page).then(|| vec![*page])),
                Step::Back(delta) => {
                    let delta = usize::try_from(*delta).expect("small").clamp(1, (model.len() - 1).max(1));
                    (pages.back(u32::try_from(delta).expect("small")), (model.len() > 1).then(|| model[..model.len() - delta].to_vec()))
                }
            };
            prop_assert_eq!(moved.is_ok(), expected.is_some(), "{:?}", step);
            model = expected.unwrap_or(model);
            for event in moved.unwrap_or_default() {
                match event {
                    PageEvent::Loaded(page) => open.push(page.id),
                    PageEvent::Shown(id) => { prop_assert_eq!(shown, None); shown = Some(id); }
                    PageEvent::Hidden(id) => { prop_assert_eq!(shown, Some(id)); shown = None; }
                    PageEvent::Unloaded(id) => prop_assert_eq!(open.pop(), Some(id)),
                    PageEvent::Ready(id) => prop_assert_eq!(shown, Some(id)),
                }
            }
            let routes: Vec<_> = pages.pages().iter().map(|page| page.route.to_string()).collect();
            let expected: Vec<_> = model.iter().map(|page| URLS[*page].split('?').next().expect("a path").to_owned()).collect();
            prop_assert_eq!(routes, expected);
            prop_assert_eq!(open.clone(), pages.pages().iter().map(|page| page.id).collect::<Vec<_>>());
            prop_assert_eq!(shown, pages.top().map(|page| page.id));
        }
    }
}

#[test]
fn a_route_stays_inside_the_package_without_its_extension_too() {
    for (path, expected) in [
        ("pages/menu.html", "pages/menu"),
        ("/pages/menu", "pages/menu"),
        ("pages.old/menu", "pages.old/menu"),
        (".menu", ".menu"),
        ("pages/.menu", "pages/.menu"),
        ("pages/...menu/a", "pages/...menu/a"),
    ] {
        assert_eq!(route(path).as_str(), expected);
    }
    for path in ["..-", "...-", "pages/..-", "pages/...-", "/..a"] {
        assert!(PageRoute::parse(path).is_err(), "{path}");
    }
}
