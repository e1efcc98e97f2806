//! A number, and two buttons that change it.
use lapak_sdk::prelude::*;

struct Counter(i32);

#[derive(Clone)]
struct Add(i32);

impl App for Counter {
    type Msg = Add;
    type Page = SinglePage;
    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Counter(0)
    }
    fn update(&mut self, Add(step): Add, _: &mut Context<Self>) {
        self.0 = self.0.saturating_add(step);
    }
    fn view(&self, _: &SinglePage) -> View<'_, Add> {
        let minus = button("−").on_tap(Add(-1)).label("Take one away");
        let plus = button("+").primary().on_tap(Add(1)).label("Add one");
        view((
            text(self.0).class("count").key("count"),
            view((minus, plus)).class("buttons"),
        ))
        .class("counter")
    }
}
lapak_sdk::app!(Counter);

#[cfg(test)]
mod tests {
    use lapak_sdk::testing::TestApp;

    use super::*;

    #[test]
    fn counts_up_and_down() {
        let mut app = TestApp::<Counter>::launch(include_str!("../manifest.json"), "en");
        assert_eq!(app.text_of("count"), "0");
        app.tap("Add one");
        app.tap("Add one");
        app.tap("Take one away");
        assert_eq!(app.text_of("count"), "1");
    }

    #[test]
    fn is_an_app_of_at_most_25_lines() {
        let source = include_str!("lib.rs");
        let app = source.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = app.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines <= 25, "{lines} lines");
    }
}
