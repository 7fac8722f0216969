//! Why a text is not a name, as people are told.

use super::{Message, msg};
use crate::dns::idna::IdnaError;
use crate::dns::name::NameError;
use crate::dns::written::Slip;

/// What is wrong with what was written.
pub fn told(slip: Slip) -> Message {
    match slip {
        Slip::Empty => msg!("slip-empty"),
        Slip::Url | Slip::Path => msg!("slip-page"),
        Slip::Port => msg!("slip-port"),
        Slip::Mail => msg!("slip-mail"),
        Slip::Wildcard | Slip::LeadingDot => msg!("slip-wildcard"),
        Slip::InnerWildcard => msg!("slip-inner-wildcard"),
        Slip::Address => msg!("slip-address"),
        Slip::Range => msg!("slip-range"),
        Slip::Number => msg!("slip-number"),
        Slip::Around => msg!("slip-around"),
        Slip::Space => msg!("slip-space"),
        Slip::Invisible => msg!("slip-invisible"),
        Slip::Character(character) => {
            msg!("slip-character", character = character.escape_default().to_string())
        }
        Slip::Form(IdnaError::Unmappable) => msg!("line-unmappable"),
        Slip::Form(IdnaError::Name(NameError::EmptyLabel)) => msg!("line-empty-label"),
        Slip::Form(IdnaError::Name(NameError::LongLabel)) => msg!("line-long-label"),
        Slip::Form(IdnaError::Name(NameError::LongName)) => msg!("line-long-name"),
        Slip::Form(IdnaError::Name(_)) => msg!("slip-form"),
    }
}
