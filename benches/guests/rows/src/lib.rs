//! A list of a thousand keyed rows, each with a checkbox: what a toggled row costs.
use lapak_sdk::prelude::*;

struct Rows(Vec<bool>);

#[derive(Clone)]
struct Toggle(usize);

impl App for Rows {
    type Msg = Toggle;
    type Page = SinglePage;

    fn launch(_: &Launch, _: &mut Context<Self>) -> Self {
        Rows(vec![false; 1_000])
    }

    fn update(&mut self, Toggle(index): Toggle, _: &mut Context<Self>) {
        if let Some(row) = self.0.get_mut(index) {
            *row = !*row;
        }
    }

    fn view(&self, _: &SinglePage) -> View<'_, Toggle> {
        let rows = self.0.iter().enumerate().map(|(index, done)| {
            // Only rows whose state changed are made anew.
            lazy(index, (index, *done), |(index, done)| {
                let tick = checkbox(done).on_toggle(move |_| Toggle(index));
                let row = view((tick, text(format!("Row {index}")))).class("row");
                row.class_if(done, "done").on_tap(Toggle(index))
            })
        });
        list(rows)
    }
}

lapak_sdk::app!(Rows);
