//! A bad neighbour: spins for ever, takes as much memory as it may have, calls its host without end, or panics. What others feel
//! of it is measured, and what its calls cost.
use lapak_sdk::prelude::*;

/// Calls in one event.
const CALLS: usize = 100_000;
/// What is taken at once, in bytes.
const STEP: usize = 16 << 20;
/// What an app may have by default, in bytes; whoever asks for more is ended.
const CAP: usize = 64 << 20;
/// A page of WebAssembly's: memory grows by whole ones, and the allocator asks for one more than it needs.
const PAGE: usize = 64 << 10;

struct Wild(Vec<Vec<u64>>);

#[derive(Clone)]
enum Msg {
    Spin,
    Hoard,
    Call,
    UntilRefused,
    Panic,
}

impl App for Wild {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Wild(Vec::new())
    }

    fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
        match msg {
            Msg::Spin => loop {
                std::hint::spin_loop();
            },
            Msg::Call => {
                for _ in 0..CALLS {
                    let _ = std::hint::black_box(clock::elapsed_ms());
                }
            }
            Msg::UntilRefused => while clock::elapsed_ms().is_ok() {},
            Msg::Hoard => self.hoard(),
            Msg::Panic => panic!("{} pots boil over", self.0.len()),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("spin").on_tap(Msg::Spin),
            button("hoard").on_tap(Msg::Hoard),
            button("call").on_tap(Msg::Call),
            button("until refused").on_tap(Msg::UntilRefused),
            button("panic").on_tap(Msg::Panic),
            text(self.memory() / PAGE).key("pages"),
        ))
    }
}

impl Wild {
    /// Takes a step more, or what is left of it, up to what an app may have.
    fn hoard(&mut self) {
        let words = STEP.min(CAP.saturating_sub(self.memory() + 2 * PAGE)) / 8;
        if words == 0 {
            return;
        }
        // Numbers that no compression makes smaller.
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64 ^ self.0.len() as u64;
        let next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        self.0
            .push(std::iter::repeat_with(next).take(words).collect());
    }

    /// The size of linear memory, in bytes.
    #[cfg(target_arch = "wasm32")]
    fn memory(&self) -> usize {
        core::arch::wasm32::memory_size(0) * PAGE
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn memory(&self) -> usize {
        self.0.iter().map(|taken| taken.len() * 8).sum()
    }
}

lapak_sdk::app!(Wild);
