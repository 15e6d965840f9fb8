//! egglog's published test programs: where they are, and which of them are large.

use std::path::{Path, PathBuf};

pub use crate::published::{VARIABLE, folder};

/// The ten large programs that figures are recorded for, by the names of their files.
pub const LARGE: &[&str] = &[
    "eggcc-2mm",
    "eggcc-extraction",
    "repro-herbie-vanilla",
    "taylor51",
    "python_array_optimize",
    "hardboiled_conv1d_128",
    "whisper",
    "llama",
    "luminal-llama",
    "extract-vec-bench",
];

/// The program of that name in a folder `tests`, whichever of its folders it is in.
pub fn program(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = format!("{name}.egg");
    ["", "web-demo", "proofs"].iter().map(|sub| folder.join(sub).join(&file)).find(|p| p.is_file())
}
