//! A platform that embeds Lapak and lends apps something of its own: a lamp. `README.md` walks through it.

pub mod lamp;
