//! `ovum bench engine` on sizes that take no time, with the executables of this package.

use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Exit code, standard output and standard error.
fn bench(arguments: &[&str]) -> (i32, String, String) {
    pinned(&[&["--no-pin"], arguments].concat())
}

/// As [`bench`], on the last cores.
fn pinned(arguments: &[&str]) -> (i32, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let all = ["ovum", "bench", "engine", "--rounds", "1"];
    let all = all.iter().chain(arguments).map(OsString::from);
    let code = ovum::cli::run(all, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn peers() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_egg-peer")).parent().unwrap()
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ovum-bench-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn engines_are_compared_on_the_same_counts() {
    let peers = peers().display().to_string();
    let (code, out, err) =
        bench(&["--peers", &peers, "--workloads", "ac_chain_5,ring_deriv_3,reach_9_20", "--json"]);
    assert_eq!(code, 0, "{out}{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    let rows = answer["workloads"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for engine in ["egg", "egglog", "ovum"] {
        assert_eq!(rows[0][engine]["e_nodes"], 185, "{out}");
        assert!(rows[0][engine]["cpu_seconds"].as_f64() > Some(0.0));
        assert!(rows[0][engine]["peak_rss_mb"].as_f64() > Some(1.0));
    }
    assert_eq!(rows[2]["egg"], "no equivalent");
    assert!(rows.iter().all(|row| row["counts_agree"] == true));
}

#[test]
fn runs_are_repeated_on_slow_cores_for_a_while() {
    let peers = peers().display().to_string();
    let arguments = ["--peers", &peers, "--workloads", "ac_chain_4", "--steady", "0.5", "--json"];
    let (code, out, err) = pinned(&arguments);
    assert_eq!(code, 0, "{out}{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["workloads"][0]["ovum"]["samples"].as_array().unwrap().len(), 1);
    let notes = answer["notes"].as_array().unwrap();
    let note = notes.iter().filter_map(Value::as_str).find(|note| note.contains("the cores"));
    assert!(note.is_some_and(|note| note.starts_with("Before and after each of 3 runs")), "{out}");
    let (code, _, err) = bench(&arguments);
    assert!(code != 0 && err.contains("--no-pin"), "{err}");
}

#[test]
fn what_is_not_installed_is_said() {
    let folder = folder("alone");
    fs::copy(env!("CARGO_BIN_EXE_egg-peer"), folder.join("egg-peer")).unwrap();
    let peers = folder.display().to_string();
    let (code, out, _) = bench(&["--peers", &peers, "--workloads", "ac_chain_4", "--markdown"]);
    assert_eq!(code, 0, "{out}");
    let row = out.lines().find(|line| line.starts_with("| ac_chain_4 | 54 | ")).unwrap();
    assert_eq!(row.matches("not installed").count(), 2, "{row}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_any_engine_the_command_says_what_to_build() {
    let folder = folder("empty");
    let (code, out, err) = bench(&["--peers", &folder.display().to_string()]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("cargo build --release -p benches"), "{err}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_failed_run_fails_the_command() {
    let peers = peers().display().to_string();
    let (code, out, _) = bench(&["--peers", &peers, "--workloads", "nothing"]);
    assert_eq!(code, 1);
    assert!(out.contains("nothing: egg failed: there is no workload `nothing`"), "{out}");
}
