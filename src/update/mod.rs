//! One list update, told once: source → read → gate → build → verify → swap.
//!
//! `schedule` says when, for everything that is renewed. `refresh` brings in what a source has now and lets the gate judge it; `compile` builds one index of
//! everything that is in force; whoever called swaps. `zones` does the same for policy zones, which are no
//! lists: each is looked up by itself. What fails at any step leaves the last good copy
//! and the index in force as they were.
//!
//! Knows lists and the index. Never knows who asks questions of them.

mod arrivals;
pub mod compile;
pub mod refresh;
pub mod schedule;
pub mod timetable;
pub mod zones;
