//! MiniApp URIs.

use lapak_abi::address::{AddressError, MiniAppUri, UriPrefix};
use proptest::prelude::*;

fn parse(text: &str) -> Result<MiniAppUri, AddressError> {
    text.parse()
}

#[test]
fn the_drafts_examples_are_read() {
    let uri =
        parse("platform://miniapp/foo;version=1.0.1-trial/pages/index?category=book#section-3")
            .expect("a URI");
    assert_eq!(uri.prefix, UriPrefix::Scheme("platform".into()));
    assert_eq!(
        (uri.id.as_str(), uri.version.as_deref()),
        ("foo", Some("1.0.1-trial"))
    );
    assert_eq!(
        (
            uri.path.as_str(),
            uri.query.as_deref(),
            uri.fragment.as_deref()
        ),
        ("/pages/index", Some("category=book"), Some("section-3"))
    );
    let uri = parse("https://platform.org/miniapp/foo").expect("a URI");
    assert_eq!(uri.prefix, UriPrefix::Https("platform.org".into()));
    assert_eq!(
        (uri.path.as_str(), uri.query, uri.fragment),
        ("", None, None)
    );
}

#[test]
fn each_fault_is_told_apart() {
    for (text, error) in [
        ("", AddressError::NoScheme),
        ("miniapp/foo", AddressError::NoScheme),
        ("platform:/miniapp/foo", AddressError::NoScheme),
        ("://miniapp/foo", AddressError::Scheme),
        ("plat form://miniapp/foo", AddressError::Scheme),
        ("https://miniapp", AddressError::Host),
        ("https:///miniapp/foo", AddressError::Host),
        ("https://user@platform.org/miniapp/foo", AddressError::Host),
        ("https://platform.org/foo", AddressError::NoInfix),
        ("platform://foo", AddressError::NoInfix),
        ("platform://MiniApp/foo", AddressError::NoInfix),
        ("platform://miniapp/", AddressError::Id),
        ("platform://miniapp/f%6fo", AddressError::Id),
        ("platform://miniapp/foo;v=1", AddressError::Version),
        ("platform://miniapp/foo;version=1 0", AddressError::Version),
        (
            "platform://miniapp/foo;version=1;version=2",
            AddressError::Version,
        ),
        ("platform://miniapp/foo/pa ges", AddressError::Encoding),
        ("platform://miniapp/foo/pages/%zz", AddressError::Encoding),
        ("platform://miniapp/foo/pages/%4", AddressError::Encoding),
        (
            "platform://miniapp/foo/p?q=<script>",
            AddressError::Encoding,
        ),
        ("platform://miniapp/foo/p?q=é", AddressError::Encoding),
        ("platform://miniapp/foo/p#a#b", AddressError::Encoding),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    assert_eq!(
        parse(&format!("platform://miniapp/{}", "a".repeat(9_000))),
        Err(AddressError::TooLong)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(
        scheme in "[a-z][a-z0-9.-]{0,8}", https in any::<bool>(), id in "[A-Za-z0-9._~-]{1,12}", version in prop::option::of("[0-9a-z.~-]{0,8}"),
        path in "(/[a-z0-9!$&'()*+,;=:@%]{0,0}[a-z0-9]{0,6}){0,3}", query in prop::option::of("[a-z0-9=&/?%]{0,0}[a-z0-9=&/?]{0,9}"), fragment in prop::option::of("[a-z0-9/?]{0,6}"),
    ) {
        let prefix = if https { UriPrefix::Https(scheme) } else { UriPrefix::Scheme(scheme) };
        // `https` as a scheme means the other form.
        prop_assume!(prefix != UriPrefix::Scheme("https".into()));
        let uri = MiniAppUri { prefix, id, version, path, query, fragment };
        prop_assert_eq!(parse(&uri.to_string()), Ok(uri));
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_written_the_same(text in "(platform://|https://a/)?(miniapp/)?[ -~é]{0,40}") {
        if let Ok(uri) = parse(&text) {
            prop_assert_eq!(uri.to_string(), text);
        }
    }
}
