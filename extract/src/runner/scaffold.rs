//! A new extractor in this workspace: its file, and the two lines that make it known.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that a new extractor starts as; it is compiled and tested under its own name.
const TEMPLATE: &str = include_str!("template.rs");

/// Why no extractor was made.
#[derive(Debug)]
pub enum ScaffoldError {
    /// The name is not words of small letters and digits, joined by `-`.
    Name,
    /// There is an extractor or a module of this name.
    Taken,
    /// No folder from the given one upwards holds this workspace.
    NoWorkspace,
    /// A file is not as expected: which, and what was looked for.
    Unexpected(PathBuf, &'static str),
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
}

impl std::fmt::Display for ScaffoldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ScaffoldError::Name => f.write_str("a name is words of a-z and 0-9, joined by `-`"),
            ScaffoldError::Taken => f.write_str("the name is taken"),
            ScaffoldError::NoWorkspace => f.write_str(
                "this folder is not inside Ovum's repository (no extract/src/registry.rs)",
            ),
            ScaffoldError::Unexpected(path, what) => {
                write!(f, "there is no `{what}` in `{}`", path.display())
            }
            ScaffoldError::File(path, error) => write!(f, "`{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for ScaffoldError {}

/// Makes an extractor of this name, in the workspace that holds the folder. Returns the files that
/// were written, the new one first.
///
/// # Errors
/// [`ScaffoldError`]; nothing was written then, unless writing itself failed.
pub fn scaffold(folder: &Path, name: &str) -> Result<Vec<PathBuf>, ScaffoldError> {
    let words: Vec<&str> = name.split('-').collect();
    let is_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if !words.iter().all(is_word) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(ScaffoldError::Name);
    }
    let sources = folder
        .ancestors()
        .map(|folder| folder.join("extract/src"))
        .find(|sources| sources.join("registry.rs").is_file())
        .ok_or(ScaffoldError::NoWorkspace)?;
    let module = words.join("_");
    let file = sources.join(format!("{module}.rs"));
    let taken = file.exists() || sources.join(&module).exists();
    if taken || crate::extractor(name).is_some() {
        return Err(ScaffoldError::Taken);
    }
    let ty: String = words.iter().map(|word| capitalised(word)).collect();
    let (registry, library) = (sources.join("registry.rs"), sources.join("lib.rs"));
    let registered = with_entry(&read(&registry)?, &format!("Box::new(crate::{module}::{ty})"))
        .ok_or_else(|| ScaffoldError::Unexpected(registry.clone(), "fn shipped() … vec![…]"))?;
    let declared = with_module(&read(&library)?, &module)
        .ok_or_else(|| ScaffoldError::Unexpected(library.clone(), "pub mod …;"))?;
    let text = TEMPLATE.replace("\"template\"", &format!("\"{name}\"")).replace("Template", &ty);
    for (path, text) in [(&file, text), (&library, declared), (&registry, registered)] {
        fs::write(path, text).map_err(|error| ScaffoldError::File(path.clone(), error))?;
    }
    Ok(vec![file, library, registry])
}

fn read(path: &Path) -> Result<String, ScaffoldError> {
    fs::read_to_string(path).map_err(|error| ScaffoldError::File(path.to_owned(), error))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + chars.as_str())
}

/// The registry with one more entry at the end of the list of those that ship.
fn with_entry(text: &str, entry: &str) -> Option<String> {
    let list = text.find("fn shipped()")?;
    let open = list + text[list..].find("vec![")? + "vec![".len();
    let mut depth = 1;
    let close = text[open..].find(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        depth == 0
    })?;
    let (before, after) = text.split_at(open + close);
    let items = before.trim_end();
    let joined = if items.ends_with(',') {
        let indent = &items[items.rfind('\n')? + 1..];
        let indent = &indent[..indent.len() - indent.trim_start().len()];
        format!("{items}\n{indent}{entry},{}", &before[items.len()..])
    } else {
        format!("{items}, {entry}")
    };
    Some(joined + after)
}

/// The library with one more module, among the others in the order of their names.
fn with_module(text: &str, module: &str) -> Option<String> {
    let line = format!("pub mod {module};");
    let declared = |known: &str| known.starts_with("pub mod ") || known.starts_with("mod ");
    let name = |known: &str| known.trim_start_matches("pub ").to_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|known| declared(known))?;
    let at = lines.iter().position(|known| declared(known) && name(known) > name(&line));
    lines.insert(at.unwrap_or(last + 1), &line);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_follows_the_others() {
        let flat = "fn shipped() -> Vec<X> {\n    vec![A([1]), B]\n}\n";
        let expected = "fn shipped() -> Vec<X> {\n    vec![A([1]), B, C]\n}\n";
        assert_eq!(with_entry(flat, "C").as_deref(), Some(expected));
        let tall = "fn shipped() -> Vec<X> {\n    vec![\n        A,\n        B,\n    ]\n}\n";
        let expected =
            "fn shipped() -> Vec<X> {\n    vec![\n        A,\n        B,\n        C,\n    ]\n}\n";
        assert_eq!(with_entry(tall, "C").as_deref(), Some(expected));
        assert_eq!(with_entry("fn other() {}", "C"), None);
    }

    #[test]
    fn a_module_keeps_the_order() {
        let text = "//! x\n\npub mod a;\nmod c;\npub mod d;\n\npub use d::D;\n";
        let with = |module| with_module(text, module).unwrap();
        assert!(with("b").contains("pub mod a;\npub mod b;\nmod c;\n"));
        assert!(with("e").contains("pub mod d;\npub mod e;\n\npub use"));
    }

    #[test]
    fn the_lines_of_this_crate_are_found() {
        let folder = std::env::temp_dir().join(format!("ovum-scaffold-{}", std::process::id()));
        let sources = folder.join("extract/src");
        fs::create_dir_all(&sources).unwrap();
        fs::write(sources.join("lib.rs"), include_str!("../lib.rs")).unwrap();
        fs::write(sources.join("registry.rs"), include_str!("../registry.rs")).unwrap();
        let inside = folder.join("extract");
        let files = scaffold(&inside, "cold-start-2").unwrap();
        let texts: Vec<String> =
            files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        assert!(files[0].ends_with("extract/src/cold_start_2.rs"));
        assert!(
            texts[0].contains("pub struct ColdStart2;") && texts[0].contains("\"cold-start-2\"")
        );
        assert!(!texts[0].to_lowercase().contains("template"));
        assert!(texts[1].contains("pub mod cold_start_2;\n"));
        assert!(texts[2].contains("Box::new(crate::cold_start_2::ColdStart2)"));
        assert!(matches!(scaffold(&inside, "cold-start-2"), Err(ScaffoldError::Taken)));
        assert!(matches!(scaffold(&inside, "greedy-dag"), Err(ScaffoldError::Taken)));
        for bad in ["", "-", "a-", "A", "1a", "a b", "../a"] {
            assert!(matches!(scaffold(&inside, bad), Err(ScaffoldError::Name)), "{bad}");
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(scaffold(&folder, "x"), Err(ScaffoldError::NoWorkspace)));
    }
}
