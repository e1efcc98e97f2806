//! A bad neighbour: spins for ever, or takes as much memory as it may have. What others feel of it is measured.
use lapak_sdk::prelude::*;

/// What is taken at once, in MiB.
const STEP_MIB: usize = 4;
/// The most that is taken: a little below what an app may have by default.
const MOST_MIB: usize = 56;

struct Wild(Vec<Vec<u64>>);

#[derive(Clone)]
enum Msg {
    Spin,
    Hoard,
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
            text(self.0.len() * STEP_MIB),
        ))
    }
}

lapak_sdk::app!(Wild);
