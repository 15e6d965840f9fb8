//! The invariants that `ARCHITECTURE.md` states, each held by a test of its name.

use crate::sources::{files, is_comment, root};
use rvsdg::random::{RandomOptions, random_function};
use rvsdg::text::print;
use std::fs;
use toml::Table;

/// What each package may depend on, of the workspace's own packages.
const EDGES: &[(&str, &[&str])] = &[
    ("egraph-core", &[]),
    ("rvsdg", &[]),
    ("extract", &["egraph-core"]),
    ("vecmath", &[]),
    ("backend-simd", &["rvsdg", "vecmath"]),
    ("optimizer", &["egraph-core", "extract", "rvsdg"]),
    ("frontend-py", &["rvsdg"]),
    ("backend-cranelift", &["rvsdg", "vecmath", "backend-simd"]),
    ("backend-mlir", &["rvsdg"]),
    (
        "ovum",
        &[
            "rvsdg",
            "egraph-core",
            "extract",
            "optimizer",
            "frontend-py",
            "backend-cranelift",
            "backend-mlir",
            "backend-simd",
            "vecmath",
        ],
    ),
];

/// Packages at the rim: nothing of the product may depend on them, they may depend on all.
const RIM: &[&str] = &["python", "tests", "benches"];

/// Crates of the engine's world that the rest must not name in their sources' dependencies.
const ENGINE_DEPENDENCIES: &[&str] = &[
    "hashbrown",
    "smallvec",
    "rayon",
    "indexmap",
    "rustc-hash",
    "smol_str",
    "num-bigint",
    "num-rational",
    "num-traits",
    "num-integer",
];

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn members() -> Vec<String> {
    let workspace = manifest("");
    let members = workspace["workspace"]["members"].as_array().expect("members is a list");
    members.iter().map(|m| m.as_str().expect("members are text").to_owned()).collect()
}

fn dependencies(folder: &str, section: &str) -> Vec<String> {
    let manifest = manifest(folder);
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn crates_depend_only_along_the_road() {
    let members = members();
    for folder in &members {
        assert_eq!(manifest(folder)["package"]["name"].as_str(), Some(folder.as_str()));
        if RIM.contains(&folder.as_str()) {
            continue;
        }
        let allowed = EDGES.iter().find(|(name, _)| name == folder);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{folder} has no place on the road"));
        for section in ["dependencies", "build-dependencies"] {
            for dependency in dependencies(folder, section) {
                let own = members.contains(&dependency);
                assert!(
                    !own || allowed.contains(&dependency.as_str()),
                    "{folder} must not depend on {dependency}"
                );
            }
        }
    }
    for (name, _) in EDGES {
        assert!(members.iter().any(|member| member == name), "{name} is missing");
    }
}

#[test]
fn the_root_is_a_virtual_workspace() {
    assert!(!manifest("").contains_key("package"));
}

#[test]
fn the_engine_lives_on_few_dependencies() {
    for dependency in dependencies("egraph-core", "dependencies") {
        assert!(ENGINE_DEPENDENCIES.contains(&dependency.as_str()), "egraph-core: {dependency}");
    }
}

#[test]
fn the_command_is_a_library_function() {
    let main = files("rs").into_iter().find(|source| source.path == "ovum/src/main.rs");
    let main = main.expect("the command has a main");
    let code = main.text.lines().filter(|l| !is_comment(l) && !l.trim().is_empty()).count();
    assert!(main.text.contains("cli::run"), "main only calls the library");
    assert!(code <= 20, "main.rs has {code} lines of code: the command belongs to the library");
}

#[test]
fn unsafe_code_stays_at_the_machine() {
    let allowed = ["backend-cranelift/", "backend-simd/", "backend-mlir/", "python/"];
    for source in files("rs") {
        if allowed.iter().any(|folder| source.path.starts_with(folder)) {
            continue;
        }
        for (line, text) in source.product_lines() {
            let found = ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|w| text.contains(w));
            assert!(!found || is_comment(text), "{}:{line}: {text}", source.path);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for seed in 0..40 {
        let function = random_function(seed, &RandomOptions::default());
        let answer = |threads| {
            let options = optimizer::Options { threads, ..optimizer::Options::default() };
            let optimized = optimizer::optimize(&function, &options).expect("default options");
            let report = optimized.report;
            let text = print(&optimized.function);
            (text, report.e_nodes, report.e_classes, report.stop_reason, report.rules_fired)
        };
        let first = answer(1);
        for threads in [1, 2, 8] {
            assert_eq!(first, answer(threads), "seed {seed}, {threads} threads");
        }
    }
}

#[test]
fn optimised_functions_verify() {
    for seed in 0..40 {
        let function = random_function(seed, &RandomOptions::default());
        let optimized = optimizer::optimize(&function, &optimizer::Options::default());
        let after = optimized.expect("default options").function;
        if let Err(errors) = rvsdg::verify(&after) {
            panic!("seed {seed}: {errors}\n{}", print(&after));
        }
        assert_eq!(after.params, function.params);
        assert_eq!(after.result_types(), function.result_types());
        assert_eq!(after.shape, function.shape);
    }
}

#[test]
fn every_stated_invariant_names_its_test() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let suite: Vec<_> =
        files("rs").into_iter().filter(|s| s.path.starts_with("tests/suite/")).collect();
    let mut stated = 0;
    for paragraph in text.split("\n\n").filter(|p| p.contains("**Architecture invariant:**")) {
        stated += 1;
        let test = paragraph.rsplit('`').nth(1).expect("an invariant ends with its test");
        let (module, name) = test.split_once("::").expect("`module::test`");
        let file = suite.iter().find(|s| s.path.ends_with(&format!("/{module}.rs")));
        let file = file.unwrap_or_else(|| panic!("there is no module {module}: {paragraph}"));
        let found = file.text.contains(&format!("#[test]\nfn {name}()"));
        assert!(found, "there is no test {test}: {paragraph}");
    }
    assert!(stated >= 6, "{stated} invariants are stated");
}
