//! The programs that the crate `egglog` ships as its own tests: all must be read as it reads them.
//!
//! They are found through `cargo metadata`; without that crate among the dependencies of the
//! workspace these tests say that they are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::OnceLock;

use egraph_core::egglog::syntax::{Command, Sources, parse};

/// A public program.
pub(crate) struct Program {
    /// Path below the folder of tests.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Program {
    /// Whether it must be refused.
    pub(crate) fn is_wrong(&self) -> bool {
        self.name.starts_with("fail-typecheck/")
    }
}

/// The root folder of the crate `egglog`, if the workspace depends on it and it is here.
pub(crate) fn rival() -> Option<PathBuf> {
    let cargo = Process::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&cargo.stdout).into_owned();
    let marker = "\"manifest_path\":\"";
    let manifests = text.split(marker).skip(1).filter_map(|rest| rest.split('"').next());
    let folders = manifests.filter_map(|manifest| Path::new(manifest).parent());
    let rival = |folder: &Path| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("egglog-3."))
    };
    folders.map(Path::to_path_buf).find(|folder| rival(folder))
}

fn collect(folder: &Path, below: &str, found: &mut Vec<Program>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() {
            collect(&path, &name, found);
        } else if path.extension().is_some_and(|extension| extension == "egg") {
            let text = fs::read_to_string(&path).expect("a program is text");
            found.push(Program { name, text });
        }
    }
}

/// All public programs, in order of their names; empty where they are not to be found.
pub(crate) fn programs() -> &'static [Program] {
    static PROGRAMS: OnceLock<Vec<Program>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let mut found = Vec::new();
        match rival() {
            Some(root) => collect(&root.join("tests"), "", &mut found),
            None => crate::note("SKIPPED: the crate egglog 3 is not here"),
        }
        found
    })
}

#[test]
fn public_programs_parse_and_print() {
    // Mistakes that are mistakes of form.
    let malformed = [
        "conflicting-merge-options",
        "looking_up_nonconstructor_in",
        "naive-and-unsafe-seminaive",
        "repro-duplicated-var",
    ];
    for program in programs() {
        let mut sources = Sources::new();
        let file = sources.add(program.name.as_str(), program.text.as_str());
        match parse(file, &program.text) {
            Ok(commands) => {
                let lines: Vec<_> = commands.iter().map(ToString::to_string).collect();
                let text = lines.join("\n");
                let again = sources.add("printed", text.as_str());
                assert_eq!(parse(again, &text), Ok(commands), "{}", program.name);
            }
            Err(errors) => {
                let expected = malformed.iter().any(|m| program.name.contains(m));
                let shown: Vec<_> = errors.0.iter().map(|e| sources.render(e)).collect();
                assert!(program.is_wrong() && expected, "{}", shown.join("\n"));
            }
        }
    }
}

#[test]
fn the_largest_program_has_its_commands() {
    let mut commands = 0;
    for program in programs().iter().filter(|program| !program.is_wrong()) {
        let mut sources = Sources::new();
        let file = sources.add("", program.text.as_str());
        let parsed = parse(file, &program.text).expect("parses");
        commands += parsed.iter().filter(|c| !matches!(c, Command::Include(..))).count();
    }
    assert!(programs().is_empty() || commands > 20_000, "{commands}");
}
