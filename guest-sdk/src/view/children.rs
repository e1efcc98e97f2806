//! What may stand within a node: views, texts, numbers, options, lists and tuples of them.

use super::{View, text};

/// Something that becomes children.
pub trait IntoViews<'a, Msg> {
    /// Adds the children to `to`.
    fn add_to(self, to: &mut Vec<View<'a, Msg>>);
}

pub(crate) fn views<'a, Msg>(children: impl IntoViews<'a, Msg>) -> Vec<View<'a, Msg>> {
    let mut to = Vec::new();
    children.add_to(&mut to);
    to
}

impl<'a, Msg> IntoViews<'a, Msg> for View<'a, Msg> {
    fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
        to.push(self);
    }
}

macro_rules! as_text {
    ($($type:ty)*) => {$(
        impl<'a, Msg> IntoViews<'a, Msg> for $type {
            fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
                to.push(text(self));
            }
        }
    )*};
}

as_text!(&str String &String char u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);

impl<'a, Msg, T: IntoViews<'a, Msg>> IntoViews<'a, Msg> for Option<T> {
    fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
        if let Some(child) = self {
            child.add_to(to);
        }
    }
}

impl<'a, Msg, T: IntoViews<'a, Msg>> IntoViews<'a, Msg> for Vec<T> {
    fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
        for child in self {
            child.add_to(to);
        }
    }
}

impl<'a, Msg, T: IntoViews<'a, Msg>, const N: usize> IntoViews<'a, Msg> for [T; N] {
    fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
        for child in self {
            child.add_to(to);
        }
    }
}

/// What `map` gives: `view(lines.iter().map(line))`.
impl<'a, Msg, T, I, F> IntoViews<'a, Msg> for std::iter::Map<I, F>
where
    T: IntoViews<'a, Msg>,
    std::iter::Map<I, F>: Iterator<Item = T>,
{
    fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
        for child in self {
            child.add_to(to);
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<'a, Msg, $($name: IntoViews<'a, Msg>),*> IntoViews<'a, Msg> for ($($name,)*) {
            #[allow(non_snake_case, unused_variables, reason = "one variable for each type parameter")]
            fn add_to(self, to: &mut Vec<View<'a, Msg>>) {
                let ($($name,)*) = self;
                $($name.add_to(to);)*
            }
        }
    )*};
}

tuples! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
