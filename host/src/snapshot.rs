//! Sessions as bytes: what has to be known of an app before its sessions can be frozen, and how they are.

pub mod eligibility;
