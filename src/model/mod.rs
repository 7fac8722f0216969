//! The school's nouns: tiers, categories, groups, rules, what matched, the verdict and its reason,
//! events. No I/O, no clock.
//!
//! Knows names (`dns`). Never knows packets, files, or where a rule came from beyond its list.

pub mod category;
pub mod event;
pub mod likeness;
pub mod matched;
pub mod name_set;
pub mod pattern;
pub mod prefixes;
pub mod roster;
pub mod rule;
pub mod service;
pub mod tier;
pub mod verdict;
pub mod visible;
