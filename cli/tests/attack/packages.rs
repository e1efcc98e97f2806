//! Packages whose few bytes want much work.

use std::fmt::Write as _;

use super::component::{idle, package};

/// Each with a name.
pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pages", many_pages()),
        ("zeros", many_zeros()),
        ("texts", many_texts()),
        ("functions", large_functions()),
        ("pictures", large_pictures()),
    ]
}

fn manifest(members: &str) -> String {
    format!(
        r#"{{ "app_id": "org.example.package", "name": "Package", "icons": [{{ "src": "icon.svg" }}],
            "version": {{ "code": 1, "name": "1.0.0" }}, "platform_version": {{ "min_code": 1 }}, {members} }}"#
    )
}

const PAGES: &str = r#""pages": ["pages/index"]"#;

fn many_pages() -> Vec<u8> {
    let mut pages = String::new();
    for page in 0..100_000 {
        let _ = write!(pages, r#","pages/{page}""#);
    }
    let manifest = manifest(&format!(r#""pages": ["pages/index"{pages}]"#));
    package(&manifest, &idle(), &[])
}

fn many_zeros() -> Vec<u8> {
    let zeros = "0,".repeat(8_000_000);
    let manifest = manifest(&format!(r#"{PAGES}, "categories": [{zeros}0]"#));
    package(&manifest, &idle(), &[])
}

fn many_texts() -> Vec<u8> {
    let mut texts = String::from("{");
    for text in 0..200_000 {
        let _ = write!(texts, r#""key{text}":"","#);
    }
    texts.push_str(r#""name":"Texts"}"#);
    let files = [("i18n/en.json", texts.into_bytes())];
    package(&manifest(PAGES), &idle(), &files)
}

/// Functions that a compiler takes long over: each is one block in another, with a local for each.
fn large_functions() -> Vec<u8> {
    let mut body = String::new();
    for at in 0..30_000 {
        let _ = write!(
            body,
            "(local.set {at} (i32.add (local.get {}) (local.get {})))",
            (at * 7 + 1) % 30_000,
            (at * 13 + 5) % 30_000
        );
    }
    let locals = "i32 ".repeat(30_000);
    let text = format!("(module (func (export \"f\") (local {locals}) {body}))");
    let module = wat::parse_str(text).expect("a module");
    package(&manifest(PAGES), &component_of(&module), &[])
}

/// The module in a component of its own; it lacks `handle`, which is looked for after the module was read.
fn component_of(module: &[u8]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    // A core module's section.
    component.push(1);
    let mut length = module.len();
    loop {
        let byte = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        component.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    component.extend_from_slice(module);
    component
}

/// Pictures of 8,000 pixels a side, of one colour, which nothing shows.
fn large_pictures() -> Vec<u8> {
    let mut files = Vec::new();
    let picture = blank_png(8_000);
    let names: Vec<String> = (0..10).map(|at| format!("img/{at}.png")).collect();
    for name in &names {
        files.push((name.as_str(), picture.clone()));
    }
    package(&manifest(PAGES), &idle(), &files)
}

fn blank_png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header");
    let rows = side as usize * (side as usize).div_ceil(8);
    writer.write_image_data(&vec![0; rows]).expect("rows");
    writer.finish().expect("written");
    bytes
}
