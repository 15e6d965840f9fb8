//! The programs that the crate `egglog` ships as its own tests: all must be read as it reads them.
//!
//! They are found through `cargo metadata`, or where `OVUM_EGGLOG_TESTS` says; without that crate
//! among the dependencies of the workspace these tests say that they are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use egraph_core::egglog::syntax::{Command, Diagnostic, Sources, parse};
use egraph_core::egglog::types::{self, Checker};
use egraph_core::egglog::values::Values;

#[path = "../../../benches/src/published.rs"]
#[expect(unreachable_pub, reason = "public where it belongs")]
mod published;

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
pub(crate) fn rival() -> Option<&'static Path> {
    static TESTS: OnceLock<Option<PathBuf>> = OnceLock::new();
    TESTS.get_or_init(published::folder).as_deref()?.parent()
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

/// Checks the commands of a text and of what it includes; the number of resolved commands.
fn check(
    root: &Path,
    sources: &mut Sources,
    checker: &mut Checker,
    values: &Values,
    name: &str,
    text: &str,
) -> Result<usize, Diagnostic> {
    let file = sources.add(name, text);
    let commands = parse(file, text).map_err(|errors| errors.0[0].clone())?;
    let mut count = 0;
    for command in &commands {
        for resolved in checker.check(values, command)? {
            count += 1;
            if let types::Command::Include(_, path) = &resolved {
                let text =
                    fs::read_to_string(root.join(&**path)).expect("what is included is here");
                count += check(root, sources, checker, values, path, &text)?;
            }
        }
    }
    Ok(count)
}

#[test]
fn public_programs_have_meanings() {
    let Some(root) = rival() else { return };
    let mut refused = Vec::new();
    for program in programs() {
        let (mut sources, mut checker) = (Sources::new(), Checker::new());
        let values = Values::new();
        let result = check(root, &mut sources, &mut checker, &values, &program.name, &program.text);
        if let Err(error) = result
            && !program.is_wrong()
        {
            refused.push(sources.render(&error));
        }
    }
    assert!(refused.is_empty(), "{}\n{} refused", refused.join("\n\n"), refused.len());
}

/// Beginnings of names of wrong programs, and the mistake in each.
const MISTAKES: &[(&str, &str)] = &[
    ("arity-mismatch", "EG022"),
    ("conflicting-merge-options", "EG005"),
    ("constructor_non_sort", "EG034"),
    ("looking_up_nonconstructor_in_action_case_set", "EG031"),
    ("looking_up_nonconstructor", "EG003"),
    ("naive-and-unsafe-seminaive", "EG005"),
    ("repro-duplicated-var", "EG003"),
    ("semi_naive_set_function", "EG031"),
    ("set", "EG032"),
    ("shadow-global", "EG014"),
    ("shadow-local", "EG015"),
    ("unbound", "EG011"),
    ("ungrounded", "EG030"),
    ("union", "EG033"),
    ("unstable-fn-wrong-args.", "EG021"),
    ("unstable-fn", "EG022"),
];

#[test]
fn wrong_public_programs_are_refused() {
    let Some(root) = rival() else { return };
    let mut count = 0;
    for program in programs().iter().filter(|program| program.is_wrong()) {
        let (mut sources, mut checker) = (Sources::new(), Checker::new());
        let values = Values::new();
        let name = program.name.trim_start_matches("fail-typecheck/");
        let result = check(root, &mut sources, &mut checker, &values, name, &program.text);
        let expected = MISTAKES.iter().find(|(prefix, _)| name.starts_with(prefix));
        // The one program without a mistake here is well typed: its `fail` fails when it is run.
        assert_eq!(result.as_ref().err().map(|error| error.code), expected.map(|(_, code)| *code));
        if let Err(error) = result {
            count += 1;
            assert!(!sources.snippet(error.span).is_empty(), "{name}");
        }
    }
    assert!(programs().is_empty() || count >= 34, "{count} refused");
}
