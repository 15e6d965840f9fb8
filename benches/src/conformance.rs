//! egglog's test programs as a conformance suite.
//!
//! A program either runs, with every `check` holding and the sizes of its tables as its snapshot
//! says, or is refused. Extracted terms are not compared: equally cheap ones are equally right.
//! Paths in the programs are relative to the folder above `tests`.

use crate::sexp::{Sexp, parse_all};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What a program needs of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Datatypes, functions, relations, rules, schedules, checks, extraction, plain numbers.
    Core,
    /// Push and pop, deletion, subsumption, combined rule sets, files, evaluation on demand.
    Control,
    /// Containers and numbers of any size.
    Data,
    /// Functions as values.
    HigherOrder,
    /// Proofs.
    Proofs,
}

/// What an engine must do with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Run it; sizes of tables in the order in which they are printed, `(print-size)` added at the
    /// end. `None` where no snapshot was published.
    Runs(Option<Vec<Size>>),
    /// Refuse it.
    Refused,
}

/// An answer of `(print-size f)` or `(print-size)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// Rows of one table.
    One(usize),
    /// Rows of every table, by name.
    All(Vec<(String, usize)>),
}

/// A program of the suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Path from the folder above `tests`.
    pub path: PathBuf,
    /// What it needs.
    pub tier: Tier,
    /// What must come of it.
    pub expected: Expected,
    /// The program; `(print-size)` is added if it must run.
    pub text: String,
}

/// Names that tell a tier, the highest first. A name ends where its character class ends.
const SIGNS: &[(Tier, &[&str])] = &[
    (Tier::Proofs, &["prove", "prove-exists"]),
    (Tier::HigherOrder, &["UnstableFn", "unstable-fn", "unstable-app", "unstable-vec-map"]),
    (
        Tier::Data,
        &[
            "Vec", "Set", "Map", "MultiSet", "Pair", "BigInt", "BigRat", "Rational", "bigint",
            "bigrat", "rational", "vec-of", "set-of",
        ],
    ),
    (
        Tier::Control,
        &[
            "push",
            "pop",
            "delete",
            "subsume",
            ":unextractable",
            "unstable-combined-ruleset",
            "include",
            "input",
            "output",
            ":naive",
            ":variants",
        ],
    ),
];

/// Programs that take minutes and gigabytes.
const SLOW: &[&str] = &["gemma", "gemma4_moe"];

/// Every program below a folder `tests` but shared headers, in the order of their paths.
///
/// # Errors
/// If a file cannot be read.
pub fn cases(folder: &Path) -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for sub in ["", "fail-typecheck", "pass-typecheck", "proofs", "web-demo"] {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder.join(sub))? {
            paths.push(entry?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "egg"));
        paths.sort();
        for path in paths {
            cases.push(case(folder, sub, &path)?);
        }
    }
    Ok(cases)
}

fn case(folder: &Path, sub: &str, path: &Path) -> io::Result<Case> {
    let mut text = fs::read_to_string(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut tier = tier(&text);
    if let Some(header) = included(&text) {
        let above = folder.parent().unwrap_or(folder);
        tier = tier.max(self::tier(&fs::read_to_string(above.join(header)).unwrap_or_default()));
    }
    if sub == "proofs" {
        tier = Tier::Proofs;
    }
    let expected = if sub == "fail-typecheck" {
        Expected::Refused
    } else {
        text.push_str("\n(print-size)");
        let name: String = stem.chars().map(|c| if ".- ".contains(c) { '_' } else { c }).collect();
        let file = folder.join(format!("snapshots/files__shared_snapshot_{name}.snap"));
        Expected::Runs(fs::read_to_string(file).ok().map(|text| snapshot_sizes(&text)))
    };
    let path = Path::new("tests").join(sub).join(format!("{stem}.egg"));
    Ok(Case { path, tier, expected, text })
}

impl Case {
    /// Whether the program takes minutes and gigabytes.
    pub fn is_slow(&self) -> bool {
        let stem = self.path.file_stem().unwrap_or_default();
        SLOW.iter().any(|slow| stem == *slow)
    }

    /// Compares what an engine made of the program: what it printed, one text for each command that
    /// printed, or why it refused.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&self, answer: Result<&[String], &str>) -> Result<(), String> {
        match (&self.expected, answer) {
            (Expected::Refused, Ok(_)) => Err("a wrong program ran".to_owned()),
            (Expected::Refused, Err(_)) | (Expected::Runs(None), Ok(_)) => Ok(()),
            (Expected::Runs(_), Err(error)) => Err(error.to_owned()),
            (Expected::Runs(Some(sizes)), Ok(printed)) => compare(sizes, printed),
        }
    }
}

/// Sizes must be printed in order. Other commands may print numbers too, so that what is printed
/// in between does not count; the last answer is that of the last command.
fn compare(sizes: &[Size], printed: &[String]) -> Result<(), String> {
    let mut printed: Vec<Size> = printed.iter().filter_map(|text| read_size(text)).collect();
    let (mut sizes, last) = (sizes.iter(), sizes.last());
    if printed.last() != last {
        return Err(difference(last, printed.last()));
    }
    printed.pop();
    sizes.next_back();
    let mut printed = printed.into_iter();
    for size in sizes {
        if !printed.any(|found| found == *size) {
            return Err(format!("{size:?} was not printed"));
        }
    }
    Ok(())
}

fn difference(expected: Option<&Size>, found: Option<&Size>) -> String {
    let (Some(Size::All(expected)), Some(Size::All(found))) = (expected, found) else {
        return format!("{expected:?} expected, {found:?} found");
    };
    let mut wrong = Vec::new();
    for (name, size) in expected {
        match found.iter().find(|(other, _)| other == name) {
            Some((_, other)) if other == size => {}
            Some((_, other)) => wrong.push(format!("{name}: {size} expected, {other} found")),
            None => wrong.push(format!("{name}: missing")),
        }
    }
    let extra = found.iter().filter(|(name, _)| !expected.iter().any(|(other, _)| other == name));
    wrong.extend(extra.map(|(name, _)| format!("{name}: not expected")));
    wrong.join("; ")
}

fn read_size(text: &str) -> Option<Size> {
    let mut items = parse_all(text).ok()?;
    if items.len() == 1 { to_size(&items.remove(0)) } else { None }
}

fn to_size(sexp: &Sexp) -> Option<Size> {
    let number = |sexp: &Sexp| match sexp {
        Sexp::Atom(text) => text.parse::<usize>().ok(),
        _ => None,
    };
    let Sexp::List(items) = sexp else { return number(sexp).map(Size::One) };
    let pair = |item: &Sexp| match item {
        Sexp::List(pair) => match pair.as_slice() {
            [Sexp::Atom(name), size] => Some((name.clone(), number(size)?)),
            _ => None,
        },
        _ => None,
    };
    items.iter().map(pair).collect::<Option<Vec<_>>>().map(Size::All)
}

/// What a snapshot says about sizes: a header between lines of dashes, then what was printed.
fn snapshot_sizes(text: &str) -> Vec<Size> {
    let body = text.splitn(3, "---\n").nth(2).unwrap_or("");
    // Printed proofs need not be balanced in this notation; they follow no sizes.
    let items = parse_all(body).unwrap_or_default();
    items.iter().filter_map(to_size).collect()
}

fn tier(text: &str) -> Tier {
    let code: String = text.lines().map(|line| line.split(';').next().unwrap_or("")).fold(
        String::new(),
        |mut code, line| {
            code.push_str(line);
            code.push('\n');
            code
        },
    );
    let words = || code.split(|c: char| c.is_whitespace() || "()\"".contains(c));
    let uses = |names: &[&str]| words().any(|word| names.contains(&word));
    SIGNS.iter().find(|(_, names)| uses(names)).map_or(Tier::Core, |(tier, _)| *tier)
}

fn included(text: &str) -> Option<&str> {
    text.split("(include \"").nth(1)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_from_other_output() {
        assert_eq!(read_size("12\n"), Some(Size::One(12)));
        assert_eq!(
            read_size("((Add 1)\n (Mul 2))"),
            Some(Size::All(vec![("Add".to_owned(), 1), ("Mul".to_owned(), 2)]))
        );
        assert_eq!(read_size("()"), Some(Size::All(vec![])));
        for other in ["(Add 1)", "(Add (Num 1) x)", "\"12\"", "", "1 2", "(extraction-costs 1)"] {
            assert_eq!(read_size(other), None, "{other}");
        }
    }

    #[test]
    fn a_wrong_count_is_found() {
        let snapshot = "---\nsource: a\n---\n3\n(extraction-costs 4)\n((Add 1))\n";
        let sizes = snapshot_sizes(snapshot);
        assert_eq!(sizes, [Size::One(3), Size::All(vec![("Add".to_owned(), 1)])]);
        let printed =
            |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(compare(&sizes, &printed(&["3", "(Num 4)", "((Add 1))"])), Ok(()));
        assert!(compare(&sizes, &printed(&["2", "((Add 1))"])).is_err());
        assert!(compare(&sizes, &printed(&["3", "((Add 2))"])).unwrap_err().contains("2 found"));
        assert!(compare(&sizes, &printed(&["3"])).is_err());
    }

    #[test]
    fn tiers_are_told_by_the_words_used() {
        assert_eq!(tier("(datatype M (Num i64)) ; push"), Tier::Core);
        assert_eq!(tier("(push)"), Tier::Control);
        assert_eq!(tier("(sort V (Vec i64)) (pop)"), Tier::Data);
        assert_eq!(tier("(sort F (UnstableFn (i64) i64))"), Tier::HigherOrder);
    }
}
