//! {{title}}: a list of things to do.
use lapak_sdk::prelude::*;

#[derive(Default)]
struct Todo {
    draft: String,
    items: Vec<Item>,
}

struct Item {
    text: String,
    done: bool,
}

/// Everything that can happen.
#[derive(Clone)]
enum Msg {
    Draft(String),
    Add,
    Toggle(usize),
}

impl App for Todo {
    type Msg = Msg;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        console::info!("hello from {{title}}");
        Self::default()
    }

    fn update(&mut self, msg: Msg, _: &mut Context<Self>) {
        match msg {
            Msg::Draft(text) => self.draft = text,
            Msg::Add if self.draft.trim().is_empty() => {}
            Msg::Add => {
                let text = std::mem::take(&mut self.draft);
                self.items.push(Item { text, done: false });
            }
            Msg::Toggle(index) => {
                if let Some(item) = self.items.get_mut(index) {
                    item.done = !item.done;
                }
            }
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Msg> {
        let left = self.items.iter().filter(|item| !item.done).count();
        let field = input(&self.draft).placeholder("What is to be done?").on_input(Msg::Draft);
        let add = button("Add").primary().on_tap(Msg::Add);
        let items = self.items.iter().enumerate().map(|(index, item)| {
            let tick = checkbox(item.done).on_toggle(move |_| Msg::Toggle(index));
            label((tick, text(&item.text))).class("item").class_if(item.done, "done").key(index)
        });
        view((
            text("{{title}}").class("title"),
            text(format!("{left} to do")).class("hint").key("left"),
            view((field.on_enter(|_| Msg::Add), add)).class("new"),
            list(items),
        ))
    }
}

lapak_sdk::app!(Todo);

#[cfg(test)]
mod tests {
    use lapak_sdk::testing::TestApp;

    use super::*;

    #[test]
    fn what_is_added_is_to_do() {
        let mut app = TestApp::<Todo>::launch(include_str!("../manifest.json"), "en");
        app.type_into("What is to be done?", "Buy rice");
        app.tap("Add");
        assert!(app.shows("Buy rice"));
        assert_eq!(app.text_of("left"), "1 to do");
    }
}
