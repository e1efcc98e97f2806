//! Packages, good and bad.

mod support;

use lapak_abi::package::{Package, PackageError, PackageLimits, PackageWriter};
use proptest::prelude::*;
use support::{Entry, zip};

const MANIFEST: &str = r#"{"app_id":"a","name":"%app.name%","lang":"en","icons":[{"src":"common/i.svg"}],"pages":["pages/main"],
    "version":{"code":1,"name":"1"},"platform_version":{"min_code":1}}"#;

const FILES: [(&str, &[u8]); 7] = [
    ("manifest.json", MANIFEST.as_bytes()),
    ("app.wasm", b"\0asm whatever"),
    ("app.css", b""),
    ("pages/main.html", b"<!doctype html>"),
    ("common/i.svg", b"<svg/>"),
    ("i18n/en.json", br#"{"app.name":"Shop"}"#),
    ("i18n/id.json", br#"{"app.name":"Toko"}"#),
];

fn limits() -> PackageLimits {
    PackageLimits::default()
}

fn good() -> Vec<u8> {
    let mut writer = PackageWriter::new();
    for (path, bytes) in FILES {
        writer.file(path, bytes).expect("a good name");
    }
    writer.finish().expect("a package")
}

fn read(bytes: Vec<u8>) -> Result<Package, PackageError> {
    Package::read(bytes, &limits())
}

/// The good files, and others after them.
fn beside_good(more: &[Entry]) -> Vec<u8> {
    let mut entries: Vec<Entry> = FILES
        .iter()
        .map(|(path, bytes)| Entry::stored(path, *bytes))
        .collect();
    entries.extend_from_slice(more);
    zip(&entries, |_| {})
}

#[track_caller]
fn refused(bytes: Vec<u8>) -> PackageError {
    let error = read(bytes).expect_err("it must be refused");
    // People read it: a sentence, not a Rust value.
    assert!(
        error.to_string().len() > 15 && !error.to_string().contains("Some("),
        "{error}"
    );
    error
}

#[test]
fn what_was_written_is_read() {
    let package = read(good()).expect("a package");
    let files: Vec<_> = package.files().collect();
    let mut expected = FILES.to_vec();
    expected.sort();
    assert_eq!(files, expected);
    assert_eq!(package.size(), good().len());
    assert_eq!(good(), good(), "the same files give the same bytes");
    assert!(
        read(beside_good(&[])).is_ok(),
        "the tests' own writer makes good packages"
    );
}

#[test]
fn names_are_looked_up_in_the_persons_language() {
    let package = read(good()).expect("a package");
    let name = &package.manifest().name;
    for (lang, expected) in [
        ("id", "Toko"),
        ("id-ID", "Toko"),
        ("en-GB", "Shop"),
        ("fr", "Shop"),
        ("", "Shop"),
    ] {
        assert_eq!(package.localized(name, lang), expected, "{lang}");
    }
    assert_eq!(package.localized("plain", "id"), "plain");
    assert_eq!(package.localized("%missing%", "id"), "missing");
}

/// The good package with other files, or more.
fn with(files: &[(&str, &str)]) -> Result<Package, PackageError> {
    let mut writer = PackageWriter::new();
    for (path, bytes) in FILES {
        writer.file(path, bytes).expect("a good name");
    }
    for (path, text) in files {
        writer.file(path, *text).expect("a good name");
    }
    read(writer.finish().expect("a package"))
}

#[test]
fn texts_with_a_byte_order_mark_are_read_and_those_that_cannot_be_are_warned_of_by_file_and_line() {
    let marked = with(&[("i18n/en.json", "\u{feff}{\"app.name\":\"Shop\"}")]).expect("a package");
    assert_eq!(marked.localized("%app.name%", "en"), "Shop");
    assert!(marked.warnings().is_empty(), "{:?}", marked.warnings());
    for (wrong, why) in [
        ("{\"app.name\":\"Shop\",\n}", "line 2"),
        ("{\"app.name\":\"Shop\",\n\"app.name\":\"Bank\"}", "twice"),
        ("[]", "line 1"),
        ("", "line 1"),
        ("{\"app.name\":7}", "must be a string"),
    ] {
        let package = with(&[("i18n/en.json", wrong)]).expect("the other languages stay");
        let warnings = package.warnings();
        let told = warnings[0].to_string();
        assert!(
            told.starts_with("i18n/en.json: ") && told.contains(why),
            "{told}"
        );
        assert_eq!(package.localized("%app.name%", "id"), "Toko");
        // Another language's text is better than none.
        assert_eq!(package.localized("%app.name%", "en"), "Toko");
    }
    let nowhere = MANIFEST.replace("%app.name%", "%app.nmae%");
    let package = with(&[("manifest.json", &nowhere)]).expect("a package");
    assert!(
        package.warnings()[0].what.contains("app.nmae"),
        "{:?}",
        package.warnings()
    );
}

#[test]
fn translations_that_the_host_shows_are_cleaned_and_warned_of() {
    let bad = r#"{"app.name":"Kasir \u202eknaB\n\nContinue"}"#;
    let package = with(&[("i18n/en.json", bad)]).expect("a package");
    assert_eq!(package.localized("%app.name%", "en"), "Kasir knaB Continue");
    assert!(
        package.warnings()[0]
            .to_string()
            .starts_with("i18n/en.json: app.name: ")
    );
    let long = format!("{{\"app.name\":\"{}\"}}", "x".repeat(3_000));
    let package = with(&[("i18n/en.json", &long)]).expect("a package");
    assert_eq!(package.localized("%app.name%", "en").chars().count(), 64);
}

#[test]
fn what_is_read_as_text_has_a_size_of_its_own() {
    let long = " ".repeat(300_000);
    for path in ["i18n/fr.json", "app.css", "pages/main.css", "manifest.json"] {
        let told = with(&[(path, &long)]).expect_err(path);
        assert!(matches!(told, PackageError::TextTooLarge { .. }), "{told}");
    }
    assert!(with(&[("common/long.txt", &long)]).is_ok());
    let languages: Vec<String> = (0..127).map(|nth| format!("i18n/l{nth}.json")).collect();
    let files: Vec<(&str, &str)> = languages.iter().map(|path| (path.as_str(), "{}")).collect();
    assert_eq!(
        with(&files).expect_err("one too many"),
        PackageError::TooManyLanguages { limit: 128 }
    );
    assert!(with(&files[1..]).is_ok());
}

#[test]
fn names_are_bounded_in_depth_and_together() {
    let deep = |folders: usize| format!("{}f", "a/".repeat(folders));
    assert!(with(&[(&deep(16), "")]).is_ok());
    for path in [deep(17), deep(32_000), format!("{}/f", "a".repeat(60_000))] {
        let told = refused(beside_good(&[Entry::stored(path, "")]));
        assert!(matches!(told, PackageError::FileName { .. }));
        assert!(told.to_string().len() < 250, "{told}");
    }
    // Each in sixteen folders of its own.
    let name = |nth: usize| format!("{}f", format!("{}{nth}/", "b".repeat(50)).repeat(16));
    let many: Vec<Entry> = (0..400).map(|nth| Entry::stored(name(nth), "")).collect();
    assert!(matches!(
        refused(beside_good(&many)),
        PackageError::NamesTooLong { .. }
    ));
    assert!(read(beside_good(&many[..50])).is_ok());
    let folders: Vec<Entry> = (0..5_000)
        .map(|nth| Entry {
            mode: 0o040_755,
            ..Entry::stored(format!("d{nth}/"), "")
        })
        .collect();
    assert!(matches!(
        refused(beside_good(&folders)),
        PackageError::TooManyFiles { .. }
    ));
}

#[test]
fn each_part_that_must_be_there_is_named_when_it_is_missing() {
    for missing in ["manifest.json", "app.wasm", "app.css", "pages/main.html"] {
        let mut writer = PackageWriter::new();
        for (path, bytes) in FILES.iter().filter(|(path, _)| *path != missing) {
            writer.file(path, *bytes).expect("a good name");
        }
        let told = refused(writer.finish().expect("written")).to_string();
        assert!(told.contains(missing), "{told}");
    }
    let mut writer = PackageWriter::new();
    for (path, bytes) in FILES.iter().filter(|(path, _)| *path != "common/i.svg") {
        writer.file(path, *bytes).expect("a good name");
    }
    let package =
        read(writer.finish().expect("written")).expect("a lost icon is no reason to refuse");
    assert!(package.warnings()[0].what.contains("common/i.svg"));
}

#[test]
fn cut_off_at_any_byte_it_is_refused() {
    let good = good();
    for length in 0..good.len() {
        refused(good[..length].to_vec());
    }
}

#[test]
fn no_flipped_bit_changes_what_is_read_unnoticed() {
    let good = good();
    let files: Vec<_> = FILES
        .iter()
        .map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()))
        .collect();
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            if let Ok(package) = read(bad) {
                let mut read: Vec<_> = package
                    .files()
                    .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
                    .collect();
                let mut expected = files.clone();
                read.sort();
                expected.sort();
                // Dates and attributes are not covered by the CRC, and mean nothing to us.
                assert_eq!(read, expected, "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn names_that_leave_the_package_or_hide_in_it_are_refused() {
    for name in [
        "../evil",
        "a/../../evil",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "a/..",
        "..",
        "",
        "C:\\evil",
        "a\\b",
        "a:b",
        "nul\0name",
        "a*",
        "a?",
        "a|b",
        "a<b",
        "a\"b",
        "ends.",
        "dir./a",
        "\u{7f}",
        "line\nbreak",
        "private\u{e000}",
        "\u{ffff}",
        "\u{1ffff}",
    ] {
        let error = refused(beside_good(&[Entry::stored(name, "x")]));
        assert!(
            matches!(error, PackageError::FileName { .. }),
            "{name:?}: {error}"
        );
    }
    let error = refused(beside_good(&[Entry::stored(b"\xff\xfe", "x")]));
    assert!(
        matches!(
            error,
            PackageError::FileName {
                what: "it is not UTF-8",
                ..
            }
        ),
        "{error}"
    );
    refused(beside_good(&[Entry::stored("n".repeat(256), "x")]));
    assert!(read(beside_good(&[Entry::stored("n".repeat(255), "x")])).is_ok());
    for name in ["../evil", "a\\b", "ends."] {
        assert!(PackageWriter::new().file(name, "x").is_err(), "{name}");
    }
}

#[test]
fn two_names_that_are_one_on_some_disks_are_refused() {
    for (first, second) in [
        ("x/Readme", "x/README"),
        ("x/straße", "x/STRASSE"),
        ("x/é", "x/e\u{301}"),
        ("x/ﬁle", "x/FILE"),
        ("X/a", "x/b"),
        ("x", "x/a"),
        ("x/a", "x/a"),
    ] {
        let error = refused(beside_good(&[
            Entry::stored(first, "1"),
            Entry::stored(second, "2"),
        ]));
        assert!(
            matches!(
                error,
                PackageError::SameName { .. } | PackageError::NotAZip(_)
            ),
            "{first} {second}: {error}"
        );
    }
    assert!(
        read(beside_good(&[
            Entry::stored("x/a", "1"),
            Entry::stored("x/b", "2")
        ]))
        .is_ok()
    );
}

#[test]
fn links_devices_and_encrypted_entries_are_refused() {
    for mode in [0o120_777, 0o060_644, 0o020_644, 0o010_644, 0o140_644] {
        let link = Entry {
            mode,
            ..Entry::stored("link", "/etc/passwd")
        };
        assert!(
            matches!(
                refused(beside_good(&[link])),
                PackageError::SpecialFile { .. }
            ),
            "{mode:o}"
        );
    }
    let encrypted = Entry {
        flags: 1,
        ..Entry::stored("secret", "x")
    };
    assert!(matches!(
        refused(beside_good(&[encrypted])),
        PackageError::Encrypted { .. }
    ));
    for method in [1, 6, 9, 12, 14, 93, 99] {
        let packed = Entry {
            method,
            ..Entry::stored("packed", "x")
        };
        assert!(
            matches!(refused(beside_good(&[packed])), PackageError::Method { .. }),
            "{method}"
        );
    }
    let folder = Entry {
        mode: 0o040_755,
        ..Entry::stored("folder/", "")
    };
    assert!(read(beside_good(&[folder])).is_ok());
    let full_folder = Entry {
        mode: 0o040_755,
        ..Entry::stored("folder/", "x")
    };
    assert!(matches!(
        refused(beside_good(&[full_folder])),
        PackageError::Damaged { .. }
    ));
}

#[test]
fn bombs_stop_at_the_limit_whatever_they_say_of_themselves() {
    let small = PackageLimits {
        unpacked_bytes: 100_000,
        ..limits()
    };
    let honest = Entry::deflated("bomb", vec![0; 200_000]);
    let modest = Entry {
        size: Some(10),
        ..honest.clone()
    };
    for bomb in [honest.clone(), modest] {
        let error = Package::read(beside_good(&[bomb]), &small).expect_err("a bomb");
        assert!(
            matches!(
                error,
                PackageError::UnpacksTooLarge { .. } | PackageError::Damaged { .. }
            ),
            "{error}"
        );
    }
    // Many that each fit, but not together.
    let many: Vec<Entry> = (0..4)
        .map(|index| Entry::deflated(&format!("b{index}"), vec![0; 30_000]))
        .collect();
    let error = Package::read(beside_good(&many), &small).expect_err("together a bomb");
    assert!(
        matches!(error, PackageError::UnpacksTooLarge { .. }),
        "{error}"
    );
    let boasting = Entry {
        size: Some(u32::MAX),
        ..honest
    };
    assert!(Package::read(beside_good(&[boasting]), &limits()).is_err());
}

#[test]
fn sizes_and_counts_are_limited() {
    let error = Package::read(
        good(),
        &PackageLimits {
            compressed_bytes: 100,
            ..limits()
        },
    )
    .expect_err("too large");
    assert!(matches!(error, PackageError::TooLarge { limit: 100, .. }));
    let error = Package::read(
        good(),
        &PackageLimits {
            files: FILES.len() - 1,
            ..limits()
        },
    )
    .expect_err("too many");
    assert!(matches!(error, PackageError::TooManyFiles { .. }));
    assert!(
        Package::read(
            good(),
            &PackageLimits {
                files: FILES.len(),
                ..limits()
            }
        )
        .is_ok()
    );
    let many: Vec<Entry> = (0..5_000)
        .map(|index| Entry::stored(format!("f{index}"), ""))
        .collect();
    assert!(matches!(
        refused(beside_good(&many)),
        PackageError::TooManyFiles { limit: 4_096 }
    ));
}

#[test]
fn headers_that_disagree_are_refused() {
    let other_name = Entry {
        local_name: Some(b"other".to_vec()),
        ..Entry::stored("named", "x")
    };
    let wrong_crc = Entry {
        crc: Some(1),
        ..Entry::stored("named", "x")
    };
    let wrong_size = Entry {
        size: Some(2),
        ..Entry::stored("named", "x")
    };
    for entry in [other_name, wrong_crc, wrong_size] {
        assert!(matches!(
            refused(beside_good(&[entry])),
            PackageError::Damaged { .. }
        ));
    }
}

#[test]
fn spanned_files_and_hidden_bytes_are_refused() {
    let entries: Vec<Entry> = FILES
        .iter()
        .map(|(path, bytes)| Entry::stored(path, *bytes))
        .collect();
    for at in [4, 6] {
        assert!(matches!(
            refused(zip(&entries, |end| end[at] = 1)),
            PackageError::Spanned
        ));
    }
    assert!(matches!(
        refused(zip(&entries, |end| end[8] -= 1)),
        PackageError::Spanned
    ));
    let fewer = zip(&entries, |end| {
        end[8] -= 1;
        end[10] -= 1;
    });
    refused(fewer);
    let good = zip(&entries, |_| {});
    assert!(matches!(
        refused([good.as_slice(), b"more"].concat()),
        PackageError::Junk(_) | PackageError::NotAZip(_)
    ));
    refused([b"#!/bin/sh\n".as_slice(), &good].concat());
    for other in [
        "",
        "PK",
        "GIF89a",
        "PK\x03\x04",
        "PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert!(
            matches!(refused(other.into()), PackageError::NotAZip(_)),
            "{other:?}"
        );
    }
}

/// The good package with a block between its entries and its central directory.
fn with_block(block: &[u8]) -> Vec<u8> {
    let good = zip(
        &FILES
            .iter()
            .map(|(path, bytes)| Entry::stored(path, *bytes))
            .collect::<Vec<_>>(),
        |_| {},
    );
    let at = usize::try_from(u32::from_le_bytes(
        good[good.len() - 6..good.len() - 2]
            .try_into()
            .expect("four"),
    ))
    .expect("fits");
    let mut signed = [&good[..at], block, &good[at..]].concat();
    let moved = u32::try_from(at + block.len())
        .expect("small")
        .to_le_bytes();
    let end = signed.len() - 6;
    signed[end..end + 4].copy_from_slice(&moved);
    signed
}

#[test]
fn a_signing_block_is_found_and_a_broken_one_is_refused() {
    let pairs = b"some pairs";
    let length = u64::try_from(pairs.len() + 24)
        .expect("small")
        .to_le_bytes();
    let block = [&length[..], pairs, &length, b"RPK Sig Block 42"].concat();
    let package = read(with_block(&block)).expect("a signed package");
    assert_eq!(package.signing_block(), Some(block.as_slice()));
    assert_eq!(read(good()).expect("a package").signing_block(), None);
    let mut lying = block.clone();
    lying[0] ^= 1;
    assert!(matches!(
        refused(with_block(&lying)),
        PackageError::SigningBlock(_)
    ));
    assert!(matches!(
        refused(with_block(&[0; 100])),
        PackageError::SigningBlock(_)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_files_come_back_as_they_were(files in prop::collection::btree_map("[a-z]{1,8}(/[a-z0-9]{1,8}){0,2}", prop::collection::vec(any::<u8>(), 0..500), 0..12)) {
        let mut writer = PackageWriter::new();
        for (path, bytes) in FILES {
            writer.file(path, bytes).expect("a good name");
        }
        for (path, bytes) in &files {
            writer.file(path, bytes.clone()).expect("a good name");
        }
        // A file and a folder may have got the same name; then it is refused, and never misread.
        match read(writer.finish().expect("written")) {
            Ok(package) => for (path, bytes) in &files {
                prop_assert_eq!(package.file(path), Some(bytes.as_slice()));
            },
            Err(error) => prop_assert!(matches!(error, PackageError::SameName { .. }), "{}", error),
        }
    }

    #[test]
    fn no_bytes_panic(start in prop::sample::select(vec![0_usize, 4, 30]), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let good = good();
        let _ = read([&good[..start], &bytes].concat());
    }

    #[test]
    fn no_overwritten_stretch_panics(at in 0..600_usize, bytes in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut bad = good();
        let at = at.min(bad.len() - 1);
        let end = (at + bytes.len()).min(bad.len());
        bad[at..end].copy_from_slice(&bytes[..end - at]);
        let _ = read(bad);
    }
}
