//! The contract between mini-apps and hosts, without any runtime: the WIT package in `wit/`, the W3C manifest,
//! the `.ma` package, MiniApp URIs, the page stack, the limits, and the rules for text and JSON that others wrote.

pub mod address;
pub mod controls;
pub mod domain;
pub mod file;
pub mod file_path;
pub mod json;
pub mod languages;
pub mod limits;
pub mod manifest;
pub mod package;
pub mod pages;
pub mod template;
pub mod text;
