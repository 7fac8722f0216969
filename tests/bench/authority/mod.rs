//! Authoritative servers of one scenario: honest zones, and servers with manners of their own.

pub mod denial;
pub mod manner;
pub mod serve;
pub mod zone;
