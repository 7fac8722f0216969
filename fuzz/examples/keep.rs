//! Packs some inputs of a corpus, of all lengths, into `kept/TARGET`: `keep TARGET FOLDER`.

use std::error::Error;
use std::fs;
use std::path::Path;

use lachan_fuzz::TARGETS;

/// Octets of one target's file: some hundred inputs, which the tests replay in a second.
const OCTETS_MAX: usize = 16 * 1024;
/// Inputs that are looked at.
const INPUTS: usize = 160;
/// Octets of one.
const INPUT_MAX: usize = 1200;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, folder] = &arguments[..] else { return Err("keep TARGET FOLDER".into()) };
    if TARGETS.iter().all(|known| known.name != target) {
        return Err(format!("no target `{target}`").into());
    }
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder)? {
        inputs.push(fs::read(entry?.path())?);
    }
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    let (mut octets, mut kept) = (Vec::new(), 0);
    for input in inputs.iter().step_by((inputs.len() / INPUTS).max(1)) {
        if input.len() > INPUT_MAX || octets.len() + 4 + input.len() > OCTETS_MAX {
            continue;
        }
        octets.extend_from_slice(&u32::try_from(input.len())?.to_le_bytes());
        octets.extend_from_slice(input);
        kept += 1;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kept");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(target), octets)?;
    println!("{target}: {kept} of {} inputs kept", inputs.len());
    Ok(())
}
