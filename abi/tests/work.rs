//! What reading costs: bytes allocated, against the bytes that are read. No time is measured.

mod support;

use std::alloc::System;

use cap::Cap;
use lapak_abi::manifest::Manifest;
use lapak_abi::package::{Package, PackageLimits};
use support::{Entry, zip};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const MANIFEST: &str = r#"{"app_id":"a","name":"a","icons":[{"src":"i.svg"}],"pages":["p"],
    "version":{"code":1,"name":"1"},"platform_version":{"min_code":1}}"#;

/// Works with so many more bytes at most than are allocated now: what is beyond is not to be had, and ends the process. One test at
/// a time: the allocator is the whole process's.
fn within(bytes: usize, work: impl FnOnce()) {
    let limit = ALLOCATOR.allocated().saturating_add(bytes);
    ALLOCATOR.set_limit(limit).expect("more than there is");
    work();
    ALLOCATOR.set_limit(usize::MAX).expect("no limit");
}

fn entries(more: Vec<Entry>) -> Vec<u8> {
    let files = [
        ("manifest.json", MANIFEST),
        ("app.wasm", ""),
        ("app.css", ""),
        ("p.html", ""),
    ];
    let files = files.map(|(path, text)| Entry::stored(path, text));
    zip(&[files.to_vec(), more].concat(), |_| {})
}

fn read(package: Vec<u8>) -> bool {
    Package::read(package, &PackageLimits::default()).is_ok()
}

#[test]
fn the_memory_of_reading_is_bounded_by_what_is_read() {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    let zeros = MANIFEST.replacen('{', &format!("{{\"more\":[{}0],", "0,".repeat(60_000)), 1);
    within(512 * KIB, || {
        assert!(Manifest::parse(zeros.as_bytes()).is_err())
    });
    let deep = entries(vec![Entry::stored("a/".repeat(32_767) + "f", "")]);
    within(MIB, || assert!(!read(deep.clone())));
    let bomb = Entry::deflated("manifest.json", vec![b' '; 60 * MIB]);
    let bomb = zip(&[bomb], |_| {});
    within(2 * MIB, || assert!(!read(bomb.clone())));
    let texts = format!("{{\"a\":\"b\"{}}}", " ".repeat(200_000));
    let texts: Vec<Entry> = (0..100)
        .map(|nth| Entry::deflated(&format!("i18n/{nth}.json"), texts.clone().into_bytes()))
        .collect();
    let texts = entries(texts);
    // The files themselves, 20 MB, and not a second time.
    within(32 * MIB, || assert!(read(texts.clone())));
}
