//! The house rules that a program can check: hard ones fail, soft ones are reported.

use crate::note;
use crate::sources::{Source, files, is_comment};

/// Lines of the longest file that is still read with pleasure; a hard limit.
const FILE_LIMIT: usize = 800;
/// Lines that half of the files should not exceed.
const MEDIAN: usize = 250;
/// Lines of a function.
const FUNCTION_LIMIT: usize = 80;
/// Columns of a line.
const COLUMN_LIMIT: usize = 100;

#[test]
fn every_file_opens_with_its_purpose() {
    let silent: Vec<String> = files("rs")
        .into_iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "files without `//!`: {silent:#?}");
}

#[test]
fn no_file_is_too_long() {
    let mut sources = files("rs");
    // Fixtures are data: many small functions with their expectations.
    sources.extend(files("py").into_iter().filter(|source| !source.path.contains("/fixtures/")));
    let mut sizes: Vec<(usize, &str)> =
        sources.iter().map(|s| (s.text.lines().count(), s.path.as_str())).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2].0;
    let lines: usize = sizes.iter().map(|(size, _)| size).sum();
    note(&format!("{} files, {lines} lines, median {median} (aim: {MEDIAN})", sizes.len()));
    let long: Vec<_> = sizes.iter().filter(|(size, _)| *size > FILE_LIMIT).collect();
    assert!(long.is_empty(), "files above {FILE_LIMIT} lines: {long:#?}");
}

#[test]
fn long_functions_and_lines_are_reported() {
    let mut functions = 0;
    let mut long = Vec::new();
    for source in files("rs") {
        for (line, size) in function_sizes(&source) {
            functions += 1;
            if size > FUNCTION_LIMIT {
                long.push(format!("{}:{line}: a function of {size} lines", source.path));
            }
        }
        for (at, line) in source.text.lines().enumerate() {
            if line.chars().count() > COLUMN_LIMIT {
                long.push(format!("{}:{}: above {COLUMN_LIMIT} columns", source.path, at + 1));
            }
        }
    }
    assert!(functions > 100, "the search for functions finds {functions}");
    note(&format!("{functions} functions; {} places above the numbers of the style", long.len()));
    for place in long {
        note(&place);
    }
}

/// First line and number of lines of each function, in text that rustfmt laid out.
fn function_sizes(source: &Source) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut sizes = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let indent = &line[..line.len() - body.len()];
        let head = ["pub(crate) ", "pub(super) ", "pub ", "const ", "unsafe ", "extern \"C\" "]
            .iter()
            .fold(body, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        if head.starts_with("fn ") && !line.ends_with(';') {
            let end = format!("{indent}}}");
            let size = if line.ends_with('}') {
                Some(0)
            } else {
                lines[at..].iter().position(|line| *line == end)
            };
            sizes.extend(size.map(|size| (at + 1, size + 1)));
        }
    }
    sizes
}

#[test]
fn nothing_is_left_undone() {
    let forbidden =
        [concat!("todo", "!("), concat!("unimple", "mented!("), concat!("#[ig", "nore")];
    let mut places = Vec::new();
    for source in files("rs") {
        for (at, line) in source.text.lines().enumerate() {
            if forbidden.iter().any(|word| line.contains(word)) {
                places.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn the_product_never_unwraps_without_saying_why() {
    let mut places = Vec::new();
    for source in files("rs") {
        for (line, text) in source.product_lines() {
            if !is_comment(text) && (text.contains(".unwrap()") || text.contains(".expect(\"\")")) {
                places.push(format!("{}:{line}: {}", source.path, text.trim()));
            }
        }
    }
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn unsafe_code_states_why_it_is_sound() {
    let mut places = Vec::new();
    let mut blocks = 0;
    for source in files("rs") {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let opens = line.contains("unsafe {") || line.contains("unsafe impl");
            if !opens || is_comment(line) || source.path.starts_with("tests/suite/") {
                continue;
            }
            blocks += 1;
            let before = &lines[at.saturating_sub(8)..at];
            if !before.iter().any(|line| line.trim_start().starts_with("// SAFETY:")) {
                places.push(format!("{}:{}", source.path, at + 1));
            }
        }
    }
    assert!(blocks > 0, "the machine-code back end calls machine code");
    assert!(places.is_empty(), "unsafe without `// SAFETY:` {places:#?}");
}
