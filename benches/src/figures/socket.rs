//! From the finger to the patch, through the real server and a real WebSocket; and what an open session takes there.

use std::net::TcpStream;
use std::time::Instant;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Runtime as Tokio;

use super::micros;
use crate::apps::COUNTER;
use crate::child::{self, Task};
use crate::process::{resident_bytes, settle};
use crate::server::{Echo, Served, tap};
use crate::wire::{self, Client, Heard};
use crate::{Effort, Figure};

/// Connections that tap at the same time.
const CONNECTIONS: usize = 64;
/// What the counter's button is called.
const ADD: &str = "Add one";
/// What a patch begins with.
const PATCH: &str = r#"{"t":"patch""#;

/// A tap, and then the next: the middle and the slowest in a hundred.
pub(super) fn tap_websocket(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let (server, echo) = (Served::start(COUNTER, 64, false)?, Echo::start()?);
    let (mut client, node) = server.greeted(ADD)?;
    let mut bare = Client::open(echo.address, "/")?;
    let mut seq = 0;
    let (mut ours, mut theirs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..effort.runs {
        let mut taps = Vec::new();
        for _ in 0..effort.repeats.max(100) {
            seq += 1;
            taps.push(timed(&mut client, &tap(seq, node), PATCH)?);
        }
        note(&mut ours, taps);
        let mut echoes = Vec::new();
        for _ in 0..effort.repeats.max(100) {
            echoes.push(timed(&mut bare, &tap(seq, node), "{")?);
        }
        note(&mut theirs, echoes);
    }
    let reference = "a bare echo on the same stack";
    let [p50, p99] = &ours;
    Ok(vec![
        Figure::of("tap-websocket", "us", p50, (reference, &theirs[0])),
        Figure::of("tap-websocket-p99", "us", p99, (reference, &theirs[1])),
    ])
}

fn timed(client: &mut Client, message: &str, answer: &str) -> anyhow::Result<f64> {
    let frame = wire::frame(message);
    let since = Instant::now();
    client.write(&frame)?;
    client.hear(answer)?;
    Ok(micros(since))
}

/// The middle and the slowest in a hundred.
fn note(into: &mut [Vec<f64>; 2], mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    into[0].push(times[times.len() / 2]);
    into[1].push(times[times.len() * 99 / 100]);
}

/// Many sessions, each tapped again as soon as it has answered.
pub(super) fn per_second(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let taps = effort.repeats * 2;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(7) {
        let server = Served::start(COUNTER, 128, false)?;
        let mut taken = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, node) = server.greeted(ADD)?;
            taken.push((client, node));
        }
        ours.push(rate(taken, taps, PATCH)?);
        drop(server);
        let echo = Echo::start()?;
        let bare = (0..CONNECTIONS).map(|_| Ok((Client::open(echo.address, "/")?, 1)));
        theirs.push(rate(bare.collect::<anyhow::Result<_>>()?, taps, "{")?);
    }
    let reference = ("a bare echo on the same stack", &theirs[..]);
    let id = "events-per-second-websocket";
    Ok(vec![Figure::of(id, "1/s", &ours, reference)])
}

/// Answers a second over these connections, each with a tap on its way at all times. The clients share one thread.
fn rate(clients: Vec<(Client, u64)>, taps: usize, answer: &'static str) -> anyhow::Result<f64> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio.block_on(async {
        let count = clients.len() * taps;
        let since = Instant::now();
        let mut all = tokio::task::JoinSet::new();
        for (client, node) in clients {
            let (stream, heard) = client.into_parts();
            all.spawn(tap_on(stream, heard, node, taps, answer));
        }
        while let Some(done) = all.join_next().await {
            done??;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of taps are far below 2^52"
        )]
        Ok(count as f64 / since.elapsed().as_secs_f64())
    })
}

async fn tap_on(
    stream: TcpStream,
    mut heard: Heard,
    node: u64,
    taps: usize,
    answer: &str,
) -> anyhow::Result<()> {
    stream.set_nonblocking(true)?;
    let mut stream = tokio::net::TcpStream::from_std(stream)?;
    let mut bytes = [0; 4 * 1024];
    for seq in 1..=taps {
        stream
            .write_all(&wire::frame(&tap(seq as u64, node)))
            .await?;
        loop {
            if heard
                .next()
                .is_some_and(|message| message.starts_with(answer))
            {
                break;
            }
            stream.readable().await?;
            match stream.try_read(&mut bytes) {
                Ok(0) => anyhow::bail!("the server closed the connection"),
                Ok(count) => heard.add(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Bytes of a session that was launched over HTTP and that nobody looks at.
pub(super) fn bytes_open(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(3) {
        ours.push(child::measured(&Task::Open(COUNTER, effort.of(10_000)))?);
        theirs.push(child::measured(&Task::Frozen(COUNTER, effort.of(10_000)))?);
    }
    let reference = ("a frozen session in the engine alone", &theirs[..]);
    let id = "bytes-open-session";
    Ok(vec![Figure::of(id, "bytes", &ours, reference)])
}

/// Bytes of a session with a browser page that shows it.
pub(super) fn bytes_connected(_: &Tokio, effort: Effort) -> anyhow::Result<Vec<Figure>> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.runs.min(3) {
        let count = effort.of(2_000);
        ours.push(child::measured(&Task::Connected(COUNTER, count))?);
        theirs.push(child::measured(&Task::Echoing(COUNTER, count))?);
    }
    let reference = ("a connection of the bare echo", &theirs[..]);
    let id = "bytes-connected-session";
    Ok(vec![Figure::of(id, "bytes", &ours, reference)])
}

/// Bytes for each open session. For a process that has done nothing else.
pub(crate) fn open_bytes(app: &'static str, count: usize) -> anyhow::Result<f64> {
    let server = Served::start(app, 64, true)?;
    for _ in 0..256 {
        wire::launch(server.address, "app")?;
    }
    server.rest();
    let before = resident_bytes()?;
    for _ in 0..count {
        wire::launch(server.address, "app")?;
    }
    server.rest();
    each(before, count)
}

/// Bytes for each connected session: the client's part are a few bytes, and the kernel's buffers are the kernel's.
pub(crate) fn connected_bytes(app: &'static str, count: usize) -> anyhow::Result<f64> {
    lapak_preview::raise_descriptor_limit();
    let server = Served::start(app, 64, true)?;
    let mut all = Vec::with_capacity(count + 64);
    for _ in 0..64 {
        all.push(server.greeted(ADD)?.0.into_parts().0);
    }
    server.rest();
    let before = resident_bytes()?;
    for _ in 0..count {
        all.push(server.greeted(ADD)?.0.into_parts().0);
    }
    server.rest();
    each(before, count)
}

/// Bytes for each connection of the bare echo.
pub(crate) fn echoing_bytes(count: usize) -> anyhow::Result<f64> {
    lapak_preview::raise_descriptor_limit();
    let echo = Echo::start()?;
    let mut all = Vec::with_capacity(count + 64);
    let mut open = |count: usize| -> anyhow::Result<()> {
        for _ in 0..count {
            let mut client = Client::open(echo.address, "/")?;
            timed(&mut client, "{}", "{").context("an echo")?;
            all.push(client.into_parts().0);
        }
        Ok(())
    };
    open(64)?;
    settle();
    let before = resident_bytes()?;
    open(count)?;
    settle();
    each(before, count)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of sessions are far below 2^52"
)]
fn each(before: f64, count: usize) -> anyhow::Result<f64> {
    Ok((resident_bytes()? - before) / count as f64)
}
