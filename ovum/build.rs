//! How executables are linked for Linux, for a quick start: to a fixed address, so that there is
//! nothing to relocate, and with the unwinder inside, which is one shared library less to load.
//!
//! The benchmark's executables, those of other engines too, are linked without any shared library:
//! what is measured of a short run is then the engine more than the loader.

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
    if env::var_os("HOST") != env::var_os("TARGET") {
        return;
    }
    // The command loads what the MLIR toolchain compiles, hence needs the system's libraries;
    // a peer needs none.
    let alone = env::var("CARGO_PKG_NAME").is_ok_and(|name| name == "benches");
    let every = [("libgcc_s.so", "libgcc_eh.a"), ("libc.so", "libc.a"), ("libm.so", "libm.a")];
    if alone && let Some(folder) = archives("alone", &every) {
        println!("cargo::rustc-link-arg-bins=-static");
        println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
    } else if let Some(folder) = archives("unwinder", &every[..1]) {
        println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
    }
}

/// A folder in which the linker finds archives under the names of shared libraries, if the compiler
/// has all of them.
fn archives(name: &str, libraries: &[(&str, &str)]) -> Option<PathBuf> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let folder = Path::new(&env::var_os("OUT_DIR")?).join(name);
    fs::create_dir_all(&folder).ok()?;
    for (library, archive) in libraries {
        let question = format!("-print-file-name={archive}");
        let output = Command::new(&linker).arg(question).output().ok()?;
        let archive = String::from_utf8(output.stdout).ok()?;
        let archive = archive.trim();
        if !Path::new(archive).is_absolute() {
            return None;
        }
        fs::write(folder.join(library), format!("GROUP(\"{archive}\")\n")).ok()?;
    }
    Some(folder)
}
