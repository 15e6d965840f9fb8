//! egglog's published test programs: where they are, and which of them are large.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the folder `tests` of the crate egglog, if it is not to be asked of cargo.
pub const VARIABLE: &str = "OVUM_EGGLOG_TESTS";

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

/// The folder `tests` of the crate egglog: [`VARIABLE`], or what cargo says about this package's
/// dependencies. `None` where neither knows.
pub fn folder() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    named.or_else(from_cargo).filter(|folder| folder.is_dir())
}

fn from_cargo() -> Option<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // What other systems need was never fetched on a machine that has only built the workspace.
    let here = ["--offline", "--filter-platform", "host-tuple"];
    let arguments = ["metadata", "--format-version", "1", "--manifest-path", manifest];
    let answer = Command::new(cargo).args(arguments).args(here).output().ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).ok()?;
    let packages = answer["packages"].as_array()?;
    let egglog = packages.iter().find(|package| package["name"] == "egglog")?;
    Some(Path::new(egglog["manifest_path"].as_str()?).parent()?.join("tests"))
}

/// The program of that name in a folder `tests`, whichever of its folders it is in.
pub fn program(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = format!("{name}.egg");
    ["", "web-demo", "proofs"].iter().map(|sub| folder.join(sub).join(&file)).find(|p| p.is_file())
}
