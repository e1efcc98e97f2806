//! Manifests, good and bad: what is fatal, what is skipped with a warning.

use lapak_abi::manifest::{
    Manifest, ManifestError, NavigationStyle, Orientation, Parsed, TextStyle,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A manifest with every member, all right.
fn full() -> Value {
    json!({
        "app_id": "org.example.shop",
        "name": "Shop",
        "short_name": "S",
        "description": "Sells things",
        "icons": [{ "src": "common/icon.png", "sizes": "48x48", "label": "A shop" }],
        "pages": ["pages/index/index", "/pages/dish.html"],
        "version": { "code": 3, "name": "1.2.0" },
        "platform_version": { "min_code": 1, "target_code": 2, "release_type": "Beta1" },
        "dir": "rtl",
        "lang": "id-ID",
        "color_scheme": "dark",
        "device_type": ["phone", "watch"],
        "req_permissions": [{ "name": "system.permission.LOCATION", "reason": "To find the nearest stall" }],
        "widgets": [{ "name": "Today", "path": "widgets/today", "min_code": 5 }],
        "window": {
            "auto_design_width": true, "background_color": "red", "background_text_style": "light",
            "design_width": 400, "enable_pull_down_refresh": true, "fullscreen": true,
            "navigation_bar_background_color": "#abc", "navigation_bar_text_style": "black",
            "navigation_bar_title_text": "The shop", "navigation_style": "custom",
            "on_reach_bottom_distance": 80, "orientation": "landscape"
        },
        "lapak_on_update": "migrate",
        "lapak_templates": [{ "id": "ready", "title": "%ready%", "text": "Table {table}: {dish}" }],
        "lapak_domains": ["api.shop.example", "*.Img.shop.example"],
        "lapak_vendors": ["acme:lamp/lamp@0.1.0"],
        "lapak_tab_bar": { "list": [
            { "page": "pages/index/index", "text": "Menu", "icon": "utensils" },
            { "page": "pages/dish", "text": "Dish" }
        ] }
    })
}

fn parse(json: &Value) -> Result<Parsed, ManifestError> {
    Manifest::parse(json.to_string().as_bytes())
}

/// The manifest with a member changed (`a.b` for one within another); `null` takes it out.
fn with(member: &str, value: Value) -> Value {
    let mut manifest = full();
    let (parents, last) = member
        .rsplit_once('.')
        .map_or((None, member), |(parents, last)| (Some(parents), last));
    let mut of = &mut manifest;
    for part in parents.into_iter().flat_map(|parents| parents.split('.')) {
        of = &mut of[part];
    }
    match value {
        Value::Null => drop(of.as_object_mut().expect("an object").remove(last)),
        value => of[last] = value,
    }
    manifest
}

/// Values of every JSON type.
fn of_each_type() -> [Value; 7] {
    [
        json!(true),
        json!(7),
        json!(-1.5),
        json!("text"),
        json!([1, "a"]),
        json!({ "a": 1 }),
        json!(""),
    ]
}

#[test]
fn everything_right_is_read_without_a_warning() {
    let Parsed { manifest, warnings } = parse(&full()).expect("a manifest");
    assert_eq!(warnings, []);
    assert_eq!(manifest.app_id, "org.example.shop");
    assert_eq!(
        manifest
            .pages
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["pages/index/index", "pages/dish"]
    );
    assert_eq!(
        (manifest.version.code, manifest.platform_version.target_code),
        (3, Some(2))
    );
    assert_eq!(manifest.widgets[0].min_code, 5);
    assert_eq!(manifest.window.orientation, Orientation::Landscape);
    assert_eq!(manifest.window.background_color, "#ff0000");
    assert_eq!(manifest.on_update, lapak_abi::manifest::OnUpdate::Migrate);
    assert_eq!(manifest.templates[0].id, "ready");
    assert_eq!(manifest.domains[1].as_str(), "*.img.shop.example");
    assert_eq!(manifest.vendors, ["acme:lamp/lamp@0.1.0"]);
    assert_eq!(manifest.tab_bar.expect("a tab bar").list.len(), 2);
}

#[test]
fn interfaces_of_platforms_own_are_named_with_their_package_and_version() {
    let wrong = [
        json!("lamp"),
        json!("acme:lamp/lamp"),
        json!("acme:lamp@1.0.0"),
        json!("lapak:app/payments@0.1.0"),
        json!("wasi:io/poll@0.2.0"),
        json!("Acme:lamp/lamp@1.0.0"),
        json!("acme:lamp/lamp/lamp@1.0.0"),
        json!(3),
        json!(format!("acme:lamp/{}@1.0.0", "x".repeat(65))),
    ];
    for one in wrong {
        let listed = json!(["acme:lamp/lamp@0.1.0", one]);
        let parsed = parse(&with("lapak_vendors", listed)).expect("a manifest");
        assert_eq!(parsed.manifest.vendors, ["acme:lamp/lamp@0.1.0"], "{one}");
        assert_eq!(parsed.warnings.len(), 1, "{one}");
    }
    let many: Vec<_> = (0..20)
        .map(|n| format!("acme:lamp/lamp{n}@0.1.0"))
        .collect();
    let parsed = parse(&with("lapak_vendors", json!(many))).expect("a manifest");
    assert_eq!(
        parsed.manifest.vendors.len(),
        lapak_abi::manifest::MAX_VENDORS
    );
    assert_eq!(parsed.warnings.len(), 1);
}

#[test]
fn what_is_not_given_takes_the_drafts_default() {
    let mut least = full();
    for member in [
        "short_name",
        "description",
        "dir",
        "lang",
        "color_scheme",
        "device_type",
        "req_permissions",
        "widgets",
        "window",
        "lapak_on_update",
        "lapak_domains",
        "lapak_templates",
        "lapak_vendors",
        "lapak_tab_bar",
    ] {
        least.as_object_mut().expect("an object").remove(member);
    }
    let Parsed { manifest, warnings } = parse(&least).expect("a manifest");
    assert_eq!(warnings, []);
    let window = manifest.window;
    assert_eq!(window.navigation_bar_background_color, "#000000");
    assert_eq!(window.navigation_bar_text_style, TextStyle::Light);
    assert_eq!(window.navigation_style, NavigationStyle::Default);
    assert_eq!(
        (
            window.fullscreen,
            window.design_width,
            window.on_reach_bottom_distance
        ),
        (false, 750.0, 50.0)
    );
    assert!(manifest.tab_bar.is_none());
    assert!(manifest.domains.is_empty());
    assert!(manifest.templates.is_empty());
}

#[test]
fn what_is_no_json_object_is_said_to_be_none() {
    for text in ["", "{", "nonsense", "{\"a\":1}}", "\u{0}", "{'a':1}"] {
        assert!(
            matches!(
                Manifest::parse(text.as_bytes()),
                Err(ManifestError::NotJson(_))
            ),
            "{text}"
        );
    }
    for text in ["null", "1", "\"a\"", "[]", "[{}]"] {
        assert_eq!(
            Manifest::parse(text.as_bytes()),
            Err(ManifestError::NotAnObject),
            "{text}"
        );
    }
    assert!(matches!(
        Manifest::parse(b"\xff\xfe{"),
        Err(ManifestError::NotJson(_))
    ));
    // A byte order mark in front is what some editors write.
    assert!(Manifest::parse(["\u{feff}", &full().to_string()].concat().as_bytes()).is_ok());
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    assert!(Manifest::parse(deep.as_bytes()).is_err());
}

#[test]
fn each_required_member_is_named_when_it_is_missing() {
    for member in [
        "app_id",
        "name",
        "icons",
        "pages",
        "version",
        "version.code",
        "version.name",
        "platform_version",
        "platform_version.min_code",
    ] {
        let error = parse(&with(member, Value::Null)).expect_err(member);
        let ManifestError::Required {
            member: named,
            what,
        } = &error
        else {
            panic!("{member}: {error}");
        };
        assert_eq!(named, member);
        assert!(!what.is_empty());
    }
}

#[test]
fn no_member_of_any_type_panics_and_optional_ones_are_never_fatal() {
    let required = [
        "app_id",
        "name",
        "icons",
        "pages",
        "version",
        "version.code",
        "version.name",
        "platform_version",
        "platform_version.min_code",
    ];
    let optional = [
        "short_name",
        "description",
        "dir",
        "lang",
        "color_scheme",
        "device_type",
        "req_permissions",
        "widgets",
        "window",
        "lapak_on_update",
        "lapak_domains",
        "lapak_templates",
        "lapak_vendors",
        "lapak_tab_bar",
        "platform_version.target_code",
        "platform_version.release_type",
        "window.auto_design_width",
        "window.background_color",
        "window.background_text_style",
        "window.design_width",
        "window.enable_pull_down_refresh",
        "window.fullscreen",
        "window.navigation_bar_background_color",
        "window.navigation_bar_text_style",
        "window.navigation_bar_title_text",
        "window.navigation_style",
        "window.on_reach_bottom_distance",
        "window.orientation",
        "lapak_tab_bar.list",
    ];
    for value in of_each_type() {
        for member in required {
            // Fatal or not, it comes back.
            let _ = parse(&with(member, value.clone()));
        }
        for member in optional {
            assert!(
                parse(&with(member, value.clone())).is_ok(),
                "{member} = {value}"
            );
        }
    }
}

#[test]
fn a_wrong_optional_value_is_warned_of_by_its_path() {
    for (member, value) in [
        ("dir", json!("up")),
        ("lang", json!("not a language!")),
        ("color_scheme", json!("sepia")),
        ("device_type", json!(["phone", 3])),
        ("window.background_color", json!("url(x)")),
        ("window.design_width", json!(-1)),
        ("window.fullscreen", json!("false")),
        ("window.navigation_bar_text_style", json!("grey")),
        ("window.navigation_style", json!(1)),
        ("window.orientation", json!("upside-down")),
        ("platform_version.target_code", json!("2")),
    ] {
        let Parsed { warnings, .. } = parse(&with(member, value)).expect("a manifest");
        assert_eq!(warnings.len(), 1, "{member}: {warnings:?}");
        assert_eq!(warnings[0].member, member);
        assert!(
            warnings[0].to_string().starts_with("manifest.json: "),
            "{}",
            warnings[0]
        );
    }
}

#[test]
fn pages_and_icons_that_leave_the_package_are_skipped_and_none_left_is_fatal() {
    let outside = [
        "https://evil.example/p",
        "//evil.example/p",
        "../p",
        "pages/../../p",
        "",
        "a//b",
        "c:\\p",
        "p?x",
        "p#x",
        "%2e%2e/p",
        "p\u{0}",
    ];
    for path in outside {
        let mut two = with("lapak_tab_bar", Value::Null);
        two["pages"] = json!([path, "pages/ok"]);
        let Parsed { manifest, warnings } = parse(&two).expect("one page is left");
        assert_eq!(
            (manifest.pages.len(), warnings.len()),
            (1, 1),
            "{path}: {warnings:?}"
        );
        assert!(
            matches!(
                parse(&with("pages", json!([path]))),
                Err(ManifestError::Required { .. })
            ),
            "{path}"
        );
        let icons = json!([{ "src": path }, { "src": "common/ok.png" }]);
        let Parsed { manifest, warnings } = parse(&with("icons", icons)).expect("one icon is left");
        assert_eq!(
            (manifest.icons.len(), warnings.len()),
            (1, 1),
            "{path}: {warnings:?}"
        );
        assert!(
            matches!(
                parse(&with("icons", json!([{ "src": path }]))),
                Err(ManifestError::Required { .. })
            ),
            "{path}"
        );
    }
    let twice = parse(&with(
        "pages",
        json!(["pages/a", "/pages/a.html", "pages/a"]),
    ))
    .expect("a manifest");
    assert_eq!(twice.manifest.pages.len(), 1);
}

/// The numbers are those of `SPEC-DECISIONS.md`.
#[test]
fn the_drafts_defects_are_decided() {
    // 3: target_code is a number; a string is skipped.
    let target = |value| {
        parse(&with("platform_version.target_code", value))
            .expect("a manifest")
            .manifest
            .platform_version
            .target_code
    };
    assert_eq!((target(json!(4)), target(json!("4"))), (Some(4), None));
    // 4: a widget's min_code is a number or digits; without one it is the platform's.
    let widget = |value: Value| {
        let widgets = json!([{ "name": "W", "path": "w/w", "min_code": value }]);
        parse(&with("widgets", widgets))
            .expect("a manifest")
            .manifest
            .widgets[0]
            .min_code
    };
    assert_eq!(
        (widget(json!(9)), widget(json!("9")), widget(json!("x"))),
        (9, 9, 1)
    );
    // 5: fullscreen is a boolean, false by default, and the string "false" is none.
    let fullscreen = parse(&with("window.fullscreen", json!("true"))).expect("a manifest");
    assert!(!fullscreen.manifest.window.fullscreen && fullscreen.warnings.len() == 1);
    // 6: version.code 0 and below becomes 1, with a warning; what is no number is fatal.
    for code in [json!(0), json!(-3), json!(1.5)] {
        let Parsed { manifest, warnings } = parse(&with("version.code", code)).expect("a manifest");
        assert_eq!((manifest.version.code, warnings.len()), (1, 1));
    }
    assert!(parse(&with("version.code", json!("1"))).is_err());
    assert_eq!(
        parse(&with("version.code", json!(2.0)))
            .expect("a manifest")
            .manifest
            .version
            .code,
        2
    );
    // 13: widgets do not make up for missing pages.
    assert!(parse(&with("pages", json!([]))).is_err());
}

#[test]
fn the_tab_bar_has_two_to_five_tabs_of_pages_that_exist() {
    let tab = |page: &str| json!({ "page": page, "text": page });
    let bar = |tabs: Vec<Value>| {
        parse(&with("lapak_tab_bar", json!({ "list": tabs }))).expect("a manifest")
    };
    assert!(bar(vec![tab("pages/dish")]).manifest.tab_bar.is_none());
    assert!(bar(vec![]).manifest.tab_bar.is_none());
    let unknown = bar(vec![
        tab("pages/index/index"),
        tab("pages/dish"),
        tab("pages/nowhere"),
        tab("pages/dish"),
    ]);
    assert_eq!(
        (
            unknown.manifest.tab_bar.expect("a bar").list.len(),
            unknown.warnings.len()
        ),
        (2, 2)
    );
    let pages: Vec<String> = (0..6).map(|index| format!("pages/p{index}")).collect();
    let mut six = with("pages", json!(pages));
    six["lapak_tab_bar"] =
        json!({ "list": pages.iter().map(|page| tab(page)).collect::<Vec<_>>() });
    assert!(parse(&six).expect("a manifest").manifest.tab_bar.is_none());
}

#[test]
fn domains_are_names_of_hosts_and_what_is_none_is_skipped() {
    let list = json!([
        "api.shop.example",
        7,
        "https://shop.example",
        "*.com",
        "API.shop.example",
        "*.shop.example"
    ]);
    let Parsed { manifest, warnings } = parse(&with("lapak_domains", list)).expect("a manifest");
    let domains: Vec<_> = manifest.domains.iter().map(|one| one.as_str()).collect();
    assert_eq!(domains, ["api.shop.example", "*.shop.example"]);
    let members: Vec<_> = warnings.iter().map(|one| &*one.member).collect();
    let wrong = [1, 2, 3, 4].map(|index| format!("lapak_domains[{index}]"));
    assert_eq!(members, wrong);
    let many: Vec<_> = (0..100).map(|index| format!("a{index}.example")).collect();
    let Parsed { manifest, warnings } =
        parse(&with("lapak_domains", json!(many))).expect("a manifest");
    assert_eq!((manifest.domains.len(), warnings.len()), (64, 1));
}

#[test]
fn a_member_that_is_there_twice_is_refused_with_its_line() {
    let text = full().to_string();
    for twice in [
        text.replacen('{', "{\"app_id\":\"org.example.bank\",\n", 1),
        text.replacen("\"code\":3", "\"code\":3,\n\"code\":4", 1),
        text.replacen(
            "\"reason\":",
            "\n\"name\":\"system.permission.PAYMENTS\",\"reason\":",
            1,
        ),
    ] {
        let told = Manifest::parse(twice.as_bytes())
            .expect_err("twice")
            .to_string();
        assert!(told.contains("line 2") && told.contains("twice"), "{told}");
    }
    let list = json!([
        { "name": "system.permission.WALLET", "reason": "To show it" },
        { "name": "system.permission.WALLET", "reason": "Another" },
    ]);
    let Parsed { manifest, warnings } = parse(&with("req_permissions", list)).expect("a manifest");
    assert_eq!(manifest.req_permissions.len(), 1);
    assert!(warnings[0].what.contains("already"), "{}", warnings[0]);
}

#[test]
fn what_people_read_is_one_line_of_bounded_length_and_hides_nothing() {
    let long = "x".repeat(3_000);
    for bad in ["Kasir \u{202e}knaB", "a\nb", "a\u{200b}b", " ", &long] {
        for member in ["app_id", "name", "version.name"] {
            let told = parse(&with(member, json!(bad)))
                .expect_err(member)
                .to_string();
            assert!(told.contains(member), "{told}");
        }
        let mut many = full();
        for member in ["short_name", "description"] {
            many[member] = json!(bad.repeat(10));
        }
        many["window"]["navigation_bar_title_text"] = json!(bad);
        many["req_permissions"][0]["reason"] = json!(bad);
        many["lapak_tab_bar"]["list"][0]["text"] = json!(bad);
        many["widgets"][0]["name"] = json!(bad);
        many["icons"][0]["label"] = json!(bad);
        many["lapak_templates"][0]["title"] = json!(bad);
        let Parsed { manifest, warnings } = parse(&many).expect("the rest is fine");
        assert!(warnings.len() >= 8, "{warnings:?}");
        let tabs = manifest.tab_bar.expect("tabs").list;
        let shown = [
            manifest.short_name,
            manifest.description,
            manifest.window.navigation_bar_title_text,
            manifest.req_permissions[0].reason.clone(),
            Some(tabs[0].text.clone()),
            manifest.icons[0].label.clone(),
        ];
        for text in shown.into_iter().flatten() {
            assert!(!lapak_abi::text::hides_something(&text), "{text:?}");
            assert!(text.chars().count() <= 1_000);
        }
        assert!(manifest.templates.is_empty());
    }
    let told = parse(&with("app_id", json!("org.example.shop@abc"))).expect_err("the host's sign");
    assert!(told.to_string().contains('@'), "{told}");
}

#[test]
fn lists_are_read_as_far_as_they_may_go() {
    let pages: Vec<String> = (0..257).map(|nth| format!("pages/p{nth}")).collect();
    let told = parse(&with("pages", json!(pages)))
        .expect_err("too many")
        .to_string();
    assert!(told.contains("more than 256 pages"), "{told}");
    assert!(parse(&with("pages", json!(pages[..256]))).is_ok());
    let lists = [
        ("icons", json!({ "src": "i.svg" })),
        ("req_permissions", json!({})),
        ("widgets", json!(7)),
        ("device_type", json!("phone")),
        ("lapak_domains", json!("..")),
        ("lapak_templates", json!(7)),
        ("lapak_vendors", json!(7)),
    ];
    for (member, one) in lists {
        let many = vec![one; 5_000];
        let parsed = parse(&with(member, json!(many))).expect(member);
        assert!(
            parsed.warnings.len() <= 100,
            "{member}: {}",
            parsed.warnings.len()
        );
        assert!(parsed.manifest.icons.len() <= 32 && parsed.manifest.device_type.len() <= 16);
    }
    // 16,384 values of any kind, whatever they are.
    let told = parse(&with("more", json!(vec![0; 20_000])))
        .expect_err("too many values")
        .to_string();
    assert!(told.contains("more values"), "{told}");
    let told = parse(&with("more", json!("x".repeat(300_000))))
        .expect_err("too long")
        .to_string();
    assert!(told.contains("the limit is 262144"), "{told}");
    // A sign is no digit.
    let widgets = json!([{ "name": "W", "path": "w/w", "min_code": "+9" }]);
    assert_eq!(
        parse(&with("widgets", widgets))
            .expect("a manifest")
            .manifest
            .widgets[0]
            .min_code,
        1
    );
}

#[test]
fn templates_have_places_and_what_is_none_is_skipped() {
    let one = |id: &str, title: &str, text: &str| json!({ "id": id, "title": title, "text": text });
    let long = "x".repeat(65);
    let list = json!([
        one("ready", "Ready", "Table {table}"),
        one("ready", "Again", "Table {table}"),
        one("a b", "A", "B"),
        one("title", &long, "B"),
        one("text", "A", "{"),
        7,
        { "id": "half" },
        one("key", "%title%", "%text%"),
    ]);
    let Parsed { manifest, warnings } = parse(&with("lapak_templates", list)).expect("a manifest");
    let ids: Vec<_> = manifest.templates.iter().map(|one| &*one.id).collect();
    assert_eq!(ids, ["ready", "key"]);
    let members: Vec<_> = warnings.iter().map(|one| &*one.member).collect();
    assert_eq!(
        members,
        [1, 2, 3, 4, 5, 6].map(|at| format!("lapak_templates[{at}]"))
    );
}

#[test]
fn the_schema_knows_the_members_that_the_parser_reads() {
    let schema: Value =
        serde_json::from_str(include_str!("../manifest.schema.json")).expect("JSON");
    let names = |of: &Value| {
        let mut names: Vec<String> = of.as_object().expect("an object").keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&schema["properties"]), names(&full()));
    assert_eq!(
        names(&schema["$defs"]["window"]["properties"]),
        names(&full()["window"])
    );
    let required: Vec<&str> = schema["required"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        required,
        [
            "app_id",
            "name",
            "icons",
            "pages",
            "version",
            "platform_version"
        ]
    );
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,12}", inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse(&bytes);
    }

    #[test]
    fn whatever_is_read_stays_inside_the_package(
        members in prop::collection::btree_map(prop::sample::select(vec!["app_id", "name", "icons", "pages", "window", "lang", "widgets", "lapak_tab_bar", "version", "platform_version"]), any_json(), 0..5),
        paths in prop::collection::vec("[a-z./:%?\\\\ -]{0,12}", 1..6),
    ) {
        let mut manifest = with("pages", json!(paths));
        for (member, value) in members {
            manifest[member] = value;
        }
        if let Ok(Parsed { manifest, .. }) = parse(&manifest) {
            prop_assert!(!manifest.pages.is_empty() && !manifest.icons.is_empty());
            for page in &manifest.pages {
                prop_assert!(!page.as_str().starts_with('/') && page.as_str().split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
            prop_assert!(manifest.version.code >= 1);
        }
    }
}
