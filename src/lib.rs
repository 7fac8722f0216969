//! Lá Chắn: a DNS resolver that keeps pupils away from content that is illegal or wrong for their
//! age, and that can account for what it blocked.
//!
//! Its modules lie in layers: **a module imports only from layers below its own, and modules of one layer do not
//! import each other**. `tests/tidy.rs` holds that. From the bottom up:
//!
//! | layer | modules |
//! | --- | --- |
//! | bottom | [`dns`] and `sys`, then [`model`] and `clock`, then `i18n` |
//! | capabilities | `lists`, `filter`, `policy`, `rpz`, `resolve`, `journal` |
//! | paths | `query`, `update`, `control` |
//! | listeners | `serve` |
//! | wiring | `config`, `app`, `cli` |
//!
//! `ARCHITECTURE.md` follows a query, a list update and a blocked attempt through them.

pub mod app;
pub mod cli;
pub(crate) mod clock;
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
pub(crate) mod serve;
pub mod sys;
pub mod update;
