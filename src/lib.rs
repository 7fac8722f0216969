//! Lá Chắn: a DNS resolver that keeps pupils away from content that is illegal or wrong for their
//! age, and that can account for what it blocked.
//!
//! This crate is a house of rooms on floors: **a room imports only from floors below its own, and
//! rooms of one floor do not know each other**. `tests/tidy.rs` holds that. From the ground up:
//!
//! | floor | rooms |
//! | --- | --- |
//! | ground | [`dns`] and `sys`, then [`model`] and [`clock`], then `i18n` |
//! | pillars | `lists`, `filter`, `policy`, `rpz`, `resolve`, `journal` |
//! | walks | `query`, `update`, `control` |
//! | doors | `serve` |
//! | wiring | `config`, `app`, `cli` |
//!
//! `ARCHITECTURE.md` walks a query, a list update and a blocked attempt through it.
#![deny(unsafe_code)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod dns;
pub mod filter;
pub mod i18n;
pub mod journal;
pub mod lists;
pub mod model;
pub mod policy;
pub mod query;
pub mod resolve;
pub mod rpz;
pub mod serve;
pub mod sys;
pub mod update;
