//! Writes the seeds of every target into its corpus, and what earlier runs found.

use std::error::Error;
use std::fs;
use std::path::Path;

use lachan_fuzz::{TARGETS, kept};

fn main() -> Result<(), Box<dyn Error>> {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
        for (number, input) in kept::inputs(target.name).iter().enumerate() {
            fs::write(folder.join(format!("kept-{number:03}")), input)?;
        }
    }
    Ok(())
}
