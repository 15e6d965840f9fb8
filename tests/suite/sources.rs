//! The repository's own files, as the tests about the code see them.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
pub(crate) struct Source {
    /// Path from the repository's root, with `/` between folders.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the package `tests` is a folder of the repository").to_path_buf()
}

/// All files with this extension, ordered by path, build outputs aside.
pub(crate) fn files(extension: &str) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, extension, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no .{extension} file under {}", root.display());
    found
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).expect("folders of the repository can be listed");
    for entry in entries {
        let path = entry.expect("folders of the repository can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let output = matches!(name.as_str(), "target" | "build" | "dist" | "__pycache__");
            if !output && (!name.starts_with('.') || name == ".ci") {
                collect(root, &path, extension, found);
            }
        } else if path.extension().is_some_and(|e| e == extension) {
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            let path = path.strip_prefix(root).expect("walked from the root");
            found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

impl Source {
    /// The lines that are not part of a test: a file of tests has none, and a module
    /// `#[cfg(test)] mod tests { … }` (or `all(test, …)`) ends a file.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let of_tests = self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/benches/");
        let end = if of_tests { 0 } else { usize::MAX };
        let lines: Vec<&str> = self.text.lines().collect();
        let inline = (1..lines.len()).find(|at| {
            let gate = lines[at - 1].trim();
            (gate == "#[cfg(test)]" || gate.starts_with("#[cfg(all(test,"))
                && lines[*at].starts_with("mod tests {")
        });
        let end = inline.map_or(end, |at| end.min(at));
        self.text.lines().enumerate().take(end).map(|(at, line)| (at + 1, line))
    }
}

/// Whether a line is a comment.
pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}
