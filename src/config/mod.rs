//! tmp
pub mod mistake;
mod nearest;
mod read;
mod say;
mod source;
pub mod spec;
mod value;
