//! How executables are linked for Linux, for a quick start: to a fixed address, so that there is
//! nothing to relocate, and with the unwinder inside, which is one shared library less to load.
//!
//! The benchmark's executables are linked in the same way, those of other engines too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let has = |key: &str, value: &str| {
        env::var(key).is_ok_and(|values| values.split(',').any(|other| other == value))
    };
    let fixed = has("CARGO_CFG_TARGET_OS", "linux")
        && has("CARGO_CFG_TARGET_ENV", "gnu")
        && !has("CARGO_CFG_TARGET_FEATURE", "crt-static");
    if !fixed {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    if env::var_os("HOST") == env::var_os("TARGET")
        && let Some(folder) = unwinder()
    {
        println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
    }
}

/// A folder in which the linker finds the archive of the unwinder under the name of the shared
/// library, if the compiler has one.
fn unwinder() -> Option<PathBuf> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let output = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let archive = String::from_utf8(output.stdout).ok()?;
    let archive = archive.trim();
    if !Path::new(archive).is_absolute() {
        return None;
    }
    let folder = Path::new(&env::var_os("OUT_DIR")?).join("unwinder");
    fs::create_dir_all(&folder).ok()?;
    fs::write(folder.join("libgcc_s.so"), format!("GROUP(\"{archive}\")\n")).ok()?;
    Some(folder)
}
