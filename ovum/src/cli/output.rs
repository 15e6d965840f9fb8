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
pub(crate) fn write_atomically(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let text = text.as_ref();
    let failed = |error: io::Error| {
        Error::input(codes::WRITE, format!("cannot write `{}`: {error}", path.display()))
    };
    if path.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let Some(path) = &replaceable(path) else {
        return fs::write(path, text).map_err(failed);
    };
    let temporary = temporary_beside(path).map_err(failed)?;
    let written = File::create_new(&temporary).and_then(|mut file| {
        if let Ok(existing) = fs::metadata(path) {
            file.set_permissions(existing.permissions())?;
        }
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    written.map_err(|error| {
        // The temporary file may not exist; the first error is the one to report.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// The file that a rename may replace, behind any links: a device, a pipe, a link that leads
/// nowhere, and a name of something open (`/dev/stdout`) are none, and are written in place.
fn replaceable(path: &Path) -> Option<PathBuf> {
    let Ok(found) = fs::symlink_metadata(path) else { return Some(path.to_owned()) };
    if !found.is_symlink() {
        return found.is_file().then(|| path.to_owned());
    }
    let opened = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    let target = fs::canonicalize(path).ok()?;
    (!opened && target.is_file()).then_some(target)
}

fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(path.with_file_name(format!(".ovum.{}.tmp", std::process::id())))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_stay_links_and_permissions_stay() {
        let folder = std::env::temp_dir().join(format!("ovum-output-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("file"), folder.join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        write_atomically(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let dangling = folder.join("dangling");
        symlink("later", &dangling).unwrap();
        write_atomically(&dangling, "made").unwrap();
        assert_eq!(fs::read_to_string(folder.join("later")).unwrap(), "made");

        let long = folder.join("x".repeat(250));
        write_atomically(&long, "long").unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 5, "no temporary file stays");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_open_is_not_replaced() {
        assert_eq!(replaceable(Path::new("/dev/stdout")), None);
        assert_eq!(replaceable(Path::new("/dev/null")), None);
        assert_eq!(replaceable(Path::new("/dev/fd/1")), None);
    }
}
