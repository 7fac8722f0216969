//! Inputs that longer runs found, a small set for each target that reaches what all of them reach: one file a target,
//! each input behind its length (four octets, little-endian).

use std::fs;

use super::repository;

/// The inputs of a target; none where nothing was kept yet.
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    let octets = fs::read(repository().join("fuzz/kept").join(target)).unwrap_or_default();
    let (mut rest, mut inputs) = (&octets[..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>()
        && let Some((input, after)) = after.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        inputs.push(input.to_vec());
        rest = after;
    }
    assert!(rest.is_empty(), "the kept inputs of {target} end within one");
    inputs
}
