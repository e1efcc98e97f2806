//! What a person sees: pictures, and a real browser's paint after a tap.

use std::time::Instant;

use anyhow::Context as _;
use lapak_preview::picture::{PictureOptions, paint};
use serde_json::json;
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::{COUNTER, WARUNG};
use crate::browser::{self, Browser};
use crate::live;
use crate::server::Served;
use crate::wire;
use crate::{Effort, Figure};

/// A picture of the warung's menu, by a process that has painted it before.
pub(super) fn shot_warm(tokio: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let _within = tokio.enter();
    let runtime = live::runtime()?;
    let app = tokio.block_on(live::load(&runtime, WARUNG))?;
    let sessions = tokio.block_on(live::launch_many(&runtime, &app, 1))?;
    let screen = sessions.first().context("a session")?.screen();
    let options = PictureOptions::default();
    paint(&app, &screen, &options)?;
    let server = Served::start(WARUNG, 4, false)?;
    let browser = browser::is_there().then(Browser::start).transpose()?;
    if let Some(browser) = &browser {
        let session = wire::launch(server.address, "app")?;
        browser.open(&format!("http://{}{session}", server.address))?;
        browser.screenshot()?;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        let since = Instant::now();
        paint(&app, &screen, &options)?;
        ours.push(micros(since) / 1e3);
        let since = Instant::now();
        match &browser {
            Some(browser) => drop(browser.screenshot()?),
            None => drop(paint(
                &app,
                &screen,
                &PictureOptions {
                    scale: 2.0,
                    ..options.clone()
                },
            )?),
        }
        theirs.push(micros(since) / 1e3);
    }
    let reference = match browser {
        Some(_) => "headless Chromium's screenshot of the same page",
        None => "twice as many pixels each way (no Chromium here)",
    };
    Ok(vec![Figure::of(
        "shot-warm",
        "ms",
        &ours,
        (reference, &theirs),
    )])
}

/// Taps, and waits until the change is there and the frame with it has been painted: the second frame after it begins when
/// the first is done. Calls back with milliseconds, one for each tap.
const TAPS: &str = "
const [name, count, done] = arguments;
const button = document.querySelector(`[aria-label=\"${name}\"]`);
const times = [];
const next = () => {
  if (times.length === count) return done(times);
  const since = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      times.push(performance.now() - since);
      setTimeout(next, 7);
    }));
  });
  seen.observe(document.body, { childList: true, characterData: true, subtree: true });
  button.click();
};
next();";

/// A page of the same look that needs nobody: what the browser takes alone.
const ALONE: &str = "data:text/html,<button aria-label='Add one' \
    onclick='c.textContent=%2B%2Bn'>%2B</button><span id=c>0</span><script>n=0,c=document.getElementById('c')</script>";

/// In a real browser, from the tap to the painted change.
pub(super) fn tap_to_paint(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let server = Served::start(COUNTER, 64, false)?;
    let (page, alone) = (Browser::start()?, Browser::start()?);
    let session = wire::launch(server.address, "app")?;
    page.open(&format!("http://{}{session}", server.address))?;
    alone.open(ALONE)?;
    let count = effort.repeats.clamp(3, 50);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs {
        ours.push(middle_of(&page, count)?);
        theirs.push(middle_of(&alone, count)?);
    }
    let reference = ("the same browser, a page that needs no server", &theirs[..]);
    Ok(vec![Figure::of("tap-to-paint", "ms", &ours, reference)])
}

fn middle_of(browser: &Browser, count: usize) -> anyhow::Result<f64> {
    let times = browser.run(TAPS, &json!(["Add one", count]))?;
    let times: Vec<f64> = serde_json::from_value(times)?;
    Ok(crate::result::middle(&times))
}
