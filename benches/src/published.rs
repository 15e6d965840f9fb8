//! Where the crate egglog is, which ships its own test programs.
//!
//! The tests of egraph-core have this file too, by its path: that crate is below this one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the folder `tests` of the crate egglog, if it is not to be asked of cargo.
pub const VARIABLE: &str = "OVUM_EGGLOG_TESTS";

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
