//! Types, classes, and the few RDATA forms that we write ourselves.

/// Class IN.
pub const CLASS_IN: u16 = 1;
/// Class CH (CHAOS), for `version.bind` and its kin.
pub const CLASS_CH: u16 = 3;
/// Class ANY.
pub const CLASS_ANY: u16 = 255;
