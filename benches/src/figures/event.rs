//! What one event costs: from the shell's event to the patch, against the bare call of the app's export.

use std::time::Instant;

use anyhow::Context as _;
use lapak_preview::html::HtmlContext;
use lapak_preview::html::wire::patch_json;
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{COUNTER, ROWS};
use crate::bare::{self, Bare, Prepared};
use crate::live::{self, Live};
use crate::result::middle;
use crate::{Effort, Figure};

const BARE: &str = "bare wasmtime, pooled, same epochs";

/// A tap on the counter.
pub(super) fn warm(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let (ours, bare, _) = compare(tokio, effort, COUNTER, 1)?;
    Ok(vec![Figure::of("event-warm", "us", &ours, (BARE, &bare))])
}

/// A tap on a session that is frozen: two of them take turns with one instance, so that each event freezes one and thaws the
/// other.
pub(super) fn frozen(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let runtime = live::runtime_with(1)?;
    let app = tokio.block_on(live::load(&runtime, COUNTER))?;
    let mut pair = [
        tokio.block_on(Live::launch(&runtime, &app))?,
        tokio.block_on(Live::launch(&runtime, &app))?,
    ];
    let node = pair[0].tappable(1)?;
    let engine = bare::pooled_engine(16)?;
    let _ticker = bare::Ticker::start(&engine);
    let prepared = Prepared::new(&engine, app.package())?;
    let first = bare::first_event().context("an event")?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
        for repeat in 0..effort.repeats {
            let since = Instant::now();
            pair[repeat % 2].tap(node)?;
            our_times.push(micros(since));
            let since = Instant::now();
            tokio.block_on(async {
                let mut bare = prepared.instantiate().await?;
                bare.handle(&first).await
            })?;
            bare_times.push(micros(since));
        }
        ours.push(middle(&our_times));
        theirs.push(middle(&bare_times));
    }
    let reference = "bare wasmtime: fresh pooled instance, first event";
    Ok(vec![Figure::of(
        "event-frozen",
        "us",
        &ours,
        (reference, &theirs),
    )])
}

/// One of a thousand rows toggled, and the bytes that go to the browser for it.
pub(super) fn toggle_row(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let (ours, bare, wire) = compare(tokio, effort, ROWS, 500)?;
    let whole = whole_page(tokio)?;
    Ok(vec![
        Figure::of("toggle-row-1000", "us", &ours, (BARE, &bare)),
        Figure::of(
            "toggle-row-1000-bytes",
            "bytes",
            &wire,
            ("the whole page as HTML", &[whole]),
        ),
    ])
}

/// Runs of ours and of the reference, taken in turns: microseconds for each event, and bytes for each patch.
fn compare(
    tokio: &Tokio,
    effort: Effort,
    app: &'static str,
    nth: usize,
) -> anyhow::Result<(Vec<f64>, Vec<f64>, Vec<f64>)> {
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let loaded = tokio.block_on(live::load(&runtime, app))?;
    let mut live = tokio.block_on(Live::launch(&runtime, &loaded))?;
    let node = live.tappable(nth)?;
    let engine = bare::pooled_engine(16)?;
    let _ticker = bare::Ticker::start(&engine);
    let prepared = Prepared::new(&engine, loaded.package())?;
    let mut bare = tokio.block_on(prepared.launch())?;

    let (mut ours, mut theirs, mut wire) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
        for _ in 0..effort.repeats {
            let since = Instant::now();
            let patch = live.tap(node)?;
            our_times.push(micros(since));
            wire.push(wire_bytes(&patch));
            // Handlers are numbered anew with each view; one that says `unchanged` of all but a row has that row's alone.
            let handler = bare.tap_handler(nth).or_else(|| bare.tap_handler(0));
            let handler = handler.context("nothing to tap")?;
            let event = Bare::tap(handler);
            let since = Instant::now();
            tokio.block_on(bare.handle(&event))?;
            bare_times.push(micros(since));
        }
        ours.push(middle(&our_times));
        theirs.push(middle(&bare_times));
    }
    Ok((ours, theirs, wire))
}

/// The message that carries the patch to the browser.
#[expect(
    clippy::cast_precision_loss,
    reason = "messages are far below 2^52 bytes"
)]
fn wire_bytes(patch: &lapak_host::session::Patch) -> f64 {
    let cx = HtmlContext {
        asset_base: "/f/",
        has_file: &|_| true,
        for_picture: false,
    };
    let ops = patch_json(&patch.ops, &cx).to_string();
    format!("{{\"t\":\"patch\",\"v\":{},\"ops\":{ops}}}", patch.version).len() as f64
}

#[expect(clippy::cast_precision_loss, reason = "pages are far below 2^52 bytes")]
fn whole_page(tokio: &Tokio) -> anyhow::Result<f64> {
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let html = tokio.block_on(async {
        let app = live::load(&runtime, ROWS).await?;
        let session = runtime.launch(&app, lapak_host::Launch::new("bench"))?;
        session.painted().await;
        let cx = HtmlContext {
            asset_base: "/f/",
            has_file: &|_| true,
            for_picture: false,
        };
        anyhow::Ok(lapak_preview::html::render(&session.screen().tree, &cx))
    })?;
    Ok(html.len() as f64)
}
