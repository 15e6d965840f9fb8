//! The engines' executables are linked to a fixed address: figures of a fresh process are then not
//! those of relocating an executable with all engines' libraries.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
