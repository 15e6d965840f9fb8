//! `ovum extract` and `ovum bench extract` as a user meets them.

mod answers;
mod browser;
mod custom;
mod plugins;
mod sweeps;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test's files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ovum-extract-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(&path, text).expect("a temporary file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind is no failure of what was tested.
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Outcome {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().expect("it ended by itself");
        Outcome { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The command, to be run in a process of its own.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ovum"));
    command.current_dir(folder);
    command
}

fn ovum(folder: &Folder, args: &[&str]) -> Outcome {
    command(&folder.0).args(args).output().expect("the command starts").into()
}

/// Says something that a reader of the run must see: a skipped check, a figure.
#[expect(clippy::print_stderr, reason = "a test run's notes belong on stderr")]
fn note(text: &str) {
    eprintln!("note: {text}");
}

/// A small gym: two data sets with cheap and dear ways, one of them with a stray root.
fn gym(folder: &Folder) {
    folder.file("gym/one/square.json", SQUARE);
    folder.file("gym/one/two.json", &SQUARE.replace("\"cost\": 9", "\"cost\": 2"));
    folder.file("gym/two/shared.json", SHARED);
    folder.file("gym/two/stray.json", &SQUARE.replace("[\"P\"]", "[\"P\", \"Q\"]"));
}

/// `f(big, big)`: the tree pays 7 and prefers `leaf` at 6, the DAG pays 4.
const SHARED: &str = r#"{"nodes": {
    "big": {"op": "big", "cost": 3, "eclass": "B", "children": []},
    "twice": {"op": "f", "cost": 1, "eclass": "F", "children": ["big", "big"]},
    "leaf": {"op": "leaf", "cost": 6, "eclass": "F", "children": []}
}, "root_eclasses": ["F"]}"#;

/// `(a + b) * (a + b)`: the product, or a dearer power.
const SQUARE: &str = r#"{"nodes": {
    "a": {"op": "a", "cost": 1, "eclass": "A", "children": []},
    "b": {"op": "b", "cost": 2, "eclass": "B", "children": []},
    "sum": {"op": "+", "cost": 2, "eclass": "S", "children": ["a", "b"]},
    "mul": {"op": "*", "cost": 3, "eclass": "P", "children": ["sum", "sum"]},
    "pow": {"op": "pow2", "cost": 9, "eclass": "P", "children": ["sum"]}
}, "root_eclasses": ["P"]}"#;
