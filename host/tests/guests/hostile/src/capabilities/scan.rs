//! Calls to `scan`. What they are about: kinds of codes, or a picture's name.

use super::{Room, outcome};
use crate::lapak::app::scan::{Symbology, read, scan, take};

pub(super) const ROOM: Room = Room {
    prefix: "call-scan-",
    every,
    call,
    finished: |_, request| format!("{:?}", take(request)),
};

/// A QR code that says `B-17`.
const QR: &[u8] = include_bytes!("qr.png");
const QR_JPEG: &[u8] = include_bytes!("qr.jpeg");

fn every() -> Vec<(&'static str, String)> {
    vec![
        ("scan.scan", outcome(scan(&[]))),
        ("scan.read", outcome(read(QR, &[]))),
        ("scan.take", outcome(take(4_000_000_000))),
    ]
}

fn call(action: &str, with: &str) -> String {
    let kinds = match with {
        "ean13" => vec![Symbology::Ean13],
        "many" => vec![Symbology::Ean13; 1 << 20],
        _ => Vec::new(),
    };
    match action {
        "call-scan-scan" => outcome(scan(&kinds)),
        "call-scan-read" => outcome(read(&picture(with), &kinds)),
        "call-scan-flood" => {
            let scanners = (0..100).filter(|_| scan(&[]).is_err());
            let pictures = (0..100).filter(|_| read(QR, &[]).is_err());
            format!("refused={},{}", scanners.count(), pictures.count())
        }
        "call-scan-foreign" => {
            let taken = (0..10_000).filter(|id| take(*id).is_ok());
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

fn picture(name: &str) -> Vec<u8> {
    match name {
        "jpeg" => QR_JPEG.to_vec(),
        "text" => b"no picture".to_vec(),
        "none" => Vec::new(),
        "huge" => [QR, &vec![0; 4 << 20]].concat(),
        // It says of itself that it is 65,535 pixels wide and high.
        "bomb" => {
            let mut bytes = QR.to_vec();
            bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
            bytes
        }
        "cut" => QR[..QR.len() / 2].to_vec(),
        "cut-jpeg" => QR_JPEG[..QR_JPEG.len() / 3].to_vec(),
        _ => QR.to_vec(),
    }
}
