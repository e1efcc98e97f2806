//! A bad neighbour: spins for ever, takes as much memory as it may have, or calls its host without end. What others feel of it
//! is measured, and what its calls cost.
use lapak_sdk::prelude::*;

/// Calls in one event.
const CALLS: usize = 100_000;
/// What is taken at once, in MiB.
const STEP_MIB: usize = 4;
/// The most that is taken: a little below what an app may have by default.
const MOST_MIB: usize = 56;

struct Wild(Vec<Vec<u64>>);

#[derive(Clone)]
enum Msg {
    Spin,
    Hoard,
    Call,
    UntilRefused,
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
            Msg::Hoard => {
                if (self.0.len() + 1) * STEP_MIB <= MOST_MIB {
                    // Numbers that no compression makes smaller.
                    let mut seed = 0x9e37_79b9_7f4a_7c15_u64 ^ self.0.len() as u64;
                    let next = || {
                        seed ^= seed << 13;
                        seed ^= seed >> 7;
                        seed ^= seed << 17;
                        seed
                    };
                    let words = STEP_MIB * 1024 * 1024 / 8;
                    self.0
                        .push(std::iter::repeat_with(next).take(words).collect());
                }
            }
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        view((
            button("spin").on_tap(Msg::Spin),
            button("hoard").on_tap(Msg::Hoard),
            button("call").on_tap(Msg::Call),
            button("until refused").on_tap(Msg::UntilRefused),
            text(self.0.len() * STEP_MIB),
        ))
    }
}

lapak_sdk::app!(Wild);
