//! Promises of the room as a whole, on zones that are signed here and by others.

pub mod zone;

mod aggressive;
mod chain;
mod denial;
mod laws;
mod signature;
mod signed;
