//! What the browser tests type into: fields that the app writes in its own way, and all that it has heard.

use lapak_sdk::prelude::*;

lapak_sdk::pages! {
    enum Page {
        Fields = "pages/index",
        Words = "pages/words",
    }
}

#[derive(Default)]
struct Probe {
    name: String,
    card: String,
    rupiah: String,
    count: String,
    weight: String,
    plain: String,
    slow: String,
    ticks: u32,
    heard: Vec<String>,
    row: u32,
}

#[derive(Clone)]
enum Msg {
    Name(String),
    Card(String),
    Rupiah(String),
    Count(String),
    Weight(String),
    Plain(String),
    Slow(String),
    /// Never comes to an end.
    Spin,
    Day(String),
    Entered(String),
    Sent(Fields),
    Tick,
    Row,
}

impl App for Probe {
    type Msg = Msg;
    type Page = Page;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
        match msg {
            Msg::Name(text) => self.name = text.to_uppercase(),
            Msg::Card(text) => self.card = grouped(&digits(&text), 4, ' ', false),
            Msg::Rupiah(text) => self.rupiah = grouped(&digits(&text), 3, '.', true),
            Msg::Count(text) => {
                self.hear("count", &text);
                self.count = text;
            }
            Msg::Weight(text) => {
                self.hear("weight", &text);
                self.weight = text;
            }
            Msg::Plain(text) => {
                self.hear("plain", &text);
                self.plain = text;
            }
            // As long as it takes on a slow phone.
            Msg::Slow(text) => {
                let mut sum = 0u64;
                for n in 0..20_000_000u64 {
                    sum = std::hint::black_box(sum.wrapping_add(n));
                }
                self.slow = text.to_uppercase();
            }
            Msg::Spin => loop {
                std::hint::black_box(&self.ticks);
            },
            Msg::Day(day) => self.hear("day", &day),
            Msg::Entered(text) => self.hear("enter", &text),
            Msg::Sent(fields) => {
                let all = [
                    fields.text("kilos"),
                    fields.text("note"),
                    fields.text("when"),
                ]
                .join("|");
                self.hear("sent", &all);
            }
            Msg::Tick => self.ticks += 1,
            Msg::Row => self.row = 40,
        }
    }

    fn view(&self, page: &Page) -> View<'_, Msg> {
        match page {
            Page::Fields => self.fields(),
            Page::Words => words(),
        }
    }
}

impl Probe {
    fn hear(&mut self, what: &str, text: &str) {
        self.heard.push(format!("{what}:{text}"));
    }

    fn fields(&self) -> View<'_, Msg> {
        let own = view((
            input(&self.name)
                .key("name")
                .label("Name")
                .on_input(Msg::Name),
            input(&self.card)
                .kind(InputKind::Telephone)
                .key("card")
                .label("Card")
                .on_input(Msg::Card),
            input(&self.rupiah)
                .kind(InputKind::Number)
                .key("rupiah")
                .label("Rupiah")
                .on_input(Msg::Rupiah),
            input(&self.count)
                .kind(InputKind::Number)
                .key("count")
                .label("Count")
                .on_input(Msg::Count),
            input(&self.weight)
                .kind(InputKind::Decimal)
                .key("weight")
                .label("Weight")
                .on_input(Msg::Weight),
            input(&self.plain)
                .key("plain")
                .label("Plain")
                .on_input(Msg::Plain)
                .on_enter(Msg::Entered),
            input(&self.slow)
                .key("slow")
                .label("Slow")
                .on_input(Msg::Slow),
            input("").max_length(3).key("short").label("Short"),
        ))
        .class("row");
        let kept = form((
            input("")
                .kind(InputKind::Number)
                .name("kilos")
                .key("kilos")
                .label("Kilos"),
            textarea("")
                .rows(1)
                .grows()
                .name("note")
                .key("note")
                .label("Note"),
            date_picker(None)
                .earliest("2026-01-05")
                .latest("2026-02-28")
                .name("when")
                .key("when")
                .label("When")
                .on_change(Msg::Day),
            button("Send").key("send").submits(),
        ))
        .on_submit(Msg::Sent);
        let rows = list((0..60).map(|nth| text(nth).class("one").key(nth)));
        let rows = if self.row > 0 {
            rows.reveal(self.row)
        } else {
            rows
        };
        view((
            text(self.heard.join(" ")).key("heard"),
            text(self.ticks).key("ticks"),
            button("Tick").key("tick").on_tap(Msg::Tick),
            button("Row").key("row").on_tap(Msg::Row),
            button("Spin").key("spin").on_tap(Msg::Spin),
            swiper(0, (text("one"), text("two")))
                .class("slide")
                .key("swiper"),
            own,
            kept,
            scroll(rows).class("tall").key("rows"),
        ))
    }
}

/// The scripts that people write, for pictures.
fn words<'a>() -> View<'a, Msg> {
    let lines = [
        "Nasi goreng",
        "Привет, мир",
        "Καλημέρα",
        "Tiếng Việt",
        "مرحبا بالعالم (12)",
        "שלום עולם",
        "สวัสดีครับ",
        "नमस्ते दुनिया",
        "→ ★ ✓ ฿ ₹",
        "你好",
        "გამარჯობა",
    ];
    let texts = lines.map(text);
    view((
        Vec::from(texts),
        (
            switch(true).label("On"),
            checkbox(true).label("Yes"),
            slider(0.0..=10.0, 3.0).show_value(),
        ),
        picker(["one", "two"], Some(0)).label("Pick"),
        navigator(&Page::Fields, (text("next"), icon(IconName::Forward))),
    ))
    .class("row")
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// In groups of so many, counted from the end or from the beginning.
fn grouped(digits: &str, size: usize, between: char, from_end: bool) -> String {
    let first = if from_end { digits.len() % size } else { 0 };
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (at + size - first).is_multiple_of(size) {
            out.push(between);
        }
        out.push(c);
    }
    out
}

lapak_sdk::app!(Probe);
