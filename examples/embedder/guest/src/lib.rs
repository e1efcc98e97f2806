//! An app that uses a lamp where the platform has one, and does without where it has none.

use lapak_sdk::location::{self, Accuracy, Position};
use lapak_sdk::prelude::*;

#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
#[rustfmt::skip]
mod bindings;
use bindings::acme::lamp::lamp;

/// What the app asks its platform for before it uses it.
const WANTED: [&str; 4] = ["location", "bluetooth", "motion", "acme:lamp/lamp"];

struct Panel {
    lamp: String,
    place: String,
}

#[derive(Clone)]
enum Msg {
    Switch(u32),
    Fade(u32),
    Faded(Result<u32, lamp::Error>),
    Where,
    Here(Result<Position, location::Error>),
}

impl App for Panel {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Panel {
            lamp: shown(lamp::brightness()),
            place: String::new(),
        }
    }

    fn update(&mut self, msg: Msg, cx: &mut Context<Self>) {
        match msg {
            Msg::Switch(percent) => {
                let switched = lamp::switch(percent).and_then(|()| lamp::brightness());
                self.lamp = shown(switched);
            }
            Msg::Fade(percent) => cx.spawn(fade(percent), Msg::Faded),
            Msg::Faded(percent) => self.lamp = shown(percent),
            Msg::Where => cx.spawn(location::once(Accuracy::Precise), Msg::Here),
            Msg::Here(Ok(at)) => {
                let (latitude, longitude) = (at.latitude, at.longitude);
                self.place = format!("{latitude:.4} {longitude:.4} {:?}", at.accuracy);
            }
            Msg::Here(Err(error)) => self.place = format!("{error:?}"),
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        let offered = WANTED.map(|name| format!("{name}: {}", platform::offers(name)));
        view((
            text(offered.join(", ")).class("says").key("offers"),
            text(format!("Lamp: {}", self.lamp))
                .class("says")
                .key("lamp"),
            text(format!("Place: {}", self.place))
                .class("says")
                .key("place"),
            button("Bright").on_tap(Msg::Switch(100)),
            button("Softly dark").on_tap(Msg::Fade(5)),
            button("Too bright").on_tap(Msg::Switch(101)),
            button("Where am I?").on_tap(Msg::Where),
        ))
        .class("lamp")
    }
}

async fn fade(percent: u32) -> Result<u32, lamp::Error> {
    let request = lamp::fade(percent)?;
    lapak_sdk::finished(request).await;
    lamp::faded(request)
}

fn shown(percent: Result<u32, lamp::Error>) -> String {
    match percent {
        Ok(percent) => format!("{percent} %"),
        Err(error) => format!("{error:?}"),
    }
}

lapak_sdk::app!(Panel);
