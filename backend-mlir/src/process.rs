//! Subprocesses under a time limit, and temporary directories that remove themselves.

use crate::toolchain::ToolchainError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A directory of our own, removed with its contents on drop.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Makes a new directory under the system's temporary directory.
    pub(crate) fn new() -> Result<TempDir, ToolchainError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let base = std::env::temp_dir();
        for _ in 0..1000 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("ovum-mlir-{}-{number}", std::process::id()));
            // `create_dir` fails if the name exists, so nobody else's directory is ever used.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(TempDir(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(ToolchainError::io("make a directory", &path, &error)),
            }
        }
        let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        Err(ToolchainError::io("make a directory", &base, &taken))
    }

    /// The path of a file in the directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A leftover in the temporary directory is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a tool to its end or until `deadline`, then kills it. Its messages go through a file, so
/// that a full pipe cannot block it.
pub(crate) fn run(
    tool: &Path,
    args: &[String],
    dir: &TempDir,
    deadline: Instant,
) -> Result<(), ToolchainError> {
    let name = tool.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let log = dir.file("messages.txt");
    let messages = File::create(&log).map_err(|error| ToolchainError::io("write", &log, &error))?;
    let mut child = Command::new(tool)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(messages)
        .spawn()
        .map_err(|error| ToolchainError::io("start", tool, &error))?;
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(10));
            }
            Ok(None) => {
                // It may have ended by itself in the meantime: nothing to kill then.
                let _ = child.kill();
                let _ = child.wait();
                return Err(ToolchainError::TimeLimit { tool: name });
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(ToolchainError::io("wait for", tool, &error));
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let stderr = fs::read(&log).unwrap_or_default();
    Err(ToolchainError::Tool {
        tool: name,
        status: status.to_string(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}
