//! Files written whole or not at all.

use crate::error::{Error, Result, codes};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file through a temporary one beside it, which is renamed over it at the end: a reader
/// never sees half of it, and a failure leaves what was there.
///
/// # Errors
/// If the folder or file cannot be written, naming the file.
pub(crate) fn write_atomically(path: &Path, text: &str) -> Result<()> {
    let failed = |error: io::Error| {
        Error::input(codes::WRITE, format!("cannot write `{}`: {error}", path.display()))
    };
    // Renaming over a device or pipe would replace it by a file.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return fs::write(path, text).map_err(failed);
    }
    if path.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let temporary = temporary_beside(path).map_err(failed)?;
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    written.map_err(|error| {
        // The temporary file may not exist; the first error is the one to report.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}
