//! Order lunch.
